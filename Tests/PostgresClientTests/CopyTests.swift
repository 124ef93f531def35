import LinuxSystem
import PostgresClient
import TestSupport
import Testing

/// Rows into a COPY through the hub, which waits for no server.
@Suite(.ownThreads) struct CopyTests {
    /// Has statements sent, each on a connection of its own choice, and keeps how they ended.
    private final class Sender: StatementOwner {
        let hub: ConnectionHub<Sender>
        let pool: ConnectionPool
        private let text = TextBuffer()
        private var statements: [(sql: String, rows: [String])] = []
        private var connections: [Int: PooledConnection] = [:]
        /// Tickets and their failures in the order of their ends.
        private(set) var ends: [(ticket: Int, code: String?)] = []
        private(set) var notes: [String] = []
        /// By ticket: the server's process.
        private(set) var backends: [Int: Int32] = [:]

        init(_ parameters: ConnectionParameters, connections: Int) throws {
            hub = try ConnectionHub(parameters)
            pool = hub.addPool(name: "test", PoolPlan(limit: connections))
            hub.wait(until: Clock.now(), self)
        }

        func begin(_ sql: String, rows: [String] = []) {
            statements.append((sql, rows))
            hub.enqueue(statements.count - 1, pool, self)
        }

        /// Waits until so many have ended.
        func wait(for count: Int) throws {
            let deadline = Clock.now() + 60_000_000_000
            while ends.count < count {
                hub.wait(until: deadline, self)
                try #require(Clock.now() < deadline, "\(ends)")
            }
        }

        func send(_ ticket: Int, on connection: PooledConnection) throws(PostgresError) {
            connections[ticket] = connection
            backends[ticket] = connection.raw?.backendPID
            text.clear()
            text.append(statements[ticket].sql)
            text.terminate()
            try hub.send(text: text.cString(), for: ticket, on: connection)
        }

        func take(_ result: borrowing QueryResult, for ticket: Int) {
            guard result.kind == .copyIn, let connection = connections[ticket] else { return }
            hub.sendCopy(on: connection, self) { buffer in
                for row in statements[ticket].rows { buffer.append(row) }
            }
        }

        func finish(_ ticket: Int, _ answer: Answer) { ends.append((ticket, answer.failure?.code.description)) }
        func refuse(_ ticket: Int, _ error: PostgresError) { ends.append((ticket, error.code.description)) }
        func note(_ kind: String, _ detail: String) { notes.append(kind) }
    }

    private static let copy = "COPY rows (n, word) FROM STDIN"

    /// Some 9 MB: many times what a socket takes at once.
    private static func rows(_ count: Int = 200_000) -> [String] {
        (0..<count).map { "\($0)\tsomething of some forty characters, no more\n" }
    }

    private func prepared(trigger body: String? = nil) async throws -> (ConnectionParameters, Connection) {
        let parameters = try await TestServers.database()
        let connection = try Connection.open(parameters)
        try connection.run("CREATE TABLE rows (n int8, word text)")
        if let body {
            try connection.run(
                """
                CREATE FUNCTION act() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN IF NEW.n = 7 THEN \(body); END IF; RETURN NEW; END $$;
                CREATE TRIGGER act BEFORE INSERT ON rows FOR EACH ROW EXECUTE FUNCTION act()
                """)
        }
        return (parameters, connection)
    }

    @Test func allRowsArriveInOrderHoweverMany() async throws {
        let (parameters, connection) = try await prepared()
        let sender = try Sender(parameters, connections: 1)
        sender.begin(Self.copy, rows: Self.rows())
        sender.begin(Self.copy)
        sender.begin(Self.copy, rows: ["-1\tlast\n"])
        try sender.wait(for: 3)
        #expect(sender.ends.map(\.ticket) == [0, 1, 2] && sender.ends.allSatisfy { $0.code == nil })
        let found = try connection.run(
            "SELECT count(*), sum(n), count(DISTINCT word), max(n), (SELECT n FROM rows ORDER BY ctid DESC LIMIT 1) FROM rows"
        )
        #expect(found == [["200001", "19999899999", "2", "199999", "-1"]])
        #expect(sender.notes.isEmpty && Set(sender.backends.values).count == 1)
        sender.hub.closeAll()
    }

    /// The server refuses the first row while most of the others are still to be sent.
    @Test func refusedRowsFailTheStatementOnly() async throws {
        let (parameters, connection) = try await prepared()
        let sender = try Sender(parameters, connections: 1)
        sender.begin(Self.copy, rows: ["no number\tx\n"] + Self.rows())
        sender.begin("COPY nowhere FROM STDIN", rows: Self.rows(1))
        sender.begin(Self.copy, rows: Self.rows(10))
        try sender.wait(for: 3)
        #expect(sender.ends.map(\.code) == ["22P02", "42P01", nil])
        #expect(try connection.value("SELECT count(*) FROM rows") == "10")
        #expect(sender.notes.isEmpty && Set(sender.backends.values).count == 1)
        sender.hub.closeAll()
    }

    @Test func aBackendThatEndsInTheMiddleFailsTheStatementAndIsReplaced() async throws {
        let (parameters, connection) = try await prepared(
            trigger: "PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(60)")
        let sender = try Sender(parameters, connections: 1)
        sender.begin(Self.copy, rows: Self.rows())
        try sender.wait(for: 1)
        #expect(["57P01", "connection-lost"].contains(sender.ends[0].code))
        sender.begin(Self.copy, rows: Self.rows(5))
        try sender.wait(for: 2)
        #expect(sender.ends[1].code == nil && sender.ends.count == 2)
        #expect(try connection.value("SELECT count(*) FROM rows") == "5")
        #expect(sender.notes == ["connection.lost"] && sender.backends[0] != sender.backends[1])
        sender.hub.closeAll()
    }

    /// The eighth row waits for a lock, so that the socket fills; another connection works on.
    @Test func aServerThatTakesNothingHoldsNobodyUp() async throws {
        let (parameters, connection) = try await prepared(trigger: "PERFORM pg_advisory_xact_lock(1)")
        try connection.run("SELECT pg_advisory_lock(1)")
        let sender = try Sender(parameters, connections: 2)
        sender.begin(Self.copy, rows: Self.rows())
        let waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        while try connection.value(waiting) == "0" && sender.ends.isEmpty {
            sender.hub.wait(until: Clock.now() + 10_000_000, sender)
        }
        sender.begin("SELECT 1")
        sender.begin("SELECT 2")
        try sender.wait(for: 2)
        #expect(sender.ends.map(\.ticket) == [1, 2])
        try connection.run("SELECT pg_advisory_unlock(1)")
        try sender.wait(for: 3)
        #expect(sender.ends.map(\.code) == [nil, nil, nil])
        #expect(try connection.value("SELECT count(*) FROM rows") == "200000")
        sender.hub.closeAll()
    }
}
