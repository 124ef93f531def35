/// The server's side of a trial in short: `server` in `run.json`. Everything counts the measure phase unless a name says
/// otherwise; what could not be read is `nil` or empty, and named under what was not collected.
public struct ServerSummary: Codable, Sendable, Equatable {
    /// What telemetry took of the server for itself.
    public var cost: TelemetryCost
    /// Tables, TOAST and indexes of the archive by family (all partitions together), largest at the end first.
    public var relations: [RelationGrowth] = []
    /// TOAST's share of the tables' bytes (heap and TOAST) at the end, 0 … 1.
    public var toastShare: Double?
    /// Rows of the archive's tables at the start and at the end of the measure phase.
    public var tuplesAtStart: TupleLevel?
    /// The same at the end.
    public var tuplesAtEnd: TupleLevel?
    /// Bloat at the end, of a sample of relations; empty without the extension `pgstattuple`.
    public var bloat: [BloatRow] = []
    /// Before warm-up and after the load.
    public var cacheAtStart: CacheState?
    /// The same after the load.
    public var cacheAtEnd: CacheState?
    /// Time between the two readings behind ``database``, ``wal``, ``writing`` and ``io``, about the measure phase,
    /// seconds; `nil` in records made before it was told.
    public var countedSeconds: Double?
    /// Differences of two readings.
    public var database: DatabaseCounters?
    /// Write-ahead log.
    public var wal: WalCounters?
    /// Checkpointer and background writer.
    public var writing: WritingCounters?
    /// By backend, object and context; `nil` before PostgreSQL 16.
    public var io: [IoCounters]?
    /// Who waited for what, the most frequent first.
    public var waits: [WaitCount] = []
    /// The same of those that executed a statement of the driver's, by statement; `nil` in records made before this was
    /// told.
    public var statementWaits: [WaitCount]?
    /// What planning took; `nil` where the server does not keep it, and in records made before it was told.
    public var planning: PlanningWork?
    /// Looks at `pg_stat_activity` behind ``waits``.
    public var activityLooks = 0
    /// Use of the lock table.
    public var locks: LockUse?
    /// Connections, and waits for them.
    public var connections: ConnectionUse?
    /// All of the trial, from the server's log, in order.
    public var checkpoints: [CheckpointRow] = []
    /// How far checkpoints were from being seen as production sees them.
    public var checkpointDistance: CheckpointDistance?
    /// All of the trial, from the server's log, in order.
    public var autovacuum: [AutovacuumRow] = []
    /// All of the trial: what the nodes' own jobs did to the tables, in order.
    public var maintenance: [MaintenanceSpan] = []
    /// What limits the conclusions that may be drawn, one sentence each; none of it makes a trial invalid.
    public var notes: [String] = []

    /// A summary with nothing in it but what telemetry cost.
    public init(cost: TelemetryCost) { self.cost = cost }
}

/// What planning took of the server, execution apart.
public struct PlanningWork: Codable, Sendable, Equatable {
    /// Statements planned in the measure phase; 0 where the server does not count them.
    public var plans: Int
    /// Time of that, milliseconds.
    public var milliseconds: Double
    /// Blocks that planning one instance of each shape touched after the load, all shapes together. `nil` where the server
    /// does not tell.
    public var blocksAfter: Int?
    /// Blocks that planning a limit at the oldest end of a table touched after the load, the mean of the archive's oldest
    /// partitions: it asks an index for the least value there is (`get_actual_variable_range`) and reads past entries of
    /// deleted rows. `nil` where nothing was analysed, and in records made before it was told.
    public var oldestBlocks: Double?
    /// The same planned once more: those entries are marked then.
    public var oldestBlocksAgain: Double?

    /// Takes each value as it is.
    public init(plans: Int, milliseconds: Double, blocksAfter: Int?) {
        (self.plans, self.milliseconds, self.blocksAfter) = (plans, milliseconds, blocksAfter)
    }
}

