import Statistics
import TestSupport
import Testing

/// Golden values come from another implementation: Mann-Kendall and Sen's slope of pymannkendall 1.4.3, the widened
/// variance of a few lines of NumPy.
@Suite struct TrendTests {
    private func close(_ left: Double, _ right: Double, _ part: Double = 1e-9) -> Bool {
        abs(left - right) <= part * max(1, abs(right))
    }

    struct Golden: Sendable {
        let name: String
        let values: [Double]
        let slope: Double
        let score: Int
        let plainVariance, inflation, chance: Double

        init(
            _ name: String, _ values: [Double], _ slope: Double, _ score: Int, _ plainVariance: Double,
            _ inflation: Double, _ chance: Double
        ) {
            (self.name, self.values, self.slope, self.score) = (name, values, slope, score)
            (self.plainVariance, self.inflation, self.chance) = (plainVariance, inflation, chance)
        }
    }

    static let golden: [Golden] = [
        Golden(
            "wave", [12.1, 11.8, 13.0, 12.6, 13.9, 12.2, 14.1, 13.3, 14.8, 13.7, 15.2, 14.4], 0.255, 42,
            212.66666666666666, 1.0, 0.004931500366306391),
        Golden(
            "ties", [1.0, 2.0, 2.0, 3.0, 2.0, 4.0, 4.0, 3.0, 5.0, 5.0, 4.0, 6.0], 0.3875, 48, 203.33333333333334, 1.0,
            0.0009805515398432104),
        Golden(
            "falling", [9.0, 8.7, 8.9, 8.1, 8.4, 7.6, 7.9, 7.0, 7.2, 6.1], -0.2833333333333334, -37, 125.0, 1.0,
            0.0012821837418053074),
        Golden(
            "slow",
            [3.1, 3.4, 3.9, 4.6, 4.4, 4.0, 3.6, 3.3, 3.5, 4.1, 4.8, 5.3, 5.6, 5.2, 4.7, 4.9, 5.5, 6.1, 6.0, 5.7],
            0.13717105263157897, 124, 950.0, 7.023058430092138, 0.13210706027958896),
        Golden(
            "flat", [5.0, 5.3, 4.9, 5.1, 5.2, 4.8, 5.0, 5.1, 4.9, 5.2, 5.05, 4.95], -0.0058441558441558236, -6,
            208.66666666666666, 1.0, 0.7292424894007787),
    ]

    @Test(arguments: golden) func goldenValues(_ golden: Golden) throws {
        let trend = try #require(Trend(golden.values))
        #expect(close(trend.slope, golden.slope) && trend.score == golden.score)
        #expect(close(trend.inflation, golden.inflation) && close(trend.chance, golden.chance))
        #expect(close(trend.variance, golden.plainVariance * golden.inflation))
        #expect(close(trend.change, golden.slope * Double(golden.values.count - 1)))
    }

    @Test func equalValuesHaveNoTrend() throws {
        let trend = try #require(Trend([Double](repeating: 3, count: 20)))
        #expect(trend.score == 0 && trend.slope == 0 && trend.chance == 1 && trend.drift == 0)
    }

    @Test func whatCannotBeExaminedIsNil() {
        #expect(Trend([1, 2, 3]) == nil)
        #expect(Trend([1, 2, .nan, 4, 5]) == nil)
        #expect(Trend([1, 2, .infinity, 4, 5]) == nil)
        #expect(Trend([0, 0, 0, 0, 1])?.drift == nil)
    }

    /// A third of the values thrown far off leaves the slope where it was.
    @Test func outliersDoNotMoveTheSlope() throws {
        var values = (0..<60).map { 10 + Double($0) * 0.5 }
        for place in stride(from: 0, to: 60, by: 4) { values[place] += 1_000 }
        let trend = try #require(Trend(values))
        #expect(abs(trend.slope - 0.5) < 0.2)
    }

    /// Rising all the time, but not in a line, is a trend also in twenty values only, where values are sums.
    @Test func aCurveIsATrend() throws {
        let curve = try #require(Trend((0..<60).map { Double($0 * $0) }))
        #expect(curve.score == 1_770 && curve.chance < 0.001 && curve.plainChance < 1e-20)
        let short = try #require(Trend((0..<20).map { Double($0 * $0) }))
        #expect(short.plainChance < 1e-8 && short.chance > short.plainChance)
    }

    // MARK: Chance

    /// Normal numbers of a seeded generator (SplitMix64; the sum of twelve uniform numbers less six).
    private struct Noise {
        var state: UInt64

        mutating func uniform() -> Double {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return Double((z ^ (z >> 31)) >> 11) / 9_007_199_254_740_992
        }

        mutating func normal() -> Double { (0..<12).reduce(-6) { sum, _ in sum + uniform() } }

        /// x(t) = φ x(t − 1) + e(t), after its beginning has been forgotten.
        mutating func series(_ count: Int, correlation: Double) -> [Double] {
            var value = 0.0
            return (0..<count + 100).map { _ in
                value = correlation * value + normal()
                return value
            }.suffix(count)
        }
    }

    private func falseAlarms(_ count: Int, _ correlation: Double, below chance: Double) -> Double {
        var noise = Noise(state: 7)
        let alarms = (0..<1_000).count { _ in
            (Trend(noise.series(count, correlation: correlation))?.chance ?? 1) < chance
        }
        return Double(alarms) / 1_000
    }

    /// Without a trend, at most so many of a thousand series are called one; without the widened variance it would be
    /// 29 % and 51 % for the strongly correlated ones.
    @Test(arguments: [(0.0, 0.05), (0.3, 0.08), (0.6, 0.09), (0.8, 0.13)])
    func falseAlarmsStayRare(_ correlation: Double, _ most: Double) {
        let share = falseAlarms(60, correlation, below: 0.05)
        #expect(share <= most && share > 0.005, "\(share)")
    }

    @Test func falseAlarmsAtTheValidityRulesLevelStayRare() {
        #expect(falseAlarms(60, 0.6, below: 0.01) <= 0.035)
        #expect(falseAlarms(120, 0.3, below: 0.01) <= 0.025)
        #expect(falseAlarms(8, 0.3, below: 0.01) <= 0.025)
    }

    /// A rise by three standard deviations over sixty values is found nearly always, also in correlated noise.
    @Test(arguments: [(0.0, 950), (0.3, 900)]) func plantedTrendsAreFound(_ correlation: Double, _ least: Int) {
        var noise = Noise(state: 11)
        let found = (0..<1_000).count { _ in
            let values = noise.series(60, correlation: correlation).enumerated().map {
                $0.element + 3 * Double($0.offset) / 59
            }
            return (Trend(values).map { $0.chance < 0.01 && $0.slope > 0 }) ?? false
        }
        #expect(found >= least, "\(found)")
    }
}
