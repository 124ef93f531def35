import FoundationEssentials
import Glibc
import LinuxSystem
import Subprocess
import TestSupport
import Testing

/// Profiles from the command line, and what is left behind after each way of ending: nothing.
@Suite(.ownThreads) struct ProfileCommandTests {
    private static let workload = """
        archivebench: workload/1
        name: short
        summary: a little
        archive-epoch: 2026-01-05T18:00:00Z
        topics: [{name: all, shard: 16/32, count: 20}]
        messages:
          streams:
            - {name: only, arrivals: {process: poisson, rate: 20/s}, to: [{topics: all}], classes: [{name: chat, payload: {constant: 200B}}]}
        history: {partitions: 2, rows: 500}
        phases: {warm-up: 1s, measure: 3s, drain-limit: 5s}
        """
    private static let variant = """
        archivebench: variant/1
        name: small
        summary: small
        settings: {shared_buffers: 32MB, fsync: off}
        """

    private func machine(_ name: String, cpus: String = "1", memory: String = "1GiB") -> String {
        "archivebench: profile/1\nname: \(name)\nsummary: s\ncpus: {count: \(cpus)}\nmemory: \(memory)\n"
    }

    private func files(_ folder: TemporaryFolder, measure: String = "3s", profiles: [String]) throws -> [String] {
        let text = Self.workload.replacing("measure: 3s", with: "measure: \(measure)")
        let machines = try profiles.enumerated().flatMap { ["--profile", try folder.write($1, as: "p\($0).yaml")] }
        return [
            "run", try folder.write(text, as: "w.yaml"), "--variant", try folder.write(Self.variant, as: "v.yaml"),
            "--output", "\(folder.path)/run",
        ] + machines
    }

    /// Control groups of clusters with these names that are there.
    private func groups(_ ids: Set<String>) -> [String] {
        let all = ControlGroupHost().parents.values.flatMap { names(in: $0) }
        return all.filter { name in ids.contains { name == "archivebench-\($0)" } }
    }

    /// Runs something, and tells the names of the clusters that a tool made meanwhile.
    private func clusters<Value: Sendable>(
        of tool: Tool, while body: () async throws -> Value
    ) async throws -> (Value, Set<String>) {
        let home = tool.home
        // A task of the test's own runs on its threads; one beside it would wait for those of all other tests.
        return try await withThrowingTaskGroup(of: Set<String>.self) { group in
            group.addTask {
                var seen: Set<String> = []
                while !Task.isCancelled {
                    seen.formUnion(names(in: home).filter { $0.utf8.count == 8 })
                    try? await Task.sleep(for: .milliseconds(20))
                }
                return seen
            }
            let value = try await body()
            group.cancelAll()
            return (value, try await group.next() ?? [])
        }
    }

    @Test func theShippedOnesAreListedAndShown() async throws {
        let tool = Tool()
        let list = try await tool("profile", "list")
        #expect(list.status == 0 && list.out.hasPrefix("name "))
        #expect(list.out.contains("fleet-16vcpu-32gb") && list.out.contains("spinning-disk"))
        let shown = try await tool("profile", "show", "fleet-1vcpu-2gb")
        #expect(shown.status == 0 && shown.out.contains("archivebench: profile/1"))
        #expect(shown.out.contains("# processors: 1 processor\n# memory: 2 GiB\n"))
        let missing = try await tool("profile", "show", "no-such")
        #expect(missing.status == 2)
    }

