import Experiment
import FoundationEssentials
import Glibc
import LinuxSystem
import Report
import RunRecord
import Synchronization
import TestSupport
import Testbed
import Testing
import Workload

/// Whole trials on real servers, seconds long.
@Suite(.ownThreads) struct TrialTests {
    /// Remembers the stages, and calls out when one begins: the measure phase, unless told otherwise.
    private final class Watcher: TrialObserver, Sendable {
        private let seen = Mutex<[TrialProgress.Stage]>([])
        private let stage: TrialProgress.Stage
        private let callOut: @Sendable () -> Void

        init(at stage: TrialProgress.Stage = .measure, _ callOut: @escaping @Sendable () -> Void = {}) {
            self.stage = stage
            self.callOut = callOut
        }

        var stages: [TrialProgress.Stage] { seen.withLock { $0 } }

        func report(_ progress: TrialProgress) {
            let new = seen.withLock { seen -> Bool in
                guard seen.last != progress.stage else { return false }
                seen.append(progress.stage)
                return true
            }
            if new && progress.stage == stage { callOut() }
        }
    }

    private struct Place {
        let folder: TemporaryFolder
        let registry = ClusterRegistry(home: newHome())

        init() throws { folder = try TemporaryFolder() }

        func request(
            _ spec: WorkloadSpec, schema: Int = 8, settings: [String: String] = [:], keep: Bool = false,
            rateScale: Double = 1
        ) async throws -> TrialRequest {
            TrialRequest(
                workload: spec, variant: try TestServers.variant(settings), schemaVersion: schema, seed: 1,
                rateScale: rateScale,
                installation: try await TestServers.installation(), registry: registry, dataDirectory: nil,
                schemaFolder: "\(packageRoot)/sql/schema", recordFolder: "\(folder.path)/run", runID: "test",
                keepCluster: keep, toolVersion: "test", command: "archivebench run", wallClock: { 1_767_636_000 })
        }

        func isClean() -> Bool {
            defer { rmdir(registry.home) }
            return names(in: registry.home).isEmpty
        }
    }

    @Test(arguments: [7, 8]) func aTrialRunsToItsPlanAndAccountsForEverything(_ schema: Int) async throws {
        let place = try Place()
        let spec = try TestWorkloads.everything()
        let request = try await place.request(spec, schema: schema)
        let watcher = Watcher()
        let outcome = try await TrialRunner(request, observer: watcher, control: TrialControl()).run()
        let record = try outcome.folder.readRecord()
        #expect(record.ending == .completed && record.kept(nothing: outcome.kept))
        #expect(watcher.stages == [.planning, .cluster, .history, .warmUp, .measure, .drain, .finishing])

        #expect(record.digest == SequenceDigest(of: spec, seed: 1).text)
        #expect(Set(record.classes.keys) == Self.classes)
        for (name, account) in record.accounting {
            #expect(account.identityHolds && account.failed == 0 && account.abandoned == 0, "\(name)")
            #expect(account.scheduled > 0, "\(name)")
        }
        #expect(record.validity.map(\.rule).contains("accounting-identity"))
        #expect(record.accounting["put"]?.scheduled == Self.due(spec, "put").measure)
        #expect(record.warmUpAccounting["put"]?.scheduled == Self.due(spec, "put").warmUp)

        // Generator cost is stated.
        #expect(record.generator.cpuMicrosPerOperation ?? 0 > 0)
        #expect(record.generator.peakMemoryBytes ?? 0 > 1_000_000)
        #expect(record.generator.lagMs?.count == record.accounting.values.reduce(0) { $0 + $1.scheduled })

        // An impossible objective is missed, a generous one held.
        #expect(record.objectives.map(\.holds) == [true, false])
        #expect(record.targets.first?.history.rows == 2_000 && record.targets.first?.schemaVersion == schema)
        #expect(record.targets.first?.sizes.first?.bytes ?? 0 > 100_000)
        #expect(record.variant.settings.contains { $0.name == "shared_buffers" && $0.origin == "variant" })
        try checkFiles(outcome.folder, record)
        #expect(place.isClean())
    }

