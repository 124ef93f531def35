import RunRecord
import Statistics

/// All candidates at one look: which metrics differ, and whether to go on.
struct Look: Sendable {
    /// Why there are no more blocks.
    enum Stop: Sendable {
        case settled
        case hopeless
        case plan
        case ended
    }

    /// A metric that is tested.
    private struct Tested: Sendable {
        let pair: Int
        let place: Int
        let evidence: MetricEvidence
        /// With which it passed as different; `nil` when it did not.
        var division: Int?
    }

    let rule: ComparisonRule
    let pairs: [PairUnderTest]
    private let levels: SequentialLevels
    private let isOver: Bool
    private let tested: [Tested]
    /// One a pair.
    private let rules: [VerdictRule]

    init(rule: ComparisonRule, levels: SequentialLevels, pairs: [PairUnderTest], isOver: Bool) {
        self.rule = rule
        self.levels = levels
        self.pairs = pairs
        self.isOver = isOver
        var found = pairs.enumerated().flatMap { pair, under in
            under.evidence.enumerated().filter { under.isTested($0.element) }.map {
                Tested(pair: pair, place: $0.offset, evidence: $0.element)
            }
        }
        let rules = pairs.map {
            VerdictRule(
                rule: rule, levels: levels, blocks: $0.compared.blocks.count, isOver: isOver, tested: found.count)
        }
        let divisions = Holm.passed(found.map { $0.evidence.mean?.probability ?? 1 }) { place, division in
            rules[found[place].pair].level(division)
        }
        for (place, division) in divisions.enumerated() { found[place].division = division }
        tested = found
        self.rules = rules
    }

    // MARK: Verdicts

    private func verdict(_ one: Tested) -> MetricVerdict { rules[one.pair].judge(one.evidence, passed: one.division) }

    /// Verdicts as they stand, without what takes long to work out.
    var unfinished: [ComparedPair] {
        pairs.indices.map { pair($0, curves: [], stopped: "it goes on") }
    }

    /// Verdicts, their probabilities, and the shift curves.
    func finished(_ stop: Stop) -> [ComparedPair] {
        let probabilities = adjustedProbabilities
        return pairs.indices.map { index in
            let under = pairs[index]
            let curves =
                under.keptUp.label == .both ? ShiftCurves.curves(of: under.compared, confidence: rule.confidence) : []
            var pair = pair(index, curves: curves, stopped: words(stop, under))
            for place in pair.metrics.indices {
                pair.metrics[place].probability = probabilities[index][pair.metrics[place].metric]
            }
            return pair
        }
    }

    private func pair(_ index: Int, curves: [ShiftCurve], stopped: String) -> ComparedPair {
        let under = pairs[index]
        let judged = Dictionary(
            uniqueKeysWithValues: tested.filter { $0.pair == index }.map { ($0.place, verdict($0)) })
        let metrics = under.evidence.enumerated().map { place, evidence in
            judged[place] ?? untested(evidence, under, rules[index])
        }
        return ComparedPair(
            candidate: under.candidate,
            metrics: metrics.filter { $0.verdict != nil } + metrics.filter { $0.verdict == nil }, curves: curves,
            blocks: under.compared.blocks.count, excluded: under.compared.excluded, stopped: stopped,
            keptUp: under.keptUp.told)
    }

    private func untested(
        _ evidence: MetricEvidence, _ under: PairUnderTest, _ rule: VerdictRule
    ) -> MetricVerdict {
        if under.hasNoLatency(evidence) { return under.behind(evidence) }
        if evidence.isPrimary && evidence.obstacle == nil {
            return evidence.verdict(.inconclusive, VerdictWords.tooFew(under.compared.blocks.count))
        }
        return under.compared.blocks.isEmpty
            ? evidence.verdict(nil, evidence.obstacle ?? VerdictWords.tooFew(0)) : rule.tell(evidence)
    }

    /// By pair and metric: the smallest error of all looks and metrics with which this one would be called different.
    private var adjustedProbabilities: [[String: Double]] {
        var result = [[String: Double]](repeating: [:], count: pairs.count)
        let alone = tested.map { one in
            levels.error(
                reaching: one.evidence.mean?.probability ?? 1, blocks: pairs[one.pair].compared.blocks.count,
                isOver: isOver)
        }
        for (one, probability) in zip(tested, Holm.adjusted(alone)) {
            result[one.pair][one.evidence.metric] = probability
        }
        return result
    }

    // MARK: Going on

    /// Whether this is a moment that the rule named.
    var isAtLook: Bool {
        pairs.contains { rule.looks.contains($0.compared.blocks.count) || rule.looks.contains($0.compared.begun) }
    }

    /// Whether all blocks that the budget holds were run.
    var isPlanCarriedOut: Bool {
        guard let planned = rule.looks.last else { return false }
        return pairs.allSatisfy { $0.compared.begun >= planned }
    }

    /// Why no further block is worth its time; `nil` while one is.
    var reasonToStop: Stop? {
        let open = tested.filter { verdict($0).verdict == .inconclusive }
        let waits = pairs.contains { under in
            !under.isDecidedByKeepingUp
                && under.evidence.contains { $0.isPrimary && $0.obstacle == nil && !under.isTested($0) }
        }
        guard !waits, !tested.isEmpty || pairs.contains(where: \.isDecidedByKeepingUp) else { return nil }
        if open.isEmpty { return .settled }
        return open.allSatisfy { rules[$0.pair].isHopeless($0.evidence) } ? .hopeless : nil
    }

    private func words(_ stop: Stop, _ under: PairUnderTest) -> String {
        let (blocks, most) = (under.compared.begun, rule.looks.last ?? 0)
        return switch stop {
        case .settled: "every verdict was settled after \(blocks) of at most \(most) blocks"
        case .hopeless:
            "after \(blocks) of at most \(most) blocks the rest had less than a chance of 5 % to settle what was open"
        case .plan: "all \(most) blocks of the budget were run"
        case .ended: "it was ended after \(blocks) of at most \(most) blocks"
        }
    }
}
