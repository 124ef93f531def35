import ArchiveDriver
import LinuxSystem
import PostgresClient
import Testbed

/// Counters of one side's server at one moment; `nil` is what could not be read.
struct SideReading: Sendable {
    /// Processor time of all its processes, those that ended included, seconds.
    var cpuSeconds: Double?
    /// Write-ahead log so far, bytes.
    var walBytes: Double?
    /// Checkpoints begun so far, by time and on request.
    var checkpoints: Double?
    /// The archive's databases on disk, bytes; read only where slices are long.
    var diskBytes: Double?
    /// Of statements on the archive, by the server's number.
    var statements: [String: StatementWork]?
    /// Names of their shapes by the same number; the empty one for what is none of the driver's.
    var shapes: [String: String] = [:]
}

/// Reads one side's counters between its turns, by a connection that stays open.
actor SideCounters {
    private let cluster: ManagedCluster
    private let readsDisk: Bool
    private var connection: Connection?
    private var countsStatements = true
    /// By the server's number of a statement; the empty name for what is none of the driver's.
    private var shapes: [String: String] = [:]

    /// - Parameters:
    ///   - cluster: of the side.
    ///   - readsDisk: whether sizes are asked for, which takes a look at each of the archive's files.
    init(_ cluster: ManagedCluster, readsDisk: Bool) {
        self.cluster = cluster
        self.readsDisk = readsDisk
    }

    /// The reading before a turn: what reading costs the server is no part of the turn.
    func before() async -> SideReading {
        var reading = server()
        reading.cpuSeconds = await cpu()
        return reading
    }

    /// The reading after a turn.
    func after() async -> SideReading {
        let cpu = await cpu()
        var reading = server()
        reading.cpuSeconds = cpu
        return reading
    }

    private func cpu() async -> Double? {
        guard let postmaster = await cluster.postmaster else { return nil }
        if let used = cluster.limits?.usage(of: postmaster)?.cpu { return Double(used) / 1e9 }
        return ProcessTable.cpuOfFamily(of: postmaster.pid)
    }

    /// A server that takes longer to answer is not read, nanoseconds.
    private static let limit: Nanoseconds = 5_000_000_000

    /// Checkpoints have a view of their own from 17 on.
    private static func server(_ version: Int32) -> String {
        let checkpoints =
            version >= 170_000
            ? "num_timed + num_requested FROM pg_stat_checkpointer"
            : "checkpoints_timed + checkpoints_req FROM pg_stat_bgwriter"
        return "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn, \(checkpoints)"
    }

    /// Names of the archive's databases as an SQL list.
    private var archives: String { cluster.record.archives.map { "'\($0)'" }.joined(separator: ", ") }

    /// Some columns of all statements on the archive, a row for each.
    private func statements(_ columns: String, texts: Bool) -> String {
        """
        SELECT queryid, \(columns) FROM pg_stat_statements(\(texts))
        WHERE dbid IN (SELECT oid FROM pg_database WHERE datname IN (\(archives))) GROUP BY queryid
        """
    }

    /// One database, or one for each shard.
    private var size: String {
        "SELECT sum(pg_database_size(oid)) FROM pg_database WHERE datname IN (\(archives))"
    }

    private func server() -> SideReading {
        var reading = SideReading()
        do throws(PostgresError) {
            let open = try opened()
            let row = try open.run(Self.server(open.serverVersionNumber), limit: Self.limit).first ?? []
            let numbers = row.map { $0.flatMap { Double($0) } }
            if numbers.count == 2 { (reading.walBytes, reading.checkpoints) = (numbers[0], numbers[1]) }
        } catch {
            connection = nil
            return reading
        }
        if countsStatements { readStatements(&reading) }
        if readsDisk { readSize(&reading) }
        return reading
    }

    private func readSize(_ reading: inout SideReading) {
        guard let open = connection else { return }
        do throws(PostgresError) {
            let row = try open.run(size, limit: Self.limit).first ?? []
            reading.diskBytes = row.first.flatMap { $0 }.flatMap { Double($0) }
        } catch {
            connection = nil
        }
    }

    private func readStatements(_ reading: inout SideReading) {
        guard let open = connection else { return }
        do throws(PostgresError) {
            let rows = try open.run(
                statements(
                    "sum(total_plan_time), sum(shared_blks_read), sum(temp_blks_read + temp_blks_written)", texts: false
                ), limit: Self.limit)
            if rows.contains(where: { shapes[($0.first ?? nil) ?? ""] == nil }) { try learnShapes(open) }
            reading.shapes = shapes
            reading.statements = rows.reduce(into: [:]) { work, row in
                let numbers = row.dropFirst().compactMap { $0.flatMap { Double($0) } }
                guard numbers.count == 3 else { return }
                work[(row.first ?? nil) ?? ""] = StatementWork(
                    planningMs: numbers[0], blocksRead: numbers[1], temporaryBlocks: numbers[2])
            }
        } catch {
            // The installation has no such extension, or the server does not answer; then the next reading tells.
            (countsStatements, connection) = (false, nil)
        }
    }

    /// Texts are read when a statement is met that was not there before: they lie in a file that the server reads whole.
    private func learnShapes(_ open: Connection) throws(PostgresError) {
        for row in try open.run(statements("min(left(query, 1000))", texts: true), limit: Self.limit) {
            guard let identifier = row.first ?? nil else { continue }
            shapes[identifier] = row.last.flatMap { $0 }.flatMap { StatementShapes.name(of: $0) } ?? ""
        }
    }

    private func opened() throws(PostgresError) -> Connection {
        if let connection { return connection }
        let new = try Connection.open(cluster.record.parameters(database: "postgres"), limit: Self.limit)
        connection = new
        return new
    }
}
