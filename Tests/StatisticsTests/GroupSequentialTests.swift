import Statistics
import Testing

@Suite struct GroupSequentialTests {
    private func close(_ found: [Double], _ expected: [Double], _ tolerance: Double) -> Bool {
        found.count == expected.count && zip(found, expected).allSatisfy { abs($0 - $1) <= tolerance }
    }

    /// The tables of bounds for the O'Brien–Fleming type function, two-sided 0.05, as published with the program of
    /// Reboussin, DeMets, Kim & Lan 2000 ("Computations for group sequential boundaries using the Lan-DeMets spending function
    /// method") and in Proschan, Lan & Wittes 2006.
    @Test(arguments: [
        [2.9626, 1.9686], [3.7103, 2.5114, 1.9930], [4.3326, 2.9631, 2.3590, 2.0141],
        [4.8769, 3.3570, 2.6803, 2.2898, 2.0310],
    ])
    func equalLooksHaveThePublishedBounds(expected: [Double]) {
        let looks = (1...expected.count).map(Double.init)
        let found = GroupSequential(information: looks, planned: Double(expected.count), error: 0.05)
        #expect(close(found.bounds, expected, 1e-4), "\(found.bounds)")
    }

    /// By Gauss–Legendre integration over 400 points in NumPy, root by SciPy's `brentq`.
    @Test func unequalLooksAndOtherErrors() {
        let found = GroupSequential(information: [15, 40, 70, 100], planned: 100, error: 0.05 / 6)
        #expect(
            close(found.bounds, [7.305442490061725, 4.381696818311403, 3.23253912413563, 2.654869743959042], 1e-6),
            "\(found.bounds)")
        let eight = GroupSequential(information: (1...8).map(Double.init), planned: 8, error: 0.01)
        let expected = [
            7.853053908061605, 5.49296103303929, 4.437187179424654, 3.806848434806023, 3.3813575160849507,
            3.071401194013948, 2.833216548553911, 2.6429538277699027,
        ]
        #expect(close(eight.bounds, expected, 1e-6), "\(eight.bounds)")
    }

    @Test func anEarlyEndSpendsWhatIsLeft() {
        let found = GroupSequential(information: [25, 50, 60], planned: 100, error: 0.05, isOver: true)
        #expect(close(found.bounds, [4.3326336460516135, 2.9631315976799115, 1.9603152632134908], 1e-6))
        let goingOn = GroupSequential(information: [25, 50, 60], planned: 100, error: 0.05)
        #expect(goingOn.bounds[2] > 2.6 && goingOn.bounds[0] == found.bounds[0])
    }

    @Test func oneLookIsAnOrdinaryTest() {
        let found = GroupSequential(information: [30], planned: 30, error: 0.05)
        #expect(close(found.bounds, [1.959963984540054], 1e-8) && close(found.levels, [0.05], 1e-9))
    }

    /// A bound beyond all reach is none, and its look answers nothing.
    @Test func aVeryEarlyLookAnswersNothing() {
        let found = GroupSequential(information: [1, 100], planned: 100, error: 0.05)
        #expect(found.bounds[0] == .infinity && found.levels[0] == 0)
        #expect(close([found.bounds[1]], [1.959963984540054], 1e-6))
    }

    /// All looks together err as often as allowed: sums of normal numbers, five looks.
    @Test func allLooksTogetherErrAsOftenAsOneTest() {
        let rule = GroupSequential(information: [10, 20, 30, 40, 50], planned: 50, error: 0.05)
        var random = SplitMix64(seed: 8)
        let tries = 20_000
        let alarms = (0..<tries).count { _ in
            var sum = 0.0
            return rule.bounds.enumerated().contains { look, bound in
                sum += random.normal()
                return abs(sum) > bound * Double(look + 1).squareRoot()
            }
        }
        let interval = Binomial.interval(successes: alarms, tries: tries, confidence: 0.999)
        #expect(interval.low <= 0.05 && 0.05 <= interval.high, "\(alarms) of \(tries)")
    }

    @Test func theSpendingFunctionRisesFromNothingToAll() {
        #expect(GroupSequential.spent(error: 0.05, share: 0.01) < 1e-20)
        #expect(
            GroupSequential.spent(error: 0.05, share: 1) == 0.025
                && GroupSequential.spent(error: 0.05, share: 2) == 0.025)
        let steps = (1...20).map { GroupSequential.spent(error: 0.05, share: Double($0) / 20) }
        #expect(zip(steps, steps.dropFirst()).allSatisfy { $0 < $1 })
        // A smaller error is spent more slowly at every moment, or Holm's steps would not be one inside the other.
        #expect(
            zip(steps, (1...20).map { GroupSequential.spent(error: 0.01, share: Double($0) / 20) }).allSatisfy {
                $0 > $1
            })
    }
}
