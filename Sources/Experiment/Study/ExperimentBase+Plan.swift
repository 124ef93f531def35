import ArchiveDriver
import RunRecord
import Testbed
import Workload

extension ExperimentBase {
    /// What all cells have in common, for the record.
    ///
    /// - Parameters:
    ///   - subject: the cell with every factor at its first level, its profile fitted to the host.
    ///   - spec: of the experiment.
    ///   - files: all that it names.
    ///   - memory: of the host, bytes.
    init(_ subject: CellSubject, _ spec: ExperimentSpec, _ files: ExperimentFiles, memory: Int) {
        var choice = spec.base
        for factor in spec.factors { if let level = factor.levels.first { choice.apply(level.change) } }
        let (workload, variant) = (subject.workload, files.variants[choice.variant]?.variant)
        let fitted = subject.variant.fitted(toMemory: min(subject.profile?.memory ?? .max, memory))
        self.init(
            workload: workload.name, workloadSummary: workload.summary, overlays: subject.overlays.map(\.name),
            rateScale: subject.rateScale, timeScale: workload.timeScale, historyRows: workload.history.rows,
            historyBytes: workload.history.bytes, partitions: workload.history.partitions,
            retention: workload.clockwork.retention.map(\.text),
            warmUpSeconds: Double(workload.phases.warmUp) / 1e9,
            measureSeconds: Double(workload.phases.measure) / 1e9,
            drainLimitSeconds: Double(workload.phases.drainLimit) / 1e9,
            variant: variant?.name ?? choice.variant, variantSummary: variant?.summary ?? "",
            schemaVersion: subject.schema, suggestions: subject.suggestions.map { Self.words($0, files) },
            profile: subject.profile?.name, profileSummary: subject.profile?.summary,
            adaptations: [subject.profile?.scaleSentence].compactMap { $0 } + fitted.adaptations)
    }

    /// A suggestion's name and what it changes.
    private static func words(_ name: String, _ files: ExperimentFiles) -> String {
        guard let read = files.variants[name] else { return name }
        let changes = SuggestionDescription(read.variant, driver: read.driver)?.changes ?? []
        return changes.isEmpty ? read.variant.name : "\(read.variant.name): \(changes.joined(separator: "; "))"
    }
}

extension ExperimentSuggestion {
    /// Suggestions that the levels of a factor put in force.
    ///
    /// - Parameters:
    ///   - factor: of the experiment.
    ///   - files: all that it names.
    /// - Returns: in the order of the levels; none for a factor that varies something else.
    static func all(of factor: ExperimentSpec.Factor, _ files: ExperimentFiles) -> [ExperimentSuggestion] {
        factor.levels.compactMap { level -> ExperimentSuggestion? in
            let name: String
            switch level.change {
            case .suggestion(let suggestion): name = suggestion
            case .variant(let variant): name = variant
            default: return nil
            }
            guard let read = files.variants[name],
                let description = SuggestionDescription(read.variant, driver: read.driver)
            else { return nil }
            return ExperimentSuggestion(
                factor: factor.name, level: level.text, name: read.variant.name, description: description)
        }
    }
}
