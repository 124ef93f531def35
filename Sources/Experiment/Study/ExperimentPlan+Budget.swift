import LinuxSystem
import RunRecord
import Testbed

extension ExperimentPlan {
    /// Checks that the trials fit into the time allowed.
    ///
    /// - Parameter budget: nanoseconds; `nil` for as long as it takes.
    /// - Throws: `TestbedProblem` with what would fit.
    package func checkBudget(_ budget: UInt64?) throws {
        guard let budget else { return }
        let allowed = Double(budget) / 1e9
        guard seconds > allowed else { return }
        throw TestbedProblem(
            "\(spec.file): \(trials.count) trials need about \(Self.time(seconds)), the budget is \(Self.time(allowed)); \(whatFits(allowed))"
        )
    }

    private func whatFits(_ allowed: Double) -> String {
        var spent = 0.0
        let fitting = trials.prefix { trial in
            spent += trial.estimatedSeconds
            return spent <= allowed
        }.count
        let repeats = fitting / cells.count
        if repeats >= 1 { return "what fits: repeats: \(repeats), or --budget \(Self.argument(seconds))" }
        return
            "what fits: \(fitting) of the \(cells.count) cells, once; use fewer levels, a screening design, shorter phases, or --budget \(Self.argument(seconds))"
    }

    /// The record of an experiment of which nothing has been run yet.
    ///
    /// - Parameters:
    ///   - id: name of its folder.
    ///   - budget: nanoseconds, instead of the file's.
    ///   - host: the machine.
    ///   - toolVersion: of the tool.
    ///   - command: that makes it again.
    ///   - now: wall clock, seconds since 1970.
    /// - Returns: all trials pending.
    package func record(
        id: String, budget: UInt64?, host: HostDescription, toolVersion: String, command: String, now: Int
    ) -> ExperimentRecord {
        var record = ExperimentRecord(
            experimentId: id, name: spec.name, summary: spec.summary, toolVersion: toolVersion,
            startedAt: UTCTime(seconds: now).iso8601, command: command, inputs: inputs, seed: spec.seed,
            repeats: spec.repeats, margin: spec.margin, budgetSeconds: budget.map { Double($0) / 1e9 },
            estimatedSeconds: seconds, host: host, factors: factors, design: design, metrics: spec.metrics,
            cells: cells, trials: trials)
        record.threats = notes + threats
        describe(&record)
        return record
    }

    /// Tells what the cells have in common, and what was suggested, where the record does not: those that older
    /// versions began do not.
    ///
    /// - Parameter record: of this experiment.
    package func describe(_ record: inout ExperimentRecord) {
        record.base = record.base ?? base
        record.suggestions = record.suggestions ?? described
    }

    private var threats: [String] {
        var threats: [String] = [
            "cells were run one after the other, not side by side: drift of the host between trials of a repeat is noise in every effect; 'archivebench compare' measures a single difference better"
        ]
        if spec.repeats == 1 { threats.append("each cell was run once, so that its own spread is unknown") }
        if !design.aliases.isEmpty { threats.append("effects are mixed as the aliases say") }
        if spec.metrics.contains(where: { $0.name == "wal.bytes" || $0.name == "wal.full-page-images" }) {
            threats.append(
                "each trial starts after a checkpoint: what is touched for the first time since goes to the WAL as a whole page, so a short measure phase has more of these than a long one, and cells that write to more pages have the most"
            )
        }
        threats.append(
            "each trial's server starts with empty buffers, and what its warm-up did not read is read in the measure phase: reading weighs more than on a server that has run for days"
        )
        return threats
    }

    /// Two units, such as `1 h 5 min`.
    package static func time(_ seconds: Double) -> String {
        let whole = max(0, Int(seconds.rounded()))
        if whole < 100 { return "\(whole) s" }
        let minutes = (whole + 30) / 60
        if minutes < 100 { return "\(minutes) min" }
        return "\(minutes / 60) h \(minutes % 60) min"
    }

    /// As the command line takes it, rounded up to minutes.
    private static func argument(_ seconds: Double) -> String { "\(Int((seconds / 60).rounded(.up)))min" }
}
