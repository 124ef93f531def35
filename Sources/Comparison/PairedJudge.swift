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
    /// Those of them whose load generator works otherwise than the base's.
    public let drivenOtherwise: Set<String>
    private let levels: SequentialLevels

    /// - Parameters:
    ///   - rule: fixed before the first slice.
    ///   - base: name of its side.
    ///   - candidates: names of theirs.
    ///   - drivenOtherwise: those of them whose load generator works otherwise than the base's, so that its CPU time
    ///     tells of the side and not only of the machine; it is no control variate for them.
    public init(rule: ComparisonRule, base: String, candidates: [String], drivenOtherwise: Set<String> = []) {
        self.rule = rule
        self.base = base
        self.candidates = candidates
        self.drivenOtherwise = drivenOtherwise
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
            PairUnderTest(
                slices, histograms: histograms, base: base, candidate: $0, rule: rule,
                hasControl: !drivenOtherwise.contains($0))
        }
        let look = Look(rule: rule, levels: levels, pairs: pairs, isOver: false)
        if look.isAtLook, let reason = look.reasonToStop {
            return Judgement(pairs: look.finished(reason), isSettled: true)
        }
        guard isFinal else { return Judgement(pairs: look.unfinished, isSettled: false) }
        let last = Look(rule: rule, levels: levels, pairs: pairs.map { $0.atTheEnd(rule) }, isOver: true)
        return Judgement(pairs: last.finished(last.isPlanCarriedOut ? .plan : .ended), isSettled: true)
    }

    /// A metric's log ratios, candidate by base, of the blocks that count and have a value on both sides. Of base against
    /// base they are the machine's noise, which simulated comparisons can be run on.
    ///
    /// - Parameters:
    ///   - metric: its name.
    ///   - candidate: name of its side.
    ///   - slices: all so far.
    ///   - histograms: response times in nanoseconds by slice and request class.
    /// - Returns: one a block, in the order of time.
    public func logRatios(
        of metric: String, candidate: String, _ slices: [SliceRecord],
        histograms: [SliceKey: [String: LatencyHistogram]]
    ) -> [Double] {
        let compared = ComparedBlocks(slices, histograms: histograms, base: base, candidate: candidate)
        return BlockSeries(metric, MetricCatalogue.quantity(of: metric), of: compared.blocks).logRatios
    }
}
