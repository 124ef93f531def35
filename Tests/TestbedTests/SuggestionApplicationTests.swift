import LinuxSystem
import PostgresClient
import SpecReader
import TestSupport
import Testbed
import Testing

/// Settings and scripts on real servers.
@Suite(.ownThreads) struct SuggestionApplicationTests {
    /// A variant with these settings, and a patch in a folder of its own.
    private func variant(_ settings: String, patch: String? = nil, undo: String = "not reversible") throws -> Variant {
        let folder = try TemporaryFolder()
        if let patch { _ = try folder.write(patch, as: "p.sql") }
        if undo != "not reversible" { _ = try folder.write(undo, as: "u.sql") }
        let sql = patch == nil ? "" : "sql: {patch: p, undo: \(undo == "not reversible" ? undo : "u")}\n"
        return try Variant(
            path: folder.write(
                "archivebench: variant/1\nname: n\nsummary: s\n\(sql)settings: {\(settings)}\n", as: "n.yaml"))
    }

    private func show(_ name: String, _ cluster: ManagedCluster) throws -> String? {
        try Connection.open(cluster.record.parameters()).value("SHOW \(name)")
    }

    @Test func settingsAreReloadedRestartedAndReadBack() async throws {
        let cluster = try await TestServers.privateCluster(["work_mem": "7MB"])
        let first = await cluster.postmaster
        var lines = try await SuggestionApplication.apply(
            variant("jit: false, commit_delay: 1000, work_mem: 7168kB"), to: cluster)
        #expect(
            lines == [
                "jit: read back as off after a reload", "commit_delay: read back as 1000 after a reload",
                "work_mem: read back as 7MB as the server was started",
            ])
        #expect(await cluster.postmaster == first)
        // One waits for a restart, the other stands on the command line.
        for (settings, expected) in [
            ("max_connections: 120", "max_connections: read back as 120 after a restart"),
            ("work_mem: 9MB", "work_mem: read back as 9MB after a restart"),
        ] {
            let before = await cluster.postmaster
            lines = try await SuggestionApplication.apply(variant(settings), to: cluster)
            #expect(lines == [expected])
            #expect(await cluster.postmaster != before)
        }
        #expect(try show("max_connections", cluster) == "120" && show("jit", cluster) == "off")
        // A kept cluster starts again as it ran last.
        #expect(try await cluster.keep().arguments.suffix(2) == ["-c", "work_mem=9MB"])
        await cluster.remove()
    }

    @Test func whatTheServerRefusesLeavesItAsItWas() async throws {
        let cluster = try await TestServers.privateCluster()
        let before = await cluster.postmaster
        for (settings, words) in [
            ("jit: perhaps", "n.yaml:4:32: settings.jit: PostgreSQL"), ("jti: off", "jti: PostgreSQL"),
            ("max_connections: 0", "refuses '0'"),
        ] {
            do {
                _ = try await SuggestionApplication.apply(variant("work_mem: 9MB, \(settings)"), to: cluster)
                Issue.record("accepted")
            } catch let error as SpecProblems {
                #expect("\(error)".contains(words), "\(error)")
                #expect(error.problems.count == 1)
            }
        }
        #expect(try show("work_mem", cluster) == "4MB")
        #expect(await cluster.postmaster == before)
        await cluster.remove()
    }

    @Test func ofAHalfAppliedReloadNothingStays() async throws {
        let cluster = try await TestServers.privateCluster()
        // Only a running server can tell that there is no such tablespace; the first setting is written by then.
        let error = await #expect(throws: PostgresError.self) {
            _ = try await SuggestionApplication.apply(
                variant("jit: off, default_tablespace: nowhere"), to: cluster)
        }
        #expect(error.map { "\($0)".contains("default_tablespace") } == true)
        let connection = try Connection.open(cluster.record.parameters())
        let left = "SELECT count(*) FROM pg_file_settings WHERE sourcefile LIKE '%auto.conf'"
        #expect(try connection.value(left) == "0" && show("jit", cluster) == "on")
        await cluster.remove()
    }

    @Test func aServerThatDoesNotStartRunsAsBeforeAgain() async throws {
        let cluster = try await TestServers.privateCluster()
        try Connection.open(cluster.record.parameters()).run("CREATE TABLE kept AS SELECT 7 AS n")
        do {
            _ = try await SuggestionApplication.apply(
                variant("jit: off, max_connections: 20, superuser_reserved_connections: 30"), to: cluster)
            Issue.record("accepted")
        } catch let error as TestbedProblem {
            let text = error.description
            #expect(text.contains("its former settings are in force again; its log ended with:\n  "), "\(text)")
            #expect(text.contains("superuser_reserved_connections (30)") && text.contains("\n  "), "\(text)")
        }
        #expect(try show("max_connections", cluster) == "300" && show("jit", cluster) == "on")
        #expect(try Connection.open(cluster.record.parameters()).value("SELECT n FROM kept") == "7")
        await cluster.remove()
        #expect(cluster.record.processes.isEmpty)
    }

    // MARK: Scripts

    @Test func aScriptRunsStatementByStatementAndItsLocksAreTold() async throws {
        let cluster = try await TestServers.privateCluster()
        try Connection.open(cluster.record.parameters()).run("CREATE TABLE a (n INT); CREATE TABLE b (n INT)")
        let patch = """
            -- Several kinds of statements.
            CREATE INDEX a_n ON a (n);
            CREATE INDEX CONCURRENTLY b_n ON b (n);
            DO $$ BEGIN INSERT INTO a VALUES (1); COMMIT; INSERT INTO a VALUES (2); END $$;
            ALTER TABLE b ADD COLUMN m INT;
            CREATE TABLE c (n INT);
            """
        let undo = "DROP TABLE c; ALTER TABLE b DROP COLUMN m; DROP INDEX b_n; DROP INDEX a_n;"
        let application = SuggestionApplication(try variant("jit: off", patch: patch, undo: undo), to: cluster)
        let applied = try await application.apply()
        #expect(
            applied.statements.map(\.lock?.mode) == ["ShareLock", nil, nil, "AccessExclusiveLock", nil])
        #expect(applied.statements.map(\.isTransaction) == [true, false, false, true, true])
        #expect(applied.statements[0].lock?.relation == "a")
        #expect(applied.lines[1] == "p.sql, taken back by u.sql:")
        #expect(applied.lines[3].contains("locks not seen: it runs outside a transaction"))
        let connection = try Connection.open(cluster.record.parameters())
        #expect(try connection.value("SELECT count(*) FROM a") == "2")
        let undone = try await application.undo(applied)
        #expect(undone.count == 5 && undone.last?.hasPrefix("tables as before: ") == true)
        await cluster.remove()
    }

    @Test func whatDoesNotWorkIsToldWithItsPlace() async throws {
        let cluster = try await TestServers.privateCluster()
        try Connection.open(cluster.record.parameters()).run("CREATE TABLE a (n INT)")
        func failure(_ patch: String, undo: String) async throws -> String {
            let application = SuggestionApplication(try variant("jit: off", patch: patch, undo: undo), to: cluster)
            do {
                _ = try await application.undo(application.apply())
                return "accepted"
            } catch let error as TestbedProblem {
                return error.description
            }
        }
        let broken = try await failure("-- x\n\nSELECT 1;\nDROP TABLE gone;", undo: "SELECT 1")
        #expect(broken.contains("p.sql:4:1: 42P01") && broken.contains("mend the script"), "\(broken)")
        let forgotten = try await failure("CREATE INDEX a_n ON a (n);", undo: "SELECT 1")
        #expect(forgotten.contains("u.sql: the tables are not as before (new: index CREATE INDEX a_n"), "\(forgotten)")
        try Connection.open(cluster.record.parameters()).run("DROP INDEX a_n")
        let other = try await failure(
            "ALTER TABLE a ALTER n SET NOT NULL;", undo: "ALTER TABLE a ALTER n DROP NOT NULL, ALTER n TYPE BIGINT")
        #expect(other.contains("gone: column a 1 n integer"), "\(other)")
        let final = try await failure("SELECT 1;", undo: "not reversible")
        #expect(final.contains("p is not reversible"), "\(final)")
        await cluster.remove()
    }
}
