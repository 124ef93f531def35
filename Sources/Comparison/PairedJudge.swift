import Measurement
import RunRecord

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

    /// - Parameters:
    ///   - rule: fixed before the first slice.
    ///   - base: name of its side.
    ///   - candidates: names of theirs.
    public init(rule: ComparisonRule, base: String, candidates: [String]) {
        self.rule = rule
        self.base = base
        self.candidates = candidates
    }

    /// Judges at a look, or after the last block.
    ///
    /// - Parameters:
    ///   - slices: all so far; blocks that lack a side or are marked as excluded do not count.
    ///   - histograms: response times in nanoseconds by slice and request class.
    ///   - isFinal: whether there will be no further block; verdicts use what is left of the error allowed.
    /// - Returns: verdicts by metric, shift curves, and whether to go on.
    public func judge(
        _ slices: [SliceRecord], histograms: [SliceKey: [String: LatencyHistogram]], isFinal: Bool
    ) -> Judgement {
        Judgement(pairs: [], isSettled: isFinal)
    }
}
