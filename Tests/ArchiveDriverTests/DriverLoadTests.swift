import ArchiveDriver
import LoadRunner
import Measurement
import PostgresClient
import TestSupport
import Testing
import Workload

/// Behaviours under load: every operation comes to its end, and every message has both its rows.
@Suite struct DriverLoadTests {
    @Test(arguments: [
        "put: transaction, by-hash: bounded", "put: pipelined, by-hash: bounded-first",
        "put: pipelined, sync: statement, queries: prepared, window: 4",
        "put: one-statement, queries: prepared, lists: array, by-hash: bounded-first, hash-only: hashes, results: binary, window: 8, sync: operation, write-connections: 2, read-connections: 3",
        "queries: prepared, plans: custom, window: 8, sync: 4, statement-timeout: 20s",
    ])
    func allIsAnsweredAndStoredWhole(_ words: String) async throws {
        let behaviour = try Behaviours.read(words)
        let spec = try TestWorkloads.everything(rows: 500, measure: "2s")
        let parameters = try await TestServers.database()
        let schema = try ArchiveSchema(version: 8, folder: "\(packageRoot)/sql/schema")
        let connection = try Connection.open(parameters)
        try schema.install(on: connection)
        try HistoryLoader(Traffic(spec, seed: 1), schema: schema, connection: connection).load { _ in true }
        let before = try TestServers.count(parameters, "messages")
        let result = try await LoadRunner.run(spec, seed: 1, control: LoadControl()) { traffic in
            try ArchiveTarget(parameters, traffic: traffic, schema: schema, behaviour: behaviour)
        }
        #expect(result.results.allSatisfy { $0.measure.identityHolds && $0.measure.failures.isEmpty })
        // Nothing failed, so all that was due was answered.
        #expect(result.results.allSatisfy { $0.measure.abandoned == 0 })
        #expect(result.results.reduce(0) { $0 + $1.measure.completed } > 200)
        #expect(try TestServers.count(parameters, "messages") > before + 100)
        #expect(
            try connection.value(
                "SELECT COUNT(*) FROM messages m FULL JOIN messages_lookup l USING (messageHash, timestamp) WHERE m.id IS NULL OR l.timestamp IS NULL"
            ) == "0")
    }
}
