import FoundationEssentials
import Glibc
import LinuxSystem
import PostgresClient
import TestSupport
import Testbed
import Testing

/// Our own side of the protocol, held against libpq: the same statements give the same results.
@Suite(.ownThreads) struct WireTests {
    /// Everything a result tells, as text.
    private static func dump(_ result: borrowing QueryResult) -> [String] {
        guard result.kind == .rows else { return ["\(result.kind) \(result.affectedRows)"] }
        var lines = ["rows \(result.rowCount) affected \(result.affectedRows)"]
        for column in 0..<result.columnCount { lines.append("\(result.columnName(column)) \(result.isBinary(column))") }
        for row in 0..<result.rowCount {
            for column in 0..<result.columnCount {
                let value = result.isNull(row, column) ? "NULL" : "\(Array(result.bytes(row, column)).description)"
                lines.append("\(value.utf8.count) \(value.hashValue) \(result.text(row, column)?.prefix(40) ?? "-")")
            }
        }
        return lines
    }

    /// Sends statements one after the other through one connection of a hub, and dumps their results.
    private final class Reader: StatementOwner {
        let hub: ConnectionHub<Reader>
        let pool: ConnectionPool
        private let statements: [(text: String, values: [String], binary: Bool)]
        private let parameters = BoundParameters()
        /// Called before each statement.
        private let disturb: () -> Void
        private(set) var dumps: [[String]]
        private(set) var failures: [String?] = []

        init(
            _ server: ConnectionParameters, _ statements: [(text: String, values: [String], binary: Bool)],
            window: Int, disturb: @escaping () -> Void = {}
        ) throws {
            self.disturb = disturb
            hub = try ConnectionHub(server)
            pool = hub.addPool(
                name: "wire", PoolPlan(limit: 1, window: window, syncEvery: window > 1 ? 3 : nil))
            self.statements = statements
            dumps = statements.map { _ in [] }
        }

        deinit { hub.closeAll() }

        func readAll() -> Bool {
            for ticket in statements.indices { hub.enqueue(ticket, pool, self) }
            let limit = Clock.now() + 60_000_000_000
            while failures.count < statements.count && hub.now < limit { hub.wait(until: limit, self) }
            return failures.count == statements.count
        }

        func send(_ ticket: Int, on connection: PooledConnection) throws(PostgresError) {
            disturb()
            let statement = statements[ticket]
            guard !statement.values.isEmpty || statement.binary else {
                return try hub.send(text: statement.text, for: ticket, on: connection)
            }
            parameters.clear()
            for value in statement.values { parameters.add { $0.append(value) } }
            try hub.send(
                prepared: ticket, name: "w\(ticket)", text: statement.text, parameters,
                binaryResults: statement.binary, for: ticket, on: connection)
        }

        func take(_ result: borrowing QueryResult, for ticket: Int) { dumps[ticket] += WireTests.dump(result) }
        func finish(_ ticket: Int, _ answer: Answer) { failures.append(answer.failure.map { $0.code.description }) }
        func refuse(_ ticket: Int, _ error: PostgresError) { failures.append(error.description) }
        func note(_ kind: String, _ detail: String) {}
    }

    private static let statements: [(text: String, values: [String], binary: Bool)] = [
        ("SELECT 1 AS one, NULL::text AS nothing, '' AS empty, 'ä' AS letter", [], false),
        ("SELECT n, n::text, repeat('x', n * 700) AS long FROM generate_series(0, 90) n", [], false),
        ("SELECT n, md5(n::text) FROM generate_series(1, $1::int) n", ["5000"], false),
        (
            "SELECT n::int8, n::int4, n::int2, decode(md5(n::text), 'hex') FROM generate_series(1, $1::int) n", ["40"],
            true
        ),
        ("SELECT repeat('y', $1::int)", ["3000000"], false),
        ("SELECT 1 WHERE false", [], false),
        ("UPDATE t SET a = a + 1", [], false),
        ("INSERT INTO t SELECT 7 FROM generate_series(1, $1::int)", ["9"], false),
        ("", [], false),
        ("CREATE TEMP TABLE gone (a int)", [], false),
    ]

