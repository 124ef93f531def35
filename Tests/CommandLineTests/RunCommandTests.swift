import FoundationEssentials
import Glibc
import Subprocess
import TestSupport
import Testing

/// The program from start to exit code.
@Suite(.ownThreads) struct RunCommandTests {
    private static let workload = """
        archivebench: workload/1
        name: short
        summary: a little of everything
        archive-epoch: 2026-01-05T18:00:00Z
        topics: [{name: all, shard: 16/32, count: 20}]
        messages:
          streams:
            - {name: only, arrivals: {process: poisson, rate: 20/s}, to: [{topics: all}], classes: [{name: chat, payload: {constant: 200B}}]}
        queries:
          - {name: presence, ask: presence-by-hashes, arrivals: {process: poisson, rate: 10/s}, hashes: [1, 3]}
        history: {partitions: 2, rows: 500}
        phases: {warm-up: 1s, measure: 3s, drain-limit: 5s}
        objectives: [{classes: put, quantile: 50%, limit: 1ns}]
        """
    private static let variant = """
        archivebench: variant/1
        name: small
        summary: small
        settings: {shared_buffers: 32MB, fsync: off}
        """

    private func files(_ folder: TemporaryFolder, measure: String = "3s") throws -> [String] {
        let text = Self.workload.replacing("measure: 3s", with: "measure: \(measure)")
        return [
            "run", try folder.write(text, as: "w.yaml"), "--variant", try folder.write(Self.variant, as: "v.yaml"),
            "--output", "\(folder.path)/run",
        ]
    }

    @Test func aRunPrintsItsTableAndLeavesItsFiles() async throws {
        let (tool, folder) = (Tool(), try TemporaryFolder())
        let ending = try await tool.run(files(folder))
        #expect(ending.status == 0 || ending.status == 1)
        #expect(ending.out.hasPrefix("VALID") || ending.out.hasPrefix("INVALID"))
        #expect(ending.out.contains("store.hashes.presence"))
        #expect(ending.out.hasSuffix("report  \(folder.path)/run/report.html\n"))
        #expect(ending.error.contains("s left"))
        for file in [
            "run.json", "samples.jsonl", "events.jsonl", "workload.yaml", "variant.yaml", "server.log", "report.html",
            "report.md",
        ] {
            #expect(try !readText("\(folder.path)/run/\(file)").isEmpty, "\(file)")
        }
        #expect(tool.isClean())
        let shown = try await tool("show", "\(folder.path)/run", "--json")
        #expect(shown.status == 0 && shown.out.hasPrefix("{\n"))
        let again = try await tool("report", "\(folder.path)/run/")
        #expect(again.status == 0)
        let twice = try await tool.run(files(folder))
        #expect(twice.status == 3 && twice.error.contains("holds a run already"))
    }

    @Test func jsonIsAllThatStandardOutputGetsAndMissedObjectivesCanFail() async throws {
        let (tool, folder) = (Tool(), try TemporaryFolder())
        let ending = try await tool.run(files(folder) + ["--json", "--fail-on", "objectives"])
        #expect(ending.status == 1)
        struct Core: Decodable {
            var digest: String
            var seed: UInt64
        }
        #expect(try JSONDecoder().decode(Core.self, from: Data(ending.out.utf8)).seed == 1)
    }

    @Test func anOverloadedRunExitsAsInvalidAndLeadsWithItsBacklog() async throws {
        let (tool, folder) = (Tool(), try TemporaryFolder())
        let ending = try await tool.run(files(folder, measure: "2s") + ["--rate-scale", "2000"])
        #expect(ending.status == 1)
        #expect(ending.out.hasPrefix("INVALID  Did not keep up: "))
        #expect(try readText("\(folder.path)/run/report.md").hasPrefix("# short: Did not keep up: "))
        #expect(try readText("\(folder.path)/run/report.html").contains("Did not keep up: these times grow"))
        #expect(tool.isClean())
    }

    @Test func dryRunStartsNothing() async throws {
        let (tool, folder) = (Tool(), try TemporaryFolder())
        let ending = try await tool.run(files(folder) + ["--dry-run"])
        #expect(ending.status == 0)
        #expect(ending.out.contains("Nothing was started.") && ending.out.contains("digest"))
        #expect(ending.out.contains("  driver      faithful\n"))
        #expect(names(in: folder.path).sorted() == ["v.yaml", "w.yaml"])
        let json = try await tool.run(files(folder) + ["--dry-run", "--json", "--seed", "9"])
        #expect(json.out.contains("\"seed\" : 9"))
        #expect(tool.isClean())
    }

