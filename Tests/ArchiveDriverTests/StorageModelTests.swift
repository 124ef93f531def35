import ArchiveDriver
import PostgresClient
import TestSupport
import Testing
import Workload

/// What rows really take in PostgreSQL, against what the plans say they take.
@Suite(.ownThreads) struct StorageModelTests {
    private func archive(_ payload: String, rows: Int) async throws -> (ArchiveInspector.Shape, WorkloadSpec) {
        let spec = try TestWorkloads.read(
            """
            archivebench: workload/1
            name: rows
            summary: one size of payload
            archive-epoch: 2026-01-05T18:00:00Z
            topics: [{name: all, shard: 16/32, count: 100}]
            messages:
              at-most: 1MB
              streams:
                - {name: only, arrivals: {process: constant, rate: 10/s}, to: [{topics: all}], classes: [{name: chat, payload: \(payload)}]}
            clockwork: off
            history: {partitions: 1, rows: \(rows)}
            """)
        let connection = try Connection.open(try await TestServers.database())
        let schema = try ArchiveSchema(version: 8, folder: "\(packageRoot)/sql/schema")
        try schema.install(on: connection)
        try HistoryLoader(Traffic(spec, seed: 1), schema: schema, connection: connection).load(state: .vacuumed) {
            _ in true
        }
        return (try ArchiveInspector(connection).shape(), spec)
    }

    @Test(arguments: [(300, 8_000), (880, 8_000), (950, 8_000), (1_500, 6_000), (5_000, 3_000), (100_000, 200)])
    func heapAndToastAreAsModelled(_ bytes: Int, _ rows: Int) async throws {
        let (shape, _) = try await archive("{constant: \(bytes)B}", rows: rows)
        #expect(shape.rows == rows)
        let each = Double(shape.tableBytes) / Double(rows)
        let modelled = StorageModel.tableBytes(payload: bytes)
        // Rows of one size fall into step with the pages, for better or worse; a mixture does not.
        #expect(abs(each / modelled - 1) < 0.18, "\(bytes) B: \(each) in the table, \(modelled) modelled")
        // Below the step nothing lies in TOAST, beyond it everything does.
        #expect(shape.toastShare == (bytes > StorageModel.toastThreshold ? 1 : 0))
    }

    @Test func aMixtureIsAsModelled() async throws {
        let (shape, spec) = try await archive("{lognormal: {mean: 1100B, sigma: 0.8}}", rows: 8_000)
        let each = Double(shape.tableBytes) / 8_000
        let modelled = spec.messages.mean(spec.calendar) { StorageModel.tableBytes(payload: $0) }
        #expect(abs(each / modelled - 1) < 0.08, "\(each) in the table, \(modelled) modelled")
        let whole = spec.messages.mean(spec.calendar) { StorageModel.databaseBytes(payload: $0) }
        let system = 8_500_000.0
        let found = (Double(shape.databaseBytes) - system) / 8_000
        #expect(abs(found / whole - 1) < 0.12, "\(found) in the database, \(whole) modelled")
    }

    @Test(arguments: ["fresh", "vacuumed", "bloated:3"]) func historyIsLeftAsAskedFor(_ text: String) async throws {
        var spec = try TestWorkloads.everything(rows: 900, partitions: 3)
        spec.clockwork = .off
        let state = try #require(HistoryState(text))
        let connection = try Connection.open(try await TestServers.database())
        let schema = try ArchiveSchema(version: 7, folder: "\(packageRoot)/sql/schema")
        try schema.install(on: connection)
        let words = try HistoryLoader(Traffic(spec, seed: 1), schema: schema, connection: connection)
            .load(state: state) { _ in true }
        let visible = try connection.value(
            "SELECT COUNT(*) FROM pg_class WHERE relname LIKE 'messages\\_1%' AND relkind = 'r' AND relallvisible > 0")
        #expect((visible != "0") == (state == .vacuumed))
        #expect(words.contains("checkpoint"))
        // Three passes of the smallest number of rows came and went.
        let live = try connection.value("SELECT COUNT(*) FROM messages_lookup")
        #expect(live == "900")
        let pages = Int(try connection.value("SELECT pg_relation_size('messages_lookup') / 8192") ?? "") ?? 0
        #expect((pages > 40) == (state != .fresh && state != .vacuumed))
    }
}
