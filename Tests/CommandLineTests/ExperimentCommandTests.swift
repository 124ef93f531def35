import FoundationEssentials
import Subprocess
import TestSupport
import Testing

/// An experiment through the built program, killed and resumed.
@Suite(.ownThreads) struct ExperimentCommandTests {
    private static let workload = """
        archivebench: workload/1
        name: short
        summary: puts only
        archive-epoch: 2026-01-05T18:00:00Z
        topics: [{name: all, shard: 16/32, count: 20}]
        messages:
          streams:
            - {name: only, arrivals: {process: poisson, rate: 20/s}, to: [{topics: all}], classes: [{name: chat, payload: {constant: 200B}}]}
        history: {partitions: 2, rows: 500}
        phases: {warm-up: 1s, measure: 8s, drain-limit: 5s}
        """
    private static let variant = """
        archivebench: variant/1
        name: small
        summary: small
        settings: {shared_buffers: 32MB, fsync: off}
        """

    private func spec(_ folder: TemporaryFolder, _ rest: String = "repeats: 1") throws -> String {
        let workload = try folder.write(Self.workload, as: "w.yaml")
        let variant = try folder.write(Self.variant, as: "v.yaml")
        return try folder.write(
            """
            archivebench: experiment/1
            name: tiny
            summary: two rates
            base: {workload: \(workload), variant: \(variant)}
            factors: [{of: rate, levels: [1, 2]}]
            metrics: ['response.p95:put', disk.bytes]
            \(rest)
            """, as: "e.yaml")
    }

    private struct Record: Decodable {
        struct Trial: Decodable {
            var folder: String
            var state: String
            var attempts: Int
            var seconds: Double?
        }
        var ending: String
        var trials: [Trial]
    }

    private func record(_ folder: TemporaryFolder) throws -> Record {
        try JSONDecoder().decode(Record.self, from: Data(readText("\(folder.path)/out/experiment.json").utf8))
    }

    @Test func anExperimentKilledInItsSecondTrialGoesOnWithIt() async throws {
        let (tool, folder) = (Tool(), try TemporaryFolder())
        let file = try spec(folder)
        let out = "\(folder.path)/out"
        let killed = try await tool.interrupt(
            ["experiment", "run", file, "--output", out], at: "02-rate-2 · warm-up", [.kill])
        #expect(killed.status == -1 && killed.error.contains("1 of 2 trials done, about"))
        #expect(killed.error.contains("design") && killed.error.contains("2 trials, about"))
        let before = try record(folder)
        #expect(before.ending == "running" && before.trials[1].state == "running" && before.trials[0].attempts == 1)
        let first = try readText("\(out)/\(before.trials[0].folder)/run.json")
        let status = try await tool("experiment", "status", out)
        #expect(
            status.status == 0 && status.out.contains("left       1 of 2 trials") && status.out.contains("NOT FINISHED")
        )
        let resumed = try await tool("experiment", "resume", out)
        #expect(resumed.status == 0 || resumed.status == 1)
        #expect(resumed.out.contains("COMPLETE") && resumed.out.hasSuffix("folder     \(out)\n"))
        let after = try record(folder)
        #expect(after.ending == "completed" && after.trials.map(\.attempts) == [1, 2])
        #expect(after.trials.map(\.folder) == before.trials.map(\.folder))
        #expect(after.trials.allSatisfy { ["done", "invalid"].contains($0.state) && $0.seconds != nil })
        #expect(try readText("\(out)/\(before.trials[0].folder)/run.json") == first)
        for trial in after.trials { #expect(try !readText("\(out)/\(trial.folder)/report.html").isEmpty) }
        #expect(tool.isClean())
        // Nothing is left to run; a second beginning in the same folder and a changed file are refused.
        #expect(try await tool("experiment", "resume", out, "--json").out.contains("\"ending\" : \"completed\""))
        let twice = try await tool("experiment", "run", file, "--output", out)
        #expect(twice.status == 3 && twice.error.contains("holds an experiment already"))
        let otherwise = try await tool("experiment", "resume", out, "--no-telemetry")
        #expect(otherwise.status == 2 && otherwise.error.contains("--no-telemetry: out began with telemetry; leave it"))
        let moved = try await tool("experiment", "resume", out, "--data-dir", folder.path)
        #expect(moved.status == 2 && moved.error.contains("out began without it; leave it out"))
        _ = try spec(folder, "repeats: 2")
        let changed = try await tool("experiment", "resume", out)
        #expect(changed.status == 2 && changed.error.contains("line 7 was 'repeats: 1', is 'repeats: 2'"))
        #expect(tool.isClean())
    }

    @Test(arguments: [["--retry", "01-base"], ["--because", "x"], ["--retry", "01-base", "--because", "  "]])
    func choosingTrialsNeedsAReason(_ options: [String]) async throws {
        let ending = try await Tool().run(["experiment", "resume", "nowhere"] + options)
        #expect(ending.status == 2 && ending.error.contains("--retry and --because: give both"), "\(ending)")
    }

    @Test func oneSignalFinishesTheRecord() async throws {
        let (tool, folder) = (Tool(), try TemporaryFolder())
        let out = "\(folder.path)/out"
        let ending = try await tool.interrupt(
            ["experiment", "run", try spec(folder, "repeats: 5"), "--output", out], at: "· warm-up", [.interrupt])
        #expect(ending.status == 4 && ending.out.contains("INTERRUPTED"), "\(ending)")
        let record = try record(folder)
        #expect(record.ending == "interrupted" && record.trials.allSatisfy { $0.state == "pending" })
        #expect(tool.isClean())
    }

    @Test func aPlanStartsNothing() async throws {
        let (tool, folder) = (Tool(), try TemporaryFolder())
        let plan = try await tool(
            "experiment", "run", try spec(folder), "--plan-only", "--output", "\(folder.path)/out")
        #expect(plan.status == 0 && plan.out.hasSuffix("Nothing was started.\n"))
        #expect(plan.out.contains("all 2 combinations of 1 factor; 1 repeat, seed 1"))
        let json = try await tool("experiment", "run", "settings-screening", "--dry-run", "--json")
        #expect(json.status == 0 && json.out.contains("\"plackett-burman\""))
        let over = try await tool("experiment", "run", "settings-screening", "--plan-only", "--budget", "10min")
        #expect(over.status == 3 && over.error.contains("the budget is 10 min; what fits: "))
        let wrong = try await tool("experiment", "run", try folder.write("name: x", as: "wrong.yaml"))
        #expect(wrong.status == 2 && wrong.error.contains("'factors' is missing"))
        #expect(try await tool("experiment", "status", "nowhere-at-all").status == 2)
        for command in ["run", "status", "resume"] {
            #expect(try await tool("experiment", command, "--help").out.contains("Examples:"))
        }
        #expect(names(in: folder.path).sorted() == ["e.yaml", "v.yaml", "w.yaml", "wrong.yaml"] && tool.isClean())
    }
}
