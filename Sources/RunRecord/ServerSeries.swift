/// One look at server and host: a line of `server.jsonl`, about one a second.
///
/// Counts and sums are differences to the line before; levels (what is there at the moment) say so. A part that could
/// not be read is `nil`, and named under what was not collected. The first line after a restart of the server begins
/// anew and has no differences.
public struct ServerSample: Codable, Sendable, Equatable {
    /// When it was taken, seconds from the start of warm-up (negative: before it).
    public var atSeconds: Double
    /// Time since the line before, seconds; 0 in a first line.
    public var intervalSeconds: Double
    /// What backends did.
    public var activity: ServerActivity?
    /// Counters of the archive's database.
    public var database: DatabaseCounters?
    /// The lock table.
    public var locks: LockLevel?
    /// Write-ahead log.
    public var wal: WalCounters?
    /// Checkpointer and background writer.
    public var writing: WritingCounters?
    /// By backend, object and context, only what did something; `nil` before PostgreSQL 16.
    public var io: [IoCounters]?
    /// Rows of the archive's tables.
    public var tuples: TupleLevel?
    /// The host.
    public var host: HostSample?

    /// An empty line.
    public init(atSeconds: Double, intervalSeconds: Double) {
        self.atSeconds = atSeconds
        self.intervalSeconds = intervalSeconds
    }
}

/// What backends were doing (`pg_stat_activity`), ArchiveBench's own connection for telemetry left out.
public struct ServerActivity: Codable, Sendable, Equatable {
    /// Looks since the line before. Counts below are sums over them.
    public var looks: Int
    /// Client connections, the most of any look.
    public var connections: Int
    /// Backends of clients that were executing, the most of any look.
    public var active: Int
    /// Backends of clients idle within a transaction, the most of any look.
    public var idleInTransaction: Int
    /// Autovacuum workers, the most of any look.
    public var autovacuumWorkers: Int
    /// Who waited for what, the most frequent first. An active backend that waits for nothing has type and event `CPU`;
    /// clients that are idle are left out.
    public var waits: [WaitCount]
    /// What the table maintenance of a node had running (`CREATE`, `ATTACH`, `DETACH`, `DROP`), in words, each once.
    public var maintenance: [String]

    /// Takes each value as it is.
    public init(
        looks: Int, connections: Int, active: Int, idleInTransaction: Int, autovacuumWorkers: Int, waits: [WaitCount],
        maintenance: [String]
    ) {
        self.looks = looks
        self.connections = connections
        self.active = active
        self.idleInTransaction = idleInTransaction
        self.autovacuumWorkers = autovacuumWorkers
        self.waits = waits
        self.maintenance = maintenance
    }
}

/// How often backends of one kind were seen waiting for one event.
public struct WaitCount: Codable, Sendable, Equatable {
    /// As `pg_stat_activity.backend_type`, such as `client backend`, `checkpointer`, `io worker`.
    public var backend: String
    /// As `wait_event_type`, such as `IO`, `LWLock`, `Lock`, `Client`; `CPU` for none.
    public var type: String
    /// As `wait_event`, such as `WALSync`; `CPU` for none.
    public var event: String
    /// Shape of the statement that was executed or planned; `nil` where waits are not told by statement.
    public var statement: String?
    /// How often it was seen.
    public var count: Int

    /// Takes each value as it is.
    public init(backend: String, type: String, event: String, statement: String? = nil, count: Int) {
        self.backend = backend
        self.type = type
        self.event = event
        self.statement = statement
        self.count = count
    }
}

/// The archive's database (`pg_stat_database`).
public struct DatabaseCounters: Codable, Sendable, Equatable {
    /// Transactions committed.
    public var commits = 0
    /// Transactions rolled back.
    public var rollbacks = 0
    /// Blocks found in shared buffers.
    public var blocksHit = 0
    /// Blocks asked of the operating system.
    public var blocksRead = 0
    /// `nil` where `track_io_timing` is off.
    public var blockReadMs: Double?
    /// Time spent writing blocks, milliseconds; `nil` where `track_io_timing` is off.
    public var blockWriteMs: Double?
    /// Temporary files made.
    public var tempFiles = 0
    /// Bytes written to temporary files.
    public var tempBytes = 0
    /// Deadlocks found.
    public var deadlocks = 0
    /// Rows inserted.
    public var rowsInserted = 0
    /// Rows deleted.
    public var rowsDeleted = 0
    /// Clients' time in statements, milliseconds.
    public var activeMs = 0.0

