import Comparison
import Glibc
import RunRecord
import Statistics
import Testing

/// What is made of an experiment's trials.
@Suite struct ExperimentAnalysisTests {
    private static let metric = ExperimentMetric(name: "response.p95:put", unit: "ms", lessIsBetter: true)

    /// Levels are `0` and `1`, … of factors `a`, `b`, `c`; values by repeat and cell, `nil` for an invalid trial.
    private func record(
        _ kind: ExperimentDesign.Kind, runs: [[Int]], resolution: Int? = nil, _ values: [[Double?]],
        lessIsBetter: Bool = true
    ) -> ExperimentRecord {
        let names = ["a", "b", "c", "d"]
        let factors = runs[0].indices.map { place in
            ExperimentFactor(
                name: names[place], kind: "rate",
                levels: (0...(runs.map { $0[place] }.max() ?? 0)).map(String.init))
        }
        let cells = runs.enumerated().map { number, run in
            ExperimentCell(
                name: "cell-\(number)",
                levels: Dictionary(uniqueKeysWithValues: zip(names, run).map { ($0, String($1)) }))
        }
        var trials: [ExperimentTrial] = []
        for (repetition, row) in values.enumerated() {
            for (cell, value) in row.enumerated() {
                var trial = ExperimentTrial(
                    cell: cell, repetition: repetition, folder: "\(trials.count)", estimatedSeconds: 1)
                trial.state = value == nil ? .invalid : .done
                trial.values = [Self.metric.name: value ?? 1_000]
                trials.append(trial)
            }
        }
        var metric = Self.metric
        metric.lessIsBetter = lessIsBetter
        return ExperimentRecord(
            experimentId: "e", name: "e", summary: "s", toolVersion: "0", startedAt: "", command: "", inputs: [],
            seed: 1, repeats: values.count, margin: 0.03, budgetSeconds: nil, estimatedSeconds: 1,
            host: HostDescription(
                processorModel: "p", processors: 2, memoryBytes: 1, kernel: "k", operatingSystem: "o", filesystem: "f"),
            factors: factors, design: ExperimentDesign(kind: kind, summary: "s", resolution: resolution),
            metrics: [metric], cells: cells, trials: trials)
    }

    private func isNear(_ value: Double?, _ expected: Double) -> Bool {
        value.map { abs($0 / expected - 1) < 1e-9 } ?? false
    }

    private static let square = [[0, 0], [1, 0], [0, 1], [1, 1]]

