import Comparison
import RunRecord
import Statistics
import Testing

/// The rule as a whole on hosts whose truth is known: the drifting host on which it was designed, and noise whose
/// neighbours resemble each other. Shares are held against their binomial error.
@Suite struct SimulatedComparisonsTests {
    private static let looks = stride(from: 15, through: 120, by: 15).map { $0 }

    /// Blocks of two slices each, as in the table that the rule was chosen by.
    private static var pairs: SimulatedHost.Noise {
        var drift = SimulatedHost.Drift()
        drift.isDoubled = false
        return .drifting(drift)
    }

    /// Log ratios whose neighbours are correlated by 0.3: what a machine leaves that changes more slowly than blocks.
    private static var autocorrelated: SimulatedHost.Noise {
        var random = SplitMix64(seed: 77)
        var level = 0.0
        return .recorded(
            [
                (0..<400).map { _ in
                    level = 0.3 * level + 0.1 * random.normal()
                    return level
                }
            ])
    }

    private func run(
        _ noise: SimulatedHost.Noise, _ tries: Int, effect: Double = 0, metrics: Int = 1, looks: [Int] = looks,
        margin: Double = 0.03, seed: UInt64
    ) -> SimulatedComparisons.Outcome {
        let outcome = SimulatedComparisons(
            rule: Slices.rule(looks: looks, margin: margin), noise: noise, metrics: metrics
        ).run(tries, effect: effect, seed: seed)
        let share = Double(outcome.found) / Double(tries)
        print(
            "effect \(effect), \(metrics) metrics, margin \(margin): found \(share), wrong \(outcome.wrong), covered \(outcome.covered) of \(tries), \(outcome.verdicts.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.key.rawValue) \($0.value)" }), median blocks \(outcome.blocks[tries / 2])"
        )
        return outcome
    }

    /// At most 5 % false verdicts: a binomial test does not reject it.
    @Test(arguments: [1, 6]) func withoutADifferenceVerdictsAreSeldomFalse(metrics: Int) {
        let outcome = run(Self.pairs, 1_000, metrics: metrics, seed: UInt64(metrics))
        #expect(Binomial.atLeast(outcome.wrong, of: outcome.tries, probability: 0.05) > 0.01, "\(outcome.wrong)")
    }

    /// Without a margin that shelters it, the rule spends its error and not more.
    @Test func withoutAMarginTheErrorIsSpentAndNotMore() {
        let outcome = run(Self.pairs, 1_000, margin: 1e-9, seed: 3)
        let interval = Binomial.interval(successes: outcome.wrong, tries: outcome.tries, confidence: 0.99)
        #expect(interval.low <= 0.05 && interval.high >= 0.02, "\(outcome.wrong)")
    }

    @Test func autocorrelatedNoiseFoolsItNoMoreOften() {
        let outcome = run(Self.autocorrelated, 1_000, seed: 4)
        #expect(Binomial.atLeast(outcome.wrong, of: outcome.tries, probability: 0.05) > 0.01, "\(outcome.wrong)")
    }

    /// Coverage between 93 and 97 % of the interval at the last look, when none before it stopped.
    @Test(arguments: [0.0, 0.05]) func theLastIntervalCoversAsOftenAsClaimed(effect: Double) {
        let outcome = run(Self.pairs, 1_500, effect: effect, looks: [60], seed: 5)
        let coverage = Double(outcome.covered) / Double(outcome.tries)
        #expect((0.93...0.97).contains(coverage), "\(coverage)")
    }

    /// Stopping early must not cost coverage: the interval is that of the look.
    @Test(arguments: [0.0, 0.05]) func theIntervalOfAnEarlyStopCoversToo(effect: Double) {
        let outcome = run(Self.pairs, 1_000, effect: effect, seed: 6)
        let interval = Binomial.interval(successes: outcome.covered, tries: outcome.tries, confidence: 0.99)
        #expect(interval.high >= 0.95, "\(outcome.covered)")
    }

    /// The power of the rule on that host, printed; the table of the method has 79 % and 99.9 % without a margin.
    @Test func effectsAreFoundAsOftenAsTheMethodSays() {
        let five = run(Self.pairs, 500, effect: 0.05, margin: 1e-9, seed: 7)
        let ten = run(Self.pairs, 500, effect: 0.1, margin: 1e-9, seed: 8)
        #expect(five.found > 350 && ten.found > 490, "\(five.found) and \(ten.found) of 500")
        #expect(five.wrong + ten.wrong <= 3)
        let withMargin = run(Self.pairs, 500, effect: 0.1, seed: 9)
        #expect(
            withMargin.found > 485 && withMargin.blocks[250] <= 60, "\(withMargin.found), \(withMargin.blocks[250])")
    }

    /// On a quiet host, such as a modelled device: no difference is called equivalent, 5 % is found, 3 % is neither.
    @Test func onAQuietHostEquivalenceIsFound() {
        var drift = SimulatedHost.Drift()
        drift.drift = 0.05
        drift.outliers = 0.005
        let none = run(.drifting(drift), 500, seed: 10)
        #expect((none.verdicts[.equivalent] ?? 0) > 475, "\(none.verdicts)")
        let five = run(.drifting(drift), 500, effect: 0.05, seed: 11)
        #expect(five.found > 475 && five.wrong <= 12, "\(five.found)")
        let atMargin = run(.drifting(drift), 500, effect: 0.03, seed: 12)
        #expect(Binomial.atLeast(atMargin.verdicts[.equivalent] ?? 0, of: 500, probability: 0.05) > 0.01)
    }

    @Test func theSameSeedGivesTheSameOutcome() {
        #expect(run(Self.pairs, 50, effect: 0.05, seed: 13) == run(Self.pairs, 50, effect: 0.05, seed: 13))
    }
}
