import ArchiveDriver
import Experiment
import PostgresClient
import TestSupport
import Testbed
import Testing
import Workload

/// Schema 7 to 8 on a real server, under traffic.
@Suite(.ownThreads) struct MigrationStudyTests {
    /// An archive with so much history.
    private struct Archive {
        let spec: WorkloadSpec
        let parameters: ConnectionParameters

        init(rows: Int, partitions: Int, schema version: Int = 7) async throws {
            spec = try TestWorkloads.everything(rows: rows, partitions: partitions)
            parameters = try await TestServers.database()
            let connection = try Connection.open(parameters)
            let schema = try ArchiveSchema(version: version, folder: "\(packageRoot)/sql/schema")
            try schema.install(on: connection)
            try HistoryLoader(Traffic(spec, seed: 3), schema: schema, connection: connection).load { _ in true }
        }

        func study(_ plan: MigrationStudy.Plan) async throws -> MigrationReport {
            try await MigrationStudy(
                plan, on: parameters, spec, seed: 3, schemaFolder: "\(packageRoot)/sql/schema"
            ).run { _ in }
        }
    }

    @Test func whatTheMigrationDoesToTrafficIsSeen() async throws {
        let plan = MigrationStudy.Plan(queryRate: 200, putRate: 100, messages: 4, before: 300_000_000)
        let archive = try await Archive(rows: 60_000, partitions: 60)
        let report = try await archive.study(plan)
        #expect(try Connection.open(archive.parameters).value("SELECT version FROM version") == "8")
        // Everything can be looked up again, what was stored meanwhile included.
        let lookups = try TestServers.count(archive.parameters, "messages_lookup")
        #expect(lookups + report.puts.withoutLookup == (try TestServers.count(archive.parameters, "messages")))
        #expect(report.rows == 60_000 && report.partitions == 60)
        // The hours of the history, the live one and the next.
        #expect(report.rebuilt == 62)
        let steps = Dictionary(uniqueKeysWithValues: report.steps.map { ($0.name, $0.count) })
        #expect(steps["DROP TABLE"] == 1 && steps["CREATE TABLE messages_lookup"] == 1 && steps["UPDATE version"] == 1)
        for kind in ["CREATE TABLE of a partition", "INSERT INTO", "ADD CONSTRAINT", "ATTACH PARTITION"] {
            #expect(steps[kind] == 62, "\(kind): \(steps)")
        }
        #expect(report.scriptSeconds > 0 && report.rebuildSeconds > 0)
        // The oldest message is back last.
        let queries = report.queries
        #expect(queries.missed > 0)
        let (window, oldest) = (try #require(queries.window), try #require(queries.oldest))
        #expect(window.seconds > 0 && oldest.toSeconds <= window.toSeconds)
        #expect(oldest.toSeconds > queries.newest?.fromSeconds ?? 0)
        #expect(queries.medianBeforeMs ?? 0 > 0 && queries.longestMs ?? 0 > 0)
        #expect(Set(queries.failed.keys).isSubset(of: ["42P01"]))
        // Between the script and the live hour's look-up partition there is no place for a new look-up row.
        #expect(report.puts.sent > 0 && Set(report.puts.failed.keys).isSubset(of: ["23514", "42P01"]))
        #expect((report.puts.window == nil) == report.puts.failed.isEmpty)
    }

    /// Somebody holds the row that the script changes: the migration waits with its table lock held.
    @Test func locksAndWaitsAreSeen() async throws {
        let archive = try await Archive(rows: 10, partitions: 1)
        let holder = try Connection.open(archive.parameters)
        try holder.run("BEGIN; SELECT version FROM version FOR UPDATE")
        let watcher = Task {
            let connection = try Connection.open(archive.parameters)
            let waiting = """
                SELECT count(*) FROM pg_locks WHERE NOT granted AND clock_timestamp() - waitstart > '300 ms'
                  AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())
                """
            while try connection.value(waiting) == "0" { try await Task.sleep(for: .milliseconds(20)) }
            try connection.run(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE state = 'idle in transaction' AND datname = current_database()
                """)
        }
        let report = try await archive.study(.init(queryRate: 50, putRate: 0, messages: 1, before: 100_000_000))
        try await watcher.value
        let wait = try #require(report.waits.first)
        #expect(wait.who == "migration" && wait.mode == "ShareLock" && wait.relation == "transactionid")
        #expect(wait.seconds > 0)
        let lock = try #require(report.locks.first { $0.relations == "version" })
        #expect(lock.mode == "RowExclusiveLock" && lock.most == 1 && lock.longestSeconds > 0)
        #expect(report.puts.sent == 0 && report.puts.window == nil && report.rebuilt == 3)
    }

    @Test func anotherArchiveIsRefused() async throws {
        do {
            _ = try await Archive(rows: 10, partitions: 1, schema: 8).study(.init(before: 100_000_000))
            Issue.record("accepted")
        } catch let error as TestbedProblem {
            #expect(error.description == "the archive has schema 8; the study begins with 7")
        }
    }
}
