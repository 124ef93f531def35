import ArchiveDriver
import Experiment
import Glibc
import RunRecord
import SpecReader
import TestSupport
import Testbed
import Testing
import Workload

/// Trials with telemetry on real servers.
@Suite(.ownThreads) struct TelemetryTrialTests {
    private struct Quiet: TrialObserver {
        func report(_ progress: TrialProgress) {}
    }

    private func run(
        _ spec: WorkloadSpec, driver words: String = "", settings: [String: String] = [:]
    ) async throws -> (RunRecord, RecordFolder, TemporaryFolder) {
        let (place, registry) = (
            try TemporaryFolder(), ClusterRegistry(home: newHome())
        )
        let document = try SpecDocument(text: "driver: {\(words)}\n", file: "v.yaml")
        let driver = words.isEmpty ? DriverBehaviour.faithful : DriverBehaviour(variant: document.top)
        var request = TrialRequest(
            workload: spec, variant: try TestServers.variant(settings), schemaVersion: 8, driver: driver,
            usesCache: false, seed: 1, rateScale: 1, installation: try await TestServers.installation(),
            registry: registry, dataDirectory: nil, schemaFolder: "\(packageRoot)/sql/schema",
            recordFolder: "\(place.path)/run", runID: "test", keepCluster: false, toolVersion: "test",
            command: "archivebench run", wallClock: { 1_767_636_000 })
        request.telemetry = true
        let outcome = try await TrialRunner(request, observer: Quiet(), control: TrialControl()).run()
        #expect(names(in: registry.home).isEmpty)
        rmdir(registry.home)
        return (try outcome.folder.readRecord(), outcome.folder, place)
    }

    /// The server counts what the load generator counts.
    @Test func statementsAreThoseOfTheAccounting() async throws {
        let (record, folder, place) = try await run(try TestWorkloads.everything(warmUp: "0s"))
        let statements = try #require(try folder.readStatements())
        let calls = Dictionary(uniqueKeysWithValues: statements.shapes.map { ($0.name, $0.calls) })
        let puts = ["put", "put.duplicate"].compactMap { record.accounting[$0] }.reduce(0) { $0 + $1.completed }
        #expect(puts > 0 && record.accounting.values.allSatisfy { $0.failed == 0 && $0.abandoned == 0 })
        #expect(calls["messages.insert"] == puts)
        #expect(calls["lookup.insert"] == puts)
        let row = try #require(statements.shapes.first { $0.name == "messages.insert" })
        #expect(row.rows == record.accounting["put"]?.completed)
        #expect(row.walBytes > 0 && row.blocks.sharedHit > 0 && row.execMs > 0)
        #expect(statements.others.isEmpty, "\(statements.others.map(\.text))")
        #expect(statements.tracksPlanning && statements.tracksBlockTimes && statements.forgottenEntries == 0)

        let server = try #require(record.server)
        #expect(server.cost.samples >= 3 && server.cost.failures == 0)
        #expect(server.database?.commits ?? 0 > puts)
        #expect(server.wal?.bytes ?? 0 > 0)
        #expect(server.database?.blockReadMs != nil && server.wal?.syncMs != nil)
        #expect(try #require(server.countedSeconds) > 0 && server.checkpointDistance?.intervalSeconds != nil)
        #expect(server.relations.contains { $0.name == "messages" && $0.kind == .table && $0.growthBytes > 0 })
        #expect((0...1).contains(try #require(server.toastShare)))
        #expect(server.cacheAtEnd?.sharedBuffersShare ?? 0 > 0)
        #expect(server.notes.contains { $0.contains("shorter than") })
        #expect(
            record.validity.filter { ["checkpoint-distance", "dead-tuples"].contains($0.rule) }.map(\.holds) == [
                true, true,
            ])
        #expect(server.connections?.limit == 300 && server.connections?.poolWaitMeanMs != nil)
        #expect(try folder.readServerSamples().count == server.cost.samples)
        try checkPlans(folder)
        withExtendedLifetime(place) {}
    }

    private func checkPlans(_ folder: RecordFolder) throws {
        let plans = try folder.readPlans()
        for when in [PlanRecord.Moment.before, .after] {
            #expect(
                Set(plans.filter { $0.when == when }.map(\.shape)).isSuperset(of: [
                    "messages.insert", "lookup.insert", "query.by-hash", "query.page.first", "query.page.next",
                ]))
        }
        #expect(plans.allSatisfy { $0.fingerprint.count == 16 && $0.executionMs > 0 })
        #expect(plans.filter { $0.when != .slow }.allSatisfy { ($0.planningMs ?? 0) > 0 })
        #expect(plans.contains { ($0.partitionsPlanned ?? 0) >= 2 })
    }

    /// Nothing that a driver sends is a stranger to the statistics, its clockwork and new partitions included.
    @Test(arguments: [
        "", "put: one-statement, queries: prepared, plans: generic",
        "put: batched, batch: {form: copy, most: 50, wait: 20ms}, by-hash: bounded-first",
        "put: batched, batch: {form: multi-row, most: 7, wait: 1ms}, queries: prepared, lists: array, statement-timeout: 30s",
    ])
    func everyStatementIsRecognised(_ words: String) async throws {
        var spec = try TestWorkloads.everything(warmUp: "0s", measure: "4s")
        spec.clockwork = .standard
        spec.timeScale = 1_800
        let (record, folder, place) = try await run(spec, driver: words)
        let statements = try #require(try folder.readStatements())
        #expect(statements.others.isEmpty, "\(statements.others.map(\.text))")
        let shapes = Set(statements.shapes.map(\.name))
        #expect(shapes.isSuperset(of: ["partition.create", "partition.attach", "catalog.partitions"]), "\(shapes)")
        let spans = try #require(record.server).maintenance
        #expect(spans.contains { $0.what.contains("partition.create") && $0.toSeconds > $0.fromSeconds })
        withExtendedLifetime(place) {}
    }

    /// A variant's own libraries and settings stay.
    @Test func aVariantsOwnSettingsStay() async throws {
        let spec = try TestWorkloads.everything(rows: 200, warmUp: "0s", measure: "2s")
        let (record, folder, place) = try await run(
            spec,
            settings: [
                "shared_preload_libraries": "auto_explain", "track_io_timing": "off",
                "pg_stat_statements.track_planning": "off",
            ])
        let statements = try #require(try folder.readStatements())
        #expect(!statements.tracksPlanning && !statements.tracksBlockTimes)
        #expect(statements.shapes.allSatisfy { $0.planMs == nil && $0.blockReadMs == nil })
        let loaded = record.variant.settings.first { $0.name == "shared_preload_libraries" }?.value
        #expect(loaded == "auto_explain,pg_stat_statements")
        withExtendedLifetime(place) {}
    }
}
