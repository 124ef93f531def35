import LinuxSystem
import PostgresClient
import Testbed
import Workload

/// What the threads of a study saw, put together.
struct MigrationSight {
    /// Seen by the one that looked at locks.
    struct Locks: Sendable {
        var locks: [MigrationReport.LockUse]
        var waits: [MigrationReport.LockWait]
    }

    let run: MigrationRun.Outcome
    let queries: [MigrationAnswer]
    let puts: [MigrationAnswer]
    let locks: Locks
    /// Of the migration's first statement.
    let start: Nanoseconds

    /// The whole report; a query that found nothing before the migration throws, because its answers mean nothing then.
    func report(
        _ plan: MigrationStudy.Plan, _ spec: WorkloadSpec, _ connection: Connection
    ) throws -> MigrationReport {
        if let wrong = queries.first(where: { $0.done < start && $0.outcome != .found }) {
            throw TestbedProblem(
                "query \(wrong.number) did not find its message before the migration (\(wrong.outcome)); the archive is not the workload's"
            )
        }
        let modes = RunStatement.Lock.modes
        return MigrationReport(
            from: 7, to: 8, serverVersion: connection.reportedSetting("server_version") ?? "unknown",
            rows: spec.history.rows, partitions: spec.history.partitions, scriptSeconds: run.scriptSeconds,
            rebuildSeconds: run.rebuildSeconds, rebuilt: run.rebuilt, steps: run.steps,
            locks: locks.locks.sorted {
                (modes.firstIndex(of: $0.mode) ?? 0, $0.longestSeconds, $0.relations)
                    > (modes.firstIndex(of: $1.mode) ?? 0, $1.longestSeconds, $1.relations)
            },
            waits: locks.waits.sorted { $0.seconds > $1.seconds }, lookEveryMs: Int(LockWatch.interval / 1_000_000),
            queries: queryPart(plan), puts: try putPart(plan, spec, connection), notes: notes)
    }

    private var notes: [String] {
        [
            "one node migrates an archive that other nodes go on using; a node alone has no traffic while it starts",
            "locks that come and go between two looks are not seen; response times hold what was waited for them",
        ]
    }

    private func queryPart(_ plan: MigrationStudy.Plan) -> MigrationReport.Queries {
        let messages = max(1, min(plan.messages, queries.count))
        let before = queries.filter { $0.done < start }.map(milliseconds)
        let after = queries.filter { $0.done >= start }.map(milliseconds)
        let span = Double((queries.last?.done ?? 0) - (queries.first?.sent ?? 0)) / 1e9
        return MigrationReport.Queries(
            rate: plan.queryRate, achievedRate: span > 0 ? Double(queries.count) / span : 0, asked: queries.count,
            missed: queries.count { $0.outcome == .missing }, failed: failures(queries), window: window(queries),
            newest: window(queries.filter { $0.number % messages == messages - 1 }),
            oldest: window(queries.filter { $0.number % messages == 0 }),
            medianBeforeMs: before.isEmpty ? nil : before.sorted()[before.count / 2], longestMs: after.max())
    }

    private func putPart(
        _ plan: MigrationStudy.Plan, _ spec: WorkloadSpec, _ connection: Connection
    ) throws -> MigrationReport.Puts {
        let without = try connection.value(
            """
            SELECT COUNT(*) FROM messages m
            WHERE m.timestamp >= \(spec.archiveEpoch)000000000 AND NOT EXISTS (
                SELECT FROM messages_lookup l WHERE l.timestamp = m.timestamp AND l.messageHash = m.messageHash)
            """)
        return MigrationReport.Puts(
            rate: plan.putRate, sent: puts.count, failed: failures(puts), window: window(puts),
            withoutLookup: without.flatMap { Int($0) } ?? 0)
    }

    private func failures(_ answers: [MigrationAnswer]) -> [String: Int] {
        answers.reduce(into: [:]) { counts, answer in
            if case .failed(let code) = answer.outcome { counts[code, default: 0] += 1 }
        }
    }

    private func milliseconds(_ answer: MigrationAnswer) -> Double { Double(answer.done - answer.sent) / 1e6 }

    /// From when the first that was not found was sent to when the last one was answered.
    private func window(_ answers: [MigrationAnswer]) -> MigrationReport.Window? {
        let wrong = answers.filter { $0.outcome != .found }
        guard let first = wrong.first, let last = wrong.last else { return nil }
        func seconds(_ time: Nanoseconds) -> Double { (Double(time) - Double(start)) / 1e9 }
        return MigrationReport.Window(fromSeconds: seconds(first.sent), toSeconds: seconds(last.done))
    }
}
