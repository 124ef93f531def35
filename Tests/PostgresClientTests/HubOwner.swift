import LinuxSystem
import PostgresClient

/// The simplest user of a hub: tickets stand for units of prepared statements, and all that is heard of them is kept.
final class HubOwner: StatementOwner {
    /// A statement with one integer parameter after another.
    struct Statement {
        var number = 0
        var text = "INSERT"
        var values: [Int] = []
    }

    let hub: ConnectionHub<HubOwner>
    let pool: ConnectionPool
    /// The statements of a ticket.
    private let unit: (Int) -> [Statement]
    private let values = BoundParameters()
    /// By ticket: how each of its statements ended: `ok` or the code.
    private(set) var ends: [Int: [String]] = [:]
    /// By ticket: when the first byte of its last answer came.
    private(set) var firstBytes: [Int: Nanoseconds] = [:]
    private(set) var refusals: [Int: String] = [:]
    private(set) var notes: [String] = []
    /// Tickets by the number of the connection that each was sent on, in order.
    private(set) var routes: [Int] = []
    private(set) var results = 0
    /// Statements in flight on a connection: most of them right after sending.
    private(set) var most = 0
    /// The connection of the last that ended; `nil` when it was lost.
    private(set) var lastPID: Int32?

    init(
        _ parameters: ConnectionParameters, _ plan: PoolPlan, _ unit: @escaping (Int) -> [Statement]
    ) throws {
        hub = try ConnectionHub(parameters)
        pool = hub.addPool(name: "test", plan)
        self.unit = unit
    }

    deinit { hub.closeAll() }

    /// Statements that ended and tickets that were refused.
    var ended: Int { ends.values.reduce(0) { $0 + $1.count } + refusals.count }

    func open() -> Int { hub.openAll(until: Clock.now() + 60_000_000_000, self) }

    func enqueue(_ tickets: some Sequence<Int>, to other: ConnectionPool? = nil) {
        for ticket in tickets { hub.enqueue(ticket, other ?? pool, self) }
    }

    /// Lets the hub work until so many statements have ended; a minute at most.
    ///
    /// - Parameters:
    ///   - count: statements, and tickets that were refused.
    ///   - look: called after each wake.
    /// - Returns: whether they have.
    func wait(until count: Int, look: () -> Void = {}) -> Bool {
        let limit = Clock.now() + 60_000_000_000
        while ended < count && hub.now < limit {
            hub.wait(until: limit, self)
            look()
        }
        return ended == count
    }

    /// Lets the hub do what it does before it sleeps, and what has arrived already.
    func glance() { hub.wait(until: 0, self) }

    func send(_ ticket: Int, on connection: PooledConnection) throws(PostgresError) {
        routes.append(connection.number)
        let statements = unit(ticket)
        for (index, statement) in statements.enumerated() {
            values.clear()
            for value in statement.values { values.add { $0.append(Int64(value)) } }
            try hub.send(
                prepared: statement.number, name: "s\(statement.number)", text: statement.text, values, for: ticket,
                on: connection, endsUnit: index == statements.count - 1)
            most = max(most, connection.statements)
        }
    }

    func take(_ result: borrowing QueryResult, for ticket: Int) { results += 1 }

    func finish(_ ticket: Int, _ answer: Answer) {
        ends[ticket, default: []].append(answer.failure?.code.description ?? "ok")
        firstBytes[ticket] = answer.firstByte
        lastPID = answer.connection?.raw?.backendPID
    }

    func refuse(_ ticket: Int, _ error: PostgresError) { refusals[ticket] = error.code.description }

    func note(_ kind: String, _ detail: String) { notes.append("\(kind) \(detail)") }
}
