/// What a schema migration did to the traffic beside it.
public struct MigrationReport: Codable, Sendable {
    /// Statements of one kind.
    public struct Step: Codable, Sendable {
        /// Such as `ATTACH PARTITION`.
        public let name: String
        /// How many there were.
        public internal(set) var count: Int
        /// All of them together.
        public internal(set) var seconds: Double
        /// The longest one.
        public internal(set) var longestSeconds: Double
    }

    /// Locks of the migration as they were seen from outside.
    public struct LockUse: Codable, Sendable, Equatable {
        /// As `pg_locks` calls it.
        public let mode: String
        /// `messages`, `messages_lookup`, `partitions of messages` or `partitions of messages_lookup`.
        public let relations: String
        /// Most of them at one look.
        public internal(set) var most: Int
        /// Longest time over which every look found one, seconds; 0 for a single look.
        public internal(set) var longestSeconds: Double
    }

    /// Somebody waiting for a lock.
    public struct LockWait: Codable, Sendable, Equatable {
        /// `migration`, `queries` or `puts`.
        public let who: String
        /// The mode that was waited for.
        public let mode: String
        /// The relation.
        public let relation: String
        /// How long it had waited when it was last seen waiting, seconds.
        public internal(set) var seconds: Double
    }

    /// Hash queries, each for one message that the archive has.
    public struct Queries: Codable, Sendable {
        /// As asked for, 1/s.
        public let rate: Double
        /// As it came out; lower where an answer took longer than the interval.
        public let achievedRate: Double
        /// All of them.
        public let asked: Int
        /// Those that found nothing although the message is there.
        public let missed: Int
        /// By SQLSTATE.
        public let failed: [String: Int]
        /// From the first query that found nothing, or failed, to the last one; `nil` when all were answered.
        public let window: Window?
        /// The same for the newest of the messages asked for.
        public let newest: Window?
        /// The same for the oldest.
        public let oldest: Window?
        /// Response time before the migration, median, milliseconds; `nil` when none was asked.
        public let medianBeforeMs: Double?
        /// Longest response time from the migration's start on, milliseconds; `nil` when none was asked.
        public let longestMs: Double?
    }

    /// A stretch of time.
    public struct Window: Codable, Sendable, Equatable {
        /// Seconds from the migration's first statement.
        public let fromSeconds: Double
        /// Seconds from the migration's first statement.
        public let toSeconds: Double

        /// Its length, seconds.
        public var seconds: Double { toSeconds - fromSeconds }
    }

    /// New messages.
    public struct Puts: Codable, Sendable {
        /// As asked for, 1/s.
        public let rate: Double
        /// All of them.
        public let sent: Int
        /// By SQLSTATE; the message itself may have been stored, and its look-up row not.
        public let failed: [String: Int]
        /// From the first that failed to the last one; `nil` when none did.
        public let window: Window?
        /// New messages of which no look-up row is there at the end.
        public let withoutLookup: Int
    }

    /// Versions before and after.
    public let from: Int
    /// See ``from``.
    public let to: Int
    /// The server's.
    public let serverVersion: String
    /// Messages of the history.
    public let rows: Int
    /// Its partitions.
    public let partitions: Int
    /// Of the script's statements, seconds.
    public let scriptSeconds: Double
    /// Of the partition factory's pass that makes look-up partitions anew, seconds.
    public let rebuildSeconds: Double
    /// Look-up partitions that were made anew.
    public let rebuilt: Int
    /// By kind, in the order of their first one.
    public let steps: [Step]
    /// Strongest mode first.
    public let locks: [LockUse]
    /// By who waited and for what, longest first.
    public let waits: [LockWait]
    /// Milliseconds between two looks at the locks.
    public let lookEveryMs: Int
    /// Hash queries.
    public let queries: Queries
    /// New messages.
    public let puts: Puts
    /// What was not looked at, and what limits the conclusions, one sentence each.
    public let notes: [String]

    /// From the first statement to the last, seconds.
    public var seconds: Double { scriptSeconds + rebuildSeconds }
}
