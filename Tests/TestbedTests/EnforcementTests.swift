import Glibc
import LinuxSystem
import PostgresClient
import TestSupport
import Testbed
import Testing

/// Real servers under real limits, and what is left of them: nothing.
@Suite(
    .ownThreads,
    .enabled(
        if: ControlGroupHost().parents[.memory] != nil, "this host lets the tests make no control group for memory"))
struct EnforcementTests {
    private static let memory = 1 << 30

    private func plan(_ registry: ClusterRegistry, settings: [String: String] = [:]) async throws -> ManagedCluster.Plan
    {
        try registry.prepare()
        let profile = try HardwareProfileTests.profile("memory: 1GiB")
        return ManagedCluster.Plan(
            installation: try await TestServers.installation(), variant: try TestServers.variant(settings),
            dataDirectory: nil, purpose: "tests", createdAt: "",
            enforcement: Enforcement(profile, dataFolder: registry.home))
    }

    private func registry() -> ClusterRegistry {
        ClusterRegistry(home: newHome())
    }

    /// Whether no group, process or folder of a cluster is left.
    private func isGone(_ record: ClusterRecord, _ registry: ClusterRegistry) -> Bool {
        let groups = (record.controlGroups ?? []).filter { access($0, F_OK) == 0 }
        defer { rmdir(registry.home) }
        return groups.isEmpty && record.processes.isEmpty && names(in: registry.home).isEmpty
    }

    @Test func everyProcessOfAServerIsInItsGroup() async throws {
        let registry = registry()
        let cluster = try await ManagedCluster.create(try await plan(registry), in: registry)
        let record = cluster.record
        #expect(record.controlGroups?.isEmpty == false)
        do {
            try await cluster.start()
            let connection = try Connection.open(record.parameters(database: "postgres"))
            #expect(try connection.value("SELECT 1") == "1")
            let processes = record.processes
            #expect(processes.count > 3)
            for process in processes {
                let groups = Host.read("/proc/\(process.pid)/cgroup") ?? ""
                #expect(groups.contains("/archivebench-\(record.id)"), "\(groups)")
            }
            let usage = try #require(cluster.limits?.usage())
            #expect(usage.memoryLimit == Self.memory && (usage.memoryPeak ?? 0) > 0)
            #expect(usage.processors?.count == 1)
        } catch {
            Issue.record(error)
        }
        await cluster.remove()
        #expect(isGone(record, registry))
    }

    // MARK: With data in memory

    private func storage(_ registry: ClusterRegistry) throws -> ModelledStorage {
        var device = StorageDevice()
        device.flushLatency = .constant(1_000_000)
        let library =
            "\(Self.tool.prefix(upTo: Self.tool.lastIndex(of: "/") ?? Self.tool.endIndex))/libCStorageModel.so"
        return try ModelledStorage.create(
            ModelledStorage.Plan(
                device: device, cacheBytes: 64 << 20, expectedBytes: 300 << 20, seed: 1, library: library), in: registry
        )
    }

    private func plan(_ registry: ClusterRegistry, on storage: ModelledStorage) async throws -> ManagedCluster.Plan {
        var plan = try await plan(registry)
        plan.dataDirectory = storage.dataDirectory
        plan.enforcement?.model = storage.inForce
        return plan
    }

    /// Disk, or memory in its place, that a folder takes up, bytes.
    private func bytes(of folder: String) throws -> UInt64 {
        let child = try ChildProcess.run("/usr/bin/du", ["-s", "-B1", folder], environment: [])
        return try #require(child.output.split(separator: "\t").first.flatMap { UInt64($0) })
    }

