import LinuxSystem

/// What a careful reading of an archive found: counts, sizes and hashes, never a payload or a content topic.
public struct ArchiveSurvey: Sendable {
    /// A partition of `messages`.
    public struct Partition: Sendable {
        /// With its schema.
        public let name: String
        /// Nanoseconds since 1970; `nil` where the bounds are none of time.
        public let bounds: Range<Int64>?
        /// Blocks of its heap.
        public let pages: Int
        /// Rows by the planner's statistics at the table's present size; `nil` where it was never analysed.
        public let plannerRows: Double?
        /// What was read of it; `nil` when nothing was.
        public var sample: Sample?
    }

    /// What was read of a partition.
    public struct Sample: Sendable {
        /// Rows that were read.
        public let rows: Int
        /// Blocks in which they lay.
        public let blocks: Int
        /// Blocks that were drawn, on average; 0 where that is not known. Blocks without a row show only in it.
        public let drawn: Double
        /// Whether these are all of its rows.
        public let isWhole: Bool
    }

    /// A message of the sample.
    public struct Row: Sendable {
        /// Index of its partition.
        public let partition: Int
        /// The sender's clock, nanoseconds since 1970.
        public let timestamp: Int64
        /// Index of its shard.
        public let shard: Int
        /// The first half of the salted SHA-256 of its content topic, as the server hashed it.
        public let topic: UInt64
        /// Length of its content topic.
        public let topicBytes: Int
        /// Length of its payload; the archive keeps two digits for each byte.
        public let bytes: Int
        /// Length of `meta`.
        public let metaBytes: Int
    }

    /// A server setting that is not the built-in default.
    public struct Setting: Sendable, Equatable {
        /// As `pg_settings` has it.
        public let name: String
        /// With its unit, as a settings file has it.
        public let value: String
    }

    /// As the server tells it.
    public var serverVersion = ""
    /// PostgreSQL's first version number.
    public var major = 0
    /// Whether it follows another server.
    public var isReplica = false
    /// Whether its pages carry checksums.
    public var dataChecksums = false
    /// Version of the archive's schema, by its tables.
    public var schemaVersion = 0
    /// What the table `version` says; `nil` when it is not there or may not be read.
    public var statedVersion: Int?
    /// `pg_database_size`; `nil` when the role may not ask.
    public var databaseBytes: Int?
    /// Pubsub topics, in the order in which they were met.
    public var shards: [String] = []
    /// Oldest first.
    public var partitions: [Partition] = []
    /// The sample, partition by partition.
    public var rows: [Row] = []
    /// Store requests and inserts by statement; `nil` where the server does not count them.
    public var statements: StatementCounts?
    /// Settings of a variant that differ from the built-in default.
    public var settings: [Setting] = []
    /// Names of settings that differ from the default too, and that are no business of a variant.
    public var otherSettings: [String] = []
    /// Against those of the node's own scripts.
    public var indexes = IndexDifference()
    /// Sessions that were active beside ours, on average; `nil` when the role may not see them all.
    public var activeSessions: Double?
    /// What the reading cost the server.
    public var cost = Cost()
    /// Why the reading ended before its end; `nil` when it did not.
    public var endedEarly: String?
    /// What could not be known, one sentence each.
    public var notKnown: [String] = []

    /// Statements and time.
    public struct Cost: Sendable {
        /// Statements sent.
        public var statements = 0
        /// Those of them that the server ended at their time-out.
        public var timedOut = 0
        /// Time that the server worked on them, network included, nanoseconds.
        public var busy: Nanoseconds = 0
        /// From the first statement to the end, nanoseconds.
        public var elapsed: Nanoseconds = 0
    }

    /// A survey that has found nothing yet.
    public init() {}

    /// Rows of each partition, as well as they are known: read whole, by the density of the blocks that were read, by the
    /// planner's statistics, or by the density of all other partitions.
    public var estimatedRows: [Double] {
        let read = partitions.compactMap(\.sample)
        let blocks = read.reduce(0) { $0 + $1.blocks }
        let density = blocks > 0 ? Double(read.reduce(0) { $0 + $1.rows }) / Double(blocks) : 0
        return partitions.map { partition in
            guard let sample = partition.sample else {
                return partition.plannerRows ?? density * Double(partition.pages)
            }
            if sample.isWhole { return Double(sample.rows) }
            if sample.blocks >= Self.enoughBlocks {
                // As many as were drawn at the least, but for chance.
                let blocks = max(Double(sample.blocks), sample.drawn - 2 * sample.drawn.squareRoot())
                return Double(sample.rows) / blocks * Double(partition.pages)
            }
            return partition.plannerRows ?? density * Double(partition.pages)
        }
    }

    /// Fewer blocks say less than the planner's statistics do.
    private static let enoughBlocks = 5

    /// Whether every row was read.
    public var isWhole: Bool { partitions.allSatisfy { $0.pages == 0 || $0.sample?.isWhole == true } }
}

/// `pg_stat_statements` as far as it is about the archive.
public struct StatementCounts: Sendable {
    /// A statement's text as the server normalised it.
    public struct Statement: Sendable {
        /// With `$1`, `$2` … in place of values.
        public let text: String
        /// Times that it was run.
        public let calls: Int
        /// Rows that all calls returned or changed.
        public let rows: Int

        /// Takes each value as it is.
        public init(text: String, calls: Int, rows: Int) {
            self.text = text
            self.calls = calls
            self.rows = rows
        }
    }

    /// Those of the archive's database that could be a node's.
    public var statements: [Statement]
    /// Since the counters were reset; `nil` when the server does not say.
    public var seconds: Double?
    /// Entries that were thrown away meanwhile for want of room.
    public var forgotten: Int
    /// Calls of statements whose texts the role may not see.
    public var hiddenCalls: Int

    /// Takes each value as it is.
    public init(statements: [Statement], seconds: Double?, forgotten: Int = 0, hiddenCalls: Int = 0) {
        self.statements = statements
        self.seconds = seconds
        self.forgotten = forgotten
        self.hiddenCalls = hiddenCalls
    }
}
