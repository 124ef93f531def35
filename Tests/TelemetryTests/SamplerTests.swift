import LinuxSystem
import PostgresClient
import RunRecord
import Telemetry
import TestSupport
import Testbed
import Testing

/// The sampling of real servers.
@Suite(.ownThreads) struct SamplerTests {
    private func plan(_ cluster: ManagedCluster, libraries: Set<String>) -> TelemetryPlan {
        let begun = Clock.now()
        return TelemetryPlan(
            archive: cluster.record.parameters(), maintenance: cluster.record.parameters(database: "postgres"),
            dataFolder: cluster.record.dataFolder, logFile: cluster.record.logFile, controlGroup: nil,
            libraries: libraries, moments: { (begun, begun..<begun + 3_600_000_000_000) }, shape: { _ in nil })
    }

    /// Waits until samples are as wished; gives up after a minute.
    private func wait(_ folder: RecordFolder, until isEnough: ([ServerSample]) -> Bool) async throws -> [ServerSample] {
        for _ in 0..<600 {
            let samples = try folder.readServerSamples()
            if isEnough(samples) { return samples }
            try await Task.sleep(for: .milliseconds(100))
        }
        Issue.record("the samples never came")
        return []
    }

    @Test func aRestartIsSurvived() async throws {
        let cluster = try await TestServers.privateCluster([
            "shared_preload_libraries": "pg_stat_statements,auto_explain"
        ])
        let place = try TemporaryFolder()
        let folder = try RecordFolder.create(path: "\(place.path)/run")
        let plan = plan(cluster, libraries: [TelemetrySettings.statements, TelemetrySettings.slowPlans])
        let sampler = try await WorkerThread.run { TelemetrySampler.prepare(plan, folder: folder) }
        let sampling = Task.detached { await sampler.follow() }
        let before = try await wait(folder) { $0.contains { $0.database != nil } }.count
        await cluster.stop(.crash)
        try await cluster.start()
        let samples = try await wait(folder) { $0.dropFirst(before + 1).contains { $0.database != nil } }
        sampler.end()
        let sight = await sampling.value
        #expect(sight.cost.reconnects >= 1)
        #expect(sight.cost.failures >= 1)
        #expect(sight.gaps.contains { $0.contains("started anew") })
        #expect(sight.statements != nil)
        #expect(samples.allSatisfy { $0.host != nil && $0.intervalSeconds >= 0 })
        #expect(samples.last?.host?.serverCpuSeconds != nil)
        #expect(samples.allSatisfy { ($0.database?.commits ?? 0) >= 0 })
        #expect(sight.cost.querySeconds > 0 && sight.cost.share > 0 && sight.cost.share < 1)
        await cluster.remove()
    }

    @Test func whatIsNotThereIsSaid() async throws {
        let cluster = try await TestServers.privateCluster()
        let place = try TemporaryFolder()
        let folder = try RecordFolder.create(path: "\(place.path)/run")
        let plan = plan(cluster, libraries: [])
        let sampler = try await WorkerThread.run { TelemetrySampler.prepare(plan, folder: folder) }
        let sampling = Task.detached { await sampler.follow() }
        _ = try await wait(folder) { $0.contains { $0.database != nil } }
        sampler.end()
        let sight = await sampling.value
        #expect(sight.statements == nil)
        #expect(sight.cost.failures == 0)
        #expect(sight.gaps.contains { $0.contains("pg_stat_statements") })
        #expect(sight.gaps.contains { $0.contains("auto_explain") })
        // Of 15 with its defaults and 300 connections: 3 autovacuum workers and their launcher, 8 other workers, and those
        // that send WAL.
        let connection = try Connection.open(cluster.record.parameters())
        let senders = try #require(Int(try connection.value("SHOW max_wal_senders") ?? ""))
        #expect(sight.locks?.capacity == 64 * (300 + 3 + 1 + 8 + senders))
        #expect(sight.locks?.peakHolders != nil)
        #expect(try connection.value("SHOW track_io_timing") == "off")
        #expect(sight.database?.blockReadMs == nil && sight.database?.blockWriteMs == nil)
        #expect(sight.wal?.writeMs == nil && sight.wal?.syncMs == nil)
        #expect(try #require(sight.countedSeconds) > 0)
        #expect(sight.connections?.limit == 300)
        #expect(sight.tuplesAtStart != nil && sight.tuplesAtEnd != nil)
        #expect(sight.wal != nil && sight.writing != nil && sight.database != nil)

        // Extensions are made for a look only.
        let state = RelationState(
            cluster.record.parameters(), dataFolder: cluster.record.dataFolder, since: nil, withBloat: true)
        #expect(
            state.gaps.filter { $0.contains("pg_buffercache") || $0.contains("pgstattuple") }.isEmpty, "\(state.gaps)")
        #expect(try TestServers.count(cluster.record.parameters(), "pg_extension") == 1)
        #expect(state.isRead)
        await cluster.remove()
        // A server that is gone tells nothing, and that is no state in which all is empty.
        let gone = RelationState(
            cluster.record.parameters(), dataFolder: cluster.record.dataFolder, since: nil, withBloat: true)
        #expect(!gone.isRead && gone.cache == nil && gone.gaps.count == 1)
    }

    /// Two modes of one backend are one holder; two backends are two holders of one object.
    @Test func locksAreCountedAsTheTableKeepsThem() async throws {
        let cluster = try await TestServers.privateCluster(["autovacuum": "off"])
        let server = cluster.record.parameters()
        let (first, second, looking) = (
            try Connection.open(server), try Connection.open(server), try Connection.open(server)
        )
        try first.run("CREATE TABLE a (); CREATE TABLE b (); CREATE TABLE c ()")
        for mode in ["SHARE UPDATE EXCLUSIVE", "SHARE"] {
            try first.run(
                mode == "SHARE" ? "LOCK TABLE a, b, c IN SHARE MODE" : "BEGIN; LOCK TABLE a, b, c IN \(mode) MODE")
        }
        // Not on the fast path while another backend holds a strong lock.
        try second.run("BEGIN; LOCK TABLE a IN ACCESS SHARE MODE")
        let rows = "SELECT count(*) FROM pg_locks WHERE NOT fastpath"
        #expect(try looking.value(rows) == "7")
        #expect(try looking.run(ServerQueries.locks) == [["3", "4", "2", "0"]])
        await cluster.remove()
    }
}
