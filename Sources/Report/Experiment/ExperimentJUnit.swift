import RunRecord

/// `junit.xml`: a suite a cell and a case a trial, for a build server. A missed objective fails; a trial that is no evidence
/// is an error; one that has not run is skipped.
public struct ExperimentJUnit: ExperimentExporter {
    /// `junit.xml`.
    public let file = "junit.xml"

    /// An exporter without choices.
    public init() {}

    /// The whole document.
    public func export(_ report: ExperimentReport) -> String {
        let record = report.record
        let suites = record.cells.indices.map { cell in
            let trials = record.trials.filter { $0.cell == cell }
            return JUnit.Suite(
                name: report.name(cell), cases: trials.map { self.trial($0, report) },
                seconds: trials.compactMap(\.seconds).reduce(0, +), startedAt: record.startedAt)
        }
        return JUnit(name: record.experimentId, suites: suites).text
    }

    private func trial(_ trial: ExperimentTrial, _ report: ExperimentReport) -> JUnit.Case {
        let outcome: JUnit.Outcome
        switch trial.state {
        case .pending, .running: outcome = .skipped("has not ended")
        case .invalid, .failed: outcome = .broken(trial.detail ?? "no reason was recorded")
        case .done:
            let missed = trial.missedObjectives ?? []
            outcome = missed.isEmpty ? .passed : .failed("missed: \(missed.joined(separator: "; "))")
        }
        let values = trial.values.sorted { $0.key < $1.key }.map { name, value in
            "\(name): \(Quantity.plain.measure(value, report.metric(name)?.unit ?? ""))"
        }
        return JUnit.Case(
            name: "repeat \(trial.repetition + 1)", outcome: outcome,
            output: values.isEmpty ? "no value was collected" : values.joined(separator: "\n"))
    }
}