/// What telemetry itself cost.
public struct TelemetryCost: Codable, Sendable, Equatable {
    /// Lines of `server.jsonl`.
    public var samples = 0
    /// Queries sent.
    public var queries = 0
    /// Time its queries took while the load ran, from sending to the last byte, seconds.
    public var querySeconds = 0.0
    /// ``querySeconds`` of the time it was at work, 0 … 1.
    public var share = 0.0
    /// The longest of its queries, milliseconds.
    public var longestQueryMs = 0.0
    /// How often its connection was lost and opened anew.
    public var reconnects = 0
    /// Queries that failed or ran into their time limit.
    public var failures = 0

    /// Counters at zero, levels unknown.
    public init() {}
}

/// Size of one family of relations before warm-up and after the load.
public struct RelationGrowth: Codable, Sendable, Equatable {
    /// What a family consists of.
    public enum Kind: String, Codable, Sendable, CaseIterable {
        case table
        case toast
        case index
    }

    /// Such as `messages`, `messages TOAST`, `messages index on (timestamp, messagehash)`.
    public var name: String
    /// What the family consists of.
    public var kind: Kind
    /// Relations of the family at the end.
    public var relations: Int
    /// Bytes before warm-up.
    public var startBytes: Int
    /// Bytes after the load.
    public var endBytes: Int

    /// Takes each value as it is.
    public init(name: String, kind: Kind, relations: Int, startBytes: Int, endBytes: Int) {
        self.name = name
        self.kind = kind
        self.relations = relations
        self.startBytes = startBytes
        self.endBytes = endBytes
    }

    /// Bytes that came on top; negative when partitions were dropped.
    public var growthBytes: Int { endBytes - startBytes }
}

/// Bloat of one relation.
public struct BloatRow: Codable, Sendable, Equatable {
    /// Name of the relation.
    public var relation: String
    /// What it is.
    public var kind: RelationGrowth.Kind
    /// Its size.
    public var bytes: Int
    /// Share of dead rows' bytes, 0 … 1; `nil` for an index.
    public var deadShare: Double?
    /// Free space, 0 … 1: of a table's bytes; of an index the share of its leaf pages that is not filled.
    public var freeShare: Double?
    /// Whether pages were sampled instead of read one by one.
    public var isApproximate: Bool

    /// Takes each value as it is.
    public init(
        relation: String, kind: RelationGrowth.Kind, bytes: Int, deadShare: Double?, freeShare: Double?,
        isApproximate: Bool
    ) {
        self.relation = relation
        self.kind = kind
        self.bytes = bytes
        self.deadShare = deadShare
        self.freeShare = freeShare
        self.isApproximate = isApproximate
    }
}

/// How much of the relations that the load touched lay in memory.
public struct CacheState: Codable, Sendable, Equatable {
    /// Bytes of the relations with a scan or a change in the trial so far; before the load: of all of the archive.
    public var touchedBytes: Int
    /// Of those, in shared buffers (`pg_buffercache`), 0 … 1; `nil` without the extension.
    public var sharedBuffersShare: Double?
    /// Of those, in the system's page cache (`mincore`), 0 … 1; `nil` where it cannot be asked.
    public var pageCacheShare: Double?
    /// Shared buffers in use, 0 … 1; `nil` without the extension.
    public var sharedBuffersUsed: Double?

    /// Takes each value as it is.
    public init(
        touchedBytes: Int, sharedBuffersShare: Double?, pageCacheShare: Double?, sharedBuffersUsed: Double?
    ) {
        self.touchedBytes = touchedBytes
        self.sharedBuffersShare = sharedBuffersShare
        self.pageCacheShare = pageCacheShare
        self.sharedBuffersUsed = sharedBuffersUsed
    }
}

