import LinuxSystem
import PostgresClient
import RunRecord

/// A reading of `pg_stat_statements`: everything counted so far for the archive's databases.
package struct StatementReading: Sendable {
    var at: Nanoseconds
    var rows: [String: Row]
    var forgotten: Int?
    var tracksPlanning: Bool
    var tracksBlockTimes: Bool

    package init(at: Nanoseconds, rows: [String: Row], forgotten: Int?, tracksPlanning: Bool, tracksBlockTimes: Bool) {
        self.at = at
        self.rows = rows
        self.forgotten = forgotten
        self.tracksPlanning = tracksPlanning
        self.tracksBlockTimes = tracksBlockTimes
    }
}

/// Reads `pg_stat_statements` and makes differences by statement shape.
package struct StatementReader {
    /// Reading thousands of texts may take longer than a sample.
    static let limit: Nanoseconds = 10_000_000_000
    /// Others that are listed.
    static let mostOthers = 50

    let connection: TelemetryConnection
    /// Of the archive.
    let databases: [String]

    /// - Throws: `PostgresError`, among others when the library is not loaded.
    func read() throws(PostgresError) -> StatementReading {
        let queries = ServerQueries(major: connection.major)
        let info = try connection.rows(ServerQueries.statementsInfo).first ?? [:]
        let rows = try connection.rows(queries.statements(of: databases), limit: Self.limit)
        return StatementReading(
            at: Clock.now(),
            rows: Dictionary(rows.map { ($0["key"] ?? "", $0) }, uniquingKeysWith: { first, _ in first }),
            forgotten: info["dealloc"].flatMap { Int($0) }, tracksPlanning: info.count("planning") == 1,
            tracksBlockTimes: info.count("block_times") == 1)
    }

    /// What was counted between two readings.
    ///
    /// - Parameters:
    ///   - from: the earlier.
    ///   - to: the later; counters below the earlier's were reset, and count from zero.
    ///   - started: start of warm-up.
    ///   - shape: names a statement by its text; `nil` for one that is not the driver's.
    /// - Returns: rows with at least one call or plan, by shape and by other text.
    package static func difference(
        from: StatementReading, to: StatementReading, started: Nanoseconds, shape: (String) -> String?
    ) -> ServerStatements {
        var shapes: [String: (row: StatementRow, most: Double)] = [:]
        var others: [StatementRow] = []
        for (key, now) in to.rows {
            guard let row = statement(from: from.rows[key] ?? [:], to: now, to, shape) else { continue }
            guard row.name != otherName else {
                others.append(row)
                continue
            }
            guard var known = shapes[row.name] else {
                shapes[row.name] = (row, row.totalMs)
                continue
            }
            if row.totalMs > known.most { (known.row.text, known.most) = (row.text, row.totalMs) }
            known.row.add(row)
            shapes[row.name] = known
        }
        func bySize(_ left: StatementRow, _ right: StatementRow) -> Bool {
            (right.totalMs, left.name, left.text) < (left.totalMs, right.name, right.text)
        }
        func seconds(_ moment: Nanoseconds) -> Double { (Double(moment) - Double(started)) / 1e9 }
        return ServerStatements(
            fromSeconds: seconds(from.at), toSeconds: seconds(to.at), tracksPlanning: to.tracksPlanning,
            tracksBlockTimes: to.tracksBlockTimes, shapes: shapes.values.map(\.row).sorted(by: bySize),
            others: Array(others.sorted(by: bySize).prefix(mostOthers)),
            forgottenEntries: to.forgotten.map { $0 - min($0, from.forgotten ?? 0) })
    }

    private static let otherName = "other"

    private static func statement(
        from: Row, to: Row, _ reading: StatementReading, _ shape: (String) -> String?
    ) -> StatementRow? {
        let before = to.count("calls") < from.count("calls") ? [:] : from
        func count(_ name: String) -> Int { to.count(name) - before.count(name) }
        func time(_ name: String) -> Double { (to.number(name) ?? 0) - (before.number(name) ?? 0) }
        guard count("calls") > 0 || count("plans") > 0 else { return nil }
        let text = to["query"] ?? ""
        var blocks = StatementBlocks()
        (blocks.sharedHit, blocks.sharedRead) = (count("shared_blks_hit"), count("shared_blks_read"))
        (blocks.sharedDirtied, blocks.sharedWritten) = (count("shared_blks_dirtied"), count("shared_blks_written"))
        (blocks.localHit, blocks.localRead) = (count("local_blks_hit"), count("local_blks_read"))
        (blocks.localDirtied, blocks.localWritten) = (count("local_blks_dirtied"), count("local_blks_written"))
        (blocks.tempRead, blocks.tempWritten) = (count("temp_blks_read"), count("temp_blks_written"))
        return StatementRow(
            name: shape(text) ?? otherName, text: text, texts: 1, calls: count("calls"),
            plans: reading.tracksPlanning ? count("plans") : nil,
            planMs: reading.tracksPlanning ? time("total_plan_time") : nil, execMs: time("total_exec_time"),
            longestExecMs: to.number("max_exec_time") ?? 0, rows: count("rows"), blocks: blocks,
            blockReadMs: reading.tracksBlockTimes ? time("blk_read_time") : nil,
            blockWriteMs: reading.tracksBlockTimes ? time("blk_write_time") : nil, walRecords: count("wal_records"),
            walFullPageImages: count("wal_fpi"), walBytes: count("wal_bytes"))
    }
}

extension StatementRow {
    /// Adds another text of the same shape.
    fileprivate mutating func add(_ other: StatementRow) {
        func sum<Value: AdditiveArithmetic>(_ left: Value?, _ right: Value?) -> Value? {
            guard let left, let right else { return nil }
            return left + right
        }
        texts += other.texts
        calls += other.calls
        plans = sum(plans, other.plans)
        planMs = sum(planMs, other.planMs)
        execMs += other.execMs
        longestExecMs = max(longestExecMs, other.longestExecMs)
        rows += other.rows
        blocks.add(other.blocks)
        blockReadMs = sum(blockReadMs, other.blockReadMs)
        blockWriteMs = sum(blockWriteMs, other.blockWriteMs)
        walRecords += other.walRecords
        walFullPageImages += other.walFullPageImages
        walBytes += other.walBytes
    }
}
