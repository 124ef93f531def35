import FoundationEssentials
import RunRecord
import TestSupport
import Testing

@Suite struct RecordFolderTests {
    private func record() -> RunRecord {
        RunRecord(
            runId: "r1", toolVersion: "0", startedAt: "2026-01-01T00:00:00Z", digest: "d", seed: 1,
            variant: VariantDescription(
                name: "v", summary: "s", schemaVersion: 8, driver: "faithful", settings: [], adaptations: []),
            profile: ProfileDescription(name: "host", requested: [:], enforced: [:], observed: [:], notEnforced: []),
            host: HostDescription(
                processorModel: "p", processors: 2, memoryBytes: 1, kernel: "k", operatingSystem: "o", filesystem: "f"),
            workload: WorkloadDescription(
                name: "w", summary: "s", fileDigest: "d", rateScale: 1, nodes: 2, archiveEpoch: "e", shards: []),
            phases: PhaseDescription(warmUpSeconds: 1, measureSeconds: 2, drainLimitSeconds: 3), command: "c")
    }

    @Test func aRecordComesBackAsItWasWritten() throws {
        let home = try TemporaryFolder()
        let folder = try RecordFolder.create(path: "\(home.path)/a/b")
        var written = record()
        var account = Accounting()
        account.scheduled = 3
        account.completed = 2
        account.failed = 1
        account.errors = ["57P01": 1]
        written.accounting = ["put": account]
        try folder.write(written)
        let read = try folder.readRecord()
        #expect(read.runId == "r1" && read.accounting == written.accounting)
        #expect(read.accounting["put"]?.identityHolds == true)
        #expect(!read.valid && read.ending == .running)
    }

    /// A record of a tool that knew neither has neither, and is read all the same.
    @Test func paceAndWaitsComeBack() throws {
        let home = try TemporaryFolder()
        let folder = try RecordFolder.create(path: "\(home.path)/r")
        var written = record()
        let times = LatencyQuantiles(count: 1, mean: 1, p50: 1, p90: 1, p95: 1, p99: 1, p999: nil, max: 1)
        let waits = WaitTimes(schedule: times, connection: times, firstByte: times, transfer: times)
        func summary(_ waits: WaitTimes?) -> ClassSummary {
            ClassSummary(
                offeredPerSecond: 1, achievedPerSecond: 1, goodputPerSecond: nil, responseMs: times, serviceMs: times,
                lagMs: times, curve: [], rows: 0, chainsCut: 0, waitsMs: waits)
        }
        written.classes = ["put": summary(waits), "store": summary(nil)]
        try folder.write(written)
        #expect(try folder.readRecord().closedClients == nil)
        written.pacing = PacingDescription(clients: 8)
        try folder.write(written)
        let read = try folder.readRecord()
        #expect(read.closedClients == 8 && read.pacing?.kind == .closed && read.throughput == 2)
        #expect(read.classes["put"]?.waitsMs == waits && read.classes["store"]?.waitsMs == nil)
        let text = try readText(folder.path(of: .record))
        for key in ["\"pacing\"", "\"kind\" : \"closed\"", "\"clients\" : 8", "\"firstByte\""] {
            #expect(text.contains(key), "\(key)")
        }
    }

    /// The keys that others build on. A change here needs a new format version.
    @Test func theStableCoreHasItsNames() throws {
        let home = try TemporaryFolder()
        let folder = try RecordFolder.create(path: "\(home.path)/r")
        try folder.write(record())
        let text = try readText(folder.path(of: .record))
        for key in [
            "formatVersion", "runId", "toolVersion", "startedAt", "digest", "seed", "valid", "validity", "accounting",
            "classes", "generator", "objectives", "targets", "variant", "profile", "host",
        ] {
            #expect(text.contains("\n  \"\(key)\" : "), "\(key)")
        }
    }

    @Test func samplesAreLinesAndATornLastOneIsLeftOut() throws {
        let home = try TemporaryFolder()
        let folder = try RecordFolder.create(path: "\(home.path)/r")
        let sample = SecondSample(
            second: 0, phase: "measure",
            classes: ["put": ClassSecond(scheduled: 2, completed: 1, failed: 0, p50Ms: 1.5, p99Ms: 2, maxMs: 2)])
        try folder.append([sample, sample], to: .samples)
        try folder.append([sample], to: .samples)
        #expect(try folder.readSamples().count == 3)
        let whole = try readText(folder.path(of: .samples))
        try folder.write(whole + "{\"second\":3,\"pha", to: .samples)
        #expect(try folder.readSamples().count == 3)
    }

    @Test func nothingIsOverwrittenAndProblemsAreOneLine() throws {
        let home = try TemporaryFolder()
        let folder = try RecordFolder.create(path: "\(home.path)/r")
        try folder.write(record())
        for (make, reason) in [
            ({ _ = try RecordFolder.create(path: folder.path) }, "holds a run already"),
            ({ _ = try RecordFolder.create(path: "/proc/nope") }, "cannot write here"),
            ({ _ = try RecordFolder(path: home.path).readRecord() }, "no such record"),
        ] as [(() throws -> Void, String)] {
            do {
                try make()
                Issue.record("accepted")
            } catch {
                #expect("\(error)".contains(reason) && !"\(error)".contains("\n"))
            }
        }
        try folder.write("{\"formatVersion\": 99}", to: .record)
        #expect(throws: RecordFolder.Problem.self) { try folder.readRecord() }
        try folder.write("not json", to: .record)
        #expect(throws: RecordFolder.Problem.self) { try folder.readRecord() }
    }
}
