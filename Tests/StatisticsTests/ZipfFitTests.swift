import Statistics
import Testing

@Suite struct ZipfFitTests {
    /// Where all things were met often, ranks are sure, and the fit is the law of known ranks that is likeliest: by
    /// `scipy.optimize.minimize_scalar` on s Σ cᵣ ln r + n ln Σ r⁻ˢ.
    @Test func withSureRanksItIsTheLikeliestLawAsInSciPy() throws {
        for (counts, exponent) in [
            ((1...200).map { 5_000 / $0 }, 1.0022109), ((1...50).map { 4_000_000 / ($0 * $0) }, 2.0000110),
        ] as [([Int], Double)] {
            let fit = try #require(ZipfFit(counts: counts))
            #expect(fit.population == counts.count)
            #expect(abs(fit.exponent - exponent) < 0.005, "\(fit), \(exponent)")
        }
    }

    /// A law and a sample of it.
    struct Drawn: Sendable {
        let exponent: Double
        let population: Int
        let meetings: Int
        /// What the exponent may be off by, and the population in parts of it.
        let bounds: (exponent: Double, population: Double)
    }

    /// Laws that counts were drawn from are found again, also where many things were never met.
    @Test(arguments: [
        Drawn(exponent: 0, population: 500, meetings: 20_000, bounds: (0.12, 0.001)),
        Drawn(exponent: 0.8, population: 400, meetings: 50_000, bounds: (0.03, 0.001)),
        Drawn(exponent: 1, population: 400, meetings: 100_000, bounds: (0.03, 0.001)),
        Drawn(exponent: 1.3, population: 2_000, meetings: 30_000, bounds: (0.04, 0.15)),
        Drawn(exponent: 2, population: 300, meetings: 20_000, bounds: (0.06, 0.8)),
        Drawn(exponent: 0, population: 5_000, meetings: 5_000, bounds: (0.25, 0.12)),
        Drawn(exponent: 0.5, population: 3_000, meetings: 6_000, bounds: (0.1, 0.1)),
        Drawn(exponent: 1, population: 300, meetings: 3_000, bounds: (0.08, 0.12)),
    ])
    func lawsAreFoundAgain(_ drawn: Drawn) throws {
        let shares = ZipfFit(exponent: drawn.exponent, population: drawn.population).cumulativeShares
        for seed in 1...3 as ClosedRange<UInt64> {
            var random = SplitMix64(seed: seed)
            let fit = try #require(ZipfFit(counts: ZipfFit.draw(drawn.meetings, shares, &random)))
            #expect(abs(fit.exponent - drawn.exponent) < drawn.bounds.exponent, "\(fit)")
            #expect(abs(Double(fit.population) / Double(drawn.population) - 1) <= drawn.bounds.population, "\(fit)")
        }
    }

    @Test func smallSamplesHaveALaw() throws {
        #expect(ZipfFit(counts: []) == nil && ZipfFit(counts: [0, 0]) == nil)
        #expect(ZipfFit(counts: [7]) == ZipfFit(exponent: 0, population: 1))
        let two = try #require(ZipfFit(counts: [900, 100]))
        #expect(two.population == 2 && abs(two.exponent - 3) < 0.2)
        // Of things that were met once each there may be any number.
        let capped = try #require(ZipfFit(counts: [Int](repeating: 1, count: 50), most: 200))
        #expect(capped.population <= 200)
    }

    @Test func sharesAddUpToOne() {
        let shares = ZipfFit(exponent: 1, population: 4).cumulativeShares
        #expect(near(shares[0], 0.48) && near(shares[1], 0.72) && near(shares[2], 0.88) && shares[3] == 1)
    }
}
