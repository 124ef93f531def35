import Comparison
import Glibc
import LinuxSystem
import LoadRunner
import Measurement
import RunRecord
import Statistics
import Workload

/// The course of one comparison from its first slice to its last: blocks, looks, and why it ended.
struct ComparisonCourse {
    /// Why no more blocks were run.
    enum Ending: Equatable {
        /// The verdicts were settled, or all blocks were run.
        case settled
        case budget
        case interrupted
        /// Something broke; one line.
        case failed(String)
    }

    private let request: ComparisonRequest
    private let plan: ComparisonPlan
    private let sides: SideSet
    private let folder: ComparisonFolder
    private let control: TrialControl
    private let observer: any ComparisonObserver
    private var blocks: ComparisonBlocks
    private var slices: [SliceRecord] = []
    private var histograms: [PairedJudge.SliceKey: [String: LatencyHistogram]] = [:]
    private var lost: [String] = []
    private(set) var ending = Ending.settled
    /// What was asked for and is not there.
    private(set) var gaps: [String] = []

    init(
        _ request: ComparisonRequest, _ plan: ComparisonPlan, _ sides: SideSet, _ folder: ComparisonFolder,
        _ control: TrialControl, _ observer: any ComparisonObserver
    ) {
        (self.request, self.plan, self.sides, self.folder) = (request, plan, sides, folder)
        (self.control, self.observer) = (control, observer)
        blocks = ComparisonBlocks(
            sides.servers, sliceSeconds: request.sliceSeconds, seed: request.base.trial.seed, control: control)
    }

    // MARK: Blocks

    /// Warms up, then runs blocks until the verdicts are settled or the budget is spent, and judges.
    ///
    /// - Parameter record: gets the metrics that carry verdicts, and the verdicts.
    /// - Throws: what went wrong before the first block.
    mutating func run(_ record: inout ComparisonRecord) async throws {
        let started = Clock.now()
        try await warmUp(&record)
        try folder.write(record)
        let judge = judge(record)
        var isFinal = false
        do {
            isFinal = try await runBlocks(judge, &record, started)
        } catch is TrialInterrupted {
            ending = .interrupted
        } catch {
            ending = .failed("\(error)")
        }
        if !isFinal { record.pairs = judge.judge(slices, histograms: histograms, isFinal: true).pairs }
        if case .failed(let reason) = ending { note(stop: "ended early: \(reason)", &record) }
        if ending == .interrupted { note(stop: "ended early by a person or a signal", &record) }
    }

    private func judge(_ record: ComparisonRecord) -> PairedJudge {
        let names = request.sides.map(\.name)
        return PairedJudge(
            rule: record.rule, base: names[0], candidates: Array(names.dropFirst()),
            drivenOtherwise: request.drivenOtherwise)
    }

    private func note(stop reason: String, _ record: inout ComparisonRecord) {
        for index in record.pairs.indices { record.pairs[index].stopped = reason }
    }

    private mutating func warmUp(_ record: inout ComparisonRecord) async throws {
        let (observer, request) = (observer, request)
        let seen = try await blocks.warmUp(request.warmUpSlices) { round in
            var progress = ComparisonProgress(
                stage: "warm-up, round \(round) of \(request.warmUpSlices)", secondsLeft: request.budgetSeconds)
            progress.mostBlocks = plan.mostBlocks
            observer.report(progress)
        }
        record.rule.primary = ComparisonPlan.primary(Self.perSlice(seen), request)
        guard !record.rule.primary.isEmpty else { throw ComparisonPlan.nothingToJudge(Self.perSlice(seen), request) }
    }

    /// Completions of a slice by request class: the mean, of the side with fewer; the first slice is not looked at.
    static func perSlice(_ seen: [String: [SliceRecord]]) -> [String: Double] {
        let means = seen.values.map { slices in
            let later = slices.dropFirst()
            var sums: [String: Double] = [:]
            for slice in later {
                for (name, count) in slice.completed { sums[name, default: 0] += Double(count) / Double(later.count) }
            }
            return sums
        }
        guard var least = means.first else { return [:] }
        for mean in means.dropFirst() {
            least = least.filter { mean[$0.key] != nil }.merging(mean.filter { least[$0.key] != nil }) { min($0, $1) }
        }
        return least
    }