    /// One at a time, and several in flight with answers that come in one read or in pieces.
    @Test(arguments: [1, 4]) func resultsAreThoseOfLibpq(_ window: Int) async throws {
        let server = try await TestServers.database()
        let connection = try Connection.open(server)
        let make = "DROP TABLE IF EXISTS t; CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2), (3)"
        try connection.run(make)
        let reader = try Reader(server, Self.statements, window: window)
        #expect(reader.readAll())
        #expect(reader.failures.allSatisfy { $0 == nil })
        try connection.run(make)
        for (index, statement) in Self.statements.enumerated() {
            var expected: [String] = []
            if statement.values.isEmpty && !statement.binary {
                try connection.sendSimple(statement.text)
            } else {
                try connection.sendPrepare(name: "l\(index)", text: statement.text)
                try connection.collect(statement: "prepare") { _ throws(PostgresError) in }
                let parameters = BoundParameters()
                for value in statement.values { parameters.add { $0.append(value) } }
                try connection.sendPrepared(name: "l\(index)", parameters, binaryResults: statement.binary)
            }
            try connection.collect(statement: statement.text) { result throws(PostgresError) in
                expected += Self.dump(result)
            }
            #expect(reader.dumps[index] == expected, "\(statement.text)")
        }
        #expect(reader.dumps[1].count > 270 && reader.dumps[2].count > 10_000)
    }

    @Test func errorsSayWhatTheServerSaid() async throws {
        let statements: [(text: String, values: [String], binary: Bool)] = [
            ("SELECT 1 / 0", [], false), ("SELECT 'a'; SELECT no_such; SELECT 'b'", [], false),
            ("SELECT 1 / $1::int", ["0"], false), ("SELECT $1::int", ["x"], true), ("SELECT 2", [], false),
        ]
        let reader = try Reader(try await TestServers.database(), statements, window: 1)
        #expect(reader.readAll())
        #expect(reader.failures == ["22012", "42703", "22012", "22P02", nil])
        // What came before the error of its text was a result.
        #expect(reader.dumps.map(\.isEmpty) == [true, false, true, true, false])
    }

    /// The same through TLS, which libpq has opened.
    @Test func encryptedConnectionsAreReadToo() async throws {
        guard FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl") else {
            return print("skipped: no /usr/bin/openssl to make a certificate with")
        }
        let folder = try TemporaryFolder()
        let (key, certificate) = ("\(folder.path)/server.key", "\(folder.path)/server.crt")
        let words =
            "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test -keyout \(key) -out \(certificate) 2> /dev/null; chown postgres \(key) \(certificate) 2> /dev/null; chmod 600 \(key); chmod 755 \(folder.path)"
        try #require(system(words) == 0)
        let cluster = try await TestServers.privateCluster(
            ["ssl": "on", "ssl_cert_file": certificate, "ssl_key_file": key], listeningOn: "127.19.82.7")
        do {
            var server = cluster.record.parameters(database: "postgres")
            (server.host, server.sslMode) = ("127.19.82.7", "require")
            let connection = try Connection.open(server)
            #expect(try connection.value("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()") == "t")
            try connection.run("CREATE TABLE t (a int)")
            let statements =
                Self.statements + [("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", [], false)]
            // What others left in the thread's queue of errors is none of the connection's.
            typealias Opening = @convention(c) (UnsafePointer<CChar>, UnsafePointer<CChar>) -> OpaquePointer?
            let open = unsafeBitCast(try #require(dlsym(nil, "BIO_new_file")), to: Opening.self)
            let reader = try Reader(server, statements, window: 4) { #expect(open("/no/such/file", "r") == nil) }
            #expect(reader.readAll())
            #expect(reader.failures.allSatisfy { $0 == nil })
            #expect(reader.dumps[2].count > 10_000 && reader.dumps.last?.last?.hasSuffix(" t") == true)
        } catch {
            await cluster.remove()
            throw error
        }
        await cluster.remove()
    }
}
