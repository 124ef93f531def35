import RunRecord

/// `trials.csv`: a row a trial and metric, with the levels of its cell, for a spreadsheet or a statistics program.
public struct ExperimentCSV: ExperimentExporter {
    /// `trials.csv`.
    public let file = "trials.csv"

    /// An exporter without choices.
    public init() {}

    /// A head, and a row for each value; a trial without any has one row with an empty metric.
    public func export(_ report: ExperimentReport) -> String {
        let record = report.record
        let factors = record.factors.map(\.name)
        let head =
            ["experiment", "trial", "cell", "repeat"] + factors.map { "factor.\($0)" }
            + ["state", "seconds", "metric", "unit", "value", "folder"]
        let rows = record.trials.enumerated().flatMap { number, trial -> [[String]] in
            let levels = record.cells.indices.contains(trial.cell) ? record.cells[trial.cell].levels : [:]
            let front =
                [record.experimentId, "\(number + 1)", report.name(trial.cell), "\(trial.repetition + 1)"]
                + factors.map { levels[$0] ?? "" } + [trial.state.rawValue, trial.seconds.map { "\($0)" } ?? ""]
            guard !trial.values.isEmpty else { return [front + ["", "", "", trial.folder]] }
            return trial.values.sorted { $0.key < $1.key }.map { name, value in
                front + [name, report.metric(name)?.unit ?? "", "\(value)", trial.folder]
            }
        }
        return CSV.text([head] + rows)
    }
}
