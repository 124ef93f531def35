import Comparison
import FoundationEssentials
import LinuxSystem
import LoadRunner
import RunRecord
import SpecReader
import Testbed
import Workload

/// What a comparison would do, worked out before anything is touched.
public struct ComparisonPlan: Sendable {
    /// Blocks that the budget holds.
    public let mostBlocks: Int
    /// Numbers of blocks after which the verdict is looked at; the last is ``mostBlocks``.
    public let looks: [Int]
    /// Time from start to end at most, seconds; an estimate.
    public let seconds: Double
    /// Blocks that can be begun within the budget, those that will not count included: their slices alone take it up.
    package let mostBegun: Int
    /// Every side's load, its phases in the side's own time.
    package let phases: PhaseSpec

    /// Between two slices, before it is measured: drain, counters and the opening, seconds.
    static let assumedOverhead = 0.1
    /// Fewer blocks give no verdict: with five, chance alone puts all signs on one side once in sixteen times.
    public static let fewestBlocks = 6
    /// Looks at the verdict, at most.
    static let mostLooks = 8
    /// Operations that are waited for after a slice, longest, seconds; beyond it the side did not keep up.
    static let drainSeconds = 10.0
    /// Share of the slower side's capacity that a probed rate offers.
    public static let probedShare = 0.5

    /// - Parameter request: of the comparison.
    /// - Throws: `TestbedProblem` for a budget that does not hold the fewest blocks.
    public init(_ request: ComparisonRequest) throws {
        let (sides, slice) = (Double(request.sides.count), Double(request.sliceSeconds))
        let round = sides * (slice + Self.assumedOverhead)
        let blocks = Int((request.budgetSeconds - Double(request.warmUpSlices) * round) / round)
        guard blocks >= Self.fewestBlocks else {
            let need = Int((Double(request.warmUpSlices + Self.fewestBlocks) * round).rounded(.up))
            throw TestbedProblem(
                "\(Int(request.budgetSeconds)) s hold \(max(0, blocks)) blocks of \(request.sides.count) slices of \(request.sliceSeconds) s, a verdict needs \(Self.fewestBlocks); give --budget \(need)s, or a shorter --slice"
            )
        }
        try Self.checkCycle(request)
        mostBlocks = blocks
        looks = Self.looks(blocks)
        let each = UInt64(request.sliceSeconds) * 1_000_000_000
        let warmUp = UInt64(request.warmUpSlices) * each
        mostBegun = max(blocks, Int(request.budgetSeconds / (sides * slice)))
        // One slice more than are run, so that no load ends by itself; blocks that do not count are run again.
        phases = PhaseSpec(
            warmUp: warmUp, measure: UInt64(mostBegun + 1) * each, drainLimit: UInt64(Self.drainSeconds * 1e9),
            warmUpLimit: warmUp)
        seconds = request.sides.reduce(request.budgetSeconds) { $0 + Self.historySeconds($1) }
    }

    /// Time in which a side's archive is made, seconds, before anything is known of this host.
    static func historySeconds(_ side: ComparisonRequest.Side) -> Double {
        var spec = side.trial.workload
        spec.phases = PhaseSpec(warmUp: 0, measure: 0, drainLimit: 0)
        return TrialPlan.estimate(spec)
    }

    /// Evenly spaced, the first not before the fewest blocks.
    static func looks(_ blocks: Int) -> [Int] {
        let count = min(mostLooks, max(1, blocks / fewestBlocks))
        return (1...count).map { ($0 * blocks + count - 1) / count }
    }

    // MARK: Checks

    /// Checks that all sides fit on this machine together, before anything is begun.
    ///
    /// - Parameter request: of the comparison.
    /// - Throws: `TestbedProblem` with one line: what is short, and the remedy.
    public static func check(_ request: ComparisonRequest) throws {
        for side in request.sides {
            try TrialPlan.checkMemory(side.trial)
            try TrialPlan.checkDisk(side.trial)
        }
        try checkMemory(request)
        try checkDisk(request)
        // As many as if every side were the one with most nodes.
        let largest = request.sides.map(\.trial).max { $0.workload.fleet.nodes < $1.workload.fleet.nodes }
        var all = (largest ?? request.base.trial).offered
        all.writers.count *= request.sides.count
        try TrialPlan.checkDescriptors(all, request.base.trial.driver)
        for side in request.sides where side.trial.offered.writers.count != request.base.trial.offered.writers.count {
            throw TestbedProblem(
                "\(side.name): another number of nodes than \(request.base.name); compare like with like")
        }
    }

    /// Share of the memory available that servers may be told to take.
    private static let mostMemory = 0.75

    private static func checkMemory(_ request: ComparisonRequest) throws {
        guard let available = HostReading.now().memory?.available else { return }
        let need = request.sides.reduce(0) { sum, side in
            let trial = side.trial
            var bytes =
                trial.profile?.memory ?? trial.variant.fitted(toMemory: trial.serverMemory).variant.sharedBuffers
            if case .modelled = trial.profile?.storage { bytes += TrialPlan.diskNeed(trial.offered, trial.variant) }
            return sum + bytes
        }
        let limit = Int(Double(available) * mostMemory)
        guard need > limit else { return }
        throw TestbedProblem(
            "\(request.sides.count) servers side by side ask for \(need >> 20) MiB of memory, \(limit >> 20) MiB can be had; compare fewer candidates at once, or name a smaller machine with --profile"
        )
    }

