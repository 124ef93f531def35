import Glibc
import LinuxSystem
import PostgresClient
import TestSupport
import Testbed
import Testing

/// Real servers under real limits, and what is left of them: nothing.
@Suite(
    .serialized,
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
        ClusterRegistry(home: "/var/tmp/abt-\(UInt32.random(in: 0 ... .max))")
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
