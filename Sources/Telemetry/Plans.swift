import LinuxSystem
import PostgresClient
import RunRecord

/// Plans of statement shapes, explained or found in the log.
public enum Plans {
    /// A plan as it goes into the record: what it says in short, and the server's text for the file.
    public struct Found: Sendable {
        /// What it says in short.
        public let record: PlanRecord
        /// The plan as `EXPLAIN` writes it in JSON.
        public let json: String
    }

    /// A statement that takes longer is not waited for, nanoseconds.
    private static let limit: Nanoseconds = 30_000_000_000

    /// Keeps a session's own statements out of the statistics and out of the log of slow plans.
    ///
    /// - Parameter connection: on which statements will be explained.
    /// - Throws: `PostgresError` of the server.
    public static func hide(_ connection: Connection) throws(PostgresError) {
        try TelemetryConnection.hide(connection)
    }

    /// Explains a statement by executing it.
    ///
    /// - Parameters:
    ///   - text: of the statement, without a semicolon.
    ///   - shape: its name.
    ///   - when: before or after the load.
    ///   - connection: on which it is executed, in whatever transaction is open there.
    /// - Returns: its plan.
    /// - Throws: `PostgresError` of the server; what is wrong with the plan's text.
    public static func explain(
        _ text: String, shape: String, when: PlanRecord.Moment, on connection: Connection
    ) throws -> Found {
        let rows = try connection.run("EXPLAIN (ANALYZE, BUFFERS, WAL, SETTINGS, FORMAT JSON) \(text)", limit: limit)
        let json = rows.compactMap { $0.first ?? nil }.joined(separator: "\n")
        return try found(json, shape: shape, when: when, number: nil, slow: nil)
    }

    /// Blocks that planning a statement touches; it is not executed.
    ///
    /// - Parameters:
    ///   - text: of the statement, without a semicolon.
    ///   - connection: on which it is planned.
    /// - Returns: `nil` where the server does not tell, as before PostgreSQL 13.
    /// - Throws: `PostgresError` of the server; what is wrong with the plan's text.
    public static func planningBlocks(_ text: String, on connection: Connection) throws -> Int? {
        let rows = try connection.run("EXPLAIN (BUFFERS, FORMAT JSON) \(text)", limit: limit)
        let json = rows.compactMap { $0.first ?? nil }.joined(separator: "\n")
        return try PlanDocument.read(json).planning.map { $0.blocks.sharedHit + $0.blocks.sharedRead }
    }

    /// Plans that `auto_explain` logged, of known shapes only.
    ///
    /// - Parameters:
    ///   - logged: from the log.
    ///   - most: of one shape, the slowest.
    ///   - shape: names a statement by its text.
    /// - Returns: plans by shape, the slowest first; how many more there were, and how many could not be read.
    public static func slow(
        _ logged: [LogFindings.SlowPlan], most: Int, shape: (String) -> String?
    ) -> (plans: [Found], more: Int, unread: Int) {
        var byShape: [String: [LogFindings.SlowPlan]] = [:]
        var unread = 0
        for plan in logged {
            guard let document = try? PlanDocument.read(plan.json) else {
                unread += 1
                continue
            }
            if let name = document.queryText.flatMap(shape) { byShape[name, default: []].append(plan) }
        }
        var plans: [Found] = []
        var more = 0
        for (name, found) in byShape.sorted(by: { $0.key < $1.key }) {
            let slowest = found.sorted { $0.milliseconds > $1.milliseconds }
            more += max(0, slowest.count - most)
            for (index, plan) in slowest.prefix(most).enumerated() {
                if let one = try? Self.found(plan.json, shape: name, when: .slow, number: index + 1, slow: plan) {
                    plans.append(one)
                }
            }
        }
        return (plans, more, unread)
    }

    private static func found(
        _ json: String, shape: String, when: PlanRecord.Moment, number: Int?, slow: LogFindings.SlowPlan?
    ) throws -> Found {
        let document = try PlanDocument.read(json)
        let partitions = document.plan.partitions
        var record = PlanRecord(
            shape: shape, when: when, file: RecordFolder.planFile(shape: shape, when: when, number: number),
            atSeconds: slow?.atSeconds, planningMs: document.planningTime,
            executionMs: document.executionTime ?? slow?.milliseconds ?? 0, fingerprint: document.plan.fingerprint,
            outline: document.plan.outline, partitionsPlanned: partitions?.planned,
            partitionsExecuted: partitions?.executed, rows: document.plan.rows ?? 0, blocks: document.plan.blocks,
            planningBlocks: document.planning?.blocks, walBytes: document.plan.walBytes)
        record.lines = document.plan.lines
        return Found(record: record, json: json)
    }
}
