import Statistics
import Testing

@Suite struct DistanceTests {
    private let left = CountedSample([1, 2, 2, 3, 8, 9, 11])
    private let right = CountedSample([0, 2, 4, 4, 5, 9, 20, 21, 30])

    /// By `scipy.stats.ks_2samp` and `scipy.stats.wasserstein_distance`.
    @Test func distancesAsInSciPy() {
        let distance = SampleDistance(left, right)
        #expect(near(distance.kolmogorovSmirnov, 0.3492063492063492))
        #expect(near(distance.wasserstein, 5.634920634920636))
        let many = SampleDistance(
            CountedSample((1...300).map { (number: Int) -> Double in Double((number * number * 7_919) % 1_009 + 1) }),
            CountedSample(
                (1...200).map { (number: Int) -> Double in Double((number * number * number * 31) % 877 + 1) }))
        #expect(near(many.kolmogorovSmirnov, 0.15000000000000002))
        #expect(near(many.wasserstein, 91.43333333333337))
    }

    @Test func aDistanceHasNoDirectionAndIsNothingToItself() {
        let (there, back) = (SampleDistance(left, right), SampleDistance(right, left))
        #expect(near(there.kolmogorovSmirnov, back.kolmogorovSmirnov) && near(there.wasserstein, back.wasserstein))
        #expect(SampleDistance(left, left) == SampleDistance(kolmogorovSmirnov: 0, wasserstein: 0))
        // Twice as much of the same is the same.
        let twice = CountedSample(zip(left.values, left.counts).map { (value: $0, count: $1 * 2) })
        #expect(SampleDistance(left, twice).kolmogorovSmirnov < 1e-12)
    }

    @Test func countsStandForRepeatedValues() {
        let counted = CountedSample([
            (value: 3, count: 2), (value: 1, count: 1), (value: 3, count: 1), (value: 9, count: 0),
        ])
        #expect(counted == CountedSample([3, 1, 3, 3]))
        #expect(counted.total == 4 && counted.mean == 2.5)
        #expect([0, 0.25, 0.26, 1].map { counted.quantile($0) } == [1, 1, 3, 3])
    }

    /// Half of a fair coin's hundred throws is as far off as the normal approximation says: 1.96 · 0.05.
    @Test func chanceOfACoin() {
        let coin = CountedSample([0, 1])
        let chance = SampleDistance.byChance(coin, repeats: 4_000, seed: 7) { coin.resampled(100, &$0) }
        #expect(abs(chance.kolmogorovSmirnov - 0.098) < 0.012, "\(chance)")
        // Between two values a unit apart both distances are the same.
        #expect(near(chance.kolmogorovSmirnov, chance.wasserstein))
    }

    @Test(arguments: [0.3, 4.0, 25.0, 400.0]) func poissonHasItsMeanAndVariance(_ mean: Double) {
        var random = SplitMix64(seed: 3)
        let drawn = (0..<20_000).map { _ in Double(random.poisson(mean)) }
        #expect(abs(Sample.mean(drawn) / mean - 1) < 0.03)
        let deviation = Sample.standardDeviation(drawn)
        #expect(abs(deviation * deviation / mean - 1) < 0.05)
        #expect(random.poisson(0) == 0)
    }
}
