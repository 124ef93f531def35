import Statistics
import Testing

/// Designs against published tables, and against what makes them designs.
@Suite struct DesignTests {
    private func signs(_ design: TwoLevelDesign) -> [String] {
        design.runs.map { $0.map { $0 > 0 ? "+" : "-" }.joined() }
    }

    @Test func fullDesignsHoldEveryCombinationOnceInStandardOrder() {
        // NIST/SEMATECH e-Handbook, 5.3.3.3.1: the 2^3 in standard order.
        #expect(
            Design.full(levels: [2, 2, 2]) == [
                [0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 0, 1], [1, 0, 1], [0, 1, 1], [1, 1, 1],
            ])
        let mixed = Design.full(levels: [3, 2, 4])
        #expect(mixed.count == 24 && Set(mixed).count == 24)
        #expect(Design.full(levels: []) == [[]])
    }

    @Test func oneAtATimeChangesOneFactorOfTheBase() {
        #expect(Design.oneAtATime(levels: [2, 3]) == [[0, 0], [1, 0], [0, 1], [0, 2]])
    }

    @Test(arguments: [(1, 8), (7, 8), (8, 12), (11, 12), (15, 16), (19, 20), (23, 24)])
    func plackettBurmanIsOrthogonalAndHoldsTheBase(_ factors: Int, _ runs: Int) throws {
        let design = try #require(TwoLevelDesign.plackettBurman(factors: factors))
        #expect(design.runs.count == runs && design.factors == factors)
        for first in 0..<factors {
            #expect(design.runs.reduce(0) { $0 + $1[first] } == 0)
            for second in 0..<first { #expect(design.runs.reduce(0) { $0 + $1[first] * $1[second] } == 0) }
        }
        #expect(design.runs.contains([Int](repeating: -1, count: factors)))
    }

    @Test func plackettBurmanRowsAreThePublishedOnes() throws {
        #expect(TwoLevelDesign.plackettBurman(factors: 24) == nil)
        // Plackett & Burman 1946, p. 323.
        let twelve = try #require(TwoLevelDesign.plackettBurman(factors: 11))
        #expect(signs(twelve)[0] == "++-+++---+-")
        #expect(signs(twelve)[1] == "-++-+++---+")
        #expect(signs(twelve)[11] == "-----------")
        let twenty = try #require(TwoLevelDesign.plackettBurman(factors: 19))
        #expect(signs(twenty)[0] == "++--++++-+-+----++-")
    }

    @Test func mainEffectsOfPlackettBurmanArePartlyMixedWithInteractions() throws {
        // In 12 runs a third of each interaction that the factor has no part in.
        let design = try #require(TwoLevelDesign.plackettBurman(factors: 11))
        for effect in design.mainEffects {
            let aliases = design.aliases(of: effect)
            #expect(aliases.count == 45)
            #expect(aliases.allSatisfy { abs(abs($0.share) - 1.0 / 3) < 1e-12 })
            #expect(
                aliases.allSatisfy { $0.effect.factors.count == 2 && !$0.effect.factors.contains(effect.factors[0]) })
        }
        #expect(design.resolution == 3)
        #expect(design.folded.resolution == 4 && design.folded.runs.count == 24)
    }

    /// NIST/SEMATECH e-Handbook, 5.3.3.4.7: runs and resolution of the published fractions, and their names.
    @Test(arguments: [
        (3, [3]), (4, [4]), (5, [3, 5]), (6, [3, 4, 6]), (7, [3, 4, 4, 7]), (8, [4, 4, 5]), (9, [3, 4, 4, 6]),
        (10, [3, 4, 4, 5]), (11, [3, 4, 4, 5]),
    ])
    func publishedFractionsHaveTheirResolution(_ factors: Int, _ resolutions: [Int]) {
        let fractions = FractionalFactorial.published(factors: factors)
        #expect(fractions.map { $0.resolution ?? 0 } == resolutions)
        for fraction in fractions {
            let design = fraction.design
            #expect(design.runs.count == 1 << (factors - fraction.generators.count))
            #expect(design.resolution == min(5, fraction.resolution ?? 5))
            #expect(fraction.definingRelation.count == (1 << fraction.generators.count) - 1)
        }
    }

    @Test func theHalfFractionOfThreeFactorsIsThePublishedOne() throws {
        // NIST/SEMATECH e-Handbook, 5.3.3.4.1, table 3.14: C = AB.
        let fraction = try #require(FractionalFactorial.published(factors: 3).first)
        #expect(signs(fraction.design) == ["--+", "+--", "-+-", "+++"])
        // 5.3.3.4.3: A = BC, B = AC, C = AB.
        let aliases = fraction.design.mainEffects.map { fraction.design.aliases(of: $0).map(\.effect) }
        #expect(aliases == [[FactorialEffect(1, 2)], [FactorialEffect(0, 2)], [FactorialEffect(0, 1)]])
    }

    @Test func aliasesOfAQuarterFractionFollowItsDefiningRelation() throws {
        // D = AB, E = AC: I = ABD = ACE = BCDE (Montgomery, "Design and Analysis of Experiments", 8.3).
        let fraction = try #require(FractionalFactorial.published(factors: 5).first)
        #expect(Set(fraction.definingRelation) == [[0, 1, 3], [0, 2, 4], [1, 2, 3, 4]])
        let design = fraction.design
        func aliases(_ effect: FactorialEffect) -> Set<FactorialEffect> {
            Set(design.aliases(of: effect).map(\.effect))
        }
        #expect(aliases(FactorialEffect(0)) == [FactorialEffect(1, 3), FactorialEffect(2, 4)])
        #expect(aliases(FactorialEffect(1)) == [FactorialEffect(0, 3)])
        #expect(aliases(FactorialEffect(1, 2)) == [FactorialEffect(3, 4)])
        #expect(design.aliases(of: FactorialEffect(0)).allSatisfy { $0.share == 1 })
    }

    @Test func theFractionWithTheBaseKeepsResolutionAndTurnsSigns() throws {
        for factors in 3...11 {
            for fraction in FractionalFactorial.published(factors: factors) {
                let turned = fraction.containingBase
                #expect(turned.resolution == fraction.resolution)
                #expect(turned.design.runs.contains([Int](repeating: -1, count: factors)))
            }
        }
        let quarter = try #require(FractionalFactorial.published(factors: 5).first).containingBase
        #expect(quarter.design.aliases(of: FactorialEffect(0)).allSatisfy { $0.share == -1 })
    }

    @Test func impossibleGeneratorsAreRefused() {
        typealias Generator = FractionalFactorial.Generator
        #expect(FractionalFactorial(factors: 4, generators: [Generator(factor: 3, product: [0])]) == nil)
        #expect(FractionalFactorial(factors: 4, generators: [Generator(factor: 3, product: [0, 3])]) == nil)
        #expect(FractionalFactorial(factors: 4, generators: [Generator(factor: 3, product: [0, 0])]) == nil)
        #expect(FractionalFactorial(factors: 4, generators: [Generator(factor: 4, product: [0, 1])]) == nil)
        let twice = [Generator(factor: 3, product: [0, 1]), Generator(factor: 3, product: [1, 2])]
        #expect(FractionalFactorial(factors: 4, generators: twice) == nil)
        #expect(FractionalFactorial(factors: 4, generators: [])?.resolution == nil)
    }
}

