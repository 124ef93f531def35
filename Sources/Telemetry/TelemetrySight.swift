import RunRecord

/// What the sampling of one trial brought.
public struct TelemetrySight: Sendable {
    /// What the looking took for itself.
    public var cost = TelemetryCost()
    /// `nil` when one of its two readings is missing.
    public var statements: ServerStatements?
    /// Time between the two readings that the differences are of, seconds.
    public var countedSeconds: Double?
    /// The measure phase's differences; `nil` when the server was started anew in it.
    public var database: DatabaseCounters?
    /// Write-ahead log; `nil` as for ``database``.
    public var wal: WalCounters?
    /// Checkpointer and background writer; `nil` as for ``database``.
    public var writing: WritingCounters?
    /// By backend, object and context; `nil` before PostgreSQL 16.
    public var io: [IoCounters]?
    /// Rows at the start of the measure phase.
    public var tuplesAtStart: TupleLevel?
    /// Rows at its end.
    public var tuplesAtEnd: TupleLevel?
    /// The measure phase's.
    public var waits: [WaitCount] = []
    /// The same by statement.
    public var statementWaits: [WaitCount] = []
    /// Looks behind ``waits``.
    public var activityLooks = 0
    /// Use of the lock table.
    public var locks: LockUse?
    /// Connections of the server.
    public var connections: ConnectionUse?
    /// Of `checkpoint_timeout`, seconds, and `max_wal_size`, bytes.
    public var checkpointTimeoutSeconds: Double?
    /// See ``checkpointTimeoutSeconds``.
    public var walLimitBytes: Int?
    /// Seconds in which the log was seen waiting to be flushed, from the start of warm-up, and how many of the looks.
    public var walSyncSeconds: [Int: Double] = [:]
    /// Whether the logging of slow plans was turned off for having logged enough.
    public var slowPlansEnded = false
    /// What could not be read, one sentence each.
    public var gaps: [String] = []
    /// Why lines could not be written to the record.
    public var failure: (any Error)?

    /// Nothing seen yet.
    public init() {}
}