    /// Some 120 000 operations a second, of which no server of these settings does a quarter on any host: nothing is
    /// lost, nothing is believed, and the backlog is the first thing said.
    @Test func anOverloadedTrialLeadsWithItsBacklog() async throws {
        let place = try Place()
        var spec = try TestWorkloads.everything(warmUp: "1s", measure: "2s")
        spec.phases.drainLimit = 1_000_000_000
        let request = try await place.request(spec, rateScale: 800)
        let outcome = try await TrialRunner(request, observer: Watcher(), control: TrialControl()).run()
        let record = try outcome.folder.readRecord()
        #expect(record.ending == .completed && record.allAccountsHold)
        #expect(record.warmUpAccounting.values.allSatisfy { $0.identityHolds })
        #expect(!record.valid && !record.isEvidence)
        let broken = Set(record.validity.filter { !$0.holds }.map(\.rule))
        #expect(broken.isSuperset(of: ["kept-up", "achieved"]) && !broken.contains("accounting-identity"))
        let arrears = try #require(record.arrears)
        #expect(arrears.isFallingBehind && arrears.scheduled >= 4 * arrears.achieved && arrears.share > 0.5)

        let report = try TrialReport(folder: outcome.folder)
        let terminal = TerminalReport(report, colour: false).closing(page: "p")
        #expect(terminal.hasPrefix("INVALID  Did not keep up: "))
        let (backlog, label) = (terminal.firstRange(of: "of the offered load"), terminal.firstRange(of: "p99 ms"))
        #expect(try #require(backlog).lowerBound < #require(label).lowerBound)
        #expect(MarkdownExporter().export(report).hasPrefix("# everything: Did not keep up: "))
        #expect(place.isClean())
    }

    private static let classes: Set<String> = [
        "put", "put.duplicate", "store.hashes.presence", "store.hashes.data", "store.topics.hashes.first",
        "store.topics.hashes.next", "store.topics.data.first", "store.topics.data.next", "store.time-range",
    ]

    private static func due(_ spec: WorkloadSpec, _ name: String) -> (warmUp: Int, measure: Int) {
        let traffic = Traffic(spec, seed: 1)
        var counts = (0, 0)
        while let operation = traffic.next() {
            guard traffic.labels[operation.label].requestClass == name else { continue }
            if operation.due < spec.phases.warmUp { counts.0 += 1 } else { counts.1 += 1 }
        }
        return counts
    }

    private func checkFiles(_ folder: RecordFolder, _ record: RunRecord) throws {
        let samples = try folder.readSamples()
        #expect(samples.map(\.second) == Array(0..<samples.count))
        let scheduled = samples.reduce(0) { $0 + $1.classes.values.reduce(0) { $0 + $1.scheduled } }
        let completed = samples.reduce(0) { $0 + $1.classes.values.reduce(0) { $0 + $1.completed } }
        let accounts = Array(record.accounting.values) + Array(record.warmUpAccounting.values)
        #expect(scheduled == accounts.reduce(0) { $0 + $1.scheduled })
        #expect(completed == accounts.reduce(0) { $0 + $1.completed })
        #expect(folder.readText(.workload)?.hasPrefix("archivebench: workload/1") == true)
        #expect(folder.readText(.variant)?.hasPrefix("archivebench: variant/1") == true)
        #expect(folder.readText(.serverLog)?.contains("database system is ready") == true)
    }

    @Test func aKilledServerEndsTheTrialWithAnInvalidRecordAndNothingLeft() async throws {
        let place = try Place()
        let request = try await place.request(try TestWorkloads.everything(measure: "20s"))
        let registry = place.registry
        let watcher = Watcher {
            for process in registry.clusters()[0].processes where process.isPostmaster { process.send(signal: SIGKILL) }
        }
        let outcome = try await TrialRunner(request, observer: watcher, control: TrialControl()).run()
        let record = try outcome.folder.readRecord()
        #expect(record.ending == .serverLost && !record.valid)
        #expect(record.validity.first { $0.rule == "ran-to-plan" }?.holds == false)
        let codes = Set(record.accounting.values.flatMap { $0.errors.keys })
        #expect(record.allAccountsHold)
        #expect(!codes.isEmpty && codes.subtracting(Self.lossCodes).isEmpty)
        #expect(record.events.contains { $0.kind == "connection.lost" })
        #expect(record.phases.measuredSeconds ?? 99 < 15)
        #expect(place.isClean())
    }

    /// How a lost server shows: as a broken connection, a refused one, or in the server's last words.
    private static let lossCodes: Set<String> = [
        "connection-lost", "refused", "57P01", "57P02", "57P03", "not-sent", "bad-reply",
    ]

    @Test func anInterruptedTrialKeepsWhatItHas() async throws {
        let place = try Place()
        let request = try await place.request(try TestWorkloads.everything(measure: "60s"))
        let control = TrialControl()
        let outcome = try await TrialRunner(request, observer: Watcher { control.stop() }, control: control).run()
        let record = try outcome.folder.readRecord()
        #expect(record.ending == .interrupted && !record.valid)
        #expect(record.accounting["put"]?.scheduled ?? 0 > 0)
        #expect(record.allAccountsHold)
        #expect(place.isClean())
    }

