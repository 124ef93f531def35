import RunRecord
import Statistics

/// Many comparisons on a simulated host whose truth is known, judged as real ones are: how often the verdict is false,
/// how often an effect is found, and how often the interval holds the truth.
public struct SimulatedComparisons: Sendable {
    /// What came of them.
    public struct Outcome: Sendable, Equatable {
        /// Comparisons.
        public var tries = 0
        /// By the verdict on the first metric.
        public var verdicts: [Verdict: Int] = [:]
        /// Comparisons with a verdict that the truth contradicts, on any metric: different where nothing is, different to the
        /// other side, or equivalent beyond the margin.
        public var wrong = 0
        /// Comparisons whose first metric's interval holds the truth.
        public var covered = 0
        /// At the end of each comparison, ascending.
        public var blocks: [Int] = []

        /// Comparisons that found the first metric different, to the side that it is.
        public var found = 0

        /// Nothing tried yet.
        public init() {}
    }

    /// The rule that is put to the test; its primary metrics are made up.
    public let rule: ComparisonRule
    /// The machine's noise.
    public let noise: SimulatedHost.Noise

    private let levels: SequentialLevels

    /// - Parameters:
    ///   - rule: margin, confidence and looks count; the rest does not.
    ///   - noise: of each block; each metric has its own.
    ///   - metrics: that carry verdicts, at least 1.
    public init(rule: ComparisonRule, noise: SimulatedHost.Noise, metrics: Int = 1) {
        var rule = rule
        rule.primary = (0..<max(1, metrics)).map { "server.cpu:simulated\($0)" }
        rule.isOpenLoop = false
        self.rule = rule
        self.noise = noise
        levels = SequentialLevels(looks: rule.looks)
    }

    /// - Parameters:
    ///   - tries: comparisons.
    ///   - effect: the true difference of the first metric, as a share: 0.05 for 5 % more, 0 for none. The others have none.
    ///   - seed: the same seed gives the same outcome.
    /// - Returns: counts over all tries.
    public func run(_ tries: Int, effect: Double = 0, seed: UInt64) -> Outcome {
        var seeds = SplitMix64(seed: seed)
        var outcome = Outcome()
        for _ in 0..<tries { add(compare(effect, &seeds), effect, to: &outcome) }
        outcome.blocks.sort()
        return outcome
    }

    /// One comparison, until it stops.
    private func compare(_ effect: Double, _ seeds: inout SplitMix64) -> ComparedPair? {
        let most = rule.looks.last ?? 0
        let series = rule.primary.indices.map { place in
            var host = SimulatedHost(seed: seeds.next(), noise: noise)
            return host.blocks(most, effect: place == 0 ? LogRatio.margin(effect) : 0)
        }
        for count in rule.looks {
            let under = PairUnderTest(
                simulated: zip(rule.primary, series.map { Array($0.prefix(count)) }), blocks: count)
            let look = Look(rule: rule, levels: levels, pairs: [under], isOver: count == most)
            if count == most || look.reasonToStop != nil { return look.unfinished.first }
        }
        return nil
    }

    private func add(_ pair: ComparedPair?, _ effect: Double, to outcome: inout Outcome) {
        guard let pair else { return }
        outcome.tries += 1
        outcome.blocks.append(pair.blocks)
        outcome.wrong += pair.metrics.contains { isWrong($0, effect) } ? 1 : 0
        guard let first = pair.metrics.first(where: { $0.metric == rule.primary[0] }) else { return }
        if let verdict = first.verdict { outcome.verdicts[verdict, default: 0] += 1 }
        if effect != 0, first.verdict == (effect > 0 ? .worse : .better) { outcome.found += 1 }
        if let ratio = first.ratio, ratio.low <= 1 + effect, 1 + effect <= ratio.high { outcome.covered += 1 }
    }

    private func isWrong(_ verdict: MetricVerdict, _ effect: Double) -> Bool {
        let truth = verdict.metric == rule.primary[0] ? effect : 0
        return switch verdict.verdict {
        case .better: truth >= 0
        case .worse: truth <= 0
        case .equivalent: abs(LogRatio.margin(truth)) >= LogRatio.margin(rule.margin)
        case .inconclusive, nil: false
        }
    }
}

extension PairUnderTest {
    /// A pair of which nothing is known but the log ratios of its metrics.
    fileprivate init(simulated series: some Sequence<(String, [Double])>, blocks: Int) {
        candidate = "simulated"
        let side = BlockSide([], [:])
        compared = ComparedBlocks(
            blocks: (0..<blocks).map { ComparedBlocks.Block(number: $0, base: side, candidate: side) })
        keptUp = KeptUpFinding(compared.blocks, isOpenLoop: false)
        evidence = series.map { metric, ratios in
            MetricEvidence(
                metric, isPrimary: true, base: nil, candidate: nil, mean: MeanEstimate(winsorised: ratios),
                obstacle: nil)
        }
    }
}
