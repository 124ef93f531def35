import ArchiveDriver
import Experiment
import FoundationEssentials
import Glibc
import RunRecord
import TestSupport
import Testbed
import Testing
import Workload

/// Every shipped workload and overlay, shortened to seconds, on a real server.
@Suite(.ownThreads) struct ModelTests {
    private struct Silent: TrialObserver {
        func report(_ progress: TrialProgress) {}
    }

    private static let folder = "\(packageRoot)/Workloads"

    static let models = files("traffic")
    static let overlays = files("overlays")

    private static func files(_ folder: String) -> [String] {
        names(in: "\(Self.folder)/\(folder)").filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }.sorted()
    }

    /// The workload with a small history and short phases; a crowd of thousands becomes one of thirty, within them.
    private func shortened(_ name: String, _ overlays: [String] = []) throws -> (WorkloadSpec, [Overlay]) {
        var spec = try WorkloadSpec(path: "\(Self.folder)/traffic/\(name).yaml")
        let laid = try overlays.map { try Overlay(path: "\(Self.folder)/overlays/\($0).yaml") }
        for overlay in laid { spec = try spec.applying(overlay) }
        spec.history = HistorySpec(partitions: 3, rows: 1_500)
        spec.phases = PhaseSpec(warmUp: 500_000_000, measure: 3_000_000_000, drainLimit: 20_000_000_000)
        for index in spec.clients.indices {
            switch spec.clients[index].arrivals {
            case let herd as HerdArrivals:
                spec.clients[index].arrivals = HerdArrivals(
                    count: min(herd.count, 30), start: 600_000_000, ramp: 500_000_000)
            case let periodic as PeriodicArrivals:
                spec.clients[index].arrivals = PeriodicArrivals(
                    period: periodic.period, jitter: 0, first: 700_000_000)
            default: break
            }
        }
        return (spec, laid)
    }

    private func run(_ spec: WorkloadSpec, _ overlays: [Overlay] = [], rateScale: Double = 1) async throws -> RunRecord
    {
        let folder = try TemporaryFolder()
        let registry = ClusterRegistry(home: newHome())
        defer { rmdir(registry.home) }
        var variant = try TestServers.variant()
        for overlay in overlays {
            try variant.set(
                overlay.settings.map { .init(name: $0.name, value: $0.value, file: $0.file, place: $0.place) },
                from: overlay.name)
        }
        let request = TrialRequest(
            workload: spec, overlays: overlays, variant: variant,
            schemaVersion: overlays.compactMap(\.schema).last ?? 8, usesCache: false, seed: 1, rateScale: rateScale,
            installation: try await TestServers.installation(), registry: registry, dataDirectory: nil,
            schemaFolder: "\(packageRoot)/sql/schema", recordFolder: "\(folder.path)/run", runID: "test",
            keepCluster: false, toolVersion: "test", command: "archivebench run", wallClock: { 1_767_636_000 })
        let outcome = try await TrialRunner(request, observer: Silent(), control: TrialControl()).run()
        #expect(names(in: registry.home).isEmpty)
        #expect(
            names(in: "\(folder.path)/run").contains("overlay-\(overlays.first?.name ?? "").yaml") == !overlays.isEmpty)
        return outcome.record
    }

    private func check(_ record: RunRecord, _ spec: WorkloadSpec) throws {
        #expect(record.ending == .completed)
        for (name, account) in record.accounting {
            #expect(account.identityHolds && account.failed == 0, "\(name): \(account.errors)")
        }
        let traffic = try #require(record.traffic)
        #expect(traffic.selfChecks.count == 10 && traffic.sessions.count == spec.clients.count)
        #expect(!traffic.bandwidth.isEmpty)
        let put = try #require(record.accounting["put"])
        let arrived = traffic.bandwidth.reduce(0) { $0 + $1.messagesIn - $1.ephemeral }
        #expect(arrived == put.scheduled)
        for session in traffic.sessions {
            #expect(session.started == session.finished + session.gaveUp + session.unfinished, "\(session.name)")
        }
    }

    @Test(arguments: models) func everyModelRuns(_ name: String) async throws {
        let (spec, _) = try shortened(name)
        let record = try await run(spec)
        try check(record, spec)
    }

    @Test(arguments: overlays) func everyOverlayRuns(_ name: String) async throws {
        let (spec, overlays) = try shortened("status-prod-steady", [name])
        let record = try await run(spec, overlays, rateScale: name.hasPrefix("burst") ? 0.2 : 1)
        try check(record, spec)
        #expect(record.workload.overlays == [name])
        #expect(record.workload.name == "status-prod-steady+\(name)")
        if name == "schema-v7" { #expect(record.targets[0].schemaVersion == 7) }
        if name == "autovacuum-on" {
            #expect(!record.variant.settings.contains { $0.name == "autovacuum" && $0.value == "off" })
        }
    }

    /// A fortieth of a day within seconds: partitions turn, and what is too old goes.
    @Test(arguments: [7, 8]) func timeScaleTurnsPartitionsWhileTheTrialRuns(_ schema: Int) async throws {
        var (spec, _) = try shortened("status-prod-steady")
        spec.timeScale = 3_600
        spec.clockwork.setRetention([.time(seconds: 7_200)])
        let registry = ClusterRegistry(home: newHome())
        defer { rmdir(registry.home) }
        let folder = try TemporaryFolder()
        let request = TrialRequest(
            workload: spec, variant: try TestServers.variant(), schemaVersion: schema, usesCache: false, seed: 1,
            rateScale: 1, installation: try await TestServers.installation(), registry: registry, dataDirectory: nil,
            schemaFolder: "\(packageRoot)/sql/schema", recordFolder: "\(folder.path)/run", runID: "test",
            keepCluster: false, toolVersion: "test", command: "archivebench run", wallClock: { 1_767_636_000 })
        let record = try await TrialRunner(request, observer: Silent(), control: TrialControl()).run().record
        let kinds = try readText("\(folder.path)/run/events.jsonl").split(separator: "\n").map { line in
            ["partition.created", "partition.dropped", "lookup.deleted"].first { line.contains("\"\($0)\"") }
        }
        // An hour a second, three and a half or more when the warm-up was not steady at once: a partition is made for each
        // beyond the two that were there, or one fewer when the last pass came before the hour turned.
        let seconds = record.phases.measureStartSeconds + (record.phases.measuredSeconds ?? 0)
        #expect(seconds >= 3.4)
        #expect((Int(seconds) - 1...Int(seconds) + 1).contains(kinds.count { $0 == "partition.created" }))
        #expect(kinds.count { $0 == "partition.dropped" } >= 2)
        #expect((kinds.count { $0 == "lookup.deleted" } > 0) == (schema == 7))
        #expect(record.accounting["put"]?.failed == 0)
        #expect(record.traffic?.timeScale == 3_600 && record.traffic?.distortions.count == 4)
    }

    /// Half the clients' patience, a twentieth of their number, and a server that is slow: they stop waiting, try again,
    /// and the record tells it.
    @Test func aStormOfImpatientClientsIsAccountedFor() async throws {
        var (spec, _) = try shortened("reconnect-storm")
        spec.clients[0].arrivals = HerdArrivals(count: 150, start: 600_000_000, ramp: 200_000_000)
        spec.clients[0].patience = Patience(
            timeout: 40_000_000, failures: 2, backOff: 100_000_000, greyList: 1_000_000_000, attempts: 50)
        spec.phases.measure = 6_000_000_000
        let record = try await run(spec)
        try check(record, spec)
        let session = try #require(record.traffic?.sessions.first)
        #expect(session.started == 150 && session.timeouts > 0)
        #expect(session.retries > 0 && session.retries <= session.timeouts && session.nodeSwitches > 0)
        #expect((session.clearSeconds != nil) == (session.unfinished + session.gaveUp == 0))
        // The write and read pools never grew beyond their limits.
        #expect(record.accounting["put"]?.failed == 0)
    }
}
