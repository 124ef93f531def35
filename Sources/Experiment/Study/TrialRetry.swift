import RunRecord

/// Finished trials of an experiment that a person wants run again. Choosing which trials count is a choice of results: each
/// is kept, and told with its reason.
package struct TrialRetry: Sendable {
    /// `failed` or `invalid`: trials that ended so.
    package var states: Set<ExperimentTrial.State>
    /// Trials by the names of their folders, however they ended.
    package var folders: [String]
    /// Why those of ``folders`` do not count; what the tool did not see, such as work beside the trial.
    package var reason: String

    /// Nothing, unless told otherwise.
    package init(states: Set<ExperimentTrial.State> = [], folders: [String] = [], reason: String = "") {
        (self.states, self.folders, self.reason) = (states, folders, reason)
    }

    /// Why a trial is set aside; `nil` for one that is not.
    func reason(for trial: ExperimentTrial) -> String? {
        guard trial.isFinished else { return nil }
        if folders.contains(trial.folder) {
            return "a person set it aside after it had ended: \(reason)" + (trial.detail.map { " (\($0))" } ?? "")
        }
        return states.contains(trial.state) ? trial.detail ?? trial.state.rawValue : nil
    }

    /// Whether any trial has to be run.
    ///
    /// - Parameter record: of the experiment.
    /// - Returns: true for one that is not finished, too.
    package func leavesWork(in record: ExperimentRecord) -> Bool {
        record.trials.contains { !$0.isFinished || reason(for: $0) != nil }
    }

    /// Refuses folders that are none of the experiment's finished trials.
    ///
    /// - Parameter record: of the experiment.
    /// - Throws: `ExperimentProblem` with the first of them.
    package func check(_ record: ExperimentRecord) throws {
        let known = Set(record.trials.filter(\.isFinished).map(\.folder))
        guard let unknown = folders.first(where: { !known.contains($0) }) else { return }
        throw ExperimentProblem(
            "\(unknown): no finished trial of \(record.experimentId); 'archivebench experiment status \(record.experimentId)' names them"
        )
    }
}
