import FoundationEssentials
import LinuxSystem
import RunRecord
import SpecReader
import Testbed
import Workload

/// An experiment worked out before anything is begun: its cells, its trials in their order, and how long they take.
package struct ExperimentPlan: Sendable {
    package let spec: ExperimentSpec
    package let design: ExperimentDesign
    /// As the host has them: levels that it is too small for may be left out.
    package let factors: [ExperimentFactor]
    package let cells: [ExperimentCell]
    /// Made from what, in the order of ``cells``; profiles fitted to the host.
    package let subjects: [CellSubject]
    /// In the order in which they are run.
    package let trials: [ExperimentTrial]
    /// The file itself and all that it names.
    package let inputs: [ExperimentInput]
    /// What was left out and why, one sentence each.
    package let notes: [String]
    /// Factors that are suggestions, in their order; without those that are only a difference to a base.
    package let suggestions: [TriedSuggestion]
    /// What all cells have in common; `nil` where it does not fit the host, which a design without the base may allow.
    package let base: ExperimentBase?
    /// Suggestions among the levels, in the order of the factors.
    package let described: [ExperimentSuggestion]

    /// Time from start to end, seconds.
    package var seconds: Double { trials.reduce(0) { $0 + $1.estimatedSeconds } }

    /// Reads an experiment's file and all that it names, and works it out.
    ///
    /// - Parameters:
    ///   - document: of the experiment.
    ///   - name: by which the record knows the file.
    ///   - host: what profiles have to fit into.
    ///   - find: paths of the files it names.
    /// - Throws: `SpecProblems` with all problems of all files; `CellSubject.Problem` when parts do not go together;
    ///   `TestbedProblem` when the host is too small.
    package init(_ document: SpecDocument, name: String, host: HostCapacity, find: @escaping FileFinder) throws {
        var spec = ExperimentSpec(document, find: find)
        var problems: [SpecProblem] = []
        let files = ExperimentFiles(spec.names, find: find, problems: &problems)
        do { try document.finish() } catch let error as SpecProblems { problems = error.problems + problems }
        guard problems.isEmpty else { throw SpecProblems(problems) }
        notes = try Self.leaveOutTooLarge(&spec, files, host)
        let chosen = try ChosenDesign(spec)
        let cells = Self.cells(chosen.runs, spec.factors)
        let subjects = try Self.subjects(chosen.runs, spec, files, host)
        try Self.check(spec, subjects)
        self.spec = spec
        self.cells = cells
        self.subjects = subjects
        design = chosen.description
        factors = spec.factors.map {
            ExperimentFactor(name: $0.name, kind: $0.kind.rawValue, levels: $0.levels.map(\.text))
        }
        inputs = Self.inputs(spec, files, name)
        suggestions = spec.factors.compactMap { Self.tried($0, spec, files) }
        described = spec.factors.flatMap { ExperimentSuggestion.all(of: $0, files) }
        let first = [Int](repeating: 0, count: spec.factors.count)
        let common =
            chosen.runs.firstIndex(of: first).map { subjects[$0] }
            ?? (try? Self.subjects([first], spec, files, host))?.first
        base = common.map { ExperimentBase($0, spec, files, memory: host.memory) }
        trials = Self.trials(cells, subjects, spec)
    }

    // MARK: Cells

    private static func leaveOutTooLarge(
        _ spec: inout ExperimentSpec, _ files: ExperimentFiles, _ host: HostCapacity
    ) throws -> [String] {
        guard spec.tooLarge == .leaveOut, let index = spec.factors.firstIndex(where: { $0.kind == .profile }) else {
            return []
        }
        if case .listed = spec.design {
            throw CellSubject.Problem(
                description: "base.too-large-profiles: cells that are listed cannot be left out; choose refuse or scale"
            )
        }
        let all = spec.factors[index].levels
        let fitting = all.filter { level in
            guard case .profile(let name) = level.change, let profile = files.profiles[name] else { return true }
            return profile.fittingShare(on: host) == 1
        }
        guard fitting.count >= 2 else {
            throw TestbedProblem(
                "factor \(spec.factors[index].name): this host is large enough for \(fitting.count) of its \(all.count) levels, and two are needed; choose too-large-profiles: scale, or smaller machines"
            )
        }
        spec.factors[index].levels = fitting
        let left = all.filter { level in !fitting.contains { $0.text == level.text } }
        return left.map { "\($0.text): left out, because this host is too small for it" }
    }

    private static func cells(_ runs: [[Int]], _ factors: [ExperimentSpec.Factor]) -> [ExperimentCell] {
        var taken: [String: Int] = [:]
        return runs.enumerated().map { number, run in
            let changed = zip(factors, run).filter { $0.1 > 0 }
            let words = changed.map { factor, level in
                factor.kind == .suggestion ? factor.name : "\(factor.name)-\(factor.levels[level].text)"
            }
            var name = plain(words.isEmpty ? "base" : words.joined(separator: "+"))
            if name.count > 48 { name = "cell-\(number + 1)" }
            let count = taken[name, default: 0] + 1
            taken[name] = count
            return ExperimentCell(
                name: count == 1 ? name : "\(name)-again-\(count)",
                levels: Dictionary(
                    zip(factors, run).map { ($0.name, $0.levels[$1].text) }, uniquingKeysWith: { first, _ in first }))
        }
    }

    private static func subjects(
        _ runs: [[Int]], _ spec: ExperimentSpec, _ files: ExperimentFiles, _ host: HostCapacity
    ) throws -> [CellSubject] {
        try runs.map { run in
            var choice = spec.base
            for (factor, level) in zip(spec.factors, run) { choice.apply(factor.levels[level].change) }
            var subject = try CellSubject(choice, files, objectives: spec.objectives)
            guard let profile = subject.profile else { return subject }
            if spec.tooLarge != .scale, profile.fittingShare(on: host) < 1 {
                throw TestbedProblem(
                    "profile \(profile.name): this host is too small for it; name a smaller one, or write base.too-large-profiles: scale (the largest share that fits) or leave-out"
                )
            }
            subject.profile = try profile.fitted(to: host, scaled: true)
            return subject
        }
    }

    /// What only workloads can tell: whether they have the request classes that are asked about. A job of the nodes, such as
    /// retention, need not be every cell's.
    private static func check(_ spec: ExperimentSpec, _ subjects: [CellSubject]) throws {
        let all = subjects.map { Set(RequestLabel.all(of: $0.workload).map(\.requestClass)) }
        let jobs = all.reduce(into: Set<String>()) { $0.formUnion($1.filter(RequestClass.isJob)) }
        for (subject, classes) in zip(subjects, all) {
            for metric in spec.metrics {
                guard let name = ExperimentMetrics.requestClass(of: metric.name), !classes.contains(name),
                    !jobs.contains(name)
                else { continue }
                throw CellSubject.Problem(
                    description:
                        "metrics: \(metric.name): workload \(subject.workload.name) has no requests '\(name)'; it has \(classes.sorted().joined(separator: ", "))"
                )
            }
            for objective in spec.objectives where !classes.contains(where: objective.matches) {
                throw CellSubject.Problem(
                    description:
                        "objectives: workload \(subject.workload.name) has no requests '\(objective.classes)'; it has \(classes.sorted().joined(separator: ", "))"
                )
            }
        }
    }

    /// A name as a part of a folder's.
    static func plain(_ name: String) -> String {
        String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber || "-+.".contains($0)) ? $0 : "-" })
    }

    private static func tried(
        _ factor: ExperimentSpec.Factor, _ spec: ExperimentSpec, _ files: ExperimentFiles
    ) -> TriedSuggestion? {
        guard case .suggestion(let name) = factor.levels.last?.change, let read = files.variants[name],
            let description = SuggestionDescription(read.variant, driver: read.driver)
        else { return nil }
        return TriedSuggestion(
            factor: factor.name, name: read.variant.name,
            base: files.variants[spec.base.variant]?.variant.name ?? spec.base.variant,
            workload: files.workloads[spec.base.workload]?.name ?? spec.base.workload, description: description)
    }

    // MARK: Inputs

    private static func inputs(
        _ spec: ExperimentSpec, _ files: ExperimentFiles, _ name: String
    ) -> [ExperimentInput] {
        func rows(_ kind: String, _ texts: [(String, String)]) -> [ExperimentInput] {
            texts.sorted { $0.0 < $1.0 }.map { ExperimentInput(kind: kind, name: $0, digest: FileDigest.of($1)) }
        }
        return [ExperimentInput(kind: "spec", name: name, digest: FileDigest.of(spec.text))]
            + rows("workload", files.workloads.map { ($0, $1.text) })
            + rows("overlay", files.overlays.map { ($0, $1.text) })
            + rows("variant", files.variants.map { ($0, $1.text) })
            + rows("profile", files.profiles.map { ($0, $1.text) })
            + traces(files)
    }

    private static func traces(_ files: ExperimentFiles) -> [ExperimentInput] {
        files.workloads.sorted { $0.key < $1.key }.compactMap { name, workload in
            workload.trace.map {
                ExperimentInput(kind: "trace", name: "\(name): \($0.fileName)", digest: $0.summary.digest)
            }
        }
    }

    // MARK: Trials

    /// Each repeat has all cells in an order of its own, drawn from the seed.
    private static func trials(
        _ cells: [ExperimentCell], _ subjects: [CellSubject], _ spec: ExperimentSpec
    ) -> [ExperimentTrial] {
        var seen: Set<String> = []
        let width = max(2, String(cells.count * spec.repeats).count)
        var trials: [ExperimentTrial] = []
        for repetition in 0..<spec.repeats {
            for cell in order(cells.count, seed: spec.seed, repetition: repetition) {
                let isFirst = seen.insert("\(repetition) \(datasetKey(subjects[cell]))").inserted
                let number = String(trials.count + 1)
                let padded = String(repeating: "0", count: max(0, width - number.count)) + number
                trials.append(
                    ExperimentTrial(
                        cell: cell, repetition: repetition, folder: "\(padded)-\(cells[cell].name)",
                        estimatedSeconds: estimate(subjects[cell], isFirst: isFirst)))
            }
        }
        return trials
    }

    /// What decides messages, requests and history of one repeat.
    ///
    /// - Parameters:
    ///   - seed: of the experiment, which is that of its first repeat.
    ///   - repetition: from 0.
    /// - Returns: another one for each repeat, unlike those of an experiment with a seed beside it.
    package static func seed(_ seed: UInt64, repetition: Int) -> UInt64 {
        guard repetition > 0 else { return seed }
        var random = RandomSource(seed: seed, purpose: 0x7265_7065, index: UInt64(repetition))
        return random.next()
    }

    /// Fisher and Yates's shuffle.
    private static func order(_ count: Int, seed: UInt64, repetition: Int) -> [Int] {
        var random = RandomSource(seed: seed, purpose: 0x6578_7065, index: UInt64(repetition))
        var order = Array(0..<count)
        for last in stride(from: count - 1, to: 0, by: -1) { order.swapAt(last, random.below(last + 1)) }
        return order
    }

    /// Trials that start from the same filled cluster have the same.
    private static func datasetKey(_ subject: CellSubject) -> String {
        let spec = subject.workload
        let settings = subject.variant.settings.map { "\($0.name)=\($0.value)" }.filter {
            $0.hasPrefix("autovacuum=") || $0.hasPrefix("default_")
        }
        return
            "\(FileDigest.of(spec.text)) \(subject.overlays.map(\.name)) \(spec.history.rows) \(spec.history.partitions) \(subject.schema) \(subject.variant.postgresMajor ?? 0) \(subject.rateScale) \(settings)"
    }

    /// Bytes a second that copying a filled cluster is assumed to reach.
    private static let assumedCopyRate = 200e6

    private static func estimate(_ subject: CellSubject, isFirst: Bool) -> Double {
        let spec = subject.workload.scaled(by: subject.rateScale)
        let whole = TrialPlan.estimate(spec)
        let loading = Double(spec.history.rows) / TrialPlan.assumedLoadRate
        let each = spec.historyMessages.mean(spec.calendar) { StorageModel.databaseBytes(payload: $0) }
        let copying = Double(spec.history.rows) * each / assumedCopyRate
        return isFirst || copying > loading ? whole : whole - loading + copying
    }
}
