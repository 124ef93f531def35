import Statistics
import Testing

/// Expected values are from SciPy 1.17 and NumPy 2.
@Suite struct SampleTests {
    static let values = [0.04, -0.02, 0.11, 0.03, 0.05, -0.30, 0.02, 0.08, 0.01, 0.06]

    @Test func quantilesAreLinearBetweenOrderStatistics() {
        for (share, expected) in [(0.1, -0.048), (0.25, 0.0125), (0.5, 0.035), (0.9, 0.083)] {
            #expect(near(Sample.quantile(Self.values, share), expected), "\(share)")
        }
        #expect(Sample.median([3, 1, 2]) == 2)
        #expect(Sample.quantile([7], 0.99) == 7)
    }

    @Test func momentsMatch() {
        #expect(near(Sample.standardDeviation(Self.values), 0.11419281938896159))
        #expect(near(Sample.autocorrelation(Self.values), -0.13721881390593046))
        #expect(near(Sample.autocorrelation(Self.values.sorted()), 0.20599863667348334))
        #expect(Sample.autocorrelation([2, 2, 2]) == 0)
        #expect(Sample.standardDeviation([5]) == 0)
    }

    @Test func extremesArePulledInInPlace() {
        #expect(
            Sample.winsorised(Self.values, share: 0.2)
                == [0.04, 0.01, 0.06, 0.03, 0.05, 0.01, 0.02, 0.06, 0.01, 0.06])
        #expect(Sample.winsorised([1, 9, 5, 3], share: 0.2) == [1, 9, 5, 3])
    }

    @Test(arguments: [
        (0.95, 1, 12.706204736174694), (0.95, 2, 4.302652729749462), (0.95, 5, 2.5705818356363146),
        (0.95, 10, 2.228138851986274), (0.95, 30, 2.0422724563012378), (0.99, 7, 3.4994832973504924),
        (0.9, 120, 1.6576508993552352),
    ])
    func studentTIsThatOfTheTables(confidence: Double, degrees: Int, expected: Double) {
        #expect(near(StudentT.quantile(confidence: confidence, degrees: degrees), expected))
    }

    @Test func theNormalQuantileIsThatOfTheTables() {
        #expect(near(Normal.quantile(confidence: 0.95), 1.959963984540054))
        #expect(near(Normal.quantile(confidence: 0.99), 2.5758293035489004))
    }

    @Test func splitMixKeepsItsSequence() {
        var random = SplitMix64(seed: 1_234_567)
        #expect(
            (0..<3).map { _ in random.next() }
                == [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423])
    }
}

func near(_ value: Double, _ expected: Double) -> Bool { abs(value - expected) <= 1e-9 * max(1, abs(expected)) }
