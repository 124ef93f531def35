import PostgresClient

/// How a node's driver talks to its archive, as data: which statements it sends for a put and for a store request, and
/// how. ``faithful`` is the store node's own; every other value is a suggestion to it, and gives the same answers with the
/// exceptions that `Workloads/README.md` lists.
///
/// Written in a variant's file under `driver:`.
public struct DriverBehaviour: Sendable, Equatable {
    /// How a message gets into its two tables.
    public enum Put: String, Sendable, CaseIterable {
        /// Two statements, two transactions, each waited for: the node's way.
        case separate
        /// Both statements between BEGIN and COMMIT on one connection.
        case transaction
        /// Both statements on their way at once on one connection.
        case pipelined
        /// Both inserts in one statement.
        case oneStatement = "one-statement"
        /// Several messages in one statement.
        case batched
    }

    /// How several messages are put together.
    public struct Batch: Sendable, Equatable {
        /// What carries the rows.
        public enum Form: String, Sendable, CaseIterable {
            /// One row of parameters a message; statements for 1, 2, 4, 8, … rows.
            case multiRow = "multi-row"
            /// One array a column.
            case unnest
            /// COPY into a temporary table, and from there: COPY itself knows no ON CONFLICT.
            case copy
        }

        /// Rows that the largest statement of ``Form/multiRow`` takes: seven parameters each, 65 535 at most in all.
        static let mostRows = 8_192

        /// How the rows of a batch are sent.
        public var form: Form
        /// Messages that a batch holds at most.
        public var most: Int
        /// The longest that the first message of a batch waits for others, nanoseconds.
        public var wait: UInt64

        /// A batch ends at `most` messages, 2 to 8 192, or `wait` nanoseconds after its first.
        public init(form: Form = .multiRow, most: Int = 100, wait: UInt64 = 5_000_000) {
            self.form = form
            self.most = most
            self.wait = wait
        }
    }

    /// How the statements of store requests are sent.
    public enum Queries: String, Sendable, CaseIterable {
        /// In the simple protocol, everything inlined, planned anew each time: the node's way.
        case text
        /// One prepared statement a shape, values bound.
        case prepared
    }

    /// Which plans the server makes for prepared queries (`plan_cache_mode`).
    public enum Plans: String, Sendable, CaseIterable {
        /// The server's default: custom ones first, a generic one when it seems no dearer.
        case auto
        case custom
        case generic
    }

    /// How a list of hashes or topics stands in a prepared query.
    public enum Lists: String, Sendable, CaseIterable {
        /// One parameter an element: `IN ($1,$2)`, another statement for every length.
        case elements = "in"
        /// One parameter: `= ANY($1)`.
        case array
    }

    /// How messages are found by their hashes alone.
    public enum ByHash: String, Sendable, CaseIterable {
        /// The node's join, which has a lower bound of time only.
        case node
        /// Timestamps are looked up first, in the same statement, and bound the partitions on both sides.
        case bounded
        /// The same in two statements: planned with both bounds known, and none at all when no hash is known.
        case boundedFirst = "bounded-first"
    }

    /// What a request by hashes alone reads when only hashes are wanted.
    public enum HashOnly: String, Sendable, CaseIterable {
        /// Whole rows: the node's way.
        case rows
        /// Hashes.
        case hashes
    }

    /// Format of the results of prepared queries.
    public enum Results: String, Sendable, CaseIterable {
        case text
        case binary
    }

    /// What the archive's tables have hashes in.
    public enum Hashes: String, Sendable, CaseIterable {
        /// VARCHAR of 64 hexadecimal digits: the node's way.
        case hex
        /// BYTEA of 32 bytes. The script `sql/suggestions/hash-bytea.sql` makes the columns so; where they are not, no
        /// load is begun, because no server would refuse the wrong hashes.
        case bytea
    }

    /// What becomes of the query behind the last of 100, 200, … hashes. There is no hash in it, and without other
    /// filters no condition at all.
    public enum Surplus: String, Sendable, CaseIterable {
        /// It is sent, and what it finds stands behind what was asked for: the node's way.
        case sent
        /// It is left out, and with it messages that nobody asked for.
        case dropped
    }

    /// Where a pipeline synchronises. Statements between two syncs share one transaction, and fail together.
    public enum Sync: Sendable, Equatable {
        case statement
        case operation
        /// After so many operations, two or more.
        case operations(Int)
    }

    /// How a message is stored.
    public var put = Put.separate
    /// Meaningful with ``Put/batched`` only.
    public var batch = Batch()
    /// How the statements of store requests are sent.
    public var queries = Queries.text
    /// Which plans prepared queries get; meaningful with ``Queries/prepared`` only.
    public var plans = Plans.auto
    /// How lists stand in prepared queries.
    public var lists = Lists.elements
    /// How messages are found by hashes alone.
    public var byHash = ByHash.node
    /// What a request for hashes reads.
    public var hashOnly = HashOnly.rows
    /// Format of the results of prepared queries.
    public var results = Results.text
    /// What the archive's tables have hashes in.
    public var hashes = Hashes.hex
    /// What a request of 100, 200, … hashes ends with.
    public var surplus = Surplus.sent
    /// Connections a node opens for writing; the workload's number when `nil`.
    public var writeConnections: Int?
    /// Connections a node opens for reading; the workload's number when `nil`.
    public var readConnections: Int?
    /// Nanoseconds, in whole milliseconds; none when `nil`.
    public var statementTimeout: UInt64?
    /// Operations in flight on a connection at once.
    public var window = 1
    /// Where a pipeline synchronises; meaningful with a ``window`` above 1 or ``Put/pipelined`` puts.
    public var sync = Sync.operation

    /// The store node's own way.
    public static let faithful = DriverBehaviour()

    /// The store node's own way, to be changed.
    public init() {}

    /// Whether it is the store node's own way.
    public var isFaithful: Bool { self == .faithful }

    /// Whether it has a say in how many connections a node opens.
    public var hasPoolSizes: Bool { writeConnections != nil || readConnections != nil }

    /// How the connections of a node's pool are used.
    ///
    /// - Parameters:
    ///   - pool: which of the two.
    ///   - connections: at most, where the behaviour does not say.
    /// - Returns: the pool's size, window, syncs, and what each new connection is told first.
    package func plan(_ pool: PoolKind, connections: Int) -> PoolPlan {
        let pipelines = window > 1 || pool == .write && put == .pipelined
        // The pool counts statements.
        let statements = pool == .write && put == .pipelined && window > 1 ? 2 * window : window
        return PoolPlan(
            limit: (pool == .write ? writeConnections : readConnections) ?? connections, window: statements,
            syncEvery: pipelines ? syncEvery : nil, greetings: greetings(pool))
    }

    /// Units between two syncs.
    private var syncEvery: Int {
        if case .operations(let count) = sync { count } else { 1 }
    }
}
