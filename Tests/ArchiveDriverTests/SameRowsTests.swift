import ArchiveDriver
import LoadRunner
import Measurement
import PostgresClient
import TestSupport
import Testing
import Workload

/// Under load, too, every way to put leaves the archive that the node's own way leaves.
@Suite(.ownThreads) struct SameRowsTests {
    private static let cases = [
        "put: transaction", "put: pipelined", "put: pipelined, sync: statement, queries: prepared, window: 4",
        "put: one-statement, queries: prepared, lists: array, window: 8",
        "put: batched, batch: {form: multi-row, most: 7, wait: 20ms}",
        "put: batched, batch: {form: multi-row, most: 30, wait: 40ms}, queries: prepared, window: 4",
        "put: batched, batch: {form: unnest, most: 16, wait: 5ms}",
        "put: batched, batch: {form: unnest, most: 5, wait: 10ms}, queries: prepared, window: 8, write-connections: 1",
        "put: batched, batch: {form: copy, most: 50, wait: 30ms}, statement-timeout: 30s",
        "hashes: bytea", "hashes: bytea, put: pipelined, queries: prepared, lists: array, results: binary, window: 4",
        "hashes: bytea, put: batched, batch: {form: multi-row, most: 7, wait: 20ms}, by-hash: bounded",
        "hashes: bytea, put: batched, batch: {form: unnest, most: 16, wait: 5ms}, by-hash: bounded-first",
        "hashes: bytea, put: batched, batch: {form: copy, most: 50, wait: 30ms}, hash-only: hashes",
    ]

    /// Two nodes that put the same 200 messages a second, a few milliseconds apart, while somebody asks.
    private static func spec() throws -> WorkloadSpec {
        try TestWorkloads.read(
            """
            archivebench: workload/1
            name: puts
            summary: the same messages from two nodes
            archive-epoch: 2026-01-05T18:00:00Z
            topics:
              - {name: communities, shard: 16/32, count: 40, zipf: 1}
              - {name: personal, shard: 16/64, count: 40}
            messages:
              streams:
                - name: only
                  arrivals: {process: poisson, rate: 200/s}
                  to: [{topics: communities, share: 75%}, {topics: personal, share: 25%}]
                  classes: [{name: chat, payload: {lognormal: {mean: 2kB, sigma: 1}}}]
            clockwork: off
            writers: {count: 2, duplicate-gap: [2ms, 20ms], write-connections: 4, read-connections: 4}
            queries:
              - {name: presence, ask: presence-by-hashes, arrivals: {process: poisson, rate: 20/s}, hashes: [1, 5], age: [200ms, 2s], unknown: 20%, page-size: 50}
            history: {partitions: 1, rows: 50}
            phases: {warm-up: 0s, measure: 1500ms, drain-limit: 30s}
            """)
    }

    /// All rows of both tables after a load, those of history included.
    private static func load(_ words: String) async throws -> (rows: [String], result: LoadResult) {
        let (spec, behaviour) = (try spec(), try Behaviours.read(words))
        let parameters = try await TestServers.database()
        let schema = try ArchiveSchema(version: 8, folder: "\(packageRoot)/sql/schema")
        let connection = try Connection.open(parameters)
        try schema.install(on: connection)
        try HistoryLoader(Traffic(spec, seed: 5), schema: schema, connection: connection).load { _ in true }
        try Behaviours.prepare(connection, hashes: behaviour.hashes.rawValue)
        let result = try await LoadRunner.run(spec, seed: 5, control: LoadControl()) { traffic in
            try ArchiveTarget(parameters, traffic: traffic, schema: schema, behaviour: behaviour)
        }
        let messages = try connection.run(
            """
            SELECT pubsubTopic, contentTopic, payload, version, id, \(Behaviours.digits), timestamp, meta,
                   tableoid::regclass
            FROM messages ORDER BY messageHash, timestamp
            """)
        let lookup = try connection.run(
            """
            SELECT \(Behaviours.digits), timestamp, tableoid::regclass FROM messages_lookup
            ORDER BY messageHash, timestamp
            """)
        return ((messages + lookup).map { $0.map { $0 ?? "NULL" }.joined(separator: "|") }, result)
    }

    private static let faithful = Task { try await load("put: separate") }

    @Test(arguments: cases) func theArchiveIsTheNodes(_ words: String) async throws {
        let expected = try await Self.faithful.value
        #expect(expected.rows.count > 500)
        for (rows, result) in [expected, try await Self.load(words)] {
            #expect(rows == expected.rows)
            #expect(result.results.allSatisfy { $0.measure.identityHolds && $0.measure.failures.isEmpty })
            #expect(
                result.results.allSatisfy { $0.measure.abandoned == 0 && $0.measure.backlog <= $0.measure.scheduled })
            // Each message was made once, whoever made it; history has 50.
            let puts = zip(result.labels, result.results).filter { $0.0.isPut }.map(\.1)
            let inserted = puts.reduce(0) { $0 + $1.rows }
            #expect((inserted + 50) * 2 == rows.count)
            #expect(puts.reduce(0) { $0 + $1.measure.completed } > inserted * 19 / 10)
            // Response times are made of their parts, without rest.
            for put in puts where put.response.count > 0 {
                let parts = [put.scheduleWait, put.connectionWait, put.firstByteWait, put.transfer].map { $0.mean ?? 0 }
                let whole = try #require(put.response.mean)
                #expect(abs(parts.reduce(0, +) - whole) < whole * 0.005 + 1_000, "\(parts) of \(whole)")
            }
        }
    }
}
