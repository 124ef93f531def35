import Statistics
import Testing

@Suite struct ManyQuestionsTests {
    /// The worked example of Holm's procedure: 0.005 · 4, 0.01 · 3, 0.03 · 2, then no smaller.
    @Test func probabilitiesAreAdjustedStepByStep() {
        let found = Holm.adjusted([0.01, 0.04, 0.03, 0.005])
        #expect(zip(found, [0.03, 0.06, 0.06, 0.02]).allSatisfy { near($0, $1) }, "\(found)")
        #expect(Holm.adjusted([0.6, 0.7]) == [1, 1] && Holm.adjusted([]).isEmpty)
    }

    @Test func aQuestionThatDoesNotPassEndsTheProcedure() {
        let passed = Holm.passed([0.01, 0.04, 0.03, 0.005]) { _, division in 0.05 / Double(division) }
        #expect(passed == [3, nil, nil, 4])
        #expect(Holm.passed([0.02, 0.001]) { _, division in 0.05 / Double(division) } == [1, 2])
    }

    /// Whatever passes has an adjusted probability within the error, and the other way round; and all that Bonferroni finds
    /// is found.
    @Test func bothFormsAgree() {
        var random = SplitMix64(seed: 3)
        for _ in 0..<500 {
            let probabilities = (0..<6).map { _ in random.unit() * random.unit() * random.unit() }
            let passed = Holm.passed(probabilities) { _, division in 0.05 / Double(division) }
            let adjusted = Holm.adjusted(probabilities)
            for place in probabilities.indices {
                #expect((passed[place] != nil) == (adjusted[place] <= 0.05))
                if probabilities[place] <= 0.05 / 6 { #expect(passed[place] != nil) }
            }
        }
    }

    /// With nothing to find, at least one false alarm among eight questions comes about as rarely as allowed.
    @Test func falseAlarmsOfAllTogetherStayWithinTheError() {
        var random = SplitMix64(seed: 4)
        let alarms = (0..<4_000).count { _ in
            Holm.passed((0..<8).map { _ in random.unit() }) { _, division in 0.05 / Double(division) }.contains {
                $0 != nil
            }
        }
        #expect(Binomial.interval(successes: alarms, tries: 4_000, confidence: 0.999).low <= 0.05, "\(alarms)")
        #expect(alarms > 120, "\(alarms)")
    }

    /// One-sided tests by `scipy.stats.ttest_1samp` against −0.06 and 0.06.
    @Test func theLargerOfTwoOneSidedTestsCounts() {
        let found = Equivalence.probability(
            centre: 0.008000000000000002, standardError: 0.03611094017053557, degrees: 9, margin: 0.06)
        #expect(near(found, 0.09186430281334))
    }

    /// Equivalence at ε is the interval of confidence 1 − 2ε inside the margin.
    @Test func equivalenceIsAnIntervalInsideTheMargin() {
        for step in 0..<60 {
            let centre = Double(step) / 1_000
            let half = StudentT.quantile(error: 0.1, degrees: 12) * 0.01
            let isInside = centre + half < 0.05 && centre - half > -0.05
            let probability = Equivalence.probability(
                centre: centre, standardError: 0.01, degrees: 12, margin: 0.05)
            #expect((probability < 0.05) == isInside, "\(centre)")
        }
    }
}
