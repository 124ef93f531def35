import RunRecord

/// The first thing a reader sees of one candidate: what to do, by how much it helps, how sure that is, whether it is safe,
/// and what it costs.
struct ComparisonAnswer {
    let tone: Tone
    let headline: String
    let details: [String]
    /// What must be known before anything else; `nil` when the comparison may be used.
    let warning: String?

    /// Effects told in the headline, of each sign.
    private static let most = 2

    init(_ report: ComparisonReport, _ pair: ComparedPair, _ quantity: Quantity) {
        let words = ComparisonWords(report, pair, quantity)
        let said: (tone: Tone, headline: String)
        // An A/A comparison's headline names every false verdict.
        var told = report.record.rule.isAA ? .max : 0
        let broken = report.record.validity.filter { !$0.holds }
        warning = Self.warning(report.record, broken)
        if report.record.endedAt == nil {
            said = (.open, "Must not be used, because the comparison has not ended.")
        } else if !report.record.valid {
            said = (.worse, Self.unusable(broken))
        } else if report.record.rule.isAA {
            said = words.sameOnBothSides
        } else {
            let decided = Self.unsafe(pair) ?? Self.behind(pair)
            said = decided ?? Self.verdict(pair, words, quantity)
            told = decided == nil ? Self.most : 0
        }
        (tone, headline) = said
        details =
            broken.map { "\($0.rule): \($0.observed), allowed: \($0.threshold). \(TrialAnswer.sentence($0.reason))" }
            + [words.alsoMoved(beyond: told), words.unchanged, words.undecided].compactMap { $0 }
    }

    private static func warning(_ record: ComparisonRecord, _ broken: [ValidityFinding]) -> String? {
        if record.endedAt == nil { return "This comparison is still running, or the tool was killed." }
        return record.valid ? nil : "This comparison is no evidence: a rule of validity is broken, or none was checked."
    }

    private static func unusable(_ broken: [ValidityFinding]) -> String {
        broken.isEmpty
            ? "Must not be used, because no rule of validity was checked."
            : "Must not be used, because \(broken.count == 1 ? "the rule" : "the rules") "
                + broken.map(\.rule).joined(separator: ", ") + " \(broken.count == 1 ? "is" : "are") broken."
    }

    /// A candidate that answers otherwise or loses something is out, whatever it gains.
    private static func unsafe(_ pair: ComparedPair) -> (Tone, String)? {
        if pair.safety?.holds == false { return (.worse, "Do not adopt: it can lose what was stored.") }
        if pair.equivalence?.holds == false { return (.worse, "Do not adopt: it gives other answers.") }
        return nil
    }

    private static func behind(_ pair: ComparedPair) -> (Tone, String)? {
        switch pair.keptUp {
        case .both: nil
        case .baseOnly:
            (.worse, "Do not adopt: worse, it did not keep up with the offered rate, which the base carried.")
        case .candidateOnly where !pair.metrics(.worse).isEmpty:
            (
                .open,
                "A trade-off: it carried the offered rate, with which the base did not keep up; but not everything is better."
            )
        case .candidateOnly:
            (.better, adopt(pair) + ": better, it carried the offered rate, with which the base did not keep up.")
        case .unsure:
            (
                .open,
                "No answer: one side fell behind the offered rate in some blocks, which may be chance. Compare again at a lower one."
            )
        case .neither: (.open, "No answer: neither side kept up with the offered rate. Compare again at a lower one.")
        }
    }

    /// What stands before a gain, as far as the gain is known to be safe.
    private static func adopt(_ pair: ComparedPair) -> String {
        let unknown = [
            pair.equivalence == nil ? "same answers" : nil, pair.safety == nil ? "nothing lost" : nil,
        ].compactMap { $0 }
        return unknown.isEmpty ? "Adopt" : "Adopt once checked (\(unknown.joined(separator: ", ")))"
    }

    private static func verdict(
        _ pair: ComparedPair, _ words: ComparisonWords, _ quantity: Quantity
    ) -> (Tone, String) {
        let (better, worse) = (pair.metrics(.better), pair.metrics(.worse))
        let (open, judged) = (pair.metrics(.inconclusive), pair.judged)
        func list(_ metrics: [MetricVerdict]) -> String {
            metrics.prefix(most).compactMap { metric in words.effect(metric) }.joined(separator: ", ")
        }
        switch (better.isEmpty, worse.isEmpty) {
        case (false, true): return (.better, "\(adopt(pair)): \(list(better)).")
        case (true, false): return (.worse, "Do not adopt: \(list(worse)).")
        case (false, false):
            return (.open, "A trade-off: \(list(better)); but \(list(worse)).")
        case (true, true) where judged.isEmpty: return (.open, "No answer: no metric could carry a verdict.")
        case (true, true) where open.isEmpty:
            let margin = quantity.margin(words.rule.margin)
            return (.equivalent, "No difference that matters: all \(judged.count) metrics are equivalent (\(margin)).")
        default:
            let rest = judged.count == open.count ? "" : ", \(judged.count - open.count) equivalent"
            return (.open, "No answer yet: \(open.count) of \(judged.count) metrics inconclusive\(rest).")
        }
    }
}
