import Statistics
import Testing

/// Expected values are from SciPy 1.17.
@Suite struct TailTests {
    @Test(arguments: [
        (0.3, 2.0, 3.0, 0.34829999999999994, 1e-12), (0.5, 0.5, 0.5, 0.5, 1e-12),
        (0.01, 0.2, 11, 0.683986731990565, 1e-12), (0.999, 30, 0.5, 0.8072373061595369, 1e-12),
        (0.52, 500, 480, 0.7300884694932804, 1e-11), (0.1, 1_000, 9_000, 0.5035462207518635, 1e-10),
        (0.5001, 5e5, 5e5, 0.5792596906690589, 1e-8), (0.99901, 999_001, 1_000, 0.6205326406399254, 1e-8),
    ])
    func theIncompleteBetaFunction(x: Double, a: Double, b: Double, expected: Double, tolerance: Double) {
        let found = IncompleteBeta.regularised(x, a, b)
        #expect(abs(found - expected) <= tolerance, "\(found)")
        #expect(abs(IncompleteBeta.regularised(1 - x, b, a) - (1 - expected)) <= tolerance)
    }

    @Test func itsEndsAndItsInverse() {
        #expect(IncompleteBeta.regularised(0, 2, 3) == 0 && IncompleteBeta.regularised(1, 2, 3) == 1)
        #expect(near(IncompleteBeta.quantile(0.025, 3, 18), 0.0320709371854637))
        #expect(near(IncompleteBeta.quantile(0.975, 4, 17), 0.37892682654531396))
    }

    @Test(arguments: [
        (2.5, 7.0, 0.04099221858575289), (12, 5, 7.089492517161522e-05), (40, 9.5, 6.533362638221758e-12),
        (0.3, 3.2, 0.7826201981900558),
    ])
    func tailsOfStudentsT(t: Double, degrees: Double, expected: Double) {
        let found = StudentT.bothTails(t, degrees: degrees)
        #expect(abs(found / expected - 1) < 1e-9, "\(found)")
        #expect(near(StudentT.upperTail(-t, degrees: degrees), 1 - expected / 2))
    }

    @Test(arguments: [
        (0.05, 4.7, 2.6207260753531707), (1e-6, 5, 28.478473462984212), (0.0012, 22, 3.71689545027041),
        (1e-9, 30, 8.72151122437306),
    ])
    func theQuantileByErrorHasNoNeedOfWholeDegrees(error: Double, degrees: Double, expected: Double) {
        #expect(near(StudentT.quantile(error: error, degrees: degrees), expected))
    }

    /// The two ways to the quantile, by a series and by the beta function, are the same.
    @Test func bothQuantilesAgree() {
        for degrees in [1, 2, 7, 40] {
            let series = StudentT.quantile(confidence: 0.99, degrees: degrees)
            #expect(near(StudentT.quantile(error: 0.01, degrees: Double(degrees)), series))
        }
    }

    @Test func tailsOfTheNormalDistribution() {
        #expect(near(Normal.upperTail(1.959963984540054), 0.025))
        #expect(abs(Normal.upperTail(8.2) / 1.2019351542735647e-16 - 1) < 1e-9)
        #expect(near(Normal.quantile(upperTail: 0.2), 0.8416212335729143))
    }

    @Test(arguments: [
        (0, 10, 0.0, 0.30849710781876294), (3, 20, 0.03207093718554477, 0.37892682654529564),
        (20, 20, 0.8315665290169145, 1), (38, 1_000, 0.027028815982975, 0.0517871036219655),
        (5, 100, 0.016431879181728278, 0.11283491110546288),
    ])
    func theIntervalOfClopperAndPearson(successes: Int, tries: Int, low: Double, high: Double) {
        let found = Binomial.interval(successes: successes, tries: tries)
        #expect(near(found.low, low) && near(found.high, high), "\(found)")
    }

    @Test(arguments: [
        (9, 100, 0.05, 0.06308959062744876), (5, 100, 0.05, 0.5640186993142899), (60, 1_000, 0.05, 0.08673217838486103),
        (10, 10, 0.5, 0.0009765625), (0, 10, 0.5, 1),
    ])
    func theOneSidedBinomialTest(successes: Int, tries: Int, probability: Double, expected: Double) {
        #expect(near(Binomial.atLeast(successes, of: tries, probability: probability), expected))
    }
}
