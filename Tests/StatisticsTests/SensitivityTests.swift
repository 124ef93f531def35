import Glibc
import Statistics
import Testing

@Suite struct SensitivityTests {
    /// By the formula: (1.96 + 0.8416) standard errors; with a margin, at least the margin and 0.8416 of them.
    @Test func theSmallestEffectIsFoundFourTimesOutOfFive() {
        let free = Sensitivity(standardError: 0.01, count: 100, quantile: 1.959963984540054, margin: 0)
        #expect(near(free.smallestEffect, 0.028015852181129687))
        let bound = Sensitivity(standardError: 0.01, count: 100, quantile: 1.959963984540054, margin: 0.03)
        #expect(near(bound.smallestEffect, 0.038416212335729143))
    }

    /// A z test over a normal sample of the advised size finds the effect four times out of five.
    @Test func theAdvisedNumberOfValuesSettlesIt() throws {
        let pilot = Sensitivity(standardError: 0.02, count: 25, quantile: 1.959963984540054, margin: 0)
        let needed = try #require(pilot.countToSettle(0.03))
        #expect(needed == 88)
        var random = SplitMix64(seed: 5)
        let found = (0..<2_000).count { _ in
            let mean = (0..<needed).reduce(0.0) { sum, _ in sum + 0.03 + 0.1 * random.normal() } / Double(needed)
            return mean > 1.959963984540054 * 0.1 / Double(needed).squareRoot()
        }
        let interval = Binomial.interval(successes: found, tries: 2_000, confidence: 0.999)
        #expect(interval.low <= 0.8 && 0.8 <= interval.high, "\(found)")
    }

    @Test func anEffectAtTheMarginIsNeverSettled() {
        let seen = Sensitivity(standardError: 0.01, count: 50, quantile: 2, margin: 0.03)
        #expect(seen.countToSettle(0.03) == nil && seen.countToSettle(0.0300001) == nil)
        #expect((seen.countToSettle(0) ?? 0) > 0 && (seen.countToSettle(-0.1) ?? 0) == 51)
    }

    /// Predictive power by drawing: the truth around the estimate, then the mean at the later look.
    @Test(arguments: [0.0, 0.02, 0.05, -0.05]) func theChanceToSettleIsThatOfDraws(estimate: Double) {
        let (error, count, later, quantile, margin) = (0.02, 40, 100, 2.0, 0.03)
        let claimed = Sensitivity(standardError: error, count: count, quantile: quantile, margin: margin)
            .chanceToSettle(estimate, by: later)
        var random = SplitMix64(seed: 6)
        let deviation = error * Double(count).squareRoot()
        let settled = (0..<20_000).count { _ in
            let truth = estimate + error * random.normal()
            let rest = truth + deviation / Double(later - count).squareRoot() * random.normal()
            let mean = (estimate * Double(count) + rest * Double(later - count)) / Double(later)
            let half = quantile * deviation / Double(later).squareRoot()
            return abs(mean) > max(half, margin) || abs(mean) + half < margin
        }
        #expect(abs(Double(settled) / 20_000 - claimed) < 0.015, "\(settled) against \(claimed)")
    }

    // MARK: Control variate

    private static let control = [
        -0.08, -0.132, -0.025, 0.042, 0.114, 0.011, -0.055, -0.078, 0.075, 0.163, 0.027, -0.123, -0.096, 0.16,
    ]
    private static let values = [
        -0.038, -0.138, -0.003, 0.019, 0.092, 0.014, -0.045, -0.026, 0.078, 0.133, 0.054, -0.054, -0.106, 0.14,
    ]

    /// Slope and correlation by `scipy.stats.linregress`; the mean is the winsorised one of what is left.
    @Test func theControlTakesOutWhatItExplains() throws {
        let found = try #require(ControlVariate(Self.values, control: Self.control))
        #expect(near(found.slope, 0.803108760374457) && near(found.correlation, 0.9613798402814444))
        let plain = try #require(MeanEstimate(winsorised: Self.values))
        #expect(found.mean.degrees == plain.degrees - 1)
        #expect(found.mean.halfWidth(error: 0.05) < plain.halfWidth(error: 0.05) / 2)
    }

