import LinuxSystem

/// How the connections of a pool are used.
public struct PoolPlan: Sendable {
    /// Connections at most.
    public var limit: Int
    /// Statements in flight on a connection before others are preferred or waited for.
    public var window: Int
    /// Units between two syncs of a pipeline, see ``ConnectionHub``; `nil` for no pipeline: one statement at a time.
    public var syncEvery: Int?
    /// Statements that each new connection begins with, such as `SET statement_timeout = 1000`.
    public var greetings: [String]
    /// Database of its connections; `nil` for the one that the hub was made for.
    public var database: String?

    /// A plan for at least one connection; without `syncEvery` the window is 1.
    public init(limit: Int, window: Int = 1, syncEvery: Int? = nil, greetings: [String] = []) {
        self.limit = max(1, limit)
        self.window = syncEvery == nil ? 1 : max(1, window)
        self.syncEvery = syncEvery.map { max(1, $0) }
        self.greetings = greetings
    }
}

/// Connections opened when they are needed, up to a limit, never given up.
///
/// As a store node does it: a statement takes the first idle connection; when all are busy and the limit is not reached
/// one more is opened; otherwise it waits its turn. A pool whose server went away tries again with growing pauses.
public final class ConnectionPool {
    /// Pause after the first failed attempt and the longest one, nanoseconds.
    static let pauses: ClosedRange<Nanoseconds> = 100_000_000...1_000_000_000

    /// For messages, such as `node 0 write`.
    public let name: String
    /// How many connections it may open, and how they are used.
    public let plan: PoolPlan
    /// In the order in which they were opened first, which is the order of choice.
    public private(set) var connections: [PooledConnection] = []
    /// Tickets that wait for a connection.
    var waiting = Ring<Int>(capacity: 64)
    /// Open and with nothing to do; and with room in the window. By number.
    var idle = NumberSet()
    var roomy = NumberSet()
    var opening = 0
    /// Places without a connection.
    var closed = 0
    /// No attempt to open before this moment.
    private(set) var retryAt: Nanoseconds = 0
    private var pause: Nanoseconds = 0

    init(name: String, plan: PoolPlan) {
        self.name = name
        self.plan = plan
    }

    /// Whom the next statement goes to; `nil` when all are busy.
    var available: PooledConnection? { (idle.first ?? roomy.first).map { connections[$0] } }

    /// The place for one more connection: a closed one, or a new one below the limit.
    var vacancy: PooledConnection? {
        if closed > 0 { return connections.first { $0.state == .closed } }
        guard connections.count < plan.limit else { return nil }
        let connection = PooledConnection(number: connections.count, pool: self)
        connections.append(connection)
        closed += 1
        return connection
    }

    /// Whether another connection should be opened now: somebody waits for whom none is being opened yet.
    func wantsMore(at now: Nanoseconds) -> Bool { opening < waiting.count && now >= retryAt }

    /// Whether time alone may bring this pool something to do.
    var isRestless: Bool { opening > 0 || !waiting.isEmpty }

    func noteFailure(at now: Nanoseconds) {
        // Attempts that were begun together fail together, and count as one.
        guard now >= retryAt else { return }
        pause = pause == 0 ? Self.pauses.lowerBound : min(pause * 2, Self.pauses.upperBound)
        retryAt = now + pause
    }

    func noteSuccess() {
        pause = 0
        retryAt = 0
    }

    /// Puts a connection where it belongs by what it has to do.
    func sort(_ connection: PooledConnection) {
        let open = connection.state == .open && !connection.isHeld
        if open && connection.statements == 0 { idle.insert(connection.number) } else { idle.remove(connection.number) }
        // Without a window there is room only where nothing is in flight.
        guard plan.window > 1 else { return }
        if open && connection.statements < plan.window {
            roomy.insert(connection.number)
        } else {
            roomy.remove(connection.number)
        }
    }
}

/// A place in a pool: empty, or with a connection in it.
public final class PooledConnection {
    enum State {
        case closed
        case opening
        case greeting
        case open
    }

    /// A statement that is over and waits for its sync.
    struct Finished {
        let ticket: Int
        let firstByte: Nanoseconds
        let failure: PostgresError?
    }

    package let number: Int
    unowned(unsafe) let pool: ConnectionPool
    var state = State.closed
    /// What opens and ends it; `nil` while there is none.
    public internal(set) var raw: Connection?
    /// What talks through it while it is open.
    var wire = Wire()
    /// How often it was opened.
    var openings = 0
    /// What was written before this position may be sent, see ``ConnectionHub/depart(_:)``.
    var departed = Int.max
    /// Sent and not answered, in order.
    var flights = Ring<Flight>()
    /// Statements sent whose owner has not been told of their end.
    package internal(set) var statements = 0
    /// Answered, their sync outstanding.
    var finished: [Finished] = []
    /// Units and statements since the last sync was sent.
    var unsyncedUnits = 0
    var unsyncedStatements = 0
    var syncsInFlight = 0
    /// Numbers of the statements that this connection has prepared.
    var prepared = NumberSet()
    /// The first failure of the statement being answered.
    var failure: PostgresError?
    /// Whether any statement since the last sync that came failed, and with it the whole group.
    var groupFailed = false
    /// Whether the hub has it among those with statements behind their last sync.
    var isListedUnsynced = false
    /// When the first byte of the answer at the head arrived; 0 before.
    var firstByte: Nanoseconds = 0
    /// Whether its owner keeps it for the next statement of the same operation.
    public var isHeld = false
    /// Whether rows of a COPY are still to be sent; they are in `copyRows`.
    var isCopying = false
    var copyRows: CopyRows?
    /// The socket registered with the event loop; -1 while there is none.
    var descriptor: Int32 = -1
    /// The event loop's number for it.
    var token = 0
    var interest: EventLoop.Interest = .read
    /// When an attempt to open counts as failed.
    var openingEnds: Nanoseconds = 0
    /// The next statement to begin with.
    var nextGreeting = 0
    /// What was written before this position has set out over a modelled distance; 0 where there is none.
    var setOut = 0

    init(number: Int, pool: ConnectionPool) {
        self.number = number
        self.pool = pool
        syncEvery = pool.plan.syncEvery
    }

    /// The pool's.
    let syncEvery: Int?

    /// Whether statements and answers pass through it.
    var isTalking: Bool { state == .open || state == .greeting }

    /// Whether statements may follow each other without waiting for answers.
    public var pipelines: Bool { syncEvery != nil }

    /// Room for what is to be sent, bytes.
    package var sendCapacity: Int { wire.outCapacity }

    /// Whether the owner is told how a flight ends; of a prepare in a pipeline it hears by the statement behind it.
    func isOwners(_ flight: Flight) -> Bool {
        flight.kind == .statement || (flight.kind == .prepare && !pipelines)
    }

    /// Whether a statement of a ticket is in flight here.
    func carries(_ ticket: Int) -> Bool { flights.contains { isOwners($0) && $0.ticket == ticket } }
}
