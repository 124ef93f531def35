import FoundationEssentials
import Subprocess
import TestSupport
import Testing

/// Trials under a profile whose disk and network are modelled: lower bounds of what it costs, which hold however slow the
/// host is, and what is left behind.
@Suite(.ownThreads) struct ModelledProfileTests {
    private static let workload = """
        archivebench: workload/1
        name: short
        summary: a little
        archive-epoch: 2026-01-05T18:00:00Z
        topics: [{name: all, shard: 16/32, count: 20}]
        messages:
          streams:
            - {name: only, arrivals: {process: poisson, rate: 20/s}, to: [{topics: all}], classes: [{name: chat, payload: {constant: 200B}}]}
        queries:
          - {name: pages, ask: data-by-topics, from: all, topics: 1, window: 30min, page-size: 20, arrivals: {process: constant, rate: 5/s}}
        history: {partitions: 2, rows: 500}
        phases: {warm-up: 1s, measure: MEASURE, drain-limit: 10s}
        """
    private static let variant = """
        archivebench: variant/1
        name: small
        summary: small
        settings: {shared_buffers: 32MB}
        """
    private static let machine = """
        archivebench: profile/1
        name: far
        summary: a slow disk behind a long line
        cpus: {count: 1}
        memory: 1GiB
        storage: {kind: modelled, flush-latency: 4ms}
        network: {round-trip: 10ms}
        """

    private struct Record: Decodable {
        struct Profile: Decodable {
            let enforced: [String: String]
            let observed: [String: String]
            let notEnforced: [String]
        }

        struct Quantiles: Decodable { let p50: Double }
        struct Summary: Decodable { let responseMs: Quantiles? }

        struct Aspects: Decodable {
            struct Row: Decodable {
                let requestClass: String
                let from: Double
            }
            let byPage: [Row]
            let byAge: [Row]
        }

        let profile: Profile
        let classes: [String: Summary]
        let aspects: Aspects?
    }

    private func arguments(_ folder: TemporaryFolder, measure: String) throws -> [String] {
        [
            "run", try folder.write(Self.workload.replacing("MEASURE", with: measure), as: "w.yaml"), "--variant",
            try folder.write(Self.variant, as: "v.yaml"), "--profile", try folder.write(Self.machine, as: "p.yaml"),
            "--no-cache",
            "--output", "\(folder.path)/run",
        ]
    }

    /// Folders in memory of the modelled devices with these names: other tests have theirs at the same time.
    private func foldersInMemory(_ ids: Set<String>) -> [String] {
        names(in: "/dev/shm").filter { name in ids.contains { name == "archivebench-\($0)" } }
    }

    /// Runs something, and tells the names of the devices that a tool made meanwhile.
    private func devices<Value: Sendable>(
        of tool: Tool, while body: () async throws -> Value
    ) async throws -> (Value, Set<String>) {
        let watch = try FolderWatch(tool.home)
        defer { watch.end() }
        let value = try await body()
        return (value, watch.end().filter { $0.hasPrefix("storage-") })
    }

    @Test func diskAndNetworkTakeTheirTime() async throws {
        let (tool, folder) = (Tool(), try TemporaryFolder())
        let (ending, ids) = try await devices(of: tool) { try await tool.run(arguments(folder, measure: "4s")) }
        #expect(ending.status == 0 || ending.status == 1, "\(ending.error)")
        let text = try readText("\(folder.path)/run/run.json")
        let record = try JSONDecoder().decode(Record.self, from: Data(text.utf8))
        #expect(record.profile.enforced["storage"]?.hasPrefix("modelled: data in memory") == true)
        #expect(record.profile.enforced["network round trip"]?.hasPrefix("10 ms by the load generator") == true)
        #expect(record.profile.notEnforced.contains { $0.contains("data that lie in memory count against the limit") })
        let device = try #require(record.profile.observed["storage"])
        #expect(device.hasPrefix("modelled device: ") && !device.hasPrefix("modelled device: 0 flushes"))
        // The history was loaded a moment ago, and is read all the same: the page cache is empty when a trial begins.
        #expect(!device.contains(" and 0 reads of the device"), "\(device)")
        // What was waited, not what was drawn: never less, and on a busy host more.
        let waited = try #require(device.firstMatch(of: /\(waited p50 ([0-9.]+) ms, p99 ([0-9.]+) ms, on average/))
        let (p50, p99) = (Double(waited.1) ?? 0, Double(waited.2) ?? 0)
        #expect(p50 >= 4 && p99 >= p50, "\(device)")
        // Two statements one after the other: two round trips, and two commits that wait for a flush.
        #expect(record.classes["put"]?.responseMs?.p50 ?? 0 >= 28)
        let page = record.classes["store.topics.data.first"]?.responseMs?.p50 ?? 0
        #expect(page >= 10)
        // What was asked is told by page and by age: a window of half an hour.
        #expect(record.aspects?.byPage.contains { $0.requestClass == "store.topics.data" && $0.from == 1 } == true)
        #expect(record.aspects?.byAge.map(\.from) == [600])
        #expect(try readText("\(folder.path)/run/report.html").contains("modelled device: "))
        #expect(ids.count == 1, "\(ids)")
        #expect(tool.isClean(), "\(names(in: tool.home))")
        #expect(foldersInMemory(ids).isEmpty)
    }

    @Test func whatTheModelCannotCoverIsRefused() async throws {
        let (tool, folder) = (Tool(), try TemporaryFolder())
        let words = try arguments(folder, measure: "4s")
        _ = try folder.write(
            Self.variant.replacing("32MB}", with: "32MB, dynamic_shared_memory_type: mmap}"), as: "v.yaml")
        let ending = try await tool.run(words)
        #expect(ending.status == 2 && ending.error.contains("use posix with modelled storage"), "\(ending.error)")
        #expect(tool.isClean())
    }

    @Test(arguments: [false, true]) func anEndLeavesNothingInMemory(_ isKilled: Bool) async throws {
        let (tool, folder) = (Tool(), try TemporaryFolder())
        let (ending, ids) = try await devices(of: tool) {
            try await tool.interrupt(
                arguments(folder, measure: "60s"), at: "measure", [isKilled ? .kill : .interrupt])
        }
        #expect(ending.status == (isKilled ? -1 : 4))
        if isKilled {
            #expect(foldersInMemory(ids).count == 1)
            #expect(try await tool("clean").status == 0)
        }
        #expect(ids.count == 1, "\(ids)")
        #expect(tool.isClean(), "\(names(in: tool.home))")
        #expect(foldersInMemory(ids).isEmpty)
    }
}