    @Test func aControlThatDoesNotHelpIsLeftOut() {
        #expect(ControlVariate(Self.values, control: [Double](repeating: 0.1, count: 14)) == nil)
        #expect(ControlVariate(Array(Self.values.prefix(9)), control: Array(Self.control.prefix(9))) == nil)
        // Not 0 on average: it differs between the sides by itself.
        #expect(ControlVariate(Self.values, control: Self.control.map { $0 + 0.3 }) == nil)
        var random = SplitMix64(seed: 9)
        #expect(
            ControlVariate((0..<40).map { _ in random.normal() }, control: (0..<40).map { _ in random.normal() }) == nil
        )
    }

    /// With the control taken or left by its own rule the interval still covers 93 to 97 %, and is narrower on average.
    @Test(arguments: [12, 40]) func coverageSurvivesTheChoice(count: Int) throws {
        var random = SplitMix64(seed: UInt64(count))
        var (inside, used, width, plainWidth) = (0, 0, 0.0, 0.0)
        let tries = 3_000
        for _ in 0..<tries {
            let control = (0..<count).map { _ in 0.1 * random.normal() }
            let values = control.map { 0.02 + 0.5 * $0 + 0.06 * random.normal() }
            let plain = try #require(MeanEstimate(winsorised: values))
            let freed = ControlVariate(values, control: control)?.mean
            let mean = freed ?? plain
            used += freed == nil ? 0 : 1
            if abs(mean.centre - 0.02) <= mean.halfWidth(error: 0.05) { inside += 1 }
            width += mean.halfWidth(error: 0.05)
            plainWidth += plain.halfWidth(error: 0.05)
        }
        #expect((0.93...0.97).contains(Double(inside) / Double(tries)), "covered \(inside) of \(tries)")
        #expect(used > tries / 2 && width < 0.92 * plainWidth, "used \(used), \(width / plainWidth)")
    }

    // MARK: Two samples

    /// By `scipy.stats.ttest_ind(…, equal_var=False)`.
    @Test func twoSamplesByWelch() throws {
        let found = try #require(MeanEstimate(welch: [5.5, 6.3, 5.1, 7.0], less: [4.1, 5.0, 4.7, 5.3, 4.4]))
        #expect(near(found.probability, 0.04821988872372554) && near(found.degrees, 4.485698167745541))
        #expect(abs(found.centre - found.halfWidth(error: 0.05) - 0.015318786514503246) < 1e-9)
        #expect(MeanEstimate(welch: [1, 2], less: [1, 2, 3]) == nil)
    }

    // MARK: Simulated host

    @Test func recordedSeriesKeepTheirNeighboursAndLoseWhatTheyHaveInCommon() throws {
        // The second comparison was slower for all of its length: that stays.
        let recorded = [0, 0.06].map { side in (0..<50).map { 0.02 + side + 0.01 * sin(Double($0)) } }
        let mean = Sample.mean(recorded.flatMap { $0 })
        var host = SimulatedHost(seed: 4, noise: .recorded(recorded))
        let drawn = host.blocks(5_000, effect: 0.05)
        #expect(abs(Sample.mean(drawn) - 0.05) < 0.01)
        let known = Set(recorded.flatMap { $0 }.map { (($0 - mean) * 1e9).rounded() })
        #expect(drawn.allSatisfy { known.contains((($0 - 0.05) * 1e9).rounded()) })
        // Neighbours of one series stay together, so a change of sides is seldom.
        let sides = drawn.map { $0 > 0.05 }
        #expect((1..<200).contains(zip(sides, sides.dropFirst()).count { $0 != $1 }))
        var again = SimulatedHost(seed: 4, noise: .recorded(recorded))
        #expect(again.blocks(5_000, effect: 0.05) == drawn)
    }

    /// The spread of a pair's log ratio on the machine that the method was designed on is 0.19.
    @Test func theModelIsThatOfTheMethod() {
        var drift = SimulatedHost.Drift()
        drift.isDoubled = false
        var host = SimulatedHost(seed: 1, noise: .drifting(drift))
        let deviation = Sample.standardDeviation(host.blocks(20_000))
        #expect(abs(deviation - 0.19) < 0.03, "\(deviation)")
    }
}