/// Effects and their intervals.
@Suite struct ContrastTests {
    @Test func effectsOfThePilotPlantAreThePublishedOnes() {
        // Box, Hunter & Hunter, "Statistics for Experimenters", 2nd edition, 5.5: temperature, concentration, catalyst.
        let yields: [Double] = [60, 72, 54, 68, 52, 83, 45, 80]
        let design = TwoLevelDesign(runs: Design.full(levels: [2, 2, 2]).map { $0.map { 2 * $0 - 1 } })
        let contrasts = BlockedContrasts([yields])
        let effects = (design.mainEffects + design.interactions).map { effect in
            contrasts.value(design.column(effect).map { Double($0) / 4 }).estimate
        }
        #expect(effects == [23, -5, 1.5, 1.5, 10, 0])
        #expect(contrasts.deviation == nil && contrasts.value([1, -1, 0, 0, 0, 0, 0, 0]).halfWidth == nil)
    }

    @Test func noiseIsWhatRunsAndBlocksLeave() throws {
        // By NumPy and SciPy: residuals of run and block means, 6 degrees of freedom, t = 2.4469118511449692.
        let contrasts = BlockedContrasts([[10, 12, 9, 15], [11, 13.5, 9.5, 15.2], [9.2, 11, 8.9, 13.9]])
        #expect(contrasts.degrees == 6)
        #expect(abs(try #require(contrasts.deviation) - 0.4422166387140535) < 1e-12)
        let value = contrasts.value([-0.5, 0.5, -0.5, 0.5])
        #expect(abs(value.estimate - 11.5 / 3) < 1e-12)
        #expect(abs(try #require(value.halfWidth) - 0.6247305964203853) < 1e-9)
    }

    @Test func twoRunsGiveThePairedTest() throws {
        let (first, second) = ([1.0, 2, 4, 3, 5], [2.0, 2.5, 4.2, 4.1, 5.5])
        let contrasts = BlockedContrasts(zip(first, second).map { [$0, $1] })
        let value = contrasts.value([-1, 1])
        let differences = zip(first, second).map { $1 - $0 }
        #expect(abs(value.estimate - Sample.mean(differences)) < 1e-12)
        let half =
            StudentT.quantile(confidence: 0.95, degrees: 4) * Sample.standardDeviation(differences) / 5.0.squareRoot()
        #expect(abs(try #require(value.halfWidth) - half) < 1e-9)
    }

