import LinuxSystem

/// A statement as a stub server met it.
public struct StubStatement: Sendable {
    /// Counts all statements of the server, from 0, in the order in which they were met.
    public let number: Int
    /// Counts the connections of the server, from 0, in the order in which they were opened.
    public let connection: Int
    /// The text that was sent, or that was prepared under the name that was sent.
    public let text: String
    /// Parameters as they were bound, `nil` for NULL; empty in the simple protocol.
    public let parameters: [[UInt8]?]
}

/// What a stub server sends back for a statement.
public enum StubResult: Sendable {
    /// A command tag without rows, such as `INSERT 0 1`.
    case command(String)
    /// Rows of text; so many columns also where there are no rows. `nil` is NULL.
    case rows([[String?]], columns: Int)
    /// An error with its SQLSTATE.
    case failure(sqlState: String, message: String)
}

/// What a stub server does about a statement.
public enum StubReaction: Sendable {
    /// Works on it for so many nanoseconds, then answers. In the simple protocol the first bytes of an answer with rows
    /// may go so many nanoseconds before the rest.
    case answer(StubResult, after: Nanoseconds, lasting: Nanoseconds = 0)
    /// Stands still from this moment on for so many nanoseconds: no statement is begun or answered on any connection.
    /// Then answers, and begins what came meanwhile. Connections are accepted all along.
    case stall(Nanoseconds, then: StubResult)
    /// Drops all connections, this one too, and takes no new ones for so many nanoseconds.
    case outage(Nanoseconds)
}

/// What a stub server does about everything.
public struct StubScript: Sendable {
    /// Called once for each statement, when it is met, on the server's thread.
    public let react: @Sendable (StubStatement) -> StubReaction
    /// Nothing is answered before so many statements have been met: all clients must be there at the same time.
    public let holdsUntil: Int

    /// - Parameters:
    ///   - holdsUntil: nothing is answered before so many statements have been met.
    ///   - react: what to do about a statement.
    public init(holdsUntil: Int = 0, react: @escaping @Sendable (StubStatement) -> StubReaction) {
        self.holdsUntil = holdsUntil
        self.react = react
    }

    /// Does the same work for each statement. A put inserts its row; everything else finds nothing.
    public static func constant(_ delay: Nanoseconds, holdsUntil: Int = 0) -> StubScript {
        StubScript(holdsUntil: holdsUntil) { .answer(usualResult(for: $0.text), after: delay) }
    }

    /// Goes through a list of delays again and again.
    public static func cycle(_ delays: [Nanoseconds]) -> StubScript {
        StubScript { .answer(usualResult(for: $0.text), after: delays[$0.number % delays.count]) }
    }

    /// A put inserts its row; everything else finds nothing, in the columns that it asked for.
    public static func usualResult(for text: String) -> StubResult {
        if text.hasPrefix("INSERT") { return .command("INSERT 0 1") }
        return .rows([], columns: text.contains("payload") ? 7 : 1)
    }
}

/// What a stub server did, by its own clock: the truth that a measurement is held against.
public struct StubLog: Sendable {
    /// One Sync of the extended protocol.
    public struct Sync: Sendable {
        /// Which connection it came through.
        public let connection: Int
        /// The numbers of the statements that were bound since the one before; what an error passes over is not among
        /// them.
        public let statements: [Int]
    }

    /// One statement. All moments are of the monotonic clock, nanoseconds.
    public struct Entry: Sendable {
        public let statement: StubStatement
        /// Read off right after its last byte was read: never before it was sent.
        public let arrived: Nanoseconds
        /// Read off right before the first bytes of an answer in two parts were written; `nil` for one in one part.
        public var opened: Nanoseconds?
        /// Read off right before the answer's last byte was written: never after it was received. `nil` when it was
        /// not answered, because the connection or the server ended first.
        public var answered: Nanoseconds?

        /// Arrival to answer: what a client cannot have measured shorter.
        public var spent: Nanoseconds? { answered.map { $0 - arrived } }
    }

    public internal(set) var entries: [Entry] = []
    /// Syncs in the order in which they were met.
    public internal(set) var syncs: [Sync] = []
    /// Connections that came as far as taking statements.
    public internal(set) var connections = 0
    /// Most of them at the same time.
    public internal(set) var mostConnections = 0
    /// From the moment all were dropped to the moment new ones were taken.
    public internal(set) var outages: [ClosedRange<Nanoseconds>] = []
    /// From the statement that began it to its end.
    public internal(set) var stalls: [ClosedRange<Nanoseconds>] = []
    /// What clients sent that the stub does not know; a test that meets any learns nothing.
    public internal(set) var misunderstood: [String] = []
    /// Calls of the system that failed.
    public internal(set) var failures: [String] = []
}
