import ArchiveDriver
import FoundationEssentials
import LinuxSystem
import LoadRunner
import PostgresClient
import RunRecord
import SpecReader
import Telemetry
import Testbed
import Workload

/// The server's side of one trial, from the settings its server is started with to its part of the record.
struct TrialTelemetry: Sendable {
    /// What is looked at before and after the load.
    private struct Surroundings: Sendable {
        /// `nil` when they could not be looked at, as the state.
        var families: [ArchiveInspector.Family]?
        var state: RelationState?
        var plans: [Plans.Found] = []
        /// Blocks that planning a limit at the oldest end touched, and once more.
        var oldestEnd: (first: Double, again: Double)?
        var gaps: [String] = []
    }

    private let request: TrialRequest
    private let control: LoadControl
    private let place: TelemetryPlace
    private let started: Surroundings
    private let sampling: (sampler: TelemetrySampler, sight: Task<TelemetrySight, Never>)?

    /// Plans of slow statements that are kept of one shape.
    private static let mostSlowPlans = 3

    // MARK: The server's settings

    /// A variant with what telemetry needs; what it sets itself stays.
    ///
    /// - Parameters:
    ///   - base: the variant as asked for.
    ///   - request: says whether there is telemetry, and on which server.
    /// - Returns: the variant to start the server with.
    static func variant(_ base: Variant, _ request: TrialRequest) -> Variant {
        guard request.telemetry else { return base }
        var variant = base
        let libraries = libraries(base, request)
        let place = SpecPlace(line: 1, column: 1)
        func add(_ name: String, _ value: String) {
            variant.settings.append(.init(name: name, value: value, file: "telemetry", place: place))
        }
        if let own = variant.settings.firstIndex(where: { $0.name == TelemetrySettings.libraries }) {
            variant.settings[own].value = libraries.joined(separator: ",")
        } else if !libraries.isEmpty {
            add(TelemetrySettings.libraries, libraries.joined(separator: ","))
        }
        for (name, value) in TelemetrySettings.settings(loaded: Set(libraries))
        where !base.settings.contains(where: { $0.name == name }) {
            add(name, value)
        }
        return variant
    }

    /// Libraries that the server loads: the variant's own, and ours where the installation has them.
    static func libraries(_ variant: Variant, _ request: TrialRequest) -> [String] {
        let own = variant.settings.first { $0.name == TelemetrySettings.libraries }?.value ?? ""
        let asked = own.split { ", '\"".contains($0) }.map(String.init)
        let wanted = [TelemetrySettings.statements, TelemetrySettings.slowPlans]
        return asked + wanted.filter { !asked.contains($0) && request.installation.hasLibrary($0) }
    }

    // MARK: The trial

    /// Looks at the archive before the load, and begins to sample.
    ///
    /// - Parameters:
    ///   - request: of the trial.
    ///   - archive: ready for load.
    ///   - plan: of the load, for its phases.
    ///   - control: tells when it started.
    ///   - folder: takes the samples.
    ///   - isCompared: whether other servers are looked at beside, and all of them have to pay the same.
    /// - Returns: a telemetry to be stopped or finished. Nothing that fails here keeps a trial from being run.
    static func begin(
        _ request: TrialRequest, _ archive: BuiltArchive, _ plan: LoadPlan, _ control: LoadControl,
        _ folder: RecordFolder, isCompared: Bool = false
    ) async -> TrialTelemetry {
        await begin(request, at: TelemetryPlace(archive, request), plan, control, folder, isCompared: isCompared)
    }

