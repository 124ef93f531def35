import LinuxSystem
import PostgresClient
import Testbed

/// Counters of one side's server at one moment; `nil` is what could not be read.
struct SideReading: Sendable {
    /// Processor time of all its processes, those that ended included, seconds.
    var cpuSeconds: Double?
    /// Write-ahead log so far, bytes.
    var walBytes: Double?
    /// Checkpoints completed since the first reading.
    var checkpoints: Double?
    /// The archive's databases on disk, bytes; read only where slices are long.
    var diskBytes: Double?
    /// Of all statements on the archive: planning, milliseconds.
    var planningMs: Double?
    /// Of all statements on the archive: blocks that were not in the server's own buffers.
    var blocksRead: Double?
    /// Of all statements on the archive: temporary blocks, read and written.
    var temporaryBlocks: Double?
}

/// Reads one side's counters between its turns, by a connection that stays open.
actor SideCounters {
    private let cluster: ManagedCluster
    private let readsDisk: Bool
    private var connection: Connection?
    private var countsStatements = true
    private var lastCheckpoint: String?
    private var checkpoints = 0.0

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

    private static let server = """
        SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn, (SELECT checkpoint_lsn FROM pg_control_checkpoint())
        """

    /// Names of the archive's databases as an SQL list.
    private var archives: String { cluster.record.archives.map { "'\($0)'" }.joined(separator: ", ") }

    private var statements: String {
        """
        SELECT sum(total_plan_time), sum(shared_blks_read), sum(temp_blks_read + temp_blks_written)
        FROM pg_stat_statements(false)
        WHERE dbid IN (SELECT oid FROM pg_database WHERE datname IN (\(archives)))
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
            let row = try open.run(Self.server, limit: Self.limit).first ?? []
            reading.walBytes = row.first.flatMap { $0 }.flatMap { Double($0) }
            note(checkpoint: row.last.flatMap { $0 })
            reading.checkpoints = checkpoints
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
            let row = try open.run(statements, limit: Self.limit).first ?? []
            let numbers = row.map { $0.flatMap { Double($0) } }
            guard numbers.count == 3 else { return }
            (reading.planningMs, reading.blocksRead, reading.temporaryBlocks) = (numbers[0], numbers[1], numbers[2])
        } catch {
            // The installation has no such extension, or the server does not answer; then the next reading tells.
            (countsStatements, connection) = (false, nil)
        }
    }

    private func opened() throws(PostgresError) -> Connection {
        if let connection { return connection }
        let new = try Connection.open(cluster.record.parameters(database: "postgres"), limit: Self.limit)
        connection = new
        return new
    }

    private func note(checkpoint: String?) {
        guard let checkpoint else { return }
        if let lastCheckpoint, lastCheckpoint != checkpoint { checkpoints += 1 }
        lastCheckpoint = checkpoint
    }
}
