import ArchiveDriver
import Experiment
import Glibc
import PostgresClient
import RunRecord
import TestSupport
import Testbed
import Testing
import Workload

/// Recordings on real servers: one that drives a trial, and one that comes out of an archive.
@Suite(.ownThreads) struct TraceTrialTests {
    private struct Silent: TrialObserver {
        func report(_ progress: TrialProgress) {}
    }

    private static func replaying(_ spec: WorkloadSpec, _ rows: String, _ folder: TemporaryFolder) throws
        -> WorkloadSpec
    {
        _ = try folder.write(rows, as: "mine.csv")
        return try WorkloadSpec(
            path: folder.write("\(spec.text)\ntrace: {file: mine.csv}\n", as: "w.yaml"))
    }

    /// What is accounted is what the rows say, and the record names the recording.
    @Test func aRecordingDrivesATrial() async throws {
        let (folder, home) = (try TemporaryFolder(), newHome())
        defer { rmdir(home) }
        var rows = ["time,shard,topic,size,kind"]
        for row in 0..<400 {
            let time = "\(row / 100).\(row % 100 < 10 ? "0" : "")\(row % 100)5"
            rows.append(
                row % 4 == 3
                    ? "\(time),,,0,store.time-range"
                    : "\(time),16/\(row % 4 == 0 ? 64 : 32),\(row % 40),\(100 + row),put")
        }
        let text = rows.joined(separator: "\n") + "\n"
        var spec = try Self.replaying(TestWorkloads.everything(), text, folder)
        spec.phases = PhaseSpec(
            warmUp: 1_000_000_000, measure: 3_000_000_000, drainLimit: 20_000_000_000, warmUpLimit: 1_000_000_000)
        let request = TrialRequest(
            workload: spec, variant: try TestServers.variant(), schemaVersion: 8, seed: 1, rateScale: 1,
            installation: try await TestServers.installation(), registry: ClusterRegistry(home: home),
            dataDirectory: nil, schemaFolder: "\(packageRoot)/sql/schema", recordFolder: "\(folder.path)/run",
            runID: "test", keepCluster: false, toolVersion: "test", command: "archivebench run",
            wallClock: { 1_767_636_000 })
        let outcome = try await TrialRunner(request, observer: Silent(), control: TrialControl()).run()
        let record = try outcome.folder.readRecord()
        #expect(record.ending == .completed && names(in: home).isEmpty)
        // A second of warm-up, three of measure: rows 100 to 399, of which every fourth is a request.
        #expect(record.accounting["put"]?.scheduled == 225 && record.accounting["put"]?.completed == 225)
        #expect(record.warmUpAccounting["put"]?.scheduled == 75)
        let bandwidth = record.traffic?.bandwidth.filter { $0.messageClass == "recorded" } ?? []
        #expect(bandwidth.map(\.messagesIn).sorted() == [75, 150])
        #expect(record.digest == SequenceDigest(of: spec, seed: 1).text)
        let digest = try #require(spec.trace?.summary.digest)
        #expect(record.workload.trace == TraceDescription(file: "mine.csv", digest: digest, rows: 400))
    }

    /// The statement of the reference takes a recording out of an archive; replayed, it has the same sizes.
    @Test(arguments: [7, 8]) func theStatementOfTheReferenceMakesATrace(_ schema: Int) async throws {
        let folder = try TemporaryFolder()
        let spec = try TestWorkloads.everything(rows: 500, partitions: 1)
        let parameters = try await TestServers.database()
        let connection = try Connection.open(parameters)
        let archive = try ArchiveSchema(version: schema, folder: "\(packageRoot)/sql/schema")
        try archive.install(on: connection)
        try HistoryLoader(Traffic(spec, seed: 1), schema: archive, connection: connection).load { _ in true }
        let reference = try readText("\(packageRoot)/Workloads/README.md")
        let statement = try #require(reference.firstMatch(of: /"copy \(\n([^"]*)\) to stdout csv header"/)?.1)
        let window = try #require(statement.firstMatch(of: /between \d+ and \d+/)?.0)
        let rows = try connection.run(String(statement.replacing(window, with: "> 0")))
        #expect(rows.count == 500)
        let lines = rows.map { $0.map { $0 ?? "" }.joined(separator: ",") }
        let text = (["time,shard,topic,size,kind"] + lines).joined(separator: "\n")
        _ = try folder.write(text, as: "mine.csv")
        let replayed = try WorkloadSpec(
            path: folder.write("\(spec.text)\ntrace: {file: mine.csv, topics: named, scale: 3600}\n", as: "w.yaml"))
        let stored = try connection.value("select sum(length(payload) / 2) from messages")
        #expect(replayed.trace?.summary.kinds.map(\.bytes) == [try #require(stored.flatMap { Int($0) })])
        #expect(replayed.trace?.summary.messages == 500)
    }
}
