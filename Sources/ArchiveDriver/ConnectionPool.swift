import LinuxSystem
import PostgresClient

/// One of a node's two pools: connections opened when they are needed, up to a limit, never given up.
///
/// As the node does it: a statement takes the first idle connection; when all are busy and the limit is not reached one
/// more is opened; otherwise it waits its turn. A pool whose server went away tries again with growing pauses.
final class ConnectionPool {
    /// Pause after the first failed attempt and the longest one, nanoseconds.
    static let pauses: ClosedRange<Nanoseconds> = 100_000_000...1_000_000_000

    let node: Int
    let kind: PoolKind
    let limit: Int
    /// In the order in which they were opened first, which is the order of choice.
    var connections: [PooledConnection] = []
    /// Tickets that wait for a connection.
    var waiting = TicketQueue()
    /// No attempt to open before this moment.
    private(set) var retryAt: Nanoseconds = 0
    private var pause: Nanoseconds = 0

    init(node: Int, kind: PoolKind, limit: Int) {
        self.node = node
        self.kind = kind
        self.limit = limit
    }

    var firstIdle: PooledConnection? { connections.first { $0.state == .idle } }

    /// The place for one more connection: a closed one, or a new one below the limit.
    var vacancy: PooledConnection? {
        if let closed = connections.first(where: { $0.state == .closed }) { return closed }
        guard connections.count < limit else { return nil }
        let connection = PooledConnection()
        connections.append(connection)
        return connection
    }

    /// Whether another connection should be opened now: somebody waits for whom none is being opened yet.
    func wantsMore(at now: Nanoseconds) -> Bool {
        now >= retryAt && connections.count(where: { $0.isOpening }) < waiting.count
    }

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
}

/// A place in a pool: empty, or with a connection in it.
final class PooledConnection {
    enum State: Equatable {
        case closed
        case opening
        case idle
        /// Preparing a statement for this ticket; its execution comes next.
        case preparing(ticket: Int)
        case executing(ticket: Int)
    }

    var state = State.closed
    var connection: Connection?
    /// The socket registered with the event loop; -1 while there is none.
    var descriptor: Int32 = -1
    /// The event loop's number for it.
    var token = 0
    var interest: EventLoop.Interest = .read
    /// When an attempt to open counts as failed.
    var openingEnds: Nanoseconds = 0
    /// The statements that this connection has prepared.
    var prepared = PreparedSet()
    /// What is being prepared.
    var preparing: ArchiveStatement?
    /// The first failure of the statement under way.
    var failure: PostgresError?

    var isOpening: Bool { state == .opening }
}

/// First in, first out, without moving its elements: a ring that grows.
struct TicketQueue {
    private var ring: [Int] = Array(repeating: 0, count: 64)
    private var head = 0
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    mutating func append(_ ticket: Int) {
        if count == ring.count {
            ring = (0..<count).map { ring[(head + $0) & (ring.count - 1)] } + Array(repeating: 0, count: count)
            head = 0
        }
        ring[(head + count) & (ring.count - 1)] = ticket
        count += 1
    }

    mutating func popFirst() -> Int? {
        guard count > 0 else { return nil }
        defer {
            head = (head + 1) & (ring.count - 1)
            count -= 1
        }
        return ring[head]
    }
}
