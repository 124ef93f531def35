import Glibc
import Statistics
import Testing

@Suite struct EstimateTests {
    @Test func hodgesLehmannHasTheIntervalOfTheSignedRankTest() {
        let found = HodgesLehmann(SampleTests.values, confidence: 0.95)
        #expect(near(found.value, 0.035))
        #expect(near(found.low, -0.11))
        #expect(near(found.high, 0.065))
        #expect(HodgesLehmann([1, 2, 3, 4, 5], confidence: 0.95).low == -.infinity)
    }

    /// Exact cuts by enumeration with NumPy; the approximation above 50 may be one or two ranks wider, never narrower.
    @Test func cutsAreThoseOfTheRankSum() {
        for (count, cut) in [(5, 0), (6, 1), (7, 3), (8, 4), (9, 6), (10, 9), (15, 26), (20, 53), (50, 435)] {
            #expect(HodgesLehmann.cut(count: count, tail: 0.025) == cut, "\(count) values")
        }
        for (count, cut) in [(60, 649), (100, 1_956)] {
            #expect((cut - 2...cut).contains(HodgesLehmann.cut(count: count, tail: 0.025)), "\(count) values")
        }
        #expect(near(HodgesLehmann.rankSums(count: 12).reduce(0, +), 1))
    }

    /// By the formula in NumPy: h = 6, winsorised standard deviation 0.02173.
    @Test func theIntervalIsThatOfTheWinsorisedT() throws {
        let found = try #require(Estimate(logRatios: SampleTests.values))
        #expect(near(found.value, 1.0356197087996233))
        #expect(near(found.low, 1.0032087959161993))
        #expect(near(found.high, 1.0690777290032911))
        #expect(found.count == 10)
        #expect(near(found.standardDeviation, 0.11419281938896159))
        #expect(near(found.autocorrelation, -0.13721881390593046))
    }

    @Test func positiveAutocorrelationWidensIt() throws {
        let found = try #require(Estimate(logRatios: SampleTests.values.sorted()))
        #expect(near(found.low, 0.9958219404069012))
        #expect(near(found.high, 1.0770079847969414))
    }

    @Test func thereIsNoneOfTooFewOrBrokenPairs() {
        #expect(Estimate(logRatios: [0.1, 0.2]) == nil)
        #expect(Estimate(logRatios: [0.1, .nan, 0.2, 0.3]) == nil)
        #expect(Estimate(logRatios: [0.1, -.infinity, 0.2, 0.3]) == nil)
    }

    /// 6 of 64 combinations of signs are as far from 0, counted in Python.
    @Test func signsAreFlippedInAllCombinations() {
        #expect(near(SignFlip.probability([0.1, 0.2, -0.05, 0.3, 0.15, 0.02]), 6.0 / 64))
        #expect(SignFlip.probability([1, 1, 1, 1, 1, 1]) == 2.0 / 64)
        #expect(SignFlip.probability([1, -1, 1, -1]) == 1)
    }

    /// Coverage of the 95 % interval on a drifting host: 93 to 97 %. With 4 000 repeats the standard error is 0.35 points.
    @Test(arguments: [6, 8, 12, 20, 40], [0, log(1.05)])
    func theTruthIsInsideAsOftenAsClaimed(blocks: Int, effect: Double) throws {
        var host = SimulatedHost(seed: UInt64(blocks) * 1_000 + (effect > 0 ? 1 : 0))
        let truth = exp(effect)
        var inside = 0
        let repeats = 4_000
        for _ in 0..<repeats {
            let found = try #require(Estimate(logRatios: host.blocks(blocks, effect: effect)))
            if found.low <= truth && truth <= found.high { inside += 1 }
        }
        let coverage = Double(inside) / Double(repeats)
        #expect((0.93...0.97).contains(coverage), "covered \(coverage)")
    }

    /// Hodges–Lehmann on the same host, where samples are large enough for its steps to be fine.
    @Test(arguments: [12, 20, 40])
    func hodgesLehmannCoversToo(blocks: Int) {
        var host = SimulatedHost(seed: UInt64(blocks))
        let inside = (0..<4_000).count { _ in
            let found = HodgesLehmann(host.blocks(blocks), confidence: 0.95)
            return found.low <= 0 && 0 <= found.high
        }
        #expect((0.93...0.97).contains(Double(inside) / 4_000))
    }

    /// The coin alone makes this test honest: A/A is called different in at most 5 % of cases, give or take 4 standard errors.
    @Test func signFlipsAreHonestWhateverTheHostDoes() {
        var host = SimulatedHost(seed: 99)
        let called = (0..<1_500).count { _ in SignFlip.probability(host.blocks(10)) <= 0.05 }
        #expect((0.027...0.073).contains(Double(called) / 1_500), "\(called) of 1500")
    }

    /// An effect of 25 % is found by twenty blocks nearly always, or the interval would be of no use.
    @Test func aLargeEffectIsFound() throws {
        var host = SimulatedHost(seed: 7)
        let found = try (0..<500).count { _ in
            try #require(Estimate(logRatios: host.blocks(20, effect: log(1.25)))).low > 1
        }
        #expect(found >= 475, "\(found) of 500")
    }
}
