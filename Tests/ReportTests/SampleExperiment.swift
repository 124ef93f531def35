import Report
import RunRecord

/// Experiments with invented numbers, for tests of layout, words and sums only.
enum SampleExperiment {
    /// Three factors with four, five and two levels; three repeats unless told otherwise.
    static func report(repeats: Int = 3, hostile: String? = nil) -> ExperimentReport {
        var record = record(repeats: repeats)
        if let hostile {
            record.name = hostile
            record.factors[0].levels[0] = hostile
            for cell in record.cells.indices where record.cells[cell].levels["profile"] == "2 vCPU" {
                record.cells[cell].levels["profile"] = hostile
            }
            record.trials[0].folder = hostile
            record.cells[0].name = hostile
        }
        return ExperimentReport(record: record, costs: costs(record))
    }

    private static let profiles = ["2 vCPU", "4 vCPU", "8 vCPU", "16 vCPU"]
    private static let suggestions = ["none", "wal-lz4", "group-commit", "brin", "no-redundant-indexes"]

    static func record(repeats: Int) -> ExperimentRecord {
        let factors = [
            ExperimentFactor(name: "profile", kind: "profile", levels: profiles),
            ExperimentFactor(name: "suggestion", kind: "suggestion", levels: suggestions),
            ExperimentFactor(name: "rate", kind: "rate", levels: ["× 1", "× 2"]),
        ]
        let cells = profiles.flatMap { profile in
            suggestions.flatMap { suggestion in
                ["× 1", "× 2"].map { rate in
                    ExperimentCell(
                        name: "\(profile.prefix { $0 != " " })c-\(suggestion)-r\(rate.suffix(1))",
                        levels: ["profile": profile, "suggestion": suggestion, "rate": rate])
                }
            }
        }
        let sample = SampleRecord.record()
        var record = ExperimentRecord(
            experimentId: "invented", name: "Suggestions on four machines", summary: "invented numbers, layout only",
            toolVersion: "0", startedAt: "2026-01-01T00:00:00Z",
            command: "archivebench experiment run Workloads/experiments/invented.yaml --seed 3",
            inputs: [ExperimentInput(kind: "spec", name: "invented.yaml", digest: "ab12")], seed: 3, repeats: repeats,
            margin: 0.03, budgetSeconds: 36_000, estimatedSeconds: 33_000, host: sample.host, factors: factors,
            design: ExperimentDesign(
                kind: .fractional, summary: "an invented fraction", resolution: 3,
                generators: ["rate = profile × suggestion"],
                aliases: ["rate": [.init(effect: "profile × suggestion", share: -0.5)]]),
            metrics: [
                ExperimentMetric(name: "response.p99:put", unit: "ms", lessIsBetter: true),
                ExperimentMetric(name: "throughput:put", unit: "1/s", lessIsBetter: false),
            ], cells: cells, trials: [])
        record.trials = (0..<repeats).flatMap { repetition in
            cells.indices.map { cell in trial(cell, repetition, record) }
        }
        record.ending = .completed
        record.endedAt = "2026-01-01T10:00:00Z"
        record.results = record.metrics.map { result($0, record) }
        return record
    }

    private static func value(_ cell: Int) -> Double {
        let (profile, suggestion, rate) = (cell / 10, cell / 2 % 5, cell % 2)
        let base = [20.0, 11, 7, 6][profile]
        let factor = [1, 0.84, 0.9, 1.02, 0.93][suggestion]
        return base * factor * (rate == 1 ? 1.3 + 0.2 * Double(3 - profile) : 1)
    }

    private static func trial(_ cell: Int, _ repetition: Int, _ record: ExperimentRecord) -> ExperimentTrial {
        var trial = ExperimentTrial(
            cell: cell, repetition: repetition, folder: "trials/\(record.cells[cell].name)-\(repetition + 1)",
            estimatedSeconds: 300)
        trial.state = cell == 7 && repetition == 0 ? .invalid : .done
        trial.detail = trial.state == .invalid ? "the generator was late" : nil
        trial.seconds = 301
        trial.values =
            trial.state == .done ? ["response.p99:put": value(cell), "throughput:put": 900 / value(cell)] : [:]
        trial.missedObjectives = cell == 1 ? ["p99 of put below 20 ms"] : []
        return trial
    }

    private static func result(_ metric: ExperimentMetric, _ record: ExperimentRecord) -> ExperimentResult {
        let sign = metric.lessIsBetter ? 1.0 : -1
        func value(_ cell: Int) -> Double { metric.lessIsBetter ? self.value(cell) : 900 / self.value(cell) }
        let ranking = record.cells.indices.sorted { sign * value($0) < sign * value($1) }.map { cell in
            var ranked = RankedCell(cell: cell, value: value(cell), count: record.repeats)
            ranked.ratio = value(cell) / value(0)
            if record.repeats > 1 {
                (ranked.low, ranked.high) = (value(cell) * 0.95, value(cell) * 1.06)
                if cell != 0 {
                    (ranked.ratioLow, ranked.ratioHigh) = (value(cell) / value(0) * 0.93, value(cell) / value(0) * 1.08)
                }
            }
            return ranked
        }
        let effects = [
            FactorEffect(effect: "profile", from: "2 vCPU", to: "16 vCPU", ratio: 0.3, low: 0.27, high: 0.34),
            FactorEffect(effect: "suggestion", from: "none", to: "wal-lz4", ratio: 0.84, low: 0.8, high: 0.88),
            FactorEffect(effect: "rate", from: "× 1", to: "× 2", ratio: 1.6, low: nil, high: nil),
            FactorEffect(effect: "profile × rate", from: "", to: "", ratio: 0.98, low: 0.9, high: 1.07),
        ]
        return ExperimentResult(
            metric: metric.name, ranking: ranking, effects: effects, completeRepeats: record.repeats,
            method: "Invented.")
    }

    private static func costs(_ record: ExperimentRecord) -> [Int: ExperimentReport.CellCost] {
        Dictionary(
            record.cells.indices.map { cell in
                (
                    cell,
                    ExperimentReport.CellCost(
                        price: "\([24, 48, 96, 192][cell / 10]) USD a month (invented)", processors: nil,
                        diskBytes: 8_000_000_000)
                )
            }, uniquingKeysWith: { first, _ in first })
    }
}