/// Use of the lock table. It is made for so many locked objects, and twice as many holders of them: each backend counts for
/// each object that it holds or wants. A statement that needs more may fail with "out of shared memory".
///
/// The capacity is `max_locks_per_transaction` × (all server processes + `max_prepared_transactions`) (PostgreSQL
/// documentation, "Lock Management"; NLOCKENTS of src/backend/storage/lmgr/lock.c). It is no hard limit: shared memory that
/// nothing else took is used, too.
public struct LockUse: Codable, Sendable, Equatable {
    /// Objects that the table is made for.
    public var capacity: Int
    /// The most objects that were seen in the table at once; in records without ``peakHolders`` the most locks, which are
    /// more.
    public var peak: Int
    /// The most pairs of an object and a backend that were seen in the table at once; `nil` in records made before they
    /// were counted.
    public var peakHolders: Int?
    /// The most locks that were seen on the fast path at once.
    public var peakFastPath: Int
    /// The most that were seen waiting at once.
    public var peakWaiting: Int

    /// Takes each value as it is.
    public init(capacity: Int, peak: Int, peakHolders: Int? = nil, peakFastPath: Int, peakWaiting: Int) {
        self.capacity = capacity
        self.peak = peak
        self.peakHolders = peakHolders
        self.peakFastPath = peakFastPath
        self.peakWaiting = peakWaiting
    }

    /// What is nearest to its end: how many of which places were in use.
    public var fullest: (used: Int, places: Int, what: String) {
        guard let peakHolders else { return (peak, capacity, "places") }
        return peakHolders > 2 * peak
            ? (peakHolders, holderCapacity, "places for holders") : (peak, capacity, "places for objects")
    }

    /// Pairs of an object and a backend that the table is made for.
    public var holderCapacity: Int { 2 * capacity }

    /// The share of ``fullest``, from 0 on.
    public var peakShare: Double { Double(fullest.used) / Double(max(1, fullest.places)) }
}

/// Connections of the server, and how long operations waited for one in the nodes' pools.
public struct ConnectionUse: Codable, Sendable, Equatable {
    /// `max_connections`.
    public var limit: Int
    /// The most client connections of any look.
    public var peak: Int
    /// The most clients executing in any look.
    public var peakActive: Int
    /// Waits for a free connection in a node's pool, all request classes together: the mean over operations, and the
    /// largest p99 of a class; `nil` when nothing completed.
    public var poolWaitMeanMs: Double?
    /// See ``poolWaitMeanMs``.
    public var poolWaitP99Ms: Double?

    /// Takes each value as it is.
    public init(limit: Int, peak: Int, peakActive: Int, poolWaitMeanMs: Double?, poolWaitP99Ms: Double?) {
        self.limit = limit
        self.peak = peak
        self.peakActive = peakActive
        self.poolWaitMeanMs = poolWaitMeanMs
        self.poolWaitP99Ms = poolWaitP99Ms
    }
}

/// One checkpoint, from the server's log. What the server tells at its end is `nil` for one that was still under way when
/// the log was read, or that the server's end cut off.
public struct CheckpointRow: Codable, Sendable, Equatable {
    /// When it began, seconds from the start of warm-up.
    public var fromSeconds: Double
    /// When it was complete; up to when it was seen otherwise.
    public var toSeconds: Double
    /// As the server says, such as `time`, `wal`, `immediate force wait`.
    public var cause: String
    /// Buffers written.
    public var buffers: Int?
    /// Writing, spread over the checkpoint's time, seconds.
    public var writeSeconds: Double?
    /// Flushing, seconds.
    public var syncSeconds: Double?
    /// From beginning to end, seconds.
    public var totalSeconds: Double?
    /// Files flushed.
    public var filesSynced: Int?
    /// The longest flush of one file, seconds.
    public var longestSyncSeconds: Double?
    /// WAL between the last two checkpoints.
    public var distanceBytes: Int?

    /// One that is complete; takes each value as it is.
    public init(
        fromSeconds: Double, toSeconds: Double, cause: String, buffers: Int, writeSeconds: Double, syncSeconds: Double,
        totalSeconds: Double, filesSynced: Int, longestSyncSeconds: Double, distanceBytes: Int
    ) {
        self.fromSeconds = fromSeconds
        self.toSeconds = toSeconds
        self.cause = cause
        self.buffers = buffers
        self.writeSeconds = writeSeconds
        self.syncSeconds = syncSeconds
        self.totalSeconds = totalSeconds
        self.filesSynced = filesSynced
        self.longestSyncSeconds = longestSyncSeconds
        self.distanceBytes = distanceBytes
    }