    private static func checkDisk(_ request: ComparisonRequest) throws {
        let need = request.sides.reduce(0) { $0 + TrialPlan.diskNeed($1.trial.offered, $1.trial.variant) }
        let path = request.base.trial.dataDirectory ?? request.base.trial.registry.home
        guard let storage = Host.storage(at: path), storage.freeBytes <= need else { return }
        throw TestbedProblem(
            "\(path): \(storage.freeBytes / 1_000_000) MB free, \(request.sides.count) servers side by side need up to \(need / 1_000_000) MB; free some, choose another disk with --data-dir, or less history with --history"
        )
    }

    // MARK: Request classes

    /// What a workload brings without any answer, a second, by request class.
    static func rates(_ operations: [String: Int], _ phases: PhaseSpec) -> [String: Double] {
        operations.mapValues { Double($0) / (Double(phases.offered) / 1e9) }
    }

    /// Checks that at least one request class can carry a verdict.
    ///
    /// - Parameters:
    ///   - rates: operations a second by request class, as offered.
    ///   - request: says how many are needed.
    /// - Throws: `TestbedProblem` with the factor on the rates that would do.
    static func checkCounts(_ rates: [String: Double], _ request: ComparisonRequest) throws {
        let most = rates.filter { !RequestClass.isJob($0.key) }.values.max() ?? 0
        let need = Double(request.leastPerSlice) / Double(request.sliceSeconds)
        guard most < need else { return }
        if request.rate == .probed {
            let slice =
                most > 0 ? ", such as --slice \(Int((Double(request.leastPerSlice) / most * 1.2).rounded(.up)))s" : ""
            throw TestbedProblem(
                "at what the slower side carries, \((most * 100).rounded() / 100) operations a second of the most frequent request class, none completes \(request.leastPerSlice) in a slice of \(request.sliceSeconds) s, so none would carry a verdict; take longer slices\(slice), or leave the slow side out"
            )
        }
        let factor = request.base.trial.rateScale * (most > 0 ? need / most : 1) * 1.2
        throw TestbedProblem(
            "no request class completes \(request.leastPerSlice) operations in a slice of \(request.sliceSeconds) s, so none would carry a verdict; give --rate-scale \(Int(factor.rounded(.up))), --rate-scale auto, or a longer --slice"
        )
    }

    /// Why a comparison is not begun whose warm-up showed that no metric would carry a verdict.
    ///
    /// - Parameters:
    ///   - perSlice: completions by request class, as ``primary(_:_:)`` takes them.
    ///   - request: of the comparison.
    /// - Returns: the problem, with what would help.
    static func nothingToJudge(_ perSlice: [String: Double], _ request: ComparisonRequest) -> TestbedProblem {
        let most = perSlice.filter { !RequestClass.isJob($0.key) }.max { ($0.value, $1.key) < ($1.value, $0.key) }
        let seen = most.map { "the most, \(Int($0.value)), were \($0.key)" } ?? "nothing was completed on every side"
        return TestbedProblem(
            "in a warm-up slice of \(request.sliceSeconds) s no request class completed \(request.leastPerSlice) operations on every side (\(seen)), so nothing would carry a verdict; raise --rate-scale, or take a longer --slice"
        )
    }

    /// Checks that slices of a comparison of slow effects hold a cycle of what makes them.
    ///
    /// - Throws: `TestbedProblem` with the shortest slice that does.
    private static func checkCycle(_ request: ComparisonRequest) throws {
        guard request.mode == .long else { return }
        let hour = 3_600 / Double(max(1, request.base.trial.offered.timeScale))
        let checkpoints = request.sides.map { side in
            let text = side.trial.variant.settings.last { $0.name == "checkpoint_timeout" }?.value ?? "5min"
            return (try? QuantityParser.duration(text).get()).map { Double($0) / 1e9 } ?? Double(text) ?? 300
        }
        let cycle = min(hour, checkpoints.max() ?? 300).rounded(.up)
        guard Double(request.sliceSeconds) < cycle else { return }
        throw TestbedProblem(
            "--long: a slice of \(request.sliceSeconds) s holds neither an archive hour (\(Int(hour.rounded(.up))) s at this time scale) nor a checkpoint's time-out; give --slice \(Int(cycle))s, or a larger --time-scale"
        )
    }

    /// Metrics that carry verdicts, from what the warm-up slices completed.
    ///
    /// A quantile of a class carries one when at least ``tailOperations`` of each slice lie beyond it, and the class
    /// completes as many as the request asks for; so do metrics of a class that somebody asked for.
    ///
    /// - Parameters:
    ///   - perSlice: completions by request class, the mean over a side's slices, of the side with fewer.
    ///   - request: of the comparison.
    /// - Returns: names as in `MetricVerdict.metric`, in alphabetical order within each kind.
    package static func primary(_ perSlice: [String: Double], _ request: ComparisonRequest) -> [String] {
        var asked: [String] = []
        for name in request.metrics where !asked.contains(name) {
            guard let requestClass = MetricCatalogue.parts(of: name).requestClass else {
                asked.append(name)
                continue
            }
            var least = Double(request.leastPerSlice)
            if case .responseQuantile(let share) = MetricCatalogue.quantity(of: name)?.source {
                least = max(least, tailOperations / (1 - share))
            }
            if (perSlice[requestClass] ?? 0) >= least { asked.append(name) }
        }
        guard !request.isClosed else { return ["throughput"] + asked }
        var names: [String] = []
        for (name, quantile) in SliceAssembly.quantiles {
            let least = max(Double(request.leastPerSlice), tailOperations / (1 - quantile))
            names += perSlice.filter { !RequestClass.isJob($0.key) && $0.value >= least }.keys.sorted().map {
                "\(name):\($0)"
            }
        }
        return names + asked.filter { !names.contains($0) }
    }

    /// Operations of a slice beyond a quantile that carries a verdict.
    private static let tailOperations = 5.0
}
