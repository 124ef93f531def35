import ArchiveDriver
import Experiment
import Glibc
import LoadRunner
import PostgresClient
import RunRecord
import TestSupport
import Testbed
import Testing
import WakuModel
import Workload

/// A whole trial on three shards with a database each.
@Suite(.ownThreads) struct DatabasePerShardTests {
    private struct Quiet: TrialObserver {
        func report(_ progress: TrialProgress) {}
    }

    private static let names = ["archive_16_128", "archive_16_129", "archive_16_130"]

    @Test func databasesAreNamedByTheirShards() throws {
        #expect(ArchiveDatabases.names(of: try TestWorkloads.shards()) == Self.names)
        #expect(ArchiveDatabases.names(of: try TestWorkloads.shards(databases: "shared")).isEmpty)
    }

    @Test func everyWorkerHasANodeOfEveryDatabase() throws {
        let spec = try TestWorkloads.shards()
        let plan = LoadPlan(spec, workers: 6)
        #expect(plan.workers == 2 && plan.nodes == 6)
    }

    /// Rows by shard, as the sequence offers them: the history's, and the messages of all puts.
    private func expectedRows(_ spec: WorkloadSpec, seed: UInt64) -> [Int] {
        let traffic = Traffic(spec, seed: seed)
        var rows = traffic.historyNumbers(0..<Int64(spec.history.rows)).map(\.count)
        var seen: Set<Int64> = []
        while let operation = traffic.next() {
            guard traffic.labels[operation.label].isPut, seen.insert(operation.number).inserted else { continue }
            let topic = traffic.message(of: operation).0
            for (shard, place) in traffic.topics.shards.enumerated() where place.pubsubTopic == topic {
                rows[shard] += 1
            }
        }
        return rows
    }

    private func request(_ spec: WorkloadSpec, _ registry: ClusterRegistry, _ folder: String) async throws
        -> TrialRequest
    {
        var request = TrialRequest(
            workload: spec, variant: try TestServers.variant(), schemaVersion: 8, usesCache: false, seed: 9,
            rateScale: 1, installation: try await TestServers.installation(), registry: registry,
            dataDirectory: nil, schemaFolder: "\(packageRoot)/sql/schema", recordFolder: folder, runID: "test",
            keepCluster: true, toolVersion: "test", command: "archivebench run", wallClock: { 1_767_636_000 })
        request.telemetry = true
        return request
    }

    @Test func rowsLieWhereTheirShardIsAndNothingIsLost() async throws {
        let (place, registry) = (
            try TemporaryFolder(), ClusterRegistry(home: newHome())
        )
        let spec = try TestWorkloads.shards()
        let outcome = try await TrialRunner(
            try await request(spec, registry, "\(place.path)/run"), observer: Quiet(), control: TrialControl()
        ).run()
        let kept = try #require(outcome.kept)
        defer {
            #expect(registry.remove(kept))
            rmdir(registry.home)
        }
        let record = try outcome.folder.readRecord()
        #expect(record.ending == .completed && record.digest == SequenceDigest(of: spec, seed: 9).text)
        #expect(record.workload.nodes == 6 && record.workload.databases == 3)
        for rule in ["ran-to-plan", "accounting-identity", "failures"] {
            let finding = try #require(record.validity.first { $0.rule == rule })
            #expect(finding.holds, "\(finding)")
        }
        #expect(record.accounting.values.allSatisfy { $0.failed == 0 && $0.abandoned == 0 })
        try checkDatabases(kept, expected: expectedRows(spec, seed: 9))
        try checkAnswers(record)
        try checkTelemetry(record, outcome.folder)
    }

    private func checkDatabases(_ kept: ClusterRecord, expected: [Int]) throws {
        #expect(kept.archives == Self.names && kept.archiveParameters.map(\.database) == Self.names)
        let all = try Connection.open(kept.parameters(database: "postgres")).run(
            "SELECT datname FROM pg_database WHERE datname LIKE 'archive%' ORDER BY 1")
        #expect(all.compactMap { $0[0] } == Self.names)
        #expect(expected.allSatisfy { $0 > 0 } && expected.reduce(0, +) > 1_000)
        for (shard, parameters) in kept.archiveParameters.enumerated() {
            let connection = try Connection.open(parameters)
            let topics = try connection.run("SELECT pubsubTopic, COUNT(*) FROM messages GROUP BY 1")
                .map { $0.compactMap { $0 } }
            #expect(topics == [["/waku/2/rs/16/\(128 + shard)", String(expected[shard])]])
            #expect(
                try connection.value(
                    "SELECT COUNT(*) FROM messages m FULL JOIN messages_lookup l USING (messageHash, timestamp) WHERE m.id IS NULL OR l.timestamp IS NULL"
                ) == "0")
            #expect(try ArchiveInspector(connection).partitionCount() >= 4)
        }
    }

    /// A request for a hash that went to another shard's node would have found nothing.
    private func checkAnswers(_ record: RunRecord) throws {
        let checks = try #require(record.traffic?.selfChecks)
        func observed(_ name: String) throws -> Double {
            let check = try #require(checks.first { $0.name == name })
            return try #require(check.observed)
        }
        #expect(try observed("presence checks that found nothing") == 0)
        #expect((45...55).contains(try observed("puts that were conflicts")))
        let puts = record.accounting["put"]?.completed ?? 0
        #expect(try observed("rows in the database") == Double(900 + puts))
        #expect(try observed("partitions") >= 12)
    }

    /// What is counted by database is counted of all three.
    private func checkTelemetry(_ record: RunRecord, _ folder: RecordFolder) throws {
        let puts = ["put", "put.duplicate"].compactMap { record.accounting[$0] }.reduce(0) { $0 + $1.completed }
        let statements = try #require(try folder.readStatements())
        let calls = Dictionary(uniqueKeysWithValues: statements.shapes.map { ($0.name, $0.calls) })
        #expect(calls["messages.insert"] == puts && calls["lookup.insert"] == puts)
        let server = try #require(record.server)
        #expect(server.cost.failures == 0 && server.database?.commits ?? 0 > puts)
        let rows = try #require(server.tuplesAtEnd).live - #require(server.tuplesAtStart).live
        // Backends tell of their rows with a delay.
        #expect(rows > 0 && rows <= 2 * puts)
        #expect(server.relations.contains { $0.name == "messages" && $0.kind == .table && $0.growthBytes > 0 })
        #expect(record.notCollected.contains { $0.contains("archive_16_128, the first of 3") })
        #expect(record.notCollected.contains { $0.contains("live and dead rows second by second: 3 databases") })
    }
}
