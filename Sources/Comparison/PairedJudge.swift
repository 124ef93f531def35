import Measurement
import RunRecord
import Statistics

/// Judges candidates against a base from slices that were taken in turns, by the rule that was fixed before the first.
public struct PairedJudge: Sendable {
    /// The histograms of one slice belong to one of these.
    public struct SliceKey: Hashable, Sendable {
        /// See `SliceRecord.block`.
        public var block: Int
        /// Name of the side.
        public var side: String

        /// Takes each value as it is.
        public init(block: Int, side: String) {
            self.block = block
            self.side = side
        }
    }

    /// What a look brought.
    public struct Judgement: Sendable {
        /// One for each candidate.
        public var pairs: [ComparedPair]
        /// Whether no further block can change a verdict that is worth waiting for; never before the first look.
        public var isSettled: Bool
    }

    /// The rule.
    public let rule: ComparisonRule
    /// Name of the base's side.
    public let base: String
    /// Names of the candidates' sides.
    public let candidates: [String]
    private let levels: SequentialLevels

    /// - Parameters:
    ///   - rule: fixed before the first slice.
    ///   - base: name of its side.
    ///   - candidates: names of theirs.
    public init(rule: ComparisonRule, base: String, candidates: [String]) {
        self.rule = rule
        self.base = base
        self.candidates = candidates
        levels = SequentialLevels(looks: rule.looks)
    }

    /// Judges at a look, or after the last block.
    ///
    /// Verdicts before the last block are those that an early stop would leave: they use the error spent by then. A
    /// comparison that was settled at a look keeps that look's verdicts when it is judged for good, because what is left
    /// of the error was kept for looks that did not take place.
    ///
    /// - Parameters:
    ///   - slices: all so far; blocks that lack a side or are marked as excluded do not count.
    ///   - histograms: response times in nanoseconds by slice and request class.
    ///   - isFinal: whether there will be no further block; verdicts use what is left of the error allowed.
    /// - Returns: verdicts by metric, shift curves (only when settled), and whether to go on.
    public func judge(
        _ slices: [SliceRecord], histograms: [SliceKey: [String: LatencyHistogram]], isFinal: Bool
    ) -> Judgement {
        let pairs = candidates.map {
            PairUnderTest(slices, histograms: histograms, base: base, candidate: $0, rule: rule)
        }
        let look = Look(rule: rule, levels: levels, pairs: pairs, isOver: false)
        if look.isAtLook, let reason = look.reasonToStop {
            return Judgement(pairs: look.finished(reason), isSettled: true)
        }
        guard isFinal else { return Judgement(pairs: look.unfinished, isSettled: false) }
        let last = Look(rule: rule, levels: levels, pairs: pairs, isOver: true)
        return Judgement(pairs: last.finished(last.isPlanCarriedOut ? .plan : .ended), isSettled: true)
    }
}