    @Test func anInterruptionWhileLoadingLeavesARecordToo() async throws {
        let place = try Place()
        let control = TrialControl()
        let request = try await place.request(try TestWorkloads.everything())
        let outcome = try await TrialRunner(
            request, observer: Watcher(at: .history) { control.stop() }, control: control
        ).run()
        #expect(try outcome.folder.readRecord().ending == .interrupted)
        #expect(place.isClean())
    }

    @Test func anInterruptionWhilePlanningLeavesNothing() async throws {
        let place = try Place()
        let control = TrialControl()
        control.stop()
        let request = try await place.request(try TestWorkloads.everything())
        await #expect(throws: TrialInterrupted.self) {
            try await TrialRunner(request, observer: Watcher(), control: control).run()
        }
        #expect(names(in: place.folder.path).isEmpty)
        #expect(place.isClean())
    }

    /// The disk full, or the folder gone: the trial ends, says why, and leaves no cluster.
    @Test func aRecordThatCannotBeWrittenEndsTheTrial() async throws {
        let place = try Place()
        let request = try await place.request(try TestWorkloads.everything(measure: "60s"))
        let watcher = Watcher { try? FileManager.default.removeItem(atPath: request.recordFolder) }
        await #expect(throws: RecordFolder.Problem.self) {
            try await TrialRunner(request, observer: watcher, control: TrialControl()).run()
        }
        #expect(place.isClean())
    }

    /// Where the server's log should go there is a folder: the trial is as good as it was.
    @Test func aLogThatCannotBeCopiedIsNamedAsMissing() async throws {
        let place = try Place()
        let request = try await place.request(try TestWorkloads.everything(measure: "1s"))
        let watcher = Watcher {
            try? FileManager.default.createDirectory(
                atPath: "\(request.recordFolder)/server.log", withIntermediateDirectories: false)
        }
        let outcome = try await TrialRunner(request, observer: watcher, control: TrialControl()).run()
        #expect(outcome.record.ending == .completed)
        #expect(outcome.record.notCollected.contains { $0.hasPrefix("the server's log:") })
        #expect(place.isClean())
    }

    @Test func aBackendsEndIsCountedAndTheScheduleKept() async throws {
        let place = try Place()
        let request = try await place.request(try TestWorkloads.everything(measure: "4s"))
        let registry = place.registry
        let watcher = Watcher {
            let cluster = registry.clusters()[0]
            _ = try? TestServers.terminateOthers(cluster.parameters())
        }
        let outcome = try await TrialRunner(request, observer: watcher, control: TrialControl()).run()
        let record = try outcome.folder.readRecord()
        #expect(record.ending == .completed)
        #expect(record.events.contains { $0.kind == "connection.lost" })
        #expect(record.allAccountsHold)
        // Opened again, and used again: nothing fails for long.
        let finished = record.accounting.values.reduce(0) { $0 + $1.completed }
        #expect(finished > record.accounting.values.reduce(0) { $0 + $1.failed } * 5)
        #expect(place.isClean())
    }

    @Test func aKeptClusterStaysAndCanBeRemoved() async throws {
        let place = try Place()
        let request = try await place.request(try TestWorkloads.everything(measure: "1s"), keep: true)
        let outcome = try await TrialRunner(request, observer: Watcher(), control: TrialControl()).run()
        let kept = try #require(outcome.kept)
        #expect(try TestServers.count(kept.parameters(), "messages") >= 2_000)
        #expect(place.registry.remove(kept))
        #expect(place.isClean())
    }

    @Test func tooSmallADiskIsToldBeforeAnythingIsMade() async throws {
        let place = try Place()
        var spec = try TestWorkloads.everything()
        spec.history.rows = 9_000_000_000
        let plan = TrialPlan(try await place.request(try TestWorkloads.everything()))
        #expect(plan.operations["put"] ?? 0 > 100)
        var request = try await place.request(try TestWorkloads.everything())
        request.dataDirectory = "/nonexistent"
        #expect(throws: TestbedProblem.self) { try TrialPlan.checkDisk(request) }
        do {
            request = try await place.request(spec)
            request.dataDirectory = "/tmp"
            try TrialPlan.checkDisk(request)
            Issue.record("nine thousand million rows fit")
        } catch {
            #expect("\(error)".contains("MB free, the trial needs up to"))
        }
        #expect(place.isClean())
    }
}

extension RunRecord {
    fileprivate var allAccountsHold: Bool { accounting.values.allSatisfy { $0.identityHolds } }
    fileprivate func kept(nothing: ClusterRecord?) -> Bool { nothing == nil }
}

extension ProcessIdentity {
    /// The server's first process has `-D` among its arguments; its children show other titles.
    fileprivate var isPostmaster: Bool { Host.read("/proc/\(pid)/cmdline")?.contains("-D\0") == true }
}