    @Test func aClosedLoopIsNamedEverywhere() async throws {
        let (tool, folder) = (Tool(), try TemporaryFolder())
        let dry = try await tool.run(files(folder) + ["--closed", "3", "--dry-run"])
        #expect(dry.status == 0 && dry.out.contains("closed loop, 3 clients"))
        let ending = try await tool.run(files(folder) + ["--closed", "3"])
        #expect(ending.status == 0 || ending.status == 1)
        #expect(ending.out.contains("Closed loop, 3 clients") && ending.out.contains("per second"))
        #expect(!ending.out.contains("offered/s") && !ending.out.contains("backlog  "))
        #expect(ending.error.contains("closed loop, 3 clients") && !ending.error.contains("offered"))
        let record = try readText("\(folder.path)/run/run.json")
        #expect(record.contains("\"kind\" : \"closed\"") && record.contains("\"clients\" : 3"))
        #expect(record.contains("\"waitsMs\"") && record.contains("there is no schedule to keep up with"))
        #expect(!record.contains("\"rule\" : \"kept-up\"") && record.contains("\"rule\" : \"generator-cpu\""))
        #expect(!record.contains("\"ending\" : \"interrupted\""))
        #expect(try readText("\(folder.path)/run/report.md").contains("not judged in a closed loop"))
        #expect(try readText("\(folder.path)/run/report.html").contains("Closed loop, 3 clients"))
        #expect(tool.isClean())
    }

    @Test(arguments: ["loading history", "warm-up", "measure"]) func oneSignalFinishesTheRecord(_ stage: String)
        async throws
    {
        let (tool, folder) = (Tool(), try TemporaryFolder())
        let ending = try await tool.interrupt(files(folder, measure: "60s"), at: stage, [.interrupt])
        #expect(ending.status == 4)
        #expect(ending.error.contains("finishing the record"))
        #expect(ending.out.hasPrefix("INVALID"))
        #expect(try readText("\(folder.path)/run/run.json").contains("\"ending\" : \"interrupted\""))
        #expect(try readText("\(folder.path)/run/report.html").contains("Must not be used"))
        #expect(tool.isClean())
    }

    @Test func twoSignalsEndAtOnce() async throws {
        let (tool, folder) = (Tool(), try TemporaryFolder())
        let ending = try await tool.interrupt(
            files(folder, measure: "60s"), at: "making the cluster", [.terminate, .terminate, .terminate])
        #expect(ending.status == 4)
        #expect(tool.isClean())
    }

    @Test func aKilledToolIsTidiedUpAfterByTheNextStart() async throws {
        let (tool, folder) = (Tool(), try TemporaryFolder())
        let ending = try await tool.interrupt(files(folder, measure: "60s"), at: "measure", [.kill])
        #expect(ending.status == -1)
        // The server is still there, and the record is whole, though unfinished.
        #expect(names(in: tool.home).count == 1)
        #expect(try readText("\(folder.path)/run/run.json").contains("\"ending\" : \"running\""))
        let other = try TemporaryFolder()
        let next = try await tool.run(files(other))
        #expect(next.error.contains("removed cluster") && next.error.contains("left behind by run"))
        #expect(tool.isClean())
    }

    @Test func clustersCanBeKeptStoppedStartedAndRemoved() async throws {
        let (tool, folder) = (Tool(), try TemporaryFolder())
        let paths = try files(folder)
        let made = try await tool.run(["up"] + paths[1...3])
        #expect(made.status == 0)
        let id = String(try #require(made.out.firstMatch(of: #/Cluster (\w+) is running/#)).output.1)
        #expect(try await tool("clean").out == "Nothing to remove.\n")
        #expect(try await tool("down", id).out.hasPrefix("stopped \(id)"))
        #expect(try await tool("up", "--again", id).out.contains("psql -h \(tool.home)/\(id)/s -U postgres archive"))
        #expect(try await tool("doctor").out.contains("1 kept (\(id))"))
        #expect(try await tool("clean", "--all").out == "removed \(id)\n")
        #expect(tool.isClean())
    }

    @Test func helpVersionAndCompletionsAreThere() async throws {
        let tool = Tool()
        #expect(try await tool("--version").out.contains("."))
        for command in ["run", "report", "show", "runs", "doctor", "up", "down", "clean", "cache"] {
            let help = try await tool(command, "--help")
            #expect(help.status == 0 && help.out.contains("USAGE: archivebench \(command)"), "\(command)")
        }
        #expect(try await tool("--help").out.contains("Exit codes:"))
        #expect(try await tool("--generate-completion-script", "bash").out.contains("archivebench"))
        let doctor = try await tool("doctor", "--json")
        #expect(doctor.status == 0 && doctor.out.contains("\"PostgreSQL\""))
        #expect(try await tool("runs", "list").status == 0)
    }
}
