import RunRecord

/// Why a verdict was given, in one sentence.
struct VerdictWords: Sendable {
    let rule: ComparisonRule
    /// Metrics that are tested, of all candidates.
    let tested: Int

    /// - Parameters:
    ///   - verdict: with its interval.
    ///   - controlled: share of the variance that the load generator's CPU time explained; `nil` when it was of no use.
    ///   - isUncontrolled: whether it was left in because the generator works otherwise for the two sides.
    /// - Returns: the reason.
    func reason(_ verdict: MetricVerdict, controlled: Double?, isUncontrolled: Bool) -> String {
        guard let ratio = verdict.ratio else { return "no interval" }
        let margin = "±\(LogRatio.share(rule.margin))"
        let interval = "the interval from \(LogRatio.percent(ratio.low)) to \(LogRatio.percent(ratio.high))"
        let estimate = LogRatio.percent(ratio.value)
        let text =
            switch verdict.verdict {
            case .better, .worse:
                "\(interval) lies beyond 0 and the estimate of \(estimate) beyond the margin of \(margin)"
            case .equivalent: "\(interval) lies inside the margin of \(margin)"
            case .inconclusive, nil: open(ratio, interval, margin)
            }
        return text + adjusted + advice(verdict) + control(controlled) + (isUncontrolled ? Self.noControl : "")
    }

    private func open(_ ratio: RatioInterval, _ interval: String, _ margin: String) -> String {
        ratio.low > 1 || ratio.high < 1
            ? "\(interval) lies beyond 0 and reaches across the margin of \(margin): a difference, perhaps too small to matter"
            : "\(interval) holds 0 and reaches beyond the margin of \(margin)"
    }

    private var adjusted: String {
        let looks = rule.looks.count
        let parts =
            (looks > 1 ? ["\(looks) looks"] : []) + (tested > 1 ? ["\(tested) metrics"] : [])
        return parts.isEmpty ? "" : " (adjusted for \(parts.joined(separator: " and ")))"
    }

    private func advice(_ verdict: MetricVerdict) -> String {
        guard verdict.verdict == .inconclusive else { return "" }
        let smallest = verdict.smallestEffect.map { "; this many could have found \(LogRatio.share($0))" } ?? ""
        let more =
            verdict.blocksToSettle.map { ", about \($0) would settle it" }
            ?? ", and no sensible number would settle an effect so close to the margin"
        return smallest + more
    }

    private func control(_ share: Double?) -> String {
        share.map {
            "; the load generator's CPU time explained \(LogRatio.share($0)) of the variance and was taken out"
        } ?? ""
    }

    private static let noControl =
        "; the load generator's CPU time was not taken out, because it works otherwise for the two sides"

    // MARK: Without an interval

    static func tooFew(_ blocks: Int) -> String { "\(blocks) blocks say nothing about their own spread" }

    static func tooEarly(_ blocks: Int) -> String { "after \(blocks) blocks it is too early to be sure of anything" }

    static func exploratory(_ ratio: RatioInterval?) -> String {
        ratio == nil
            ? "exploratory, and too few blocks for an interval"
            : "exploratory: not among the metrics that carry verdicts, and the interval is not adjusted for their number"
    }
}