    /// - Returns: whether the last look was the final one.
    private mutating func runBlocks(
        _ judge: PairedJudge, _ record: inout ComparisonRecord, _ started: Nanoseconds
    ) async throws -> Bool {
        var longest: Nanoseconds = 0
        var counted = 0
        while counted < plan.mostBlocks {
            let begun = Clock.now()
            let isOverTime = Double(begun - started + longest) / 1e9 > request.budgetSeconds
            // The load lasts for so many.
            guard !isOverTime, blocks.count < plan.mostBegun else {
                ending = .budget
                return false
            }
            let block = try await blocks.next()
            for slice in block { try add(slice) }
            longest = max(longest, Clock.now() - begun)
            let counts = block.allSatisfy { $0.record.excluded == nil }
            if counts { counted += 1 }
            report(counted, each: (Clock.now() - started) / Nanoseconds(blocks.count + request.warmUpSlices), started)
            guard counts, plan.looks.contains(counted) else { continue }
            let isLast = counted == plan.mostBlocks
            let judgement = judge.judge(slices, histograms: histograms, isFinal: isLast)
            record.pairs = judgement.pairs
            try folder.write(record)
            if isLast || judgement.isSettled { return isLast }
        }
        return true
    }

    private mutating func add(_ slice: ComparisonBlocks.Slice) throws {
        try folder.append(slice.record, histograms: slice.histograms)
        slices.append(slice.record)
        histograms[.init(block: slice.record.block, side: slice.record.side)] = slice.histograms
    }

    private func report(_ counted: Int, each: Nanoseconds, _ started: Nanoseconds) {
        var progress = ComparisonProgress(stage: "block", secondsLeft: 0)
        progress.blocks = counted
        progress.mostBlocks = plan.mostBlocks
        let byBlocks = Double(plan.mostBlocks - counted) * Double(each) / 1e9
        let byBudget = request.budgetSeconds - Double(Clock.now() - started) / 1e9
        progress.secondsLeft = max(0, min(byBlocks, byBudget))
        progress.soFar = soFar()
        observer.report(progress)
    }

    /// The ratio of the first metric that the slices have, for a person who watches.
    private func soFar() -> String? {
        let names = request.sides.map(\.name)
        let wanted = request.isClosed ? "throughput" : "response.p50:"
        guard
            let metric = slices.first?.metrics.keys.filter({ $0.hasPrefix(wanted) }).max(by: { left, right in
                Self.count(left, slices) < Self.count(right, slices)
            }), let ratio = Self.ratio(of: metric, names[1], to: names[0], slices)
        else { return nil }
        func percent(_ value: Double) -> String {
            let tenths = ((value - 1) * 1_000).rounded() / 10
            return tenths == 0 ? "0 %" : "\(tenths > 0 ? "+" : "")\(tenths) %"
        }
        return "\(metric) \(percent(ratio.value)) [\(percent(ratio.low)), \(percent(ratio.high))]"
    }

    private static func count(_ metric: String, _ slices: [SliceRecord]) -> Int {
        metric.split(separator: ":").dropFirst().first.flatMap { slices.first?.completed[String($0)] } ?? 0
    }

    private static func ratio(
        of metric: String, _ candidate: String, to base: String, _ slices: [SliceRecord]
    ) -> Estimate? {
        Estimate(logRatios: logRatios(of: metric, candidate, to: base, slices))
    }

    /// One log ratio a block, of the blocks that count and in which both sides have the metric.
    static func logRatios(
        of metric: String, _ candidate: String, to base: String, _ slices: [SliceRecord]
    ) -> [Double] {
        let blocks = Dictionary(grouping: slices.filter { $0.excluded == nil }, by: \.block)
        return blocks.sorted { $0.key < $1.key }.compactMap { _, block in
            guard let ours = block.first(where: { $0.side == candidate })?.metrics[metric],
                let theirs = block.first(where: { $0.side == base })?.metrics[metric]
            else { return nil }
            return log(ours / theirs)
        }
    }

    // MARK: Findings

    /// Takes account of what a side's worker saw over all.
    mutating func note(_ result: LoadResult) {
        let broken = result.results.contains { !$0.measure.identityHolds || !$0.warmUp.identityHolds }
        if broken { lost.append("an operation was lost or counted twice") }
    }

    /// Whether the verdicts may be used.
    func findings(_ record: ComparisonRecord) -> [ValidityFinding] {
        let judged = ValidityRules.judge(host: blocks.hostSpan)
        return [
            ranToPlan(), enoughBlocks(), identity(record), sameOperations(record), failures(), generatorCPU(),
        ].compactMap { $0 }
            + judged.findings
    }

    private func ranToPlan() -> ValidityFinding {
        let observed =
            switch ending {
            case .settled: "completed"
            case .budget: "completed within its budget"
            case .interrupted: "ended early by a person or a signal"
            case .failed(let reason): reason
            }
        return ValidityFinding(
            rule: "ran-to-plan", holds: ending == .settled || ending == .budget, observed: observed,
            threshold: "completed", reason: "who ends a comparison when it looks good finds what is not there")
    }

