import ArchiveDriver
import Experiment
import PostgresClient
import TestSupport
import Testbed
import Testing
import Workload

/// Schema 7 to 8 on a real server, under traffic.
@Suite struct MigrationStudyTests {
    private func study(
        _ plan: MigrationStudy.Plan, rows: Int, partitions: Int, schema version: Int = 7
    ) async throws -> (report: MigrationReport, parameters: ConnectionParameters) {
        let spec = try TestWorkloads.everything(rows: rows, partitions: partitions)
        let parameters = try await TestServers.database()
        let connection = try Connection.open(parameters)
        let schema = try ArchiveSchema(version: version, folder: "\(packageRoot)/sql/schema")
        try schema.install(on: connection)
        try HistoryLoader(Traffic(spec, seed: 3), schema: schema, connection: connection).load { _ in true }
        let report = try await MigrationStudy(
            plan, on: parameters, spec, seed: 3, schemaFolder: "\(packageRoot)/sql/schema"
        ).run { _ in }
        return (report, parameters)
    }

    @Test func whatTheMigrationDoesToTrafficIsSeen() async throws {
        let plan = MigrationStudy.Plan(queryRate: 200, putRate: 100, messages: 4, before: 300_000_000)
        let (report, parameters) = try await study(plan, rows: 60_000, partitions: 60)
        let connection = try Connection.open(parameters)
        #expect(try connection.value("SELECT version FROM version") == "8")
        // Everything can be looked up again, what was stored meanwhile included.
        let lookups = try TestServers.count(parameters, "messages_lookup")
        #expect(lookups + report.puts.withoutLookup == (try TestServers.count(parameters, "messages")))
        #expect(report.rows == 60_000 && report.partitions == 60)
        // The hours of the history, the live one and the next.
        #expect(report.rebuilt == 62)
        let steps = Dictionary(uniqueKeysWithValues: report.steps.map { ($0.name, $0.count) })
        #expect(steps["DROP TABLE"] == 1 && steps["CREATE TABLE messages_lookup"] == 1 && steps["UPDATE version"] == 1)
        for kind in ["CREATE TABLE of a partition", "INSERT INTO", "ADD CONSTRAINT", "ATTACH PARTITION"] {
            #expect(steps[kind] == 62, "\(kind): \(steps)")
        }
        #expect(report.scriptSeconds > 0 && report.rebuildSeconds > report.scriptSeconds)
        // The oldest message is back last.
        let queries = report.queries
        #expect(queries.asked > 60 && queries.missed > 0)
        let (window, oldest) = (try #require(queries.window), try #require(queries.oldest))
        #expect(window.fromSeconds >= -0.1 && window.seconds > 0)
        #expect(oldest.toSeconds <= window.toSeconds && oldest.seconds > 0.2 * report.seconds)
        #expect(window.toSeconds < report.seconds + 1)
        #expect(queries.medianBeforeMs ?? 0 > 0 && queries.longestMs ?? 0 > 0)
        #expect(Set(queries.failed.keys).isSubset(of: ["42P01"]))
        // Between the script and the live hour's look-up partition there is no place for a new look-up row.
        #expect(report.puts.sent > 20 && Set(report.puts.failed.keys).isSubset(of: ["23514", "42P01"]))
        #expect((report.puts.window == nil) == report.puts.failed.isEmpty)
        #expect(report.locks.contains { $0.relations.hasSuffix("messages_lookup") }, "\(report.locks)")
    }

    @Test func withoutPutsNothingFails() async throws {
        let plan = MigrationStudy.Plan(queryRate: 50, putRate: 0, messages: 1, before: 100_000_000)
        let report = try await study(plan, rows: 10, partitions: 1).report
        #expect(report.puts.sent == 0 && report.puts.window == nil && report.rebuilt == 3)
    }

    @Test func anotherArchiveIsRefused() async throws {
        do {
            _ = try await study(.init(before: 100_000_000), rows: 10, partitions: 1, schema: 8)
            Issue.record("accepted")
        } catch let error as TestbedProblem {
            #expect(error.description == "the archive has schema 8; the study begins with 7")
        }
    }
}