    /// The same for an archive wherever it is.
    static func begin(
        _ request: TrialRequest, at place: TelemetryPlace, _ plan: LoadPlan, _ control: LoadControl,
        _ folder: RecordFolder, isCompared: Bool = false
    ) async -> TrialTelemetry {
        guard request.telemetry else {
            return TrialTelemetry(
                request: request, control: control, place: place, started: Surroundings(), sampling: nil)
        }
        let phases = plan.phases
        var sampled = TelemetryPlan(
            archive: place.archives[0], others: Array(place.archives.dropFirst()), maintenance: place.maintenance,
            dataFolder: place.dataFolder ?? "", logFile: place.logFile ?? "", controlGroup: place.controlGroup,
            libraries: place.libraries,
            moments: {
                guard let started = control.started else { return nil }
                let begin = started + phases.warmUp + control.warmUp.extra
                return (started, begin..<begin + phases.measure)
            }, shape: StatementShapes.name)
        sampled.isForeign = place.isForeign
        sampled.logsSlowPlans = !isCompared
        let telemetryPlan = sampled
        let look = try? await WorkerThread.run {
            let surroundings = Self.look(request, place, .before, since: nil)
            return (surroundings, TelemetrySampler.prepare(telemetryPlan, folder: folder))
        }
        guard let (surroundings, sampler) = look else {
            return TrialTelemetry(
                request: request, control: control, place: place,
                started: Surroundings(gaps: ["the server's side: no thread for it could be had"]), sampling: nil)
        }
        return TrialTelemetry(
            request: request, control: control, place: place, started: surroundings,
            sampling: (sampler, Task.detached { await sampler.follow() }))
    }

    /// Ends the sampling without a word; for a load that failed.
    func stop() async {
        sampling?.sampler.end()
        _ = await sampling?.sight.value
    }

    /// Ends the sampling, looks at the archive after the load, and puts it all into the record.
    ///
    /// - Parameters:
    ///   - record: of the trial, its load and stalls already in it.
    ///   - folder: takes the files.
    func finish(_ record: inout RunRecord, _ folder: RecordFolder) async {
        guard let sampling else {
            record.notCollected +=
                request.telemetry
                ? started.gaps : ["the server's side (statements, plans, waits, checkpoints): run with --no-telemetry"]
            return
        }
        sampling.sampler.end()
        let sight = await sampling.sight.value
        let (request, place, before) = (request, place, started.state)
        let after = try? await WorkerThread.run { Self.look(request, place, .after, since: before) }
        let log = readLog()
        let divided = Self.gaps(ofDatabases: place.archives.map(\.database))
        var assembly = ServerAssembly(sight: sight, log: log, hasLog: place.logFile != nil)
        assembly.take(before: started.families, started.state, after: after?.families, after?.state)
        assembly.fill(&record)
        record.server?.planning = Self.planning(sight.statements, after)
        var gaps = started.gaps + sight.gaps + (after?.gaps ?? []) + divided
        if started.families == nil || (started.state == nil && !place.isForeign) {
            gaps.append("growth or cache state after the load: the look before the load failed")
        }
        gaps += place.gaps
        if log.entries == 0, place.logFile != nil {
            gaps.append("checkpoints and autovacuum as events: the server's log has no readable times")
        }
        write(sight, log, started.plans + (after?.plans ?? []), folder, &gaps)
        for gap in gaps where !record.notCollected.contains(gap) { record.notCollected.append(gap) }
    }

    private static func planning(_ statements: ServerStatements?, _ after: Surroundings?) -> PlanningWork? {
        let isTracked = statements?.tracksPlanning == true
        guard isTracked || after?.oldestEnd != nil else { return nil }
        let rows = isTracked ? statements?.shapes ?? [] : []
        let blocks = after?.plans.compactMap(\.record.planningBlocks) ?? []
        var work = PlanningWork(
            plans: rows.reduce(0) { $0 + ($1.plans ?? 0) }, milliseconds: rows.reduce(0) { $0 + ($1.planMs ?? 0) },
            blocksAfter: blocks.isEmpty ? nil : blocks.reduce(0) { $0 + $1.sharedHit + $1.sharedRead })
        (work.oldestBlocks, work.oldestBlocksAgain) = (after?.oldestEnd?.first, after?.oldestEnd?.again)
        return work
    }

    /// What is not looked at in every one of several databases.
    private static func gaps(ofDatabases names: [String]) -> [String] {
        guard names.count > 1 else { return [] }
        return [
            "plans before and after the load, and what planning reads at the oldest end, of all databases: those of \(names[0]), the first of \(names.count), were asked for",
            "live and dead rows second by second: \(names.count) databases keep their own account; they were added up at the start and the end of the measure phase",
        ]
    }