    @Test func rankingIsByGeometricMeanAndRatiosAreRepeatByRepeat() throws {
        // The second repeat ran on a host that was three times as slow: ratios do not see it.
        let result = try #require(
            ExperimentAnalysis.results(of: record(.full, runs: [[0], [1]], [[4, 2], [12, 6]])).first)
        #expect(result.ranking.map(\.cell) == [1, 0])
        #expect(isNear(result.ranking[0].value, 12.0.squareRoot()) && result.ranking[0].count == 2)
        #expect(isNear(result.ranking[0].ratio, 0.5) && isNear(result.ranking[0].ratioLow, 0.5))
        #expect((result.ranking[0].high ?? 0) > 6)
        #expect(result.ranking[1].ratio == nil)
        let turned = record(.full, runs: [[0], [1]], [[4, 2], [12, 6]], lessIsBetter: false)
        #expect(try #require(ExperimentAnalysis.results(of: turned).first).ranking.map(\.cell) == [0, 1])
    }

    @Test func cellsAreToldApartByTheNoiseOfAllOfThem() throws {
        // Cells 0 and 1 differ by a factor of 3 in every repeat, cell 2 from the best by less than the noise. A cell's
        // own two repeats have one degree of freedom and would tell nothing apart.
        let values: [[Double?]] = [[3.1, 1, 1.05, 8], [2.9, 1.04, 1.02, 8.3]]
        let result = try #require(
            ExperimentAnalysis.results(of: record(.full, runs: [[0], [1], [2], [3]], values)).first)
        #expect(result.ranking.map(\.cell) == [1, 2, 0, 3] && result.ranking[0].byLeader == nil)
        let told = result.ranking.dropFirst().map { ($0.byLeader?.probability ?? 1) < ExperimentAnalysis.error }
        #expect(told == [false, true, true])
        let second = try #require(result.ranking[1].byLeader)
        #expect(isNear(second.ratio, (1.05 * 1.02 / 1.04).squareRoot()))
        #expect((second.low ?? 2) < 1 && (second.high ?? 0) > 1)
        // Against the base, which is cell 0: as many questions, so the same correction.
        #expect((result.ranking[0].probability ?? 1) < ExperimentAnalysis.error)
        #expect(result.ranking[2].probability == nil && result.ranking[2].ratio == nil)
        // By its own two repeats alone it would reach from 0.79 to 1.31.
        let best = result.ranking[0]
        #expect((best.low ?? 0) > 0.9 && (best.high ?? 9) < 1.15)
        #expect(result.method.contains("Holm"))
    }

    @Test func theBestOfManyIsNotSureByItsOwnInterval() throws {
        // Twelve cells that differ by noise alone, two repeats: the interval of the best leaves out the base, and among
        // eleven that may happen.
        let noise: [[Double?]] = [
            [1.04, 1.00, 1.02, 0.97, 1.04, 0.99, 1.01, 0.95, 1.03, 0.98, 1.00, 1.02],
            [1.03, 0.99, 1.03, 1.02, 0.98, 1.01, 0.97, 0.97, 1.00, 1.02, 1.01, 0.99],
        ]
        let result = try #require(
            ExperimentAnalysis.results(of: record(.full, runs: (0..<12).map { [$0] }, noise)).first)
        let best = try #require(result.ranking.first)
        #expect(best.cell == 7 && (best.ratioHigh ?? 2) < 1)
        #expect((best.probability ?? 0) > ExperimentAnalysis.error)
        #expect(result.ranking.dropFirst().allSatisfy { ($0.byLeader?.probability ?? 0) > ExperimentAnalysis.error })
    }

    /// Of eight cells that are the same the leader is seldom told apart from any: it was chosen by the values that judge it.
    @Test func aLeaderByChanceIsSeldomToldApart() throws {
        var random = SplitMix64(seed: 8)
        var (told, best) = (0, 0)
        let tries = 400
        for _ in 0..<tries {
            let values = (0..<3).map { _ in (0..<8).map { _ -> Double? in exp(0.1 * random.normal()) } }
            let result = try #require(
                ExperimentAnalysis.results(of: record(.full, runs: (0..<8).map { [$0] }, values)).first)
            let others = result.ranking.dropFirst()
            if others.contains(where: { ($0.byLeader?.probability ?? 1) < ExperimentAnalysis.error }) { told += 1 }
            if others.contains(where: { ($0.probability ?? 1) < ExperimentAnalysis.error }) { best += 1 }
        }
        // Within three standard errors of 5 %, in truth below it; with seven contrasts only, the leader's were 12 %.
        #expect(Double(told) / Double(tries) < 0.083 && Double(best) / Double(tries) < 0.083, "\(told), \(best)")
    }

    /// One cell of which values lie far apart says nothing of the others, which say the same in every repeat.
    @Test func aNoisyCellDoesNotWidenTheOthers() throws {
        let values: [[Double?]] = [[100, 99, 40, 101], [101, 100.1, 300, 102.1], [99, 98.2, 90, 99.9]]
        let result = try #require(
            ExperimentAnalysis.results(of: record(.full, runs: [[0], [1], [2], [3]], values)).first)
        let second = try #require(result.ranking.first { $0.cell == 1 })
        #expect((second.ratioLow ?? 0) > 0.98 && (second.ratioHigh ?? 2) < 1)
        let noisy = try #require(result.ranking.first { $0.cell == 2 })
        #expect((noisy.ratioLow ?? 1) < 0.3 && (noisy.high ?? 0) > 1_000)
        #expect(result.method.contains("own noise from repeat to repeat") && result.method.contains(" 2 degrees"))
    }

    /// Cells without a single page image do not lose to those that have some, and those are held against each other.
    @Test func zeroIsAValueAndNoRatio() throws {
        let values: [[Double?]] = [[2, 0, 4, 0], [1.9, 1, 3.7, 0], [2, 0, 4.1, nil]]
        let result = try #require(
            ExperimentAnalysis.results(of: record(.full, runs: [[0], [1], [2], [3]], values)).first)
        #expect(result.ranking.map(\.cell) == [3, 1, 0, 2] && result.unranked == [] && result.zeros == [1, 3])
        #expect(result.ranking.map(\.count) == [2, 3, 3, 3] && result.ranking[0].value == 0)
        #expect(isNear(result.ranking[1].value, 1.0 / 3))
        #expect(result.ranking.prefix(2).allSatisfy { $0.ratio == nil && $0.low == nil && $0.byLeader == nil })
        #expect((result.ranking[3].ratioLow ?? 0) > 1.8 && result.completeRepeats == 3)
        #expect(result.method.contains("a cell with the value 0 stands with its arithmetic mean"))
        // The leader has none, so nobody is held against it.
        #expect(result.ranking.allSatisfy { $0.byLeader == nil })
        let only = try #require(ExperimentAnalysis.results(of: record(.full, runs: [[0], [1]], [[0, 0]])).first)
        #expect(only.completeRepeats == 0 && only.zeros == [0, 1] && only.effects.isEmpty)
    }

    @Test func repeatsThatAreTheSameLeaveNoWidth() throws {
        let values: [[Double?]] = [[189_168, 996_000, 189_168], [189_168, 996_000, 189_168]]
        let result = try #require(
            ExperimentAnalysis.results(of: record(.full, runs: [[0], [1], [2]], values)).first)
        let last = try #require(result.ranking.last)
        #expect(last.cell == 1 && isNear(last.low, 996_000) && isNear(last.high, 996_000))
        #expect(isNear(last.ratioLow, 996_000.0 / 189_168) && last.probability == 0)
        #expect(result.ranking.first { $0.cell == 2 }?.probability == 1)
    }

    @Test func effectsAndInteractionsOfAFullDesignAreRatios() throws {
        // a doubles, b triples, and together they do half as much again.
        let result = try #require(
            ExperimentAnalysis.results(of: record(.full, runs: Self.square, [[1, 2, 3, 9], [2, 4, 6, 18]])).first)
        #expect(result.effects.map(\.effect) == ["a", "b", "a × b"])
        #expect(isNear(result.effects[0].ratio, 6.0.squareRoot()) && result.effects[0].to == "1")
        #expect(isNear(result.effects[2].ratio, 1.5))
        #expect(isNear(result.effects[2].low, 1.5) && isNear(result.effects[2].high, 1.5))
        #expect(result.completeRepeats == 2)
    }

    @Test func aSingleRepeatHasNoIntervalsUnlessThereAreManyEffects() throws {
        let small = try #require(
            ExperimentAnalysis.results(of: record(.full, runs: Self.square, [[1, 2, 3, 9]])).first)
        #expect(small.effects.allSatisfy { $0.low == nil } && small.method.contains("no intervals"))
        #expect(small.ranking.allSatisfy { $0.low == nil && $0.ratioLow == nil })
        // Four factors have ten effects: all but one are 1, and Lenth's interval says so.
        let runs = (0..<16).map { number in (0..<4).map { number >> $0 & 1 } }
        let noise = [1.03, 1, 1.03, 1, 0.97, 0.99, 1.01, 1, 1, 1.03, 1.03, 0.99, 1, 0.99, 1.01, 0.98]
        let values = zip(runs, noise).map { run, noise in (run[1] == 1 ? 4.0 : 1) * noise }
        let large = try #require(ExperimentAnalysis.results(of: record(.full, runs: runs, [values])).first)
        #expect(large.effects.count == 10 && large.method.contains("Lenth"))
        let sure = large.effects.filter { ($0.low ?? 0) > 1 || ($0.high ?? 2) < 1 }
        #expect(sure.map(\.effect) == ["b"])
        #expect(abs(sure[0].ratio - 4) < 0.1)
    }

    @Test func stepsOfManyLevelsAreAveragedOverPairs() throws {
        let runs = [[0, 0], [1, 0], [2, 0], [0, 1], [1, 1], [2, 1]]
        let values: [Double?] = [1, 2, 4, 1, 8, 4]
        let result = try #require(ExperimentAnalysis.results(of: record(.full, runs: runs, [values])).first)
        #expect(result.effects.map { "\($0.effect) \($0.from) \($0.to)" } == ["a 0 1", "a 0 2", "b 0 1"])
        #expect(isNear(result.effects[0].ratio, 4) && isNear(result.effects[1].ratio, 4))
        #expect(isNear(result.effects[2].ratio, cbrt(4.0)))
    }

    @Test func oneAtATimeComparesWithTheBaseAlone() throws {
        let runs = [[0, 0], [1, 0], [0, 1]]
        let result = try #require(ExperimentAnalysis.results(of: record(.oneAtATime, runs: runs, [[2, 3, 8]])).first)
        #expect(result.effects.map(\.effect) == ["a", "b"])
        #expect(isNear(result.effects[0].ratio, 1.5) && isNear(result.effects[1].ratio, 4))
    }

    @Test func invalidTrialsAndIncompleteRepeatsAreLeftOut() throws {
        let values: [[Double?]] = [[1, 2, 3, 9], [5, nil, 15, 45], [2, 4, 6, 18]]
        let result = try #require(ExperimentAnalysis.results(of: record(.full, runs: Self.square, values)).first)
        #expect(result.completeRepeats == 2)
        #expect(result.ranking.map(\.count).sorted() == [2, 3, 3, 3])
        #expect(isNear(result.effects[2].ratio, 1.5))
        // A cell without any value: no effects of a screening design, pairs of the others all the same.
        let gap: [[Double?]] = [[1, nil, 3, 9]]
        let screening = record(.fractional, runs: Self.square, resolution: 5, gap)
        #expect(try #require(ExperimentAnalysis.results(of: screening).first).effects.isEmpty)
        let full = try #require(ExperimentAnalysis.results(of: record(.full, runs: Self.square, gap)).first)
        #expect(full.ranking.map(\.cell) == [0, 2, 3])
        #expect(full.effects.map(\.effect) == ["a", "b"] && isNear(full.effects[0].ratio, 3))
        #expect(ExperimentAnalysis.results(of: record(.full, runs: Self.square, [[nil, nil, nil, nil]])).isEmpty)
    }

    @Test func cellsWithoutAValueAreToldWithTheReason() throws {
        var some = record(.full, runs: Self.square, [[1, nil, 3, nil], [2, 4, 6, nil], [2, 4, 6, 8]])
        // Cell 1 fell behind once; its other repeats are the lucky ones. Cell 3 ended without being evidence.
        some.trials[1].fellBehind = true
        for trial in [3, 7] { some.trials[trial].detail = "not evidence: steal" }
        (some.trials[11].state, some.trials[11].values) = (.failed, [:])
        some.trials[11].detail = "the server does not start"
        let result = try #require(ExperimentAnalysis.results(of: some).first)
        #expect(result.ranking.map(\.cell) == [0, 2])
        #expect(
            result.unranked == [
                UnrankedCell(cell: 1, reason: "did not keep up with its rate in 1 of 3 repeats"),
                UnrankedCell(
                    cell: 3,
                    reason:
                        "1 of 3 repeats could not be run: the server does not start, 2 of 3 repeats may not be used: not evidence: steal"
                ),
            ])
        // Of two pairs for factor b one is left, and none for factor a.
        #expect(result.effects.map(\.effect) == ["b"])
        #expect(result.effects[0].pairs == 1 && result.effects[0].plannedPairs == 2)
        let whole = try #require(
            ExperimentAnalysis.results(of: record(.full, runs: Self.square, [[1, 2, 3, 9]])).first)
        #expect(whole.effects.map(\.pairs) == [2, 2, nil] && whole.unranked == [])
        // Nobody kept up: that is a result, too.
        var none = record(.full, runs: [[0], [1]], [[nil, nil]])
        for trial in none.trials.indices { none.trials[trial].fellBehind = true }
        let empty = try #require(ExperimentAnalysis.results(of: none).first)
        #expect(empty.ranking.isEmpty && empty.unranked?.count == 2 && empty.effects.isEmpty)
        none.trials[1].fellBehind = false
        (none.trials[1].state, none.trials[1].attempts) = (.pending, 0)
        #expect(ExperimentAnalysis.results(of: none).first?.unranked?.last?.reason == "not run yet")
    }

    @Test func mixedInteractionsAreEstimatedOnceAndNotInResolutionThree() throws {
        // D = ABC: a × b is c × d.
        let runs = (0..<8).map { number -> [Int] in
            let free = (0..<3).map { number >> $0 & 1 }
            return free + [free.reduce(0, +) % 2]
        }
        let values = runs.map { Double(1 + $0[0]) }.map(Optional.some)
        let four = try #require(
            ExperimentAnalysis.results(of: record(.fractional, runs: runs, resolution: 4, [values])).first)
        #expect(four.effects.map(\.effect) == ["a", "b", "c", "d", "a × b", "a × c", "a × d"])
        let three = try #require(
            ExperimentAnalysis.results(of: record(.plackettBurman, runs: runs, resolution: 3, [values])).first)
        #expect(three.effects.map(\.effect) == ["a", "b", "c", "d"])
        #expect(isNear(three.effects[0].ratio, 2) && isNear(three.effects[1].ratio, 1))
    }
}
