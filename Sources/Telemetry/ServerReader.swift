import LinuxSystem
import PostgresClient
import RunRecord

/// Counters of a server at one moment, as its views give them.
package struct ServerCounters {
    package var database: Row?
    package var wal: Row?
    package var writing: Row?
    package var io: [Row]?
    /// When they were read.
    var at: Nanoseconds = 0

    package init(database: Row? = nil, wal: Row? = nil, writing: Row? = nil, io: [Row]? = nil) {
        self.database = database
        self.wal = wal
        self.writing = writing
        self.io = io
    }
}

/// Reads counters and levels, and makes differences of two readings of counters.
struct ServerReader {
    let connection: TelemetryConnection
    let queries: ServerQueries
    /// Names of the archive's.
    let databases: [String]

    init(_ connection: TelemetryConnection, databases: [String]) {
        self.connection = connection
        self.databases = databases
        queries = ServerQueries(major: connection.major)
    }

    func counters() throws(PostgresError) -> ServerCounters {
        let at = Clock.now()
        var counters = ServerCounters(
            database: try connection.rows(ServerQueries.counters(of: databases)).first,
            wal: try connection.rows(queries.wal).first, writing: try connection.rows(queries.writing).first,
            io: try io())
        counters.at = at
        return counters
    }

    private func io() throws(PostgresError) -> [Row]? {
        guard let query = queries.io else { return nil }
        return try connection.rows(query)
    }

    func locks() throws(PostgresError) -> LockLevel? {
        try connection.rows(ServerQueries.locks).first.map {
            LockLevel(
                inTable: $0.count("in_table"), holders: $0.count("holders"), fastPath: $0.count("fast_path"),
                waiting: $0.count("waiting"))
        }
    }

    /// Of the connection's own database.
    func tuples() throws(PostgresError) -> TupleLevel? {
        try connection.rows(ServerQueries.tuples).first.map {
            TupleLevel(live: $0.count("live"), dead: $0.count("dead"))
        }
    }

    func activity() throws(PostgresError) -> [Row] { try connection.rows(ServerQueries.activity) }
}

/// Two readings of counters, of which the later one is not before a reset. Times that the server did not track at both are
/// `nil`.
package struct CounterSpan {
    let from: ServerCounters
    let to: ServerCounters

    /// `nil` when a counter became less: the server was restarted, or its statistics were reset.
    package init?(from: ServerCounters, to: ServerCounters) {
        self.from = from
        self.to = to
        let pairs = [(from.database, to.database), (from.wal, to.wal), (from.writing, to.writing)]
        for (from, to) in pairs {
            guard let from, let to else { continue }
            for (name, value) in to {
                if let now = Double(value), let before = from.number(name), now < before { return nil }
            }
        }
    }

    /// Time between the two, seconds.
    var seconds: Double { Double(to.at - from.at) / 1e9 }

    package var database: DatabaseCounters? {
        guard let from = from.database, let to = to.database else { return nil }
        func count(_ name: String) -> Int { to.count(name) - from.count(name) }
        var counters = DatabaseCounters()
        (counters.commits, counters.rollbacks) = (count("xact_commit"), count("xact_rollback"))
        (counters.blocksHit, counters.blocksRead) = (count("blks_hit"), count("blks_read"))
        counters.blockReadMs = Self.difference(from, to, "blk_read_time")
        counters.blockWriteMs = Self.difference(from, to, "blk_write_time")
        (counters.tempFiles, counters.tempBytes) = (count("temp_files"), count("temp_bytes"))
        counters.deadlocks = count("deadlocks")
        (counters.rowsInserted, counters.rowsDeleted) = (count("tup_inserted"), count("tup_deleted"))
        counters.activeMs = Self.difference(from, to, "active_time") ?? 0
        return counters
    }

    package var wal: WalCounters? {
        guard let from = from.wal, let to = to.wal else { return nil }
        var counters = WalCounters()
        counters.records = to.count("wal_records") - from.count("wal_records")
        counters.fullPageImages = to.count("wal_fpi") - from.count("wal_fpi")
        counters.bytes = to.count("wal_bytes") - from.count("wal_bytes")
        counters.buffersFull = to.count("wal_buffers_full") - from.count("wal_buffers_full")
        counters.writes = Self.difference(from, to, "wal_write").map { Int($0) }
        counters.syncs = Self.difference(from, to, "wal_sync").map { Int($0) }
        counters.writeMs = Self.difference(from, to, "wal_write_time")
        counters.syncMs = Self.difference(from, to, "wal_sync_time")
        return counters
    }

    package var writing: WritingCounters? {
        guard let from = from.writing, let to = to.writing else { return nil }
        func count(_ name: String) -> Int { to.count(name) - from.count(name) }
        var counters = WritingCounters()
        (counters.checkpointsTimed, counters.checkpointsRequested) = (count("num_timed"), count("num_requested"))
        counters.checkpointWriteMs = Self.difference(from, to, "write_time") ?? 0
        counters.checkpointSyncMs = Self.difference(from, to, "sync_time") ?? 0
        counters.buffersByCheckpoints = count("buffers_written")
        counters.buffersByBackgroundWriter = count("buffers_clean")
        counters.buffersByBackends = Self.difference(from, to, "buffers_backend").map { Int($0) }
        counters.buffersAllocated = count("buffers_alloc")
        return counters
    }

    package var io: [IoCounters]? {
        guard let from = from.io, let to = to.io else { return nil }
        let before = Dictionary(from.map { (Self.key($0), $0) }, uniquingKeysWith: { first, _ in first })
        return to.compactMap { Self.io(from: before[Self.key($0)] ?? [:], to: $0) }
    }

    private static func key(_ row: Row) -> String {
        [row["backend_type"], row["object"], row["context"]].map { $0 ?? "" }.joined(separator: "/")
    }

    /// `nil` when nothing was done.
    private static func io(from: Row, to: Row) -> IoCounters? {
        func count(_ name: String) -> Int { to.count(name) - from.count(name) }
        var one = IoCounters(
            backend: to["backend_type"] ?? "", object: to["object"] ?? "", context: to["context"] ?? "")
        let empty = one
        (one.reads, one.readBytes) = (count("reads"), count("read_bytes"))
        (one.writes, one.writtenBytes) = (count("writes"), count("write_bytes"))
        (one.extends, one.extendedBytes) = (count("extends"), count("extend_bytes"))
        (one.hits, one.evictions, one.syncs) = (count("hits"), count("evictions"), count("fsyncs"))
        guard one != empty else { return nil }
        // A row that is new had done nothing before.
        func time(_ name: String) -> Double? { from.isEmpty ? to.number(name) : difference(from, to, name) }
        (one.readMs, one.writeMs) = (time("read_time"), time("write_time"))
        (one.extendMs, one.syncMs) = (time("extend_time"), time("fsync_time"))
        return one
    }

    /// `nil` where one of the two has no number.
    private static func difference(_ from: Row, _ to: Row, _ name: String) -> Double? {
        guard let before = from.number(name), let now = to.number(name) else { return nil }
        return now - before
    }
}