    /// Counters at zero, levels unknown.
    public init() {}
}

/// The lock table (`pg_locks`), levels at the moment.
public struct LockLevel: Codable, Sendable, Equatable {
    /// Objects that take a place in the shared table; those that are locked on the fast path only do not. In records
    /// without ``holders``: locks, one for each backend and mode.
    public var inTable: Int
    /// Pairs of such an object and a backend that holds or wants it; `nil` in records made before they were counted.
    public var holders: Int?
    /// Locks on the fast path.
    public var fastPath: Int
    /// Wanted and not granted.
    public var waiting: Int

    /// Takes each value as it is.
    public init(inTable: Int, holders: Int? = nil, fastPath: Int, waiting: Int) {
        self.inTable = inTable
        self.holders = holders
        self.fastPath = fastPath
        self.waiting = waiting
    }
}

/// Write-ahead log (`pg_stat_wal`; on PostgreSQL 18 writes and syncs come from `pg_stat_io`).
public struct WalCounters: Codable, Sendable, Equatable {
    /// Records written.
    public var records = 0
    /// Full images of pages, written after each checkpoint.
    public var fullPageImages = 0
    /// Bytes written.
    public var bytes = 0
    /// How often a backend had to write because the WAL buffers were full.
    public var buffersFull = 0
    /// Writes to disk; `nil` where the server does not tell.
    public var writes: Int?
    /// Flushes; `nil` where the server does not tell.
    public var syncs: Int?
    /// `nil` where `track_wal_io_timing` is off.
    public var writeMs: Double?
    /// Time spent flushing, milliseconds; `nil` where `track_wal_io_timing` is off.
    public var syncMs: Double?

    /// Counters at zero, levels unknown.
    public init() {}
}

/// Checkpointer and background writer (`pg_stat_bgwriter`, from PostgreSQL 17 `pg_stat_checkpointer`).
public struct WritingCounters: Codable, Sendable, Equatable {
    /// Checkpoints because time was up.
    public var checkpointsTimed = 0
    /// Checkpoints because WAL was full or somebody asked.
    public var checkpointsRequested = 0
    /// Time of checkpoints spent writing, milliseconds.
    public var checkpointWriteMs = 0.0
    /// Time of checkpoints spent flushing, milliseconds.
    public var checkpointSyncMs = 0.0
    /// Buffers written by checkpoints.
    public var buffersByCheckpoints = 0
    /// Buffers written by the background writer.
    public var buffersByBackgroundWriter = 0
    /// Written by backends themselves; `nil` from PostgreSQL 17 on, where `pg_stat_io` tells it.
    public var buffersByBackends: Int?
    /// Buffers allocated.
    public var buffersAllocated = 0

    /// Counters at zero, levels unknown.
    public init() {}
}

/// One line of `pg_stat_io` (PostgreSQL 16 and later). Times are tracked with `track_io_timing`, those of the object `wal`
/// with `track_wal_io_timing`.
public struct IoCounters: Codable, Sendable, Equatable {
    /// Such as `client backend`, `checkpointer`, `autovacuum worker`, `io worker`.
    public var backend: String
    /// `relation`, `temp relation` or `wal`.
    public var object: String
    /// `normal`, `vacuum`, `bulkread`, `bulkwrite` or `init`.
    public var context: String
    /// Read operations.
    public var reads = 0
    /// Bytes read.
    public var readBytes = 0
    /// Time of reads, milliseconds; `nil` where it is not tracked.
    public var readMs: Double?
    /// Write operations.
    public var writes = 0
    /// Bytes written.
    public var writtenBytes = 0
    /// Time of writes, milliseconds; `nil` where it is not tracked.
    public var writeMs: Double?
    /// Operations that made a relation longer.
    public var extends = 0
    /// Bytes that relations became longer by.
    public var extendedBytes = 0
    /// Time of those, milliseconds; `nil` where it is not tracked.
    public var extendMs: Double?
    /// Blocks found in shared buffers.
    public var hits = 0
    /// Blocks that made room for others.
    public var evictions = 0
    /// Flushes.
    public var syncs = 0
    /// Time of flushes, milliseconds; `nil` where it is not tracked.
    public var syncMs: Double?

