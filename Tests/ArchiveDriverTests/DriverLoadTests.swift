import ArchiveDriver
import LoadRunner
import Measurement
import PostgresClient
import TestSupport
import Testing
import Workload

/// Behaviours under load: every operation comes to its end, and every message has both its rows.
@Suite(.ownThreads) struct DriverLoadTests {
    /// Words of a behaviour, and what its connections say and do not say.
    private static let cases: [(words: String, sent: [String], unsent: [String])] = [
        (
            "put: transaction, by-hash: bounded", ["\"BEGIN\"", "\"COMMIT\"", "WITH found AS MATERIALIZED"],
            ["\"ROLLBACK\"", "WITH min_timestamp"]
        ),
        (
            "put: pipelined, by-hash: bounded-first", ["InsertRowMessagesLookup", "WHERE m.timestamp BETWEEN '"],
            ["BEGIN", "WITH min_timestamp"]
        ),
        (
            "put: pipelined, sync: statement, queries: prepared, window: 4",
            ["InsertRowMessagesLookup", "\"PageByHash_data_hashes50\""], ["BEGIN", "requestId"]
        ),
        (
            "put: one-statement, queries: prepared, lists: array, by-hash: bounded-first, hash-only: hashes, results: binary, window: 8, sync: operation, write-connections: 2, read-connections: 3",
            ["\"InsertBoth\"", "\"BoundsOfHashes_hashes\"", "\"PageBetween_hashes\"", "= ANY($1)"],
            ["\"InsertRow\"", "requestId", " IN ("]
        ),
        (
            "queries: prepared, plans: custom, window: 8, sync: 4, statement-timeout: 20s",
            ["SET plan_cache_mode = force_custom_plan", "SET statement_timeout = 20000"], ["requestId"]
        ),
    ]

    @Test(arguments: Self.cases.indices)
    func allIsAnsweredAndStoredWhole(_ index: Int) async throws {
        let (words, sent, unsent) = Self.cases[index]
        let folder = try TemporaryFolder()
        let tracePath = "\(folder.path)/trace"
        let behaviour = try Behaviours.read(words)
        let spec = try TestWorkloads.everything(rows: 500, measure: "2s")
        let parameters = try await TestServers.database()
        let schema = try ArchiveSchema(version: 8, folder: "\(packageRoot)/sql/schema")
        let connection = try Connection.open(parameters)
        try schema.install(on: connection)
        try HistoryLoader(Traffic(spec, seed: 1), schema: schema, connection: connection).load { _ in true }
        let before = try TestServers.count(parameters, "messages")
        let result = try await LoadRunner.run(spec, seed: 1, control: LoadControl()) { traffic in
            try ArchiveTarget(parameters, traffic: traffic, schema: schema, behaviour: behaviour, tracePath: tracePath)
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
        let trace = try readText(tracePath)
        for text in sent { #expect(trace.contains(text), "\(words)") }
        for text in unsent { #expect(!trace.contains(text), "\(words)") }
    }
}
