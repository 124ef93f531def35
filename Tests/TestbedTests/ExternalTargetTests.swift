import Glibc
import LinuxSystem
import PostgresClient
import TestSupport
import Testbed
import Testing

/// Somebody's server: what is refused, and that a refusal writes nothing.
@Suite(.ownThreads) struct ExternalTargetTests {
    private static let known = "^(messages|version)$"
    private static let time = "2026-11-21T20:51:41Z"

    private func refusal(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "not refused"
        } catch {
            let words = "\(error)"
            #expect(
                error is TestbedProblem && !words.contains("\n") && !words.contains(ForeignServer.password), "\(words)")
            return words
        }
    }

    @Test func theMarkIsOfItsDatabaseAndOfItsForm() {
        let mark = TargetMarker(database: "bench", createdAt: Self.time)
        #expect(TargetMarker(comment: mark.comment, on: "bench") == mark)
        #expect(
            mark.comment
                == "archivebench target/1: database bench, made 2026-11-21T20:51:41Z by ArchiveBench, which may empty and drop it"
        )
        for comment in [nil, "", "archivebench", mark.comment + " ", "x" + mark.comment] {
            #expect(TargetMarker(comment: comment, on: "bench") == nil)
        }
        // As after a rename, or a restore under another name.
        #expect(TargetMarker(comment: mark.comment, on: "production") == nil)
    }

    @Test func aDatabaseIsMadeCheckedAndDropped() async throws {
        try await ForeignServer.with { server in
            let before = try server.databases()
            let target = ExternalTarget(server.parameters("runs"))
            // A closure within a macro and one outside of it can be taken for one another.
            let unmade = refusal { try target.checkMarked(forReading: false) }
            #expect(unmade.contains("target prepare"))
            #expect(try target.checkCreation().exists == false)
            #expect(try server.databases() == before)
            #expect(try target.create(at: Self.time))
            #expect(try !target.create(at: Self.time))
            let standing = try target.checkOurs(known: Self.known)
            #expect(standing.marker?.createdAt == Self.time && standing.isOwner && !standing.isReplica)
            #expect(try server.databases().count == before.count + 1)
            // Tables of ours are known, others are somebody's.
            let inside = try server.administrator("runs")
            try inside.run("CREATE TABLE messages (a int); CREATE TABLE customers (a int)")
            let words = refusal { try target.remove(known: Self.known) }
            #expect(words.contains("public.customers") && !words.contains("public.messages"), "\(words)")
            try inside.run("DROP TABLE customers; CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
            // The server itself refuses while somebody is connected.
            let inUse = refusal { try target.remove(known: Self.known) }
            #expect(inUse.contains("55006"), "\(inUse)")
            withExtendedLifetime(inside) {}
        }
    }

    @Test func aDroppedDatabaseLeavesTheServerAsItWas() async throws {
        try await ForeignServer.with { server in
            let before = try server.databases()
            let target = ExternalTarget(server.parameters("runs"))
            #expect(try target.create(at: Self.time))
            try target.remove(known: Self.known)
            #expect(try server.databases() == before)
        }
    }

    @Test func whatIsNotOursIsRefusedAndNotTouched() async throws {
        try await ForeignServer.with { server in
            let admin = try server.administrator()
            try admin.run("CREATE DATABASE production OWNER bench")
            try admin.run("CREATE DATABASE renamed OWNER bench")
            let mark = TargetMarker(database: "bench", createdAt: Self.time).comment
            try admin.run("COMMENT ON DATABASE renamed IS '\(mark)'; COMMENT ON DATABASE production IS 'archivebench'")
            try admin.run("CREATE ROLE guest LOGIN PASSWORD '\(ForeignServer.password)'")
            let before = try server.databases()
            for name in ["production", "renamed", "postgres"] {
                let target = ExternalTarget(server.parameters(name))
                for words in [
                    refusal { try target.checkMarked(forReading: true) },
                    refusal { try target.checkMarked(forReading: false) },
                    refusal { _ = try target.create(at: Self.time) },
                    refusal { try target.remove(known: Self.known) },
                ] { #expect(words.contains("does not bear ArchiveBench's marker"), "\(words)") }
            }
            var guest = server.parameters("new")
            guest.user = "guest"
            #expect(
                refusal { _ = try ExternalTarget(guest).create(at: Self.time) }.contains("ALTER ROLE guest CREATEDB"))
            let odd = ExternalTarget(server.parameters("a\"; DROP DATABASE x"))
            #expect(refusal { _ = try odd.create(at: Self.time) }.contains("letters, digits"))
            #expect(try server.databases() == before)
        }
    }

    @Test func wrongPasswordsAndHostsAreToldInALine() async throws {
        try await ForeignServer.with { server in
            let wrong = ExternalTarget(server.parameters("runs", password: "wrong"))
            let words = refusal { try wrong.checkMarked(forReading: false) }
            #expect(words.contains("password authentication failed") && words.hasSuffix("check user and password"))
            let none = ExternalTarget(server.parameters("runs", password: nil))
            #expect(refusal { try none.checkMarked(forReading: false) }.contains("password file (~/.pgpass)"))
            var elsewhere = server.parameters("runs")
            elsewhere.port = 1
            #expect(
                refusal { try ExternalTarget(elsewhere).checkMarked(forReading: false) }.contains("Connection refused"))
            elsewhere.host = "no-such-host.invalid"
            #expect(
                refusal { try ExternalTarget(elsewhere).checkMarked(forReading: false) }
                    .contains("no-such-host.invalid"))
        }
    }

    @Test func aServerThatNeverAnswersIsGivenUp() throws {
        let server = try SilentServer()
        let words = refusal { try ExternalTarget(server.parameters).checkMarked(forReading: false) }
        #expect(words.contains("no answer within 1 s") && words.contains("connect_timeout"), "\(words)")
    }

    @Test func replicasAndReadOnlyServersAreRefused() async throws {
        try await ForeignServer.with { server in
            let target = ExternalTarget(server.parameters("runs"))
            #expect(try target.create(at: Self.time))
            let admin = try server.administrator()
            try admin.run("ALTER ROLE bench SET default_transaction_read_only = on")
            #expect(refusal { try target.checkMarked(forReading: false) }.contains("takes no writes"))
            #expect(try target.checkMarked(forReading: true).isReadOnly)
            #expect(
                refusal { _ = try ExternalTarget(server.parameters("other")).create(at: Self.time) }.contains("writes"))
            try admin.run("ALTER ROLE bench RESET default_transaction_read_only")
            try await server.becomeReplica()
            for words in [
                refusal { try target.checkMarked(forReading: true) },
                refusal { _ = try ExternalTarget(server.parameters("other")).create(at: Self.time) },
                refusal { try target.remove(known: Self.known) },
            ] { #expect(words.contains("is a replica"), "\(words)") }
        }
    }

    @Test func theServersCertificateIsChecked() async throws {
        let (folder, other) = (try TemporaryFolder(), try TemporaryFolder())
        let address = ForeignServer.newAddress()
        guard let certificate = ForeignServer.certificate(for: address, in: folder),
            let stranger = ForeignServer.certificate(for: address, in: other)
        else { return print("skipped: no /usr/bin/openssl to make a certificate with") }
        try await ForeignServer.with(address: address, certificate: certificate) { server in
            func target(_ words: String) throws -> ExternalTarget {
                ExternalTarget(
                    try .resolve(
                        "host=\(address) user=bench dbname=runs sslmode=verify-full password=\(ForeignServer.password) \(words)"
                    ))
            }
            let ours = try target("sslrootcert=\(certificate.file)")
            #expect(try ours.create(at: Self.time))
            #expect(ours.parameters.shown == "bench@\(address):5432/runs (TLS verify-full)")
            let connection = try Connection.open(ours.parameters)
            #expect(try connection.value("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()") == "t")
            let unknown = try target("sslrootcert=\(stranger.file)")
            #expect(refusal { try unknown.checkMarked(forReading: false) }.contains("certificate"))
            let misnamed = try target("sslrootcert=\(certificate.file) host=db.example.org hostaddr=\(address)")
            #expect(refusal { try misnamed.checkMarked(forReading: false) }.contains("certificate"))
        }
    }
}