    /// One whose end was not seen.
    public init(fromSeconds: Double, seenUntil toSeconds: Double, cause: String) {
        self.fromSeconds = fromSeconds
        self.toSeconds = toSeconds
        self.cause = cause
    }

    /// Whether the server told its end.
    public var isComplete: Bool { totalSeconds != nil }
}

/// How far the measure phase was from seeing checkpoints as production does.
public struct CheckpointDistance: Codable, Sendable, Equatable {
    /// `checkpoint_timeout`, seconds.
    public var timeoutSeconds: Double
    /// `max_wal_size`, bytes.
    public var walLimitBytes: Int
    /// The time in which a checkpoint is due at the rate at which WAL was written: the timeout, or less when WAL fills
    /// up first; seconds. `nil` when that rate is not known.
    public var intervalSeconds: Double?
    /// Checkpoints that began in the measure phase.
    public var begun: Int
    /// From the end of the last checkpoint before the measure phase to its start, seconds; `nil` when none was seen.
    public var sinceLastSeconds: Double?

    /// Takes each value as it is.
    public init(
        timeoutSeconds: Double, walLimitBytes: Int, intervalSeconds: Double?, begun: Int, sinceLastSeconds: Double?
    ) {
        self.timeoutSeconds = timeoutSeconds
        self.walLimitBytes = walLimitBytes
        self.intervalSeconds = intervalSeconds
        self.begun = begun
        self.sinceLastSeconds = sinceLastSeconds
    }
}

/// One run of autovacuum over one table, from the server's log.
public struct AutovacuumRow: Codable, Sendable, Equatable {
    /// What was done.
    public enum Kind: String, Codable, Sendable, CaseIterable {
        case vacuum
        case analyze
    }

    /// When it began and ended, seconds from the start of warm-up.
    public var fromSeconds: Double
    /// When it ended.
    public var toSeconds: Double
    /// With its schema, without the database.
    public var table: String
    /// What was done.
    public var kind: Kind
    /// `nil` for analyze.
    public var rowsRemoved: Int?
    /// `nil` for analyze.
    public var rowsDeadNotRemovable: Int?
    /// Buffers read; `nil` where the log does not tell.
    public var bufferReads: Int?
    /// Buffers made dirty; `nil` where the log does not tell.
    public var bufferDirtied: Int?
    /// WAL bytes; `nil` where the log does not tell.
    public var walBytes: Int?

    /// Takes each value as it is.
    public init(
        fromSeconds: Double, toSeconds: Double, table: String, kind: Kind, rowsRemoved: Int? = nil,
        rowsDeadNotRemovable: Int? = nil, bufferReads: Int? = nil, bufferDirtied: Int? = nil, walBytes: Int? = nil
    ) {
        self.fromSeconds = fromSeconds
        self.toSeconds = toSeconds
        self.table = table
        self.kind = kind
        self.rowsRemoved = rowsRemoved
        self.rowsDeadNotRemovable = rowsDeadNotRemovable
        self.bufferReads = bufferReads
        self.bufferDirtied = bufferDirtied
        self.walBytes = walBytes
    }
}

/// One time in which the tables themselves were changed: partitions made, attached, detached or dropped.
public struct MaintenanceSpan: Codable, Sendable, Equatable {
    /// Seconds from the start of warm-up.
    public var fromSeconds: Double
    /// When it was over.
    public var toSeconds: Double
    /// Such as `CREATE TABLE messages_1763726400_1763730000`.
    public var what: String

    /// Takes each value as it is.
    public init(fromSeconds: Double, toSeconds: Double, what: String) {
        self.fromSeconds = fromSeconds
        self.toSeconds = toSeconds
        self.what = what
    }
}
