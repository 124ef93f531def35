import PostgresClient
import Workload

/// What came back for one statement of a job.
package enum JobReply {
    /// Rows as text, `nil` for NULL; rows touched by a command.
    case rows([[String?]], affected: Int)
    case failure(code: String, message: String)

    var values: [[String?]] {
        if case .rows(let rows, _) = self { rows } else { [] }
    }

    /// The first value of the first row.
    var value: String? { values.first?.first ?? nil }
}

/// One statement of a job, in the simple protocol, and what follows from its reply.
package struct JobStep {
    package let text: String
    package let pool: PoolKind
    /// Steps to do next, before all others that are waiting.
    let then: (JobReply, MaintenanceJob) -> [JobStep]

    /// A statement with the node's comment in front, the identifier being empty for its own statements.
    init(
        _ statement: String, _ pool: PoolKind, then: @escaping (JobReply, MaintenanceJob) -> [JobStep] = { _, _ in [] }
    ) {
        text = "/* requestId= */ " + statement
        self.pool = pool
        self.then = then
    }
}

/// One run of something that a store node does to its archive by itself: statements one after the other, each chosen by
/// what came back before. No I/O and no clock: archive time is handed in.
///
/// Source of all texts, orders and pools: the documented driver behaviour.
package final class MaintenanceJob {
    private var steps: [JobStep]
    /// Rows of the statement under way.
    private var rows: [[String?]] = []
    private var affected = 0
    /// What happened on the way.
    package private(set) var events: [(kind: String, detail: String)] = []
    /// The error that ended it: one that the node does not tolerate.
    package private(set) var failure: String?

    init(_ steps: [JobStep]) { self.steps = steps.reversed() }

    /// - Parameters:
    ///   - kind: which job.
    ///   - clockwork: for the retention policies.
    ///   - schema: of the archive.
    ///   - now: archive time, nanoseconds since 1970.
    package convenience init(
        _ kind: ClockworkSpec.JobKind, _ clockwork: ClockworkSpec, _ schema: ArchiveSchema, now: Int64
    ) {
        switch kind {
        case .healthCheck: self.init(HealthCheck.steps)
        case .messageCount: self.init(MessageCount.steps)
        case .analyze: self.init(DailyAnalyze.steps)
        case .partitionFactory: self.init(PartitionFactory(schema, now: now).steps)
        case .retention: self.init(Retention(clockwork.retention, schema, now: now).steps)
        case .exporter: self.init(ExporterScrape.steps)
        }
    }

    /// What to send now; `nil` at the end.
    package var next: JobStep? { failure == nil ? steps.last : nil }

    /// Keeps one result of the statement under way.
    func note(_ result: borrowing QueryResult) {
        affected += result.affectedRows
        guard result.kind == .rows else { return }
        for row in 0..<result.rowCount {
            rows.append((0..<result.columnCount).map { result.text(row, $0) })
        }
    }

    /// The statement under way is over.
    func finishStatement(_ failure: PostgresError?) {
        if let failure {
            take(.failure(code: failure.code.description, message: failure.message))
        } else {
            take(.rows(rows, affected: affected))
        }
        rows = []
        affected = 0
    }

    /// Goes on after a reply.
    package func take(_ reply: JobReply) {
        guard let step = steps.popLast() else { return }
        steps += step.then(reply, self).reversed()
    }

    func tell(_ kind: String, _ detail: String) { events.append((kind, detail)) }

    /// Ends the job with an error.
    func fail(_ reply: JobReply) -> [JobStep] {
        if case .failure(let code, _) = reply { failure = code }
        return []
    }
}

extension JobStep {
    /// A statement whose error ends the job.
    static func required(_ statement: String, _ pool: PoolKind) -> JobStep {
        JobStep(statement, pool) { reply, job in
            if case .failure = reply { return job.fail(reply) }
            return []
        }
    }
}

/// Every minute, on both pools: does the database answer?
enum HealthCheck {
    static var steps: [JobStep] {
        [.required("SELECT version();", .write), .required("SELECT version();", .read)]
    }
}

/// Every half hour, for a metric: all messages of all partitions.
enum MessageCount {
    static var steps: [JobStep] { [.required("SELECT COUNT(1) FROM messages", .read)] }
}

/// Once a day, by the one node that gets the lock. Lock and unlock go through whatever connections are idle, so the unlock
/// may miss, and the lock then lasts as long as its connection, as in the node.
enum DailyAnalyze {
    private static let lock = 111_111

    static var steps: [JobStep] {
        [
            JobStep("SELECT pg_try_advisory_lock(\(lock))", .read) { reply, job in
                if case .failure = reply { return job.fail(reply) }
                guard reply.value == "t" else {
                    job.tell("analyze.skipped", "another node holds the lock")
                    return []
                }
                return [
                    JobStep("ANALYZE messages", .write) { reply, job in
                        if case .failure = reply { return job.fail(reply) }
                        job.tell("analyze.done", "messages analysed")
                        return []
                    },
                    JobStep("SELECT pg_advisory_unlock(\(lock))", .read),
                ]
            }
        ]
    }
}

/// The compose file's exporter: its own queries over the statistics views, and two scans of the whole archive. It is a
/// client of its own there; here it borrows the first node's read pool.
enum ExporterScrape {
    static var steps: [JobStep] {
        [
            JobStep("SELECT * FROM pg_stat_user_tables", .read),
            JobStep("SELECT * FROM pg_statio_user_tables", .read),
            JobStep("SELECT COUNT(ID) FROM messages", .read),
            JobStep(
                """
                select pubsubtopic, count(*) AS messages FROM (SELECT id, array_agg(pubsubtopic ORDER BY pubsubtopic) \
                AS pubsubtopic FROM messages GROUP BY id) sub GROUP BY pubsubtopic ORDER BY pubsubtopic
                """, .read),
        ]
    }
}