    @Test func aMachineTooLargeIsRefusedBeforeAnythingStarts() async throws {
        let (tool, folder) = (Tool(), try TemporaryFolder())
        let ending = try await tool.run(files(folder, profiles: [machine("huge", cpus: "1000")]))
        #expect(ending.status == 3 && ending.error.contains("huge: asks for 1000 processors and 1 GiB, this host has"))
        #expect(ending.error.contains("--scale-to-host runs") && !ending.error.contains("making the cluster"))
        let tight = try await tool.run(files(folder, profiles: [machine("tight", memory: "64MiB")]))
        #expect(tight.status == 3 && tight.error.contains("tight: 64 MiB of memory, but shared_buffers (32 MiB) and"))
        let twice = try await tool.run(files(folder, profiles: [machine("one"), machine("one")]))
        #expect(twice.status == 2 && twice.error.contains("--profile one: given twice"))
        #expect(names(in: folder.path).contains("run") == false && tool.isClean())
    }

    @Test func eachProfileIsATrialInAFolderOfItsOwn() async throws {
        let (tool, folder) = (Tool(), try TemporaryFolder())
        let (ending, ids) = try await clusters(of: tool) {
            try await tool.run(
                files(folder, profiles: [machine("whole"), machine("half", cpus: "0.5", memory: "900MiB")]))
        }
        #expect(ending.status == 0 || ending.status == 1, "\(ending.error)")
        for (name, processors, memory) in [("whole", "1 processor", "1 GiB"), ("half", "0.5 processors", "900 MiB")] {
            let record = try readText("\(folder.path)/run/\(name)/run.json")
            #expect(
                record.contains("\"processors\" : \"\(processors)\"") && record.contains("\"memory\" : \"\(memory)\""))
            #expect(record.contains("\"rule\" : \"profile\"") && record.contains("\"rule\" : \"machine\""))
            #expect(record.contains("\"name\" : \"flush, median\"") && record.contains("a probe got "))
            #expect(try readText("\(folder.path)/run/\(name)/profile.yaml").hasPrefix("archivebench: profile/1\n"))
            #expect(try readText("\(folder.path)/run/\(name)/report.html").contains("speed of a core"))
        }
        #expect(ids.count == 2 && tool.isClean() && groups(ids).isEmpty, "\(ids), \(ending)")
    }

    @Test func aScaledMachineSaysSoInEveryReport() async throws {
        let (tool, folder) = (Tool(), try TemporaryFolder())
        let asked = machine("huge", cpus: "1000", memory: "1000GiB")
        let ending = try await tool.run(files(folder, profiles: [asked]) + ["--scale-to-host"])
        #expect(ending.status == 0 || ending.status == 1, "\(ending.error)")
        for file in ["report.md", "report.html", "run.json"] {
            #expect(try readText("\(folder.path)/run/\(file)").contains("profile huge: scaled to "), "\(file)")
        }
        #expect(ending.out.contains("profile huge: scaled to") && tool.isClean())
    }

    @Test(
        .enabled(if: !ControlGroupHost().parents.isEmpty, "this host lets the tests make no control group"),
        arguments: [1, 2])
    func signalsLeaveNoGroup(_ count: Int) async throws {
        let (tool, folder) = (Tool(), try TemporaryFolder())
        let (ending, ids) = try await clusters(of: tool) {
            try await tool.interrupt(
                files(folder, measure: "60s", profiles: [machine("whole")]), at: "measure",
                Array(repeating: .interrupt, count: count))
        }
        #expect(ending.status == 4 && ids.count == 1)
        #expect(tool.isClean() && groups(ids).isEmpty)
    }

    @Test(.enabled(if: !ControlGroupHost().parents.isEmpty, "this host lets the tests make no control group"))
    func aKilledToolsGroupIsRemovedByTheNextStart() async throws {
        let (tool, folder) = (Tool(), try TemporaryFolder())
        let ending = try await tool.interrupt(
            files(folder, measure: "60s", profiles: [machine("whole")]), at: "measure", [.kill])
        let ids = Set(names(in: tool.home).filter { $0.utf8.count == 8 })
        #expect(ending.status == -1 && !groups(ids).isEmpty)
        let next = try await tool("profile", "probe", "--json")
        #expect(next.status == 0 && next.out.contains("\"speed of a core\""))
        #expect(tool.isClean() && groups(ids).isEmpty)
    }
}
