import Glibc
import LinuxSystem
import PostgresClient
import TestSupport
import Testing

@Suite(.ownThreads) struct ConnectionTests {
    @Test func valuesComeBackAsText() async throws {
        let connection = try Connection.open(try await TestServers.database())
        #expect(try connection.run("SELECT 1, NULL, 'x''y'") == [["1", nil, "x'y"]])
        #expect(try connection.value("SELECT current_setting('application_name')") == "archivebench")
        #expect(connection.backendPID > 0 && connection.serverVersionNumber >= 140_000)
    }

    @Test func errorsCarryStateStatementAndSizesOnly() async throws {
        let connection = try Connection.open(try await TestServers.database())
        do {
            try connection.run("SELECT * FROM no_such_table")
            Issue.record("no error")
        } catch {
            #expect(error.code == .sqlState("42P01"))
            #expect(error.statement == "SELECT * FROM no_such_table")
            #expect(!error.isConnectionFailure)
        }
        // The connection is usable after an error.
        #expect(try connection.value("SELECT 2") == "2")
        let values = BoundParameters()
        values.add { $0.append("secret-value" as StaticString) }
        values.add { $0.append(-42) }
        #expect(values.redacted == "$1: 12 bytes, $2: 3 bytes")
    }

    @Test func aConnectionThatTheServerEndsIsTold() async throws {
        let parameters = try await TestServers.database()
        let (victim, other) = (try Connection.open(parameters), try Connection.open(parameters))
        try other.run("SELECT pg_terminate_backend(\(victim.backendPID))")
        do {
            try victim.run("SELECT 1")
            Issue.record("no error")
        } catch {
            #expect(error.isConnectionFailure)
            #expect(error.code == .sqlState("57P01") || error.code == .client(.connectionLost))
        }
    }

    @Test func nobodyThereIsRefused() {
        let parameters = ConnectionParameters(host: "/nonexistent", port: 5_432, user: "nobody", database: "none")
        do {
            _ = try Connection.open(parameters)
            Issue.record("no error")
        } catch {
            #expect(error.code == .client(.refused))
            #expect(!error.description.contains("\n"))
        }
    }

    @Test func noAnswerIsATimeOut() async throws {
        let connection = try Connection.open(try await TestServers.database())
        do {
            try connection.run("SELECT pg_sleep(10)", limit: 50_000_000)
            Issue.record("no error")
        } catch {
            #expect(error.code == .client(.timeOut))
        }
    }

    @Test func copyTakesRowsAndSaysWhatIsWrongWithThem() async throws {
        let connection = try Connection.open(try await TestServers.database())
        try connection.run("CREATE TABLE t (a int, b text)")
        var sent = 0
        try connection.copyIn("COPY t FROM STDIN") { buffer in
            for _ in 0..<10_000 {
                buffer.append(Int64(sent))
                buffer.append("\t\\N\n" as StaticString)
                sent += 1
            }
            return sent < 200_000
        }
        #expect(try connection.run("SELECT COUNT(*), SUM(a), COUNT(b) FROM t") == [["200000", "19999900000", "0"]])
        do {
            try connection.copyIn("COPY t FROM STDIN") { buffer in
                buffer.append("no number\tx\n" as StaticString)
                return false
            }
            Issue.record("no error")
        } catch {
            #expect(error.code == .sqlState("22P02"))
        }
        do {
            try connection.copyIn("COPY nowhere FROM STDIN") { _ in false }
            Issue.record("no error")
        } catch {
            #expect(error.code == .sqlState("42P01"))
        }
        #expect(try connection.value("SELECT COUNT(*) FROM t") == "200000")
    }

    @Test func noticesAreKept() async throws {
        let connection = try Connection.open(try await TestServers.database())
        try connection.run("DO $$ BEGIN RAISE NOTICE 'look here'; END $$")
        #expect(connection.notices.contains { $0.contains("look here") })
        try connection.run("DO $$ BEGIN FOR i IN 1..150 LOOP RAISE NOTICE 'n%', i; END LOOP; END $$")
        #expect(connection.notices.count == 100)
    }

    /// In a process of its own, because the environment belongs to all tests.
    @Test func theEnvironmentHasNoSay() async {
        await #expect(processExitsWith: .success) { () async -> Void in
            for (name, value) in [
                ("PGHOST", "/nowhere"), ("PGPORT", "1"), ("PGOPTIONS", "-c x=y"), ("PGHOSTADDR", "192.0.2.1"),
            ] {
                setenv(name, value, 1)
            }
            ConnectionParameters.forgetEnvironment()
            guard getenv("PGHOST") == nil, getenv("PGOPTIONS") == nil, getenv("PGHOSTADDR") == nil else { exit(1) }
            do {
                _ = try Connection.open(
                    ConnectionParameters(host: "/nonexistent", port: 5_433, user: "u", database: "d"))
            } catch {
                exit("\(error)".contains("/nonexistent/.s.PGSQL.5433") ? 0 : 2)
            }
        }
    }

    @Test func codesFitTheirPlace() {
        for code in PostgresError.ClientCode.allCases {
            #expect((1...15).contains(code.rawValue.utf8.count))
        }
        #expect(PostgresError(.sqlState("08006"), "x").isConnectionFailure)
        #expect(!PostgresError(.sqlState("23505"), "x").isConnectionFailure)
    }

    @Test func aPasswordAppearsNowhere() {
        let parameters = ConnectionParameters(
            host: "/nonexistent", port: 5_432, user: "u", database: "d", password: "hunter2-secret")
        #expect(!parameters.redacted.contains("hunter2"))
        do {
            _ = try Connection.open(parameters)
        } catch {
            #expect(!error.description.contains("hunter2"))
        }
    }
}