    private func enoughBlocks() -> ValidityFinding {
        let counted = Set(slices.filter { $0.excluded == nil }.map(\.block)).count
        return ValidityFinding(
            rule: "blocks", holds: counted >= ComparisonPlan.fewestBlocks, observed: "\(counted) blocks that counted",
            threshold: "at least \(ComparisonPlan.fewestBlocks)",
            reason: "with fewer, chance alone puts all signs on one side too often")
    }

    /// Of slices that were drained, what was begun in them ended in them.
    private func identity(_ record: ComparisonRecord) -> ValidityFinding {
        var broken = lost
        for side in record.sides where !side.accounting.values.allSatisfy(\.identityHolds) {
            broken.append("\(side.name): the accounts do not add up")
        }
        return ValidityFinding(
            rule: "accounting-identity", holds: broken.isEmpty,
            observed: broken.isEmpty ? "holds" : broken.joined(separator: "; "),
            threshold: "scheduled = completed + failed + abandoned",
            reason: "an operation that vanished would flatter every number")
    }

    /// In an open loop every side is offered the same in the same block, apart from what follows from answers.
    private func sameOperations(_ record: ComparisonRecord) -> ValidityFinding? {
        guard record.rule.isOpenLoop else { return nil }
        let blocks = Dictionary(grouping: slices, by: \.block)
        let unlike = blocks.values.count { block in Set(block.map { $0.scheduled["put"] ?? 0 }).count > 1 }
        return ValidityFinding(
            rule: "same-operations", holds: unlike == 0,
            observed: unlike == 0
                ? "as many puts on every side in each block" : "\(unlike) blocks with another number of puts",
            threshold: "every side is offered the same sequence",
            reason: "sides that did other work cannot be told apart by how they did it")
    }

    private func failures() -> ValidityFinding {
        let failed = slices.reduce(0) { $0 + $1.failed.values.reduce(0, +) }
        let scheduled = slices.reduce(0) { $0 + $1.scheduled.values.reduce(0, +) }
        return ValidityFinding(
            rule: "failures", holds: Double(failed) <= ValidityRules.mostFailures * Double(scheduled),
            observed: "\(failed) of \(scheduled)", threshold: "at most \(Words.percent(ValidityRules.mostFailures))",
            reason: "failed operations load the server less and do not appear in latencies")
    }

    /// A worker without time to spare measures itself, and makes sides look alike.
    private func generatorCPU() -> ValidityFinding? {
        let shares = request.sides.compactMap { side -> Double? in
            let all = slices.filter { $0.side == side.name }.compactMap(Self.workerShare)
            return all.isEmpty ? nil : Sample.median(all)
        }
        guard let most = shares.max() else { return nil }
        return ValidityFinding(
            rule: "generator-cpu", holds: most <= ValidityRules.mostGeneratorCPU,
            observed: "\(Words.percent(most)) in the median slice of the busiest worker",
            threshold: "at most \(Words.percent(ValidityRules.mostGeneratorCPU)) a worker",
            reason: "a load generator without time to spare measures itself")
    }

    /// Processor time of the side's worker in a slice, as a share of the time that it had.
    private static func workerShare(_ slice: SliceRecord) -> Double? {
        guard let each = slice.metrics["generator.cpu"] else { return nil }
        let operations = slice.completed.filter { !RequestClass.isJob($0.key) }.values.reduce(0, +)
        return each * Double(operations) / 1e6 / (slice.seconds + slice.drainSeconds)
    }

    /// What limits the conclusions.
    func threats(_ record: ComparisonRecord) -> [String] {
        var threats = [
            "all sides ran on one host in turns: the machine's caches and the disk are shared, and what one side leaves behind may meet the next"
        ]
        if record.profile == nil {
            threats.append(
                "no profile was asked for: the server had the whole host and shared it with the load generator")
        }
        threats += sides.unlike + (record.profile?.notEnforced ?? []).map { "profile not enforced: \($0)" }
        if Set(request.sides.map(\.trial.workload.fleet.isDivided)).count > 1 {
            threats.append(
                "with a database for each shard a request for several shards is several, each counted and timed by itself, and every shard's nodes have their own clockwork"
            )
        }
        threats += judge(record).threats(slices)
        for side in request.sides {
            let seen = slices.filter { $0.side == side.name }.reduce(0) { $0 + Int($1.metrics["checkpoints"] ?? 0) }
            if seen > 0 {
                threats.append(
                    "\(side.name): \(seen) checkpoint\(seen == 1 ? "" : "s") began in its slices, which count")
            }
        }
        if record.rule.mode == .short {
            threats.append(
                "slices of \(Int(record.rule.sliceSeconds)) s see no effect of a longer scale: checkpoints, vacuum, retention and bloat need --long"
            )
        }
        return threats
    }
}
