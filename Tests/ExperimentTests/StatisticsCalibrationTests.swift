import Experiment
import FoundationEssentials
import RunRecord
import Statistics
import TestSupport
import Testbed
import Testing

/// Comparisons whose truth is known, without a server.
@Suite struct StatisticsCalibrationTests {
    /// Intervals by R's `binom.test(5, 100)` and `binom.test(19, 20)`.
    @Test func rowsCarryTheIntervalOfTheirShare() throws {
        func findings(_ hits: Int, _ verdict: Verdict, of count: Int) -> [CalibrationTally.Finding] {
            (0..<count).map { .init(verdict: $0 < hits ? verdict : .equivalent, ratio: (1, 0.98, 1.02)) }
        }
        let equals = CalibrationTally(name: "equals", findings: findings(5, .worse, of: 100))
        let wrong = try #require(equals.falseVerdicts)
        #expect(wrong.value == 0.05 && abs(wrong.low - 0.01643) < 1e-4 && abs(wrong.high - 0.11283) < 1e-4)
        #expect(wrong.holds && wrong.name == "equals, 100 tries: false verdicts")
        // 10 of 100: P(X >= 10) = 0.028 at 0.05.
        #expect(CalibrationTally(name: "", findings: findings(10, .better, of: 100)).falseVerdicts?.holds == false)
        let planted = CalibrationTally(name: "planted", findings: findings(19, .worse, of: 20))
        let found = try #require(planted.power(.worse, atLeast: 0.95, heldFrom: 20))
        #expect(found.holds && abs(found.low - 0.75127) < 1e-4 && abs(found.high - 0.99873) < 1e-4)
        #expect(planted.power(.worse, atLeast: 0.96, heldFrom: 20)?.holds == false)
        #expect(planted.power(.worse, atLeast: 0.96, heldFrom: 21)?.bound == CalibrationRow.noBound)
        #expect(
            planted.coverage(of: 1.05, heldFrom: 20)?.value == 0
                && planted.coverage(of: 1, heldFrom: 20)?.holds == false)
        #expect(CalibrationTally(name: "", findings: []).falseVerdicts == nil)
    }

    @Test func triesAreKeptAndTheKindFarthestFromItsGoalIsNext() throws {
        let folder = try TemporaryFolder()
        let file = CalibrationTries(path: "\(folder.path)/tries.jsonl")
        #expect(file.read().isEmpty && StatisticsCalibration.next([], within: 1_000)?.planted == 0)
        for number in 0..<3 { try file.append(.sample(planted: number == 1 ? 0.1 : 0, seed: UInt64(number))) }
        // A line that a kill cut short is left out, and the next one is not lost with it.
        let handle = try #require(FileManager.default.contents(atPath: file.path))
        try (handle + Data("{\"planted\":0.1,".utf8)).write(to: URL(filePath: file.path))
        try file.append(.sample(planted: 0.05, seed: 9))
        let known = file.read()
        #expect(known.map(\.planted) == [0, 0.1, 0, 0.05] && known.map(\.seed) == [0, 1, 2, 9])
        // 2 of 100, 1 of 20, 1 of 12.
        #expect(StatisticsCalibration.next(known, within: 1_000)?.planted == 0)
        let many = (0..<60).map { CalibrationTry.sample(planted: 0, seed: UInt64($0)) } + known
        #expect(StatisticsCalibration.next(many, within: 1_000)?.planted == 0.1)
        #expect(StatisticsCalibration.next(many, within: 60)?.planted == 0)
        #expect(StatisticsCalibration.next(many, within: 5) == nil)
        let names = StatisticsCalibration.rows(many).map(\.name)
        #expect(
            names.contains(
                "real server, throughput of puts by one client, 12 blocks at most, base against base, 62 tries: false verdicts"
            ))
    }

    /// Half of the flushes take 3 ms more: the median of the mixture of 1 ms and 4 ms lies between, its mean is 2.5 ms.
    @Test func aDelayIsPlantedInItsShareOfTheCalls() {
        let delayed = PlantedPair.delayed(.constant(1_000_000), by: 3_000_000, share: 0.5)
        #expect(delayed.quantile(0.2) == 1_000_000 && delayed.quantile(0.8) == 4_000_000)
        let steps = (0..<1_000).map { delayed.quantile((Double($0) + 0.5) / 1_000) }
        #expect(abs(steps.reduce(0, +) / 1_000 - 2_500_000) < 20_000)
    }

    /// Without noise, simulated sides differ by what was planted and by chance alone: a tenth is found, none is not.
    @Test func simulatedComparisonsFindWhatWasPlanted() throws {
        let quiet = SimulatedHost.Noise.recorded([[0.001, -0.001]])
        let worse = try #require(SimulatedComparison(noise: quiet, ratio: 1.1, blocks: 24, seed: 1).run())
        #expect(worse.verdict == .worse)
        let ratio = try #require(worse.ratio)
        #expect(abs(ratio.value - 1.1) < 0.06 && ratio.low < 1.1 && ratio.high > 1.1)
        let same = try #require(SimulatedComparison(noise: quiet, ratio: 1, blocks: 24, seed: 1).run())
        #expect(same.verdict != .worse && same.verdict != .better)
        #expect(SimulatedComparison(noise: quiet, ratio: 1, blocks: 24, seed: 1).run() == same)
    }
}

extension CalibrationTry {
    fileprivate static func sample(planted: Double, seed: UInt64) -> CalibrationTry {
        var sample = CalibrationTry(planted: planted, seed: seed)
        (sample.verdict, sample.ratio, sample.low, sample.high) = (.equivalent, 1, 0.99, 1.01)
        return sample
    }
}
