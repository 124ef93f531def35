import Comparison
import Glibc
import LinuxSystem
import LoadRunner
import Measurement
import RunRecord
import SpecReader
import Statistics
import Testbed
import WakuModel
import Workload

/// Two equal servers on modelled storage that stay up, and comparisons of them whose truth is known: the flushes of the
/// second can be made slower by a stated delay, in a stated share of the calls, while it runs.
///
/// One client puts one message after the other, so its throughput is one over the time of a put, and a delay of so much a
/// put changes it by exactly so much.
package struct PlantedPair: Sendable {
    private let sides: SideSet
    /// Processors of this process before it was kept off the servers'.
    private let everywhere: ProcessorSet
    private let device: StorageDevice
    private let control: TrialControl
    /// Time of one put, and flushes in it, of the base without anything planted.
    private let put: (nanoseconds: Double, flushes: Double)
    /// When the servers were made: tries on the same two have it in common.
    private let name: String

    /// The metric that carries the verdict.
    static let metric = "throughput"
    /// The difference that matters.
    static let margin = 0.03
    /// Length of a slice, seconds.
    private static let slice = 1
    /// Share of the flushes that take the planted delay.
    private static let share = 0.5
    /// Slices from which the time of a put is known, after as many that only warm up.
    private static let probes = 3

    // MARK: Making

    /// Builds both servers and starts their loads. Nothing is left behind when it throws.
    ///
    /// - Parameters:
    ///   - request: says which server, variant and seed.
    ///   - seconds: that the pair is used at most.
    ///   - control: ends it.
    /// - Returns: the pair, warm.
    /// - Throws: `TestbedProblem`, `PostgresError`, ``TrialInterrupted``.
    static func make(_ request: TrialRequest, seconds: Double, control: TrialControl) async throws -> PlantedPair {
        let comparison = try self.comparison(request, seconds: seconds)
        let everywhere = ProcessorSet.allowed
        var sides = try await SideSet.make(comparison, control) { _, _ in }
        do {
            let spec = comparison.base.trial.offered
            try sides.offer(spec)
            for side in sides.servers { try await side.checkpoint() }
            try sides.keepGeneratorApart()
            for side in sides.servers { try await side.load.start() }
            let device = try device(comparison.base.trial)
            return PlantedPair(
                sides: sides, everywhere: everywhere, device: device, control: control,
                put: try await probe(sides, control), name: UTCTime(seconds: request.wallClock()).iso8601)
        } catch {
            await Self.remove(sides, everywhere)
            throw error
        }
    }

    /// Ends the loads and removes the servers.
    func remove() async { await Self.remove(sides, everywhere) }

    private static func remove(_ sides: SideSet, _ everywhere: ProcessorSet) async {
        for side in sides.servers { _ = await side.load.end() }
        try? everywhere.confineProcess()
        await sides.remove()
    }

    private static func comparison(_ request: TrialRequest, seconds: Double) throws -> ComparisonRequest {
        var trial = request
        trial.workload = try WorkloadSpec(document: SpecDocument(text: workload, file: "calibration"))
        // One client has the processor that the server leaves, and each side half of the time.
        trial.workload.phases = PhaseSpec(
            warmUp: 0, measure: UInt64(seconds * 1e9), drainLimit: UInt64(ComparisonPlan.drainSeconds * 1e9))
        trial.profile = try HardwareProfile(document: SpecDocument(text: profile, file: "calibration"))
        (trial.overlays, trial.closedClients, trial.usesCache, trial.telemetry) = ([], 1, false, false)
        trial.rateScale = 1
        let sides = [sideNames.base, sideNames.candidate].map { ComparisonRequest.Side(name: $0, trial: trial) }
        return ComparisonRequest(sides: sides, folder: "", comparisonID: "calibrate statistics")
    }

    private static func device(_ trial: TrialRequest) throws -> StorageDevice {
        guard case .modelled(let device) = trial.profile?.storage else {
            throw TestbedProblem("calibrate statistics: the storage is not modelled")
        }
        return device
    }

    /// A first look without a word on it: how long a put takes, and how often it flushes.
    private static func probe(
        _ sides: SideSet, _ control: TrialControl
    ) async throws -> (nanoseconds: Double, flushes: Double) {
        var (seconds, puts, flushes) = (0.0, 0.0, 0.0)
        for number in 0..<2 * probes {
            for (place, side) in sides.servers.enumerated() {
                let before = side.archive.storage?.statistics.flushes.operations ?? 0
                let slice = SliceRecord(
                    block: number, place: place, side: side.name, atSeconds: 0, seconds: Double(Self.slice))
                let record = try await side.take(slice, control: control).record
                guard number >= probes, let rate = record.metrics[metric] else { continue }
                let done = Double(record.completed.values.reduce(0, +))
                puts += done
                seconds += done / rate
                flushes += Double((side.archive.storage?.statistics.flushes.operations ?? 0) - before)
            }
        }
        guard puts > 0, flushes > 0 else {
            throw TestbedProblem("calibrate statistics: no put was flushed; is fsync off in the variant?")
        }
        return (seconds / puts * 1e9, flushes / puts)
    }

    // MARK: Comparing

    /// Compares the two. A coin decides which one is the candidate, so that a server that is slower by itself is on either
    /// side.
    ///
    /// - Parameters:
    ///   - planted: by how much the candidate's throughput is lowered, as a share; 0 for not at all.
    ///   - blocks: at most.
    ///   - seed: of the order of slices.
    /// - Returns: how it came out.
    /// - Throws: ``SideLost``, ``TrialInterrupted``.
    func compare(planted: Double, blocks: Int, seed: UInt64) async throws -> CalibrationTry {
        var coin = SplitMix64(seed: seed)
        let isSwapped = coin.coin()
        let names = isSwapped ? (base: Self.sideNames.candidate, candidate: Self.sideNames.base) : Self.sideNames
        plant(planted, on: names.candidate)
        defer { plant(0, on: names.candidate) }
        let started = Clock.now()
        let rule = Self.rule(blocks)
        let judge = PairedJudge(rule: rule, base: names.base, candidates: [names.candidate])
        var run = ComparisonBlocks(sides.servers, sliceSeconds: Self.slice, seed: seed, control: control)
        var (slices, histograms) = ([SliceRecord](), [PairedJudge.SliceKey: [String: LatencyHistogram]]())
        var pairs: [ComparedPair] = []
        while run.count < blocks {
            for slice in try await run.next() {
                slices.append(slice.record)
                histograms[.init(block: slice.record.block, side: slice.record.side)] = slice.histograms
            }
            guard rule.looks.contains(run.count) else { continue }
            let judgement = judge.judge(slices, histograms: histograms, isFinal: run.count == blocks)
            pairs = judgement.pairs
            if judgement.isSettled { break }
        }
        let metric = pairs.first?.metrics.first { $0.metric == Self.metric }
        var result = CalibrationTry(planted: planted, seed: seed)
        result.blocks = run.count
        result.seconds = (Double(Clock.now() - started) / 1e8).rounded() / 10
        (result.verdict, result.ratio) = (metric?.verdict, metric?.ratio?.value)
        (result.low, result.high) = (metric?.ratio?.low, metric?.ratio?.high)
        result.logRatios = ComparisonCourse.logRatios(
            of: Self.metric, names.candidate, to: names.base, slices)
        (result.pair, result.isSwapped, result.serverVersion) = (
            name, isSwapped, sides.servers[0].archive.serverVersion
        )
        return result
    }

    /// The rule of all comparisons of so many blocks.
    static func rule(_ blocks: Int) -> ComparisonRule {
        ComparisonRule(
            margin: margin, confidence: 0.95, mode: .short, isOpenLoop: false, clients: 1,
            sliceSeconds: Double(slice), looks: ComparisonPlan.looks(blocks),
            budgetSeconds: Double(2 * slice * blocks), leastPerSlice: 50, primary: [metric], isAA: false)
    }

    /// Makes the candidate's flushes slower: a put that took t takes t / (1 − planted).
    private func plant(_ planted: Double, on side: String) {
        guard let candidate = sides.servers.first(where: { $0.name == side })?.archive.storage else { return }
        var changed = device
        let delay = put.nanoseconds * planted / (1 - planted) / put.flushes / Self.share
        if planted > 0 { changed.flushLatency = Self.delayed(device.flushLatency, by: delay, share: Self.share) }
        candidate.change(changed)
    }

    /// A distribution of which a share takes longer by a delay, taken evenly from all of it: its quantiles are those of the
    /// mixture.
    package static func delayed(_ latency: DeviceLatency, by delay: Double, share: Double) -> DeviceLatency {
        let parts = 400
        let plain = (0..<parts).map { latency.quantile((Double($0) + 0.5) / Double(parts)) }
        // As many plain and delayed values as the share asks for, of 100.
        let delayedParts = Int((share * 100).rounded())
        var values: [Double] = []
        for value in plain {
            values += Array(repeating: value, count: 100 - delayedParts)
            values += Array(repeating: value + delay, count: delayedParts)
        }
        values.sort()
        let points = (0...200).map { point -> DeviceLatency.Quantile in
            let share = min(max(Double(point) / 200, 0.000_5), 0.999_5)
            return .init(share: share, latency: UInt64(values[Int(share * Double(values.count))]))
        }
        return .quantiles(points)
    }

    private static let sideNames = (base: "base", candidate: "candidate")

    private static let workload = """
        archivebench: workload/1
        name: calibration
        summary: messages, as fast as one client can put them
        archive-epoch: 2026-01-05T18:00:00Z
        topics: [{name: all, shard: 16/32, count: 10}]
        messages:
          streams:
            - name: only
              arrivals: {process: constant, rate: 1000/s}
              to: [{topics: all}]
              classes: [{name: chat, payload: {constant: 300B}}]
        writers: {count: 1}
        clockwork: off
        history: {partitions: 1, rows: 0}
        phases: {warm-up: 0s, measure: 60s}
        """

    private static let profile = """
        archivebench: profile/1
        name: calibration
        summary: a flush of two milliseconds, give or take
        cpus: {count: 1}
        memory: 1GiB
        storage: {kind: modelled, flush-latency: {lognormal: {p50: 2ms, p99: 4ms}}}
        """
}
