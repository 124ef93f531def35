import Report
import RunRecord
import Testing

/// An experiment in the terminal.
@Suite struct TerminalExperimentTests {
    /// Invented numbers, for tests of words only.
    private func record() -> ExperimentRecord {
        let cells = ["base", "work_mem-8MB-\u{1B}[31m"].enumerated().map { number, name in
            ExperimentCell(name: name, levels: ["work_mem": number == 0 ? "4MB" : "8MB"])
        }
        var record = ExperimentRecord(
            experimentId: "e", name: "memory", summary: "s", toolVersion: "0", startedAt: "", command: "", inputs: [],
            seed: 3, repeats: 1, margin: 0.03, budgetSeconds: 600, estimatedSeconds: 200,
            host: HostDescription(
                processorModel: "p", processors: 2, memoryBytes: 1, kernel: "k", operatingSystem: "o", filesystem: "f"),
            factors: [ExperimentFactor(name: "work_mem", kind: "setting", levels: ["4MB", "8MB"])],
            design: ExperimentDesign(
                kind: .plackettBurman, summary: "8 runs", resolution: 3,
                aliases: ["work_mem": [.init(effect: "jit × lz4", share: -1), .init(effect: "a × b", share: 1 / 3)]]),
            metrics: [
                ExperimentMetric(name: "response.p95:put", unit: "ms", lessIsBetter: true),
                ExperimentMetric(name: "wal.bytes", unit: "B", lessIsBetter: true),
            ], cells: cells,
            trials: (0..<2).map {
                ExperimentTrial(cell: $0, repetition: 0, folder: "0\($0 + 1)-cell", estimatedSeconds: 100)
            })
        record.trials[0].state = .done
        record.trials[0].missedObjectives = ["p99 of put below 1 ms"]
        record.trials[1].state = .invalid
        record.trials[1].detail = "not evidence: kept-up"
        record.ending = .completed
        var ranked = RankedCell(cell: 1, value: 12.345, count: 2)
        (ranked.ratio, ranked.ratioLow, ranked.ratioHigh, ranked.low, ranked.high) = (0.9, 0.8, 1.01, 11, 13.5)
        record.results = [
            ExperimentResult(
                metric: "response.p95:put", ranking: [ranked, RankedCell(cell: 0, value: 14, count: 1)],
                effects: [FactorEffect(effect: "work_mem", from: "4MB", to: "8MB", ratio: 0.9, low: nil, high: nil)],
                completeRepeats: 1, method: "a single repeat")
        ]
        return record
    }

    @Test func theAnswerComesFirstAndUnknownsAreWritten() {
        let text = TerminalExperiment(record(), colour: false).results(folder: "/x")
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.first == "COMPLETE, WITH GAPS  memory: 1 of 2 trials usable, 0 not run")
        #expect(text.contains("response.p95:put, less is better"))
        #expect(text.contains("× 0.900 [0.800, 1.01]") && text.contains("[11.0 ms, 13.5 ms]"))
        #expect(text.contains("work_mem *") && text.contains("× 0.900 [unknown]") && text.contains("one repeat"))
        #expect(text.contains("work_mem is mixed with −jit × lz4, 0.333 of a × b"))
        #expect(text.contains("invalid    01-cell: ") || text.contains("invalid    02-cell: not evidence: kept-up"))
        #expect(text.contains("missed     01-cell: p99 of put below 1 ms"))
        #expect(text.hasSuffix("folder     /x") && !text.contains("\u{1B}"))
        #expect(lines.allSatisfy { $0.count <= 100 })
        #expect(TerminalExperiment(record(), colour: true).results(folder: "/x").contains("\u{1B}[33m"))
    }

    @Test func standingIsByTheWholeInterval() {
        func standing(_ ratio: Double, _ low: Double?, _ high: Double?) -> ExperimentStanding {
            ExperimentStanding(ratio, low: low, high: high, margin: 0.05)
        }
        #expect(standing(1.2, 1.1, 1.3) == .beyond && standing(0.8, 0.7, 0.9) == .beyond)
        #expect(standing(1.01, 0.97, 1.04) == .within && standing(1.02, 1.01, 1.03) == .within)
        #expect(standing(1.2, 0.9, 1.5) == .open && standing(1.04, 1.01, 1.07) == .open)
        #expect(standing(2, nil, nil) == .open)
    }

    @Test func thePlanSaysOrderTimeAndAliases() {
        let text = TerminalExperiment(record(), colour: false).plan()
        #expect(text.contains("2 trials, about 3 min, of a budget of 10 min"))
        #expect(text.contains("work_mem (setting): 4MB, 8MB") && text.contains("8 runs; 1 repeat, seed 3"))
        #expect(text.contains("02-cell") && text.contains("* alias"))
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 100 })
    }
}
