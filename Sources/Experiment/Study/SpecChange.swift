import RunRecord

/// Tells whether an experiment is still the one that was begun.
package enum SpecChange {
    /// Refuses a specification that is not the one that was begun.
    ///
    /// - Parameters:
    ///   - record: of the experiment.
    ///   - stored: the specification as it was when it began; `nil` when nobody knows.
    ///   - current: text of the file now.
    ///   - folder: where the experiment lies.
    /// - Throws: `ExperimentProblem` with the first line that differs, and the remedy.
    package static func check(
        _ record: ExperimentRecord, stored: String?, current: String, folder: ExperimentFolder
    ) throws {
        guard let input = record.inputs.first(where: { $0.kind == "spec" }), input.digest != FileDigest.of(current)
        else { return }
        let difference = stored.flatMap { firstDifference($0, current) }.map { ": \($0)" } ?? ""
        throw ExperimentProblem(
            "\(input.name): changed since the experiment began\(difference); put it back as in \(folder.path)/\(ExperimentFolder.specName), or begin a new one with 'archivebench experiment run'"
        )
    }

    /// Refuses when a file that the specification names is not what it was, or this host makes other cells of it.
    ///
    /// - Parameters:
    ///   - record: of the experiment.
    ///   - plan: the specification as it is now.
    /// - Throws: `ExperimentProblem` with all that changed, and the remedy.
    package static func check(_ record: ExperimentRecord, against plan: ExperimentPlan) throws {
        let changed = record.inputs.filter { old in
            old.kind != "spec" && plan.inputs.first { $0.kind == old.kind && $0.name == old.name }?.digest != old.digest
        }
        guard changed.isEmpty else {
            let names = changed.map { "\($0.kind) \($0.name)" }.joined(separator: ", ")
            throw ExperimentProblem(
                "\(names): changed since the experiment began; put back what was, or begin a new one with 'archivebench experiment run'"
            )
        }
        let isSame = zip(record.trials, plan.trials).allSatisfy { $0.cell == $1.cell && $0.folder == $1.folder }
        guard record.cells == plan.cells, record.trials.count == plan.trials.count, isSame else {
            throw ExperimentProblem(
                "\(record.experimentId): this host, or this version of the tool, makes other cells of the same specification; resume it where it began, or begin a new one with 'archivebench experiment run'"
            )
        }
    }

    /// Refuses to run trials beside those of a version that counted or began them otherwise: before each trial had a load
    /// of its record, histories and traffic were the same in all repeats, and a trial began with what was in memory.
    ///
    /// - Parameters:
    ///   - record: of the experiment.
    ///   - metrics: as this version knows them.
    ///   - retry: what will be run again.
    /// - Throws: `ExperimentProblem` with the remedy.
    package static func checkGoingOn(
        _ record: ExperimentRecord, metrics: [ExperimentMetric], retrying retry: TrialRetry
    ) throws {
        try retry.check(record)
        guard retry.leavesWork(in: record) else { return }
        let isOlder = record.trials.contains { $0.state == .done && $0.load == nil }
        guard isOlder || record.metrics != metrics else { return }
        throw ExperimentProblem(
            "\(record.experimentId): its trials were run by version \(record.toolVersion), which began and counted them otherwise; go on with that version, or begin a new one with 'archivebench experiment run'"
        )
    }

    /// Such as `line 12 was 'repeats: 3', is 'repeats: 5'`.
    private static func firstDifference(_ old: String, _ new: String) -> String? {
        let (old, new) = (lines(old), lines(new))
        let number = (0..<max(old.count, new.count)).first { line in
            line >= old.count || line >= new.count || old[line] != new[line]
        }
        guard let number else { return nil }
        func show(_ lines: [Substring]) -> String {
            lines.indices.contains(number) ? "'\(lines[number].prefix(80))'" : "not there"
        }
        return "line \(number + 1) was \(show(old)), is \(show(new))"
    }

    private static func lines(_ text: String) -> [Substring] {
        text.split(separator: "\n", omittingEmptySubsequences: false)
    }
}