    // MARK: Before and after

    private static func look(
        _ request: TrialRequest, _ place: TelemetryPlace, _ when: PlanRecord.Moment, since before: RelationState?
    ) -> Surroundings {
        var seen = Surroundings()
        do {
            let connection = try Connection.open(place.archives[0])
            try Plans.hide(connection)
            seen.families = try FleetInspector(place.archives, prepare: Plans.hide).families()
            // Plans are asked for before what they touch counts as touched, and after it was looked at.
            if when == .before { plans(request, connection, when, into: &seen) }
            if let dataFolder = place.dataFolder {
                let state = RelationState(
                    place.archives, dataFolder: dataFolder, since: before, withBloat: when == .after)
                seen.gaps += state.gaps
                if state.isRead { seen.state = state }
            }
            if when == .after {
                // Before the plans, which may read the same entries.
                oldestEnd(connection, into: &seen)
                plans(request, connection, when, into: &seen)
            }
        } catch {
            seen.gaps.append("relations, cache state and plans \(when.rawValue) the load: \(error)")
        }
        return seen
    }

    private static func oldestEnd(_ connection: Connection, into seen: inout Surroundings) {
        do {
            var (first, again) = (0, 0)
            let ends = try OldestEnd.find(on: connection)
            for end in ends {
                _ = try Plans.planningBlocks(end.plain, on: connection)
                guard let one = try Plans.planningBlocks(end.asking, on: connection),
                    let two = try Plans.planningBlocks(end.asking, on: connection)
                else { return }
                (first, again) = (first + one, again + two)
            }
            guard !ends.isEmpty else {
                seen.gaps.append("what planning reads at the oldest end: none of the archive's tables was analysed")
                return
            }
            let tables = Double(ends.count)
            seen.oldestEnd = (Double(first) / tables, Double(again) / tables)
        } catch {
            seen.gaps.append("what planning reads at the oldest end: \(error)")
        }
    }

    private static func plans(
        _ request: TrialRequest, _ connection: Connection, _ when: PlanRecord.Moment, into seen: inout Surroundings
    ) {
        do {
            let hadMessages = try StatementInstances(connection, behaviour: request.driver).visit { instance in
                seen.plans.append(
                    try Plans.explain(instance.text, shape: instance.shape, when: when, on: connection))
            }
            if !hadMessages { seen.gaps.append("plans \(when.rawValue) the load: the archive was empty") }
        } catch {
            seen.gaps.append("plans \(when.rawValue) the load: \(error)")
        }
    }

    // MARK: Files

    private func readLog() -> LogFindings {
        let start = control.started ?? Clock.now()
        let wall = Clock.wallMilliseconds() - Int(max(Clock.now(), start) - start) / 1_000_000
        let text = place.logFile.flatMap { FileManager.default.contents(atPath: $0) }
            .map { String(decoding: $0, as: UTF8.self) }
        return LogFindings(text ?? "", start: wall, end: Clock.wallMilliseconds())
    }

    private func write(
        _ sight: TelemetrySight, _ log: LogFindings, _ plans: [Plans.Found], _ folder: RecordFolder,
        _ gaps: inout [String]
    ) {
        let slow = Plans.slow(log.slowPlans, most: Self.mostSlowPlans, shape: StatementShapes.name)
        if slow.more > 0 {
            gaps.append(
                "plans of slow statements besides the \(Self.mostSlowPlans) slowest of a shape: \(slow.more) more")
        }
        if slow.unread > 0 { gaps.append("plans of slow statements that could not be read: \(slow.unread)") }
        if sight.slowPlansEnded {
            gaps.append(
                "plans of slow statements after the first few dozen: their logging was turned off to spare the server")
        }
        do {
            if let statements = sight.statements { try folder.write(statements) }
            let all = plans + slow.plans
            for plan in all { try folder.write(plan: plan.json, file: plan.record.file) }
            if !all.isEmpty { try folder.write(all.map(\.record)) }
            if let failure = sight.failure { throw failure }
        } catch {
            gaps.append("files about the server's side: \(error)")
        }
    }
}
