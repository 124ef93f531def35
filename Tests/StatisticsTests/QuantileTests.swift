import Statistics
import Testing

@Suite struct QuantileTests {
    private func spread(_ count: Int) -> [Double] { (1...count).map { Double(($0 * $0 * 7_919) % 1_009 + 1) } }

    /// By `scipy.stats.mstats.hdquantiles`.
    @Test func harrellAndDavisAsInSciPy() {
        let ten = [
            (0.1, -0.18579664596147275), (0.25, -0.025221467576519885), (0.5, 0.034721042341973665),
            (0.9, 0.0952206275630744), (0.99, 0.10922513687720634),
        ]
        for (share, expected) in ten {
            #expect(near(HarrellDavis.quantile(SampleTests.values, share: share), expected), "\(share)")
        }
        let thousands = [
            (0.1, 111.7314630876541), (0.5, 504.87510308396384), (0.9, 898.6758473638167), (0.99, 987.338543146436),
            (0.995, 993.5274098934341),
        ]
        for (share, expected) in thousands {
            #expect(near(HarrellDavis.quantile(spread(2_000), share: share), expected), "\(share)")
        }
    }

    @Test func countsAreAsGoodAsRepeatedValues() {
        let counts = [100, 200, 400, 300, 200, 100, 50, 30, 15, 5]
        for (share, expected) in [
            (0.1, 1.9999534306956206), (0.5, 3.5), (0.95, 7.003181833366575), (0.99, 8.93557834337664),
        ] {
            let found = HarrellDavis.quantile(values: (1...10).map(Double.init), counts: counts, share: share)
            #expect(near(found, expected), "\(share): \(found)")
        }
    }

    /// A million values in a histogram of some hundred counts: the quantile lies within its count.
    @Test func aMillionValuesInCounts() {
        let values = (0..<500).map { Double($0) + 0.5 }
        let counts = [Int](repeating: 2_000, count: 500)
        for share in [0.1, 0.5, 0.99, 0.999] {
            let found = HarrellDavis.quantile(values: values, counts: counts, share: share)
            #expect(abs(found - share * 500) <= 0.51, "\(share): \(found)")
        }
        #expect(HarrellDavis.quantile(values: [7], counts: [1_000_000], share: 0.5) == 7)
    }

    // MARK: Shift function

    /// Blocks whose speed drifts and whose second side takes `factor` as long, more so in its tail.
    private func blocks(
        _ count: Int, factor: Double, tail: Double = 1, seed: UInt64
    ) -> [(base: CountedValues, other: CountedValues)] {
        var random = SplitMix64(seed: seed)
        func sample(_ level: Double, _ factor: Double, _ tail: Double) -> CountedValues {
            let values = (0..<100).map { _ in
                let place = random.unit()
                return (level * factor * (10 + 20 * place) * (place > 0.8 ? tail : 1) * 100).rounded() / 100
            }
            let counted = Dictionary(grouping: values) { $0 }.mapValues(\.count).sorted { $0.key < $1.key }
            return CountedValues(values: counted.map(\.key), counts: counted.map(\.value))
        }
        return (0..<count).map { _ in
            let level = 1 + 0.2 * random.unit()
            let noise = (1 + 0.03 * random.normal(), 1 + 0.03 * random.normal())
            return (sample(level * noise.0, 1, 1), sample(level * noise.1, factor, tail))
        }
    }

    private let shares = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999]

    @Test func quantilesThatTheSampleDoesNotCarryAreLeftOut() {
        let few = ShiftFunction(blocks: blocks(6, factor: 1, seed: 1), shares: shares, confidence: 0.95, seed: 1)
        #expect(few.points.map(\.share) == shares.filter { $0 <= 0.95 })
        let more = ShiftFunction(blocks: blocks(10, factor: 1, seed: 1), shares: shares, confidence: 0.95, seed: 1)
        #expect(more.points.map(\.share) == shares.filter { $0 <= 0.99 })
        #expect(
            ShiftFunction(blocks: blocks(4, factor: 1, seed: 1), shares: shares, confidence: 0.95, seed: 1).points
                .isEmpty)
        #expect(ShiftFunction.carries(0.999, count: 10_000) && !ShiftFunction.carries(0.999, count: 9_900))
    }

    /// A tail that grew is seen in the tail and nowhere else.
    @Test func aChangeOfTheTailIsSeenInTheTail() throws {
        let found = ShiftFunction(
            blocks: blocks(40, factor: 1, tail: 1.5, seed: 2), shares: shares, confidence: 0.95, seed: 1)
        let tail = try #require(found.points.last { $0.share == 0.95 })
        #expect(tail.low > 1.2 && abs(tail.ratio - 1.5) < 0.1, "\(tail)")
        let middle = try #require(found.points.first { $0.share == 0.3 })
        #expect(middle.low < 1 && 1 < middle.high, "\(middle)")
        let again = ShiftFunction(
            blocks: blocks(40, factor: 1, tail: 1.5, seed: 2), shares: shares, confidence: 0.95, seed: 1)
        #expect(found.points == again.points)
    }

    /// The band holds all points of the truth at once about as often as claimed.
    @Test func theBandHoldsTheWholeCurve() {
        let tries = 200
        let held = (0..<tries).count { index in
            let found = ShiftFunction(
                blocks: blocks(12, factor: 1.1, seed: UInt64(100 + index)), shares: shares, confidence: 0.95,
                resamples: 200,
                seed: 1)
            return found.points.allSatisfy { $0.low <= 1.1 && 1.1 <= $0.high }
        }
        let interval = Binomial.interval(successes: held, tries: tries, confidence: 0.99)
        #expect(interval.high >= 0.93 && interval.low <= 0.985, "\(held) of \(tries)")
    }

    /// A resample may draw only blocks in which a rare class has no request: no quantile, and no band.
    @Test func aClassThatFewBlocksHaveHasNoBand() {
        let none = CountedValues(values: [], counts: [])
        let some = blocks(8, factor: 1, seed: 3)
        let rare = some.indices.map { $0 == 0 ? some[0] : (base: none, other: none) }
        #expect(ShiftFunction(blocks: rare, shares: shares, confidence: 0.95, seed: 1).points.isEmpty)
        let most = some.indices.map { $0 == 0 ? (base: none, other: none) : some[$0] }
        let points = ShiftFunction(blocks: most, shares: shares, confidence: 0.95, seed: 1).points
        #expect(!points.isEmpty && points.allSatisfy { $0.low.isFinite && $0.high.isFinite })
    }
}
