import Measurement
import RunRecord
import Statistics

/// One candidate at one look: its blocks, and what they say of each metric.
struct PairUnderTest: Sendable {
    let candidate: String
    let compared: ComparedBlocks
    var keptUp: KeptUpFinding
    /// Those that are meant to carry verdicts first, each part in the catalogue's order.
    let evidence: [MetricEvidence]

    /// - Parameters:
    ///   - slices: all so far.
    ///   - histograms: response times in nanoseconds by slice and request class.
    ///   - base: name of its side.
    ///   - candidate: name of its side.
    ///   - rule: fixed before the first slice.
    ///   - hasControl: whether the load generator's CPU time tells of the machine alone.
    init(
        _ slices: [SliceRecord], histograms: [PairedJudge.SliceKey: [String: LatencyHistogram]], base: String,
        candidate: String, rule: ComparisonRule, hasControl: Bool
    ) {
        self.candidate = candidate
        let compared = ComparedBlocks(slices, histograms: histograms, base: base, candidate: candidate)
        self.compared = compared
        keptUp = KeptUpFinding(compared.blocks, isOpenLoop: rule.isOpenLoop)
        evidence = (rule.primary + Self.others(compared, rule)).map {
            MetricEvidence($0, of: compared, rule: rule, hasControl: hasControl)
        }
    }

    /// The same when there will be no further look: who was behind throughout is then told so after fewer blocks.
    func atTheEnd(_ rule: ComparisonRule) -> PairUnderTest {
        var last = self
        last.keptUp = KeptUpFinding(compared.blocks, isOpenLoop: rule.isOpenLoop, isLast: true)
        return last
    }

    /// Every other metric that there is something about.
    private static func others(_ compared: ComparedBlocks, _ rule: ComparisonRule) -> [String] {
        let read = Set(compared.blocks.flatMap { $0.base.metrics.union($0.candidate.metrics) })
        let derived = MetricCatalogue.quantities.filter { $0.source != .reading }.flatMap { quantity in
            (quantity.isLatency ? [] : [quantity.name]) + compared.requestClasses.map { "\(quantity.name):\($0)" }
        }
        let order = Dictionary(
            uniqueKeysWithValues: MetricCatalogue.quantities.enumerated().map { ($0.element.name, $0.offset) })
        func place(_ metric: String) -> Int { order[MetricCatalogue.parts(of: metric).quantity] ?? order.count }
        return read.union(derived).subtracting(rule.primary)
            .sorted { (place($0), $0) < (place($1), $1) }
    }

    /// Latency says how long a queue grew when its side did not keep up: it has no number then.
    func hasNoLatency(_ evidence: MetricEvidence) -> Bool { evidence.isLatency && keptUp.label != .both }

    /// Whether a metric goes through the test.
    func isTested(_ evidence: MetricEvidence) -> Bool { evidence.isTested && !hasNoLatency(evidence) }

    /// Whether something is meant to carry a verdict that nothing can change any more: a side that surely did not keep up.
    var isDecidedByKeepingUp: Bool { keptUp.isSure && evidence.contains { $0.isPrimary && $0.isLatency } }

    /// A latency whose side did not keep up, without its number.
    func behind(_ evidence: MetricEvidence) -> MetricVerdict {
        var result = evidence.verdict(nil, keptUp.words)
        if keptUp.label != .baseOnly { result.base = nil }
        if keptUp.label != .candidateOnly { result.candidate = nil }
        guard evidence.isPrimary else { return result }
        result.verdict = keptUp.isSure ? (keptUp.label == .baseOnly ? .worse : .better) : .inconclusive
        result.reason +=
            keptUp.isSure ? ", so response times have no number" : ": at a lower rate there would be a verdict"
        return result
    }
}
