import Glibc
import LinuxSystem
import PostgresClient
import TestSupport
import Testing

/// Servers in libpq's words, and what never becomes visible of them.
@Suite(.ownThreads) struct ConnectionTargetTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let text: String
        let shown: String
        var testDescription: String { text }
    }

    @Test(arguments: [
        Case(
            text: "postgresql://bench:s3cret@db.example.org:6543/runs?sslmode=verify-full&sslrootcert=/ca.crt",
            shown: "bench@db.example.org:6543/runs (TLS verify-full)"),
        Case(
            text: "host=db.example.org user=bench password=s3cret dbname=runs sslmode=disable",
            shown: "bench@db.example.org:5432/runs (no TLS)"),
        Case(
            text: "postgres://b%40x:s3c%2Fret@[::1]/runs?sslmode=require", shown: "b@x@[::1]:5432/runs (TLS require)"),
        Case(text: "host=/run/x user=bench dbname=runs", shown: "bench@/run/x:5432/runs (Unix socket)"),
        Case(
            text: "postgresql://bench@db/runs?password=s3cret", shown: "bench@db:5432/runs (TLS prefer)"),
    ])
    func aServerIsShownWithoutSecrets(_ one: Case) throws {
        let server = try ConnectionParameters.resolve(one.text)
        #expect(server.shown == one.shown)
        var dumped = ""
        dump(server, to: &dumped)
        for text in [
            "\(server)", String(reflecting: server), dumped, server.redacted, "\([server])",
            "\(Mirror(reflecting: server).children.map { $0 })",
        ] {
            #expect(!text.contains("s3c"), "\(text)")
        }
    }

    @Test func whatIsSaidArrives() throws {
        let server = try ConnectionParameters.resolve(
            "postgresql://bench:s3cret@db:6543/runs?connect_timeout=3&application_name=mine&channel_binding=require")
        #expect(server.password == "s3cret" && server.connectTimeout == 3 && server.applicationName == "mine")
        #expect(server.host == "db" && server.port == 6_543 && server.user == "bench" && server.database == "runs")
        let plain = try ConnectionParameters.resolve("host=db user=bench dbname=runs passfile=/nonexistent")
        #expect(plain.password == nil && plain.connectTimeout == 10 && plain.applicationName == "archivebench")
    }

    @Test(arguments: [
        ("host=h password=s3 cret dbname=d", "missing"),
        ("postgresql://u:s3cret@[h/db", "matching"),
        ("postgresql://u:s3cret/x@h/db", "%2F"),
        ("postgresql://u:12/s3cret@h/db", "%40"),
        ("postgresql://u:x@s3cret@h/db", "%40"),
        ("postgresql://u:s3cret@h/db?s3cret=1", "query parameter"),
        ("host=a,b password=s3cret", "several servers"),
        ("host=h port=0 password=s3cret", "port"),
        ("host=h sslmode=s3cret", "sslmode"),
        ("host=h gssencmode=require", "GSSAPI"),
        ("host=h connect_timeout=s3cret", "connect_timeout"),
        ("host=h nonsense=s3cret", "nonsense"),
        ("service=s3cret-nonesuch", "service"),
    ])
    func whatIsWrongIsSaidWithoutTheText(_ text: String, _ words: String) {
        do {
            let server = try ConnectionParameters.resolve(text)
            Issue.record("resolved to \(server)")
        } catch {
            let said = "\(error)"
            if words != "nonsense" { #expect(said.contains(words), "\(said)") }
            #expect(!said.contains("cret") && !said.contains("s3"), "\(said)")
            #expect(!said.contains("\n"))
        }
    }

    /// In a process of its own, because the environment belongs to all tests.
    @Test func theStringGoesBeforeTheServiceAndThatBeforeTheEnvironment() async {
        await #expect(processExitsWith: .success) { () async -> Void in
            do {
                let folder = try TemporaryFolder()
                let service = try folder.write(
                    "[bench]\nhost=db.service\nport=6001\nuser=of-service\n", as: "service.conf")
                let passwords = try folder.write("db.service:6002:of-environment:of-service:of-file\n", as: "pass")
                chmod(passwords, 0o600)
                for (name, value) in [
                    ("PGSERVICEFILE", service), ("PGSERVICE", "other"), ("PGPASSFILE", passwords), ("PGPORT", "7000"),
                    ("PGUSER", "of-environment"), ("PGDATABASE", "of-environment"), ("PGSSLMODE", "require"),
                ] {
                    setenv(name, value, 1)
                }
                let server = try ConnectionParameters.resolve("service=bench port=6002")
                guard server.shown == "of-service@db.service:6002/of-environment (TLS require)" else { exit(1) }
                guard server.password == "of-file" else { exit(2) }
                guard getenv("PGPORT") == nil, getenv("PGSERVICE") == nil, getenv("PGPASSFILE") == nil else { exit(3) }
                setenv("PGHOST", "db.environment", 1)
                setenv("PGPASSWORD", "of-environment", 1)
                let other = try ConnectionParameters.resolve("")
                exit(other.host == "db.environment" && other.password == "of-environment" ? 0 : 4)
            } catch {
                exit(5)
            }
        }
    }

    @Test func limitsHoldForTheseConnectionsAlone() async throws {
        let server = try await TestServers.database()
        let limited = try Connection.open(server.limited(statement: 200, lock: 100))
        #expect(throws: PostgresError.self) { try limited.run("SELECT pg_sleep(20)") }
        #expect(try limited.value("SHOW lock_timeout") == "100ms")
        #expect(try Connection.open(server).value("SHOW statement_timeout") == "0")
    }

    @Test func aRunningStatementIsEndedFromOutside() async throws {
        let connection = Unchecked(value: try Connection.open(try await TestServers.database()))
        let watcher = try Connection.open(try await TestServers.database())
        let cancellations = Cancellations()
        async let ending = WorkerThread.run { () -> PostgresError? in
            do {
                _ = try cancellations.watching(connection.value) { try connection.value.run("SELECT pg_sleep(600)") }
                return nil
            } catch {
                return error as? PostgresError
            }
        }
        // Until the server has it; a statement that came after the end would be refused, too.
        let sleeping = "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(600)' AND state = 'active'"
        while try watcher.value(sleeping) == "0" { try await Task.sleep(for: .milliseconds(5)) }
        cancellations.cancel()
        let end = try await ending
        #expect(end?.code == .sqlState("57014"))
        #expect(throws: PostgresError.self) {
            try cancellations.watching(connection.value) { try connection.value.run("SELECT 1") }
        }
    }

    /// A connection goes to the one thread that uses it.
    private struct Unchecked: @unchecked Sendable { let value: Connection }
}
