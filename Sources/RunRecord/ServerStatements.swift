/// What the server did for each documented statement shape over the measure phase: `statements.json`.
///
/// Differences of two readings of `pg_stat_statements`: one at the beginning of the measure phase, one at the end of the
/// load, so that what was due in the measure phase is counted whole. What was due in warm-up and ended after the first
/// reading is in it too: as many at most as were in flight. Statements that fail are not counted by the server.
public struct ServerStatements: Codable, Sendable, Equatable {
    /// When the first reading was taken, seconds from the start of warm-up.
    public var fromSeconds: Double
    /// When the last one was taken, seconds from the start of warm-up.
    public var toSeconds: Double
    /// Whether the server kept planning times (`track_planning`); where it did not they are `nil`.
    public var tracksPlanning: Bool
    /// Whether the server timed its reads and writes (`track_io_timing`); where it did not they are `nil`.
    public var tracksBlockTimes: Bool
    /// Documented shapes that were called, the one with the most time first.
    public var shapes: [StatementRow]
    /// Everything else by its text, the one with the most time first; ArchiveBench's own statements are left out.
    public var others: [StatementRow]
    /// Entries that the server threw out for want of room in that time: then figures are too small. `nil` where it
    /// does not tell.
    public var forgottenEntries: Int?

    /// Takes each value as it is.
    public init(
        fromSeconds: Double, toSeconds: Double, tracksPlanning: Bool, tracksBlockTimes: Bool, shapes: [StatementRow],
        others: [StatementRow], forgottenEntries: Int?
    ) {
        self.fromSeconds = fromSeconds
        self.toSeconds = toSeconds
        self.tracksPlanning = tracksPlanning
        self.tracksBlockTimes = tracksBlockTimes
        self.shapes = shapes
        self.others = others
        self.forgottenEntries = forgottenEntries
    }

    /// Milliseconds of planning and execution together, of shapes and others.
    public var totalMs: Double { (shapes + others).reduce(0) { $0 + $1.totalMs } }
}

/// One statement shape, or one other statement, over the measure phase. Times are sums over all calls.
public struct StatementRow: Codable, Sendable, Equatable {
    /// Name of the shape, such as `messages.insert` or `query.page.first`; `other` where none is known.
    public var name: String
    /// The server's normalised text (of several the one with the most time), cut after a thousand characters.
    public var text: String
    /// Different texts that were added up here: lists of different lengths are different to the server.
    public var texts: Int
    /// Executions.
    public var calls: Int
    /// How often it was planned; `nil` where planning is not tracked.
    public var plans: Int?
    /// Time of all its planning, milliseconds; `nil` where planning is not tracked.
    public var planMs: Double?
    /// Time of all its executions, milliseconds, waits included.
    public var execMs: Double
    /// The longest execution since the server began to count, milliseconds: loading and warm-up included.
    public var longestExecMs: Double
    /// Rows returned or changed.
    public var rows: Int
    /// Blocks touched.
    public var blocks: StatementBlocks
    /// Time the executions waited for blocks to be read and written, milliseconds; `nil` where it is not tracked.
    public var blockReadMs: Double?
    /// The same of writing.
    public var blockWriteMs: Double?
    /// WAL records.
    public var walRecords: Int
    /// Full images of pages, written after each checkpoint.
    public var walFullPageImages: Int
    /// WAL bytes.
    public var walBytes: Int

    /// Takes each value as it is.
    public init(
        name: String, text: String, texts: Int, calls: Int, plans: Int?, planMs: Double?, execMs: Double,
        longestExecMs: Double, rows: Int, blocks: StatementBlocks, blockReadMs: Double?, blockWriteMs: Double?,
        walRecords: Int, walFullPageImages: Int, walBytes: Int
    ) {
        self.name = name
        self.text = text
        self.texts = texts
        self.calls = calls
        self.plans = plans
        self.planMs = planMs
        self.execMs = execMs
        self.longestExecMs = longestExecMs
        self.rows = rows
        self.blocks = blocks
        self.blockReadMs = blockReadMs
        self.blockWriteMs = blockWriteMs
        self.walRecords = walRecords
        self.walFullPageImages = walFullPageImages
        self.walBytes = walBytes
    }

    /// Planning and execution, milliseconds.
    public var totalMs: Double { execMs + (planMs ?? 0) }
}

/// Blocks (of 8 kB unless the server was built otherwise) that a statement touched, planning included where the server
/// counts it.
public struct StatementBlocks: Codable, Sendable, Equatable {
    /// Found in shared buffers.
    public var sharedHit = 0
    /// Read into shared buffers.
    public var sharedRead = 0
    /// Changed in shared buffers.
    public var sharedDirtied = 0
    /// Written out by the statement itself.
    public var sharedWritten = 0
    /// Of temporary tables: found.
    public var localHit = 0
    /// Of temporary tables: read.
    public var localRead = 0
    /// Of temporary tables: changed.
    public var localDirtied = 0
    /// Of temporary tables: written.
    public var localWritten = 0
    /// Of temporary files: read.
    public var tempRead = 0
    /// Of temporary files: written.
    public var tempWritten = 0

    /// Counters at zero, levels unknown.
    public init() {}

    /// Adds another statement's blocks, field by field.
    public mutating func add(_ other: StatementBlocks) {
        sharedHit += other.sharedHit
        sharedRead += other.sharedRead
        sharedDirtied += other.sharedDirtied
        sharedWritten += other.sharedWritten
        localHit += other.localHit
        localRead += other.localRead
        localDirtied += other.localDirtied
        localWritten += other.localWritten
        tempRead += other.tempRead
        tempWritten += other.tempWritten
    }
}