    @Test func aContrastSaysHowProbableItIs() throws {
        // By SciPy: t = 15.01 with 6 degrees of freedom; for a mean 3.035 of them, by Satterthwaite.
        let contrasts = BlockedContrasts([[10, 12, 9, 15], [11, 13.5, 9.5, 15.2], [9.2, 11, 8.9, 13.9]])
        let probability = try #require(contrasts.value([-0.5, 0.5, -0.5, 0.5]).probability)
        #expect(abs(probability / 5.499646245249531e-06 - 1) < 1e-6)
        #expect(abs(try #require(contrasts.wholeDeviation) - 0.8645808232895296) < 1e-12)
        #expect(abs(contrasts.wholeDegrees - 3.0353077870529943) < 1e-9)
        #expect(abs(try #require(contrasts.halfWidth(ofMeanOver: 3)) - 1.5781660442743484) < 1e-6)
        // Blocks that all say the same leave no doubt, whatever the rounding; a single one leaves all of it.
        let same = BlockedContrasts([[0.1, 0.3, 0.3], [1.1, 1.3, 1.3], [7.1, 7.3, 7.3]])
        #expect(same.value([-1, 1, 0]).probability == 0 && same.value([0, -1, 1]).probability == 1)
        #expect(BlockedContrasts([[1, 2]]).value([-1, 1]).probability == nil)
        #expect(BlockedContrasts([[1, 2]]).halfWidth(ofMeanOver: 1) == nil)
    }

    /// By SciPy: `beta.sf`, and `ttest_rel` of the first two runs, which are steady; the noise of the third would be theirs,
    /// too.
    @Test func noiseThatIsNotAlikeIsNotPooled() throws {
        let contrasts = BlockedContrasts([
            [1.00, 1.31, 1.9, 3.00], [1.10, 1.40, 1.2, 3.11], [0.95, 1.26, 2.6, 2.96], [1.02, 1.30, 0.8, 3.01],
        ])
        #expect(abs(try #require(contrasts.homogeneity) / 1.2863614833702149e-10 - 1) < 1e-6)
        #expect(!contrasts.isPooled && contrasts.contrastDegrees == 3 && contrasts.halfWidth(ofMeanOver: 4) == nil)
        let value = contrasts.value([-1, 1, 0, 0])
        #expect(abs(value.estimate - 0.3) < 1e-12)
        #expect(abs(try #require(value.halfWidth) - 0.022503293632281873) < 1e-9)
        #expect(abs(try #require(value.probability) / 2.8820006942884834e-05 - 1) < 1e-6)
        // Two runs have the same spread about the means of their blocks, however unlike they are.
        #expect(BlockedContrasts([[1, 5], [1.1, 9], [0.9, 2]]).isPooled)
        #expect(BlockedContrasts([[1, 2, 3]]).homogeneity == nil)
        let alike = BlockedContrasts([[10, 12, 9, 15], [11, 13.5, 9.5, 15.2], [9.2, 11, 8.9, 13.9]])
        #expect(abs(try #require(alike.homogeneity) - 0.8059142561983519) < 1e-9 && alike.isPooled)
    }

    /// Eight runs of which one is noisier: intervals between two of the others hold the truth as often as they say, those
    /// with the noisy one nearly so. By NumPy: 95.4 % and 88.1 % at three times the noise (78.0 % with one noise for all),
    /// 95.4 % and 93.9 % at ten times (63.8 %).
    @Test(arguments: [(3.0, 0.86), (10, 0.92)]) func intervalsHoldTheTruthWhenOneRunIsNoisier(
        _ times: Double, _ least: Double
    ) throws {
        var random = SplitMix64(seed: 5)
        let tries = 3_000
        var (quiet, noisy) = (0, 0)
        for _ in 0..<tries {
            let contrasts = BlockedContrasts(
                (0..<3).map { _ in (0..<8).map { run in (run == 7 ? times : 1) * random.normal() } })
            func holds(_ run: Int) throws -> Bool {
                var coefficients = [Double](repeating: 0, count: 8)
                (coefficients[0], coefficients[run]) = (-1, 1)
                let value = contrasts.value(coefficients)
                return abs(value.estimate) <= (try #require(value.halfWidth))
            }
            if try holds(1) { quiet += 1 }
            if try holds(7) { noisy += 1 }
        }
        #expect((0.94...0.967).contains(Double(quiet) / Double(tries)), "\(quiet)")
        #expect(Double(noisy) / Double(tries) > least, "\(noisy)")
    }

    @Test func lenthLeavesLargeEffectsOut() throws {
        // Sizes 1 1 1 2 2 3 50: 1.5 × 2 = 3, of those below 7.5 the median is 1.5.
        let effects: [Double] = [1, -1, 2, -2, 3, 50, -1]
        #expect(Lenth.pseudoStandardError(effects) == 2.25)
        let margin = try #require(Lenth.margin(effects))
        #expect(abs(margin - 2.25 * StudentT.quantile(confidence: 0.95, degrees: 2)) < 1e-9)
        #expect(Lenth.margin([1, 2, 3]) == nil)
        #expect(Lenth.pseudoStandardError([0, 0, 0]) == 0)
    }
}
