import Comparison
import Glibc
import LinuxSystem
import LoadRunner
import Measurement
import RunRecord
import Statistics
import Workload

/// One comparison of two simulated sides: the same worker, turns and judge as with real servers, on targets whose service
/// times are known. A thousand take a minute.
package struct SimulatedComparison {
    /// How fast the machine is in each block, base against base.
    let noise: SimulatedHost.Noise
    /// True ratio of the candidate's response times to the base's.
    let ratio: Double
    /// Blocks at most.
    let blocks: Int
    /// Of the try.
    let seed: UInt64

    /// Takes each value as it is.
    package init(noise: SimulatedHost.Noise, ratio: Double, blocks: Int, seed: UInt64) {
        (self.noise, self.ratio, self.blocks, self.seed) = (noise, ratio, blocks, seed)
    }

    /// Puts a slice of a second, on average.
    private static let putsPerSlice = 100.0
    /// Median service time, nanoseconds, and the deviation of its logarithm.
    private static let service = (median: 1e6, deviation: 0.5)
    /// The metric that carries the verdict.
    static let metric = "response.p50:put"
    /// The difference that matters.
    static let margin = 0.03

    /// The rule of all simulated comparisons.
    static func rule(blocks: Int) -> ComparisonRule {
        ComparisonRule(
            margin: margin, confidence: 0.95, mode: .short, isOpenLoop: true, clients: nil, sliceSeconds: 1,
            looks: ComparisonPlan.looks(blocks), budgetSeconds: Double(2 * blocks), leastPerSlice: 50,
            primary: [metric], isAA: false)
    }

    /// Runs it until it is settled.
    ///
    /// - Returns: the verdict on the one metric; `nil` when there is none.
    package func run() -> MetricVerdict? {
        var host = SimulatedHost(seed: seed, noise: noise)
        let logRatios = host.blocks(blocks, effect: log(ratio))
        let (base, candidate) = ("base", "candidate")
        let sides = [
            (name: base, slices: Self.side(blocks, scales: logRatios.map { _ in 1 }, seed: 2 &* seed)),
            (name: candidate, slices: Self.side(blocks, scales: logRatios.map(exp), seed: 2 &* seed &+ 1)),
        ]
        let rule = Self.rule(blocks: blocks)
        let judge = PairedJudge(rule: rule, base: base, candidates: [candidate])
        var (records, histograms) = ([SliceRecord](), [PairedJudge.SliceKey: [String: LatencyHistogram]]())
        for block in 0..<blocks {
            for (place, side) in sides.enumerated() {
                records.append(side.slices[block].record(block, place, side.name))
                histograms[.init(block: block, side: side.name)] = ["put": side.slices[block].response]
            }
            guard rule.looks.contains(block + 1) else { continue }
            let judgement = judge.judge(records, histograms: histograms, isFinal: block + 1 == blocks)
            if judgement.isSettled || block + 1 == blocks {
                return judgement.pairs.first?.metrics.first { $0.metric == Self.metric }
            }
        }
        return nil
    }

    /// All slices of one side, by its own clock: in each, service takes so many times as long.
    private static func side(_ blocks: Int, scales: [Double], seed: UInt64) -> [LabelSecond] {
        let (gate, control) = (SliceGate(), LoadControl())
        for _ in 0..<blocks { gate.open(length: second) }
        var random = RandomSource(seed: seed, purpose: 21)
        // Enough connections that nothing waits: the response is the service.
        let target = SimulatedTarget(connections: 64) { operation in
            let slice = min(blocks - 1, Int(operation.due / second))
            return UInt64(service.median * exp(service.deviation * random.normal()) * scales[slice])
        }
        let plan = LoadPlan(
            phases: PhaseSpec(warmUp: 0, measure: UInt64(blocks) * second, drainLimit: second), nodes: 1)
        _ = LoadRunner.runHere(
            plan, control: control, source: StatementSource(name: "put", rate: putsPerSlice, seed: seed),
            target: SlicedTarget(target, gate: gate, holdsAtEnd: false))
        return control.takeSeconds().prefix(blocks).map { $0.labels[0] }
    }

    private static let second: UInt64 = 1_000_000_000
}

extension LabelSecond {
    fileprivate func record(_ block: Int, _ place: Int, _ side: String) -> SliceRecord {
        var record = SliceRecord(
            block: block, place: place, side: side, atSeconds: Double(2 * block + place), seconds: 1)
        record.scheduled = ["put": scheduled]
        record.completed = ["put": response.count]
        return record
    }
}
