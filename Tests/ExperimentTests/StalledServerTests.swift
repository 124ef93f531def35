import Experiment
import FoundationEssentials
import Glibc
import LinuxSystem
import RunRecord
import Synchronization
import TestSupport
import Testbed
import Testing
import Workload

/// A trial whose server stands still for a while.
@Suite(.ownThreads) struct StalledServerTests {
    /// Stops all of the server's processes for four seconds, once two seconds have been measured.
    private final class Stopper: TrialObserver, Sendable {
        private let measured = Mutex(0)
        private let registry: ClusterRegistry

        init(_ registry: ClusterRegistry) { self.registry = registry }

        func report(_ progress: TrialProgress) {
            guard progress.stage == .measure else { return }
            let second = measured.withLock { measured in
                measured += 1
                return measured
            }
            guard second == 2 else { return }
            let processes = registry.clusters().flatMap(\.processes)
            for process in processes { process.send(signal: SIGSTOP) }
            Task {
                try? await Task.sleep(for: .seconds(4))
                for process in processes { process.send(signal: SIGCONT) }
            }
        }
    }

    /// Any four seconds hold whole seconds of the grid, in which nothing can complete, however late a busy host is.
    @Test func theStallIsNamedAndTheLatencyLogIsWhole() async throws {
        let folder = try TemporaryFolder()
        let registry = ClusterRegistry(home: newHome())
        defer { rmdir(registry.home) }
        let request = TrialRequest(
            workload: try TestWorkloads.clockwork(rate: "100/s", measure: "14s"), variant: try TestServers.variant([:]),
            schemaVersion: 8, seed: 1, rateScale: 1, installation: try await TestServers.installation(),
            registry: registry, dataDirectory: nil, schemaFolder: "\(packageRoot)/sql/schema",
            recordFolder: "\(folder.path)/run", runID: "test", keepCluster: false, toolVersion: "test",
            command: "archivebench run", wallClock: { 1_767_636_000 })
        let outcome = try await TrialRunner(request, observer: Stopper(registry), control: TrialControl()).run()
        let record = try outcome.folder.readRecord()
        let stall = try #require(record.stalls?.first)
        #expect(stall.classes == ["put"] && stall.detail.contains("put completed nothing"))
        #expect(record.events.contains { $0.kind == "stall" && $0.detail == stall.detail })
        #expect(!record.notCollected.contains { $0.contains("HdrHistogram") })

        // A line for each second in which something completed, and no other.
        let lines = try readText(outcome.folder.path(of: .latencies)).split(separator: "\n")
        let tagged = lines.filter { $0.hasPrefix("Tag=put,") }.compactMap { Double($0.split(separator: ",")[1]) }
        let completing = try outcome.folder.readSamples().filter { $0.classes["put"]?.completed ?? 0 > 0 }
        #expect(tagged == completing.map { Double($0.second) })
        #expect(!tagged.isEmpty && lines.count == tagged.count + 5)
    }
}