    /// The limit has room for the data, so whatever makes them must be charged for them: else the server may use as much
    /// more memory than its profile has.
    @Test func dataInMemoryAreChargedToTheGroupWhoeverMakesThem() async throws {
        let registry = registry()
        let storage = try storage(registry)
        let cluster = try await ManagedCluster.create(try await plan(registry, on: storage), in: registry)
        func charged(_ cluster: ManagedCluster) throws -> UInt64 {
            UInt64(try #require(cluster.limits?.usage()?.memoryPeak))
        }
        let made = try bytes(of: cluster.record.dataFolder)
        #expect(made > 20_000_000)
        #expect(try charged(cluster) >= made)
        #expect(cluster.limits?.usage()?.memoryLimit == Self.memory + 300 << 20)
        try await cluster.start()
        try storage.verify(await cluster.postmaster)
        let cache = DatasetCache(registry: registry)
        let entry = DatasetEntry(
            key: DatasetKey([("name", "charged")]).text, createdAt: "2026-01-01T00:00:00Z", rows: 1, partitions: 1,
            serverVersion: try await TestServers.installation().version, schemaVersion: 8, description: "charged",
            facts: [:])
        try await cluster.storeDataset(in: cache, entry: entry)
        var copied = try await plan(registry, on: storage)
        copied.dataset = (cache, try #require(cache.find(entry.key)))
        let copy = try await ManagedCluster.create(copied, in: registry)
        #expect(try charged(copy) >= bytes(of: copy.record.dataFolder))
        for one in [copy, cluster] { await one.remove() }
        storage.remove()
        cache.remove(entry.key)
        #expect(isGone(cluster.record, registry) && isGone(copy.record, registry))
    }

    /// What `up --again` does to a cluster that a trial kept.
    @Test func aKeptClusterRunsAgainWithinItsLimitsAndItsModelOrNotAtAll() async throws {
        let registry = registry()
        let storage = try storage(registry)
        let cluster = try await ManagedCluster.create(try await plan(registry, on: storage), in: registry)
        try await cluster.start()
        let kept = try await cluster.keep()
        await cluster.stop()
        let again = try ManagedCluster.adopt(try #require(registry.clusters().first), in: registry)
        try await again.start()
        let postmaster = try #require(await again.postmaster)
        try storage.verify(postmaster)
        let groups = Host.read("/proc/\(postmaster.pid)/cgroup") ?? ""
        #expect(groups.contains("/archivebench-\(kept.id)"))
        await again.stop()
        #expect(ControlGroup.remove(kept.controlGroups ?? []))
        func refusal() -> String {
            do {
                _ = try ManagedCluster.adopt(kept, in: registry)
                return "none"
            } catch {
                return "\(error)"
            }
        }
        #expect(refusal().contains("its control group is gone, so it cannot run as it did; remove it with"))
        storage.remove()
        #expect(refusal().contains("its data are gone"))
        registry.remove(kept)
        #expect(isGone(kept, registry))
    }

    @Test func aServerThatDoesNotStartLeavesNoGroup() async throws {
        let registry = registry()
        let cluster = try await ManagedCluster.create(
            try await plan(registry, settings: ["shared_buffers": "lots"]), in: registry)
        await #expect(throws: TestbedProblem.self) { try await cluster.start() }
        await cluster.remove()
        #expect(isGone(cluster.record, registry))
    }

    @Test func theWayOutInAHurryTakesTheGroupAlong() async throws {
        let registry = registry()
        let cluster = try await ManagedCluster.create(try await plan(registry), in: registry)
        try await cluster.start()
        registry.removeAll(of: ProcessTable.current)
        #expect(isGone(cluster.record, registry))
    }

    @Test func aProbeMeetsTheLimitsAndItsSiteGoesAgain() async throws {
        let registry = registry()
        try registry.prepare()
        let profile = try HardwareProfileTests.profile("memory: 1GiB", cpus: "{count: 0.5}")
        let site = try ProbeSite(
            in: registry, dataDirectory: nil, enforcement: Enforcement(profile, dataFolder: registry.home),
            createdAt: "")
        let reading = try await site.probe(tool: Self.tool)
        #expect(reading.processors > 0 && reading.processors < 0.75)
        #expect(reading.flushP50 > 0 && reading.flushP99 >= reading.flushP50 && reading.randomReads > 0)
        #expect((site.limits?.usage()?.throttledPeriods ?? 1) > 0)
        #expect(names(in: site.record.dataFolder).isEmpty)
        site.remove()
        #expect(isGone(site.record, registry))
    }

    /// The built program, beside the test program.
    private static let tool: String = {
        let own = ProcessTable.executable ?? ""
        let beside = own.split(separator: "/").dropLast().joined(separator: "/")
        return access("/\(beside)/archivebench", X_OK) == 0
            ? "/\(beside)/archivebench" : "\(packageRoot)/.build/release/archivebench"
    }()
}