    /// Counters at zero.
    public init(backend: String, object: String, context: String) {
        self.backend = backend
        self.object = object
        self.context = context
    }
}

/// Rows of the archive's tables as the server counts them, levels at the moment (`pg_stat_user_tables`).
public struct TupleLevel: Codable, Sendable, Equatable {
    /// Rows that count.
    public var live: Int
    /// Rows that wait for vacuum.
    public var dead: Int

    /// Takes each value as it is.
    public init(live: Int, dead: Int) {
        self.live = live
        self.dead = dead
    }

    /// Dead rows of all rows, 0 … 1; `nil` without rows.
    public var deadShare: Double? { live + dead > 0 ? Double(dead) / Double(live + dead) : nil }
}

/// The host since the line before.
public struct HostSample: Codable, Sendable, Equatable {
    /// Processor time of the server's processes, seconds.
    public var serverCpuSeconds: Double?
    /// Processor time of the load generator's process, seconds; telemetry itself is a part of it.
    public var generatorCpuSeconds: Double?
    /// Share of all processors' time that was not idle, 0 … 1.
    public var busyShare: Double?
    /// Share of all processors' time spent waiting for I/O, 0 … 1.
    public var waitingForIoShare: Double?
    /// Share of all processors' time that the hypervisor gave to others, 0 … 1.
    public var stolenShare: Double?
    /// Processes running or ready to run, level at the moment.
    public var runQueue: Int?
    /// Levels at the moment.
    public var memoryAvailableBytes: Int?
    /// Page cache not yet written back, level.
    public var dirtyBytes: Int?
    /// Page cache being written back, level.
    public var writebackBytes: Int?
    /// The device below the data; `nil` when the data lie on none.
    public var disk: DiskCounters?
    /// Share of the time in which some task stood still for want of it, 0 … 1 (pressure stall information).
    public var pressure: PressureShares?
    /// Of the server's control group; `nil` without a quota.
    public var throttling: Throttling?

    /// Counters at zero, levels unknown.
    public init() {}
}

/// The block device below the server's data.
public struct DiskCounters: Codable, Sendable, Equatable {
    /// Its name in /proc/diskstats.
    public var device: String
    /// Read operations.
    public var reads = 0
    /// Bytes read.
    public var readBytes = 0
    /// Time of all reads, milliseconds: by ``reads`` it is the mean latency.
    public var readMs = 0
    /// Write operations.
    public var writes = 0
    /// Bytes written.
    public var writtenBytes = 0
    /// Time of all writes, milliseconds.
    public var writeMs = 0
    /// The disk that ``flushes`` are counted for, when ``device`` is a partition of it: the kernel counts none for
    /// partitions. `nil` otherwise.
    public var flushDevice: String?
    /// `nil` before Linux 5.5.
    public var flushes: Int?
    /// Time of all flushes, milliseconds; `nil` before Linux 5.5.
    public var flushMs: Int?
    /// Share of the time in which something was under way, 0 … 1.
    public var busyShare = 0.0
    /// Requests under way on average.
    public var queueDepth = 0.0

    /// Counters at zero.
    public init(device: String) { self.device = device }
}

/// Pressure stall information: shares of the time, 0 … 1.
public struct PressureShares: Codable, Sendable, Equatable {
    /// Some task waited for a processor.
    public var cpuSome: Double?
    /// Some task waited for input or output.
    public var ioSome: Double?
    /// All tasks did.
    public var ioFull: Double?
    /// Some task waited for memory.
    public var memorySome: Double?
    /// All tasks did.
    public var memoryFull: Double?

    /// Counters at zero, levels unknown.
    public init() {}
}

/// What the server's control group was held back by.
public struct Throttling: Codable, Sendable, Equatable {
    /// Periods of the quota in which the group was held back.
    public var periods: Int
    /// Time that it was held back, milliseconds.
    public var throttledMs: Double

    /// Takes each value as it is.
    public init(periods: Int, throttledMs: Double) {
        self.periods = periods
        self.throttledMs = throttledMs
    }
}
