import RunRecord
import Statistics

/// Gives one metric its verdict from an interval, a margin, and what the other metrics left it to be sure of.
///
/// A difference is tested by Holm's procedure over all metrics of all candidates: the metric passes with the error divided
/// by so many, and its interval is that of the same division. Equivalence, and every interval of a metric that did not
/// pass, has the error divided by all: with each step down the claims "the same" would no longer be sure together.
struct VerdictRule: Sendable {
    let rule: ComparisonRule
    let levels: SequentialLevels
    /// Blocks that count for this candidate.
    let blocks: Int
    /// Whether there will be no further block.
    let isOver: Bool
    /// Metrics that are tested, of all candidates.
    let tested: Int

    private var error: Double { 1 - rule.confidence }
    private var margin: Double { LogRatio.margin(rule.margin) }

    /// The largest probability that passes when the error is divided by so many.
    func level(_ division: Int) -> Double {
        levels.level(blocks: blocks, isOver: isOver, error: error / Double(max(1, division)))
    }

    /// The level of the last look, were it this one: what this many blocks can show.
    private var lastLevel: Double {
        levels.level(blocks: blocks, isOver: true, error: error / Double(max(1, tested)))
    }

    // MARK: Verdicts

    /// - Parameters:
    ///   - evidence: of a metric that is tested.
    ///   - division: with which it passed as different; `nil` when it did not.
    /// - Returns: the verdict with its interval and reason.
    func judge(_ evidence: MetricEvidence, passed division: Int?) -> MetricVerdict {
        guard let mean = evidence.mean else { return evidence.verdict(.inconclusive, VerdictWords.tooFew(blocks)) }
        let isBeyond = division != nil && abs(mean.centre) > margin
        let level = level(isBeyond ? division ?? tested : tested)
        guard let ratio = evidence.ratio(level: level) else {
            return evidence.verdict(.inconclusive, VerdictWords.tooEarly(blocks))
        }
        let inside = ratio.low > LogRatio.ratio(-margin) && ratio.high < LogRatio.ratio(margin)
        let verdict: Verdict =
            isBeyond
            ? (mean.centre < 0) == evidence.lessIsBetter ? .better : .worse : inside ? .equivalent : .inconclusive
        var result = evidence.verdict(verdict, "", ratio: ratio)
        let sensitivity = sensitivity(mean)
        let smallest = LogRatio.ratio(sensitivity.smallestEffect) - 1
        result.smallestEffect = smallest.isFinite ? smallest : nil
        result.blocksToSettle = verdict == .inconclusive ? sensitivity.countToSettle(mean.centre) : nil
        let words = VerdictWords(rule: rule, tested: tested)
        result.reason = words.reason(
            result, controlled: evidence.controlled, isUncontrolled: evidence.isUncontrolled)
        return result
    }

    /// What is told of a metric that carries no verdict: an interval for itself.
    func tell(_ evidence: MetricEvidence) -> MetricVerdict {
        let ratio = evidence.ratio(level: level(1))
        return evidence.verdict(nil, evidence.obstacle ?? VerdictWords.exploratory(ratio), ratio: ratio)
    }

    // MARK: Going on

    /// Less than this chance of a verdict is not worth the rest of the budget.
    private static let leastChance = 0.05

    /// Whether the rest of the budget will hardly settle this metric; never before half of it was spent.
    func isHopeless(_ evidence: MetricEvidence) -> Bool {
        guard let planned = rule.looks.last, 2 * blocks >= planned, blocks < planned, let mean = evidence.mean
        else { return false }
        return sensitivity(mean).chanceToSettle(mean.centre, by: planned) < Self.leastChance
    }

    private func sensitivity(_ mean: MeanEstimate) -> Sensitivity {
        Sensitivity(
            standardError: mean.standardError, count: mean.count,
            quantile: lastLevel > 0 ? StudentT.quantile(error: lastLevel, degrees: mean.degrees) : .infinity,
            margin: margin)
    }
}
