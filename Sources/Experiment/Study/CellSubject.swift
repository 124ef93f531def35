import ArchiveDriver
import SpecReader
import Testbed
import Workload

/// What one cell's trials are made from, put together from the files.
package struct CellSubject: Sendable {
    package var workload: WorkloadSpec
    package var overlays: [Overlay]
    package var variant: Variant
    package var driver: DriverBehaviour
    package var schema: Int
    /// As its file has it; not yet fitted to the host.
    package var profile: HardwareProfile?
    package var rateScale: Double
    /// Names of the suggestions that are on.
    package var suggestions: [String]
    /// By the name of a suggestion that is on: PostgreSQL's first version number, where that is a part of it.
    package var suggestedMajors: [String: Int]

    /// Why the parts of a cell do not go together; one line.
    package struct Problem: Error, CustomStringConvertible {
        package let description: String
    }

    /// Puts a cell together.
    ///
    /// - Parameters:
    ///   - choice: what it is made from.
    ///   - files: all that are named.
    ///   - objectives: beside those of the workload.
    /// - Throws: ``Problem`` or `SpecProblems` when they do not go together.
    package init(_ choice: CellChoice, _ files: ExperimentFiles, objectives: [ObjectiveSpec]) throws {
        guard let spec = files.workloads[choice.workload], let chosen = files.variants[choice.variant] else {
            throw Problem(description: "\(choice.workload), \(choice.variant): not read")
        }
        overlays = choice.overlays.compactMap { files.overlays[$0] }
        profile = choice.profile.flatMap { files.profiles[$0] }
        rateScale = choice.rateScale
        suggestions = choice.suggestions
        workload = try Self.workload(spec, overlays, choice, objectives)
        (variant, driver, schema) = (chosen.variant, chosen.driver, chosen.variant.schemaVersion)
        suggestedMajors = chosen.variant.suggestedMajor.map { [chosen.variant.name: $0] } ?? [:]
        try suggest(choice.suggestions, chosen, files)
        try overlay()
        try set(choice.settings)
        schema = choice.schema ?? schema
    }

    private static func workload(
        _ spec: WorkloadSpec, _ overlays: [Overlay], _ choice: CellChoice, _ objectives: [ObjectiveSpec]
    ) throws -> WorkloadSpec {
        var spec = spec
        for overlay in overlays { spec = try spec.applying(overlay) }
        if let timeScale = choice.timeScale { spec.timeScale = timeScale }
        if let partitions = choice.partitions { spec.history.partitions = partitions }
        switch choice.history {
        case .rows(let rows): spec.history = HistorySpec(partitions: spec.history.partitions, rows: rows)
        case .bytes(let bytes):
            spec.history = HistorySpec(
                partitions: spec.history.partitions, rows: spec.rows(filling: bytes), bytes: bytes)
        case nil: if let bytes = spec.history.bytes { spec.history.rows = spec.rows(filling: bytes) }
        }
        if let retention = choice.retention { spec.clockwork.setRetention(retention) }
        spec.phases.warmUp = choice.warmUp ?? spec.phases.warmUp
        spec.phases.measure = choice.measure ?? spec.phases.measure
        spec.phases.drainLimit = choice.drainLimit ?? spec.phases.drainLimit
        guard spec.endsWithinCalendar else {
            throw Problem(
                description: "\(spec.name): the time scale takes the archive beyond the year 2250; use shorter phases")
        }
        spec.objectives += objectives
        return spec
    }

    private mutating func overlay() throws {
        for overlay in overlays {
            schema = overlay.schema ?? schema
            try variant.set(
                overlay.settings.map {
                    Variant.Setting(name: $0.name, value: $0.value, file: $0.file, place: $0.place)
                }, from: overlay.name)
        }
    }

    private mutating func set(_ settings: [ChosenSetting]) throws {
        for setting in settings {
            try variant.set(
                [
                    Variant.Setting(
                        name: setting.name, value: setting.value, file: setting.file,
                        place: SpecPlace(line: setting.line, column: setting.column))
                ], from: "\(setting.name)=\(setting.value)")
        }
    }

    // MARK: Suggestions

    /// Takes over what each suggestion changes in its own base. Two that change the same thing do not go together.
    private mutating func suggest(
        _ names: [String], _ chosen: ExperimentFiles.ReadVariant, _ files: ExperimentFiles
    ) throws {
        var owners: [String: String] = [:]
        for name in names {
            guard let read = files.variants[name] else { continue }
            guard let base = read.base else {
                throw Problem(description: "suggestion \(name): is no difference to another variant; give it a 'base'")
            }
            let settings = read.variant.settings.filter { own in
                !base.settings.contains { $0.name == own.name && $0.value == own.value }
            }
            let driver = DriverChange.all.filter { $0.differs(read.driver, .faithful) }
            let patch = read.variant.patch
            // The statements of one script were not written for tables that another has changed.
            for thing in settings.map(\.name) + driver.map(\.name) + (patch == nil ? [] : ["the archive's tables"]) {
                if let owner = owners.updateValue(name, forKey: thing) {
                    throw Problem(
                        description:
                            "suggestions \(owner) and \(name): both change \(thing); do not combine them, or choose design one-at-a-time"
                    )
                }
            }
            if let patch {
                guard variant.patch == nil else {
                    throw Problem(
                        description:
                            "\(chosen.variant.name) and suggestion \(name): both change the archive's tables; do not combine them"
                    )
                }
                variant.patch = patch
            }
            do { try variant.take(settings, of: read.variant, from: name) } catch let problem as TestbedProblem {
                throw Problem(description: "suggestion \(problem.description)")
            }
            suggestedMajors[name] = read.variant.suggestedMajor
            if settings.isEmpty { variant.name += "+\(name)" }
            for change in driver { change.take(read.driver, &self.driver) }
            if read.variant.schemaVersion != base.schemaVersion { schema = read.variant.schemaVersion }
            if read.variant.postgresMajor != base.postgresMajor { variant.postgresMajor = read.variant.postgresMajor }
            if read.variant.dataChecksums != base.dataChecksums { variant.dataChecksums = read.variant.dataChecksums }
            variant.text += "\n# Suggestion \(name):\n" + Self.quoted(read.variant.text)
        }
        try checkDriver(names)
    }

    /// What a variant's file with all of it would be refused for.
    private func checkDriver(_ names: [String]) throws {
        let needsText = driver.put == .transaction || driver.put == .batched && driver.batch.form == .copy
        if driver.window > 1 && needsText {
            throw Problem(
                description:
                    "suggestions \(names.joined(separator: ", ")): a window of \(driver.window) does not go with put: \(driver.put.rawValue); do not combine them"
            )
        }
    }

    private static func quoted(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { "# \($0)\n" }.joined()
    }
}

/// One key of a driver's behaviour, to be taken over from another one.
private struct DriverChange {
    let name: String
    let differs: (DriverBehaviour, DriverBehaviour) -> Bool
    let take: (DriverBehaviour, inout DriverBehaviour) -> Void

    private init<Value: Equatable>(_ name: String, _ path: WritableKeyPath<DriverBehaviour, Value>) {
        self.name = "driver.\(name)"
        differs = { $0[keyPath: path] != $1[keyPath: path] }
        take = { $1[keyPath: path] = $0[keyPath: path] }
    }

    static var all: [DriverChange] {
        [
            DriverChange("put", \.put), DriverChange("batch", \.batch), DriverChange("queries", \.queries),
            DriverChange("plans", \.plans), DriverChange("lists", \.lists), DriverChange("by-hash", \.byHash),
            DriverChange("hash-only", \.hashOnly), DriverChange("results", \.results),
            DriverChange("write-connections", \.writeConnections),
            DriverChange("read-connections", \.readConnections),
            DriverChange("statement-timeout", \.statementTimeout), DriverChange("window", \.window),
            DriverChange("sync", \.sync), DriverChange("hashes", \.hashes), DriverChange("surplus", \.surplus),
        ]
    }
}
