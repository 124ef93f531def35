import FoundationEssentials
import RunRecord
import Subprocess
import TestSupport
import Testing

/// `compare` from start to exit code.
@Suite(.ownThreads) struct CompareCommandTests {
    private static let workload = """
        archivebench: workload/1
        name: short
        summary: a little of everything
        archive-epoch: 2026-01-05T18:00:00Z
        topics: [{name: all, shard: 16/32, count: 20}]
        messages:
          streams:
            - {name: only, arrivals: {process: poisson, rate: 300/s}, to: [{topics: all}], classes: [{name: chat, payload: {constant: 200B}}]}
        history: {partitions: 2, rows: 500}
        """
    private static let variant = """
        archivebench: variant/1
        name: small
        summary: small
        settings: {shared_buffers: 32MB, fsync: off}
        """

    private func arguments(_ folder: TemporaryFolder, budget: String, slice: String = "1s") throws -> [String] {
        [
            "compare", try folder.write(Self.variant, as: "v.yaml"), "--aa", "--workload",
            try folder.write(Self.workload, as: "w.yaml"), "--slice", slice, "--budget", budget, "--output",
            "\(folder.path)/compared", "--no-cache",
        ]
    }

    @Test func aComparisonPrintsItsTableAndLeavesItsFiles() async throws {
        let (tool, folder) = (Tool(), try TemporaryFolder())
        let ending = try await tool.run(arguments(folder, budget: "21s"))
        #expect(ending.status == 0 || ending.status == 1)
        #expect(ending.out.hasPrefix("valid\n") || ending.out.hasPrefix("NOT VALID\n"))
        #expect(ending.error.contains("at most 6 blocks of 2 slices of 1 s"))
        #expect(ending.error.contains("any difference found is a false one"))
        // The last line is a path.
        let lines: [Substring] = ending.out.split(separator: "\n", omittingEmptySubsequences: true)
        #expect(lines.dropLast().allSatisfy { $0.count <= 100 })
        for file in [
            "comparison.json", "slices.jsonl", "slices.hlog", "workload.yaml", "sides/small/variant.yaml",
            "sides/small-2/server.log",
        ] {
            #expect(try !readText("\(folder.path)/compared/\(file)").isEmpty, "\(file)")
        }
        #expect(tool.isClean())
        let twice = try await tool.run(arguments(folder, budget: "21s"))
        #expect(twice.status == 3 && twice.error.contains("holds a comparison already"))
        #expect(tool.isClean())
    }

    @Test(arguments: ["making small", "warm-up, round", "block 1 of"]) func oneSignalEndsTheComparison(
        _ stage: String
    ) async throws {
        let (tool, folder) = (Tool(), try TemporaryFolder())
        // A warm-up that is long enough for a signal which a busy host brings late.
        let (budget, slice) = stage.hasPrefix("warm-up") ? ("600s", "8s") : ("120s", "1s")
        let ending = try await tool.interrupt(
            arguments(folder, budget: budget, slice: slice) + ["--rate-scale", "1"], at: stage, [.interrupt])
        #expect(ending.status == 4)
        #expect(tool.isClean())
        let record = "\(folder.path)/compared/comparison.json"
        guard stage.hasPrefix("block") else {
            #expect(!FileManager.default.fileExists(atPath: record))
            return
        }
        #expect(ending.out.hasPrefix("NOT VALID\n  ran-to-plan: ended early"))
        #expect(try readText(record).contains("\"endedAt\""))
    }

    @Test func minutesMayBeWrittenShort() async throws {
        let ending = try await Tool()("compare", "status-prod", "--aa", "--budget", "10m", "--dry-run")
        #expect(ending.status == 0 && ending.error.contains("10 min of it for warm-up and blocks"), "\(ending)")
        // Seldom does a workload bring enough for a slice of seconds by itself.
        #expect(ending.error.contains("open loop at a rate that is probed"))
        for other in [["--rate-scale", "30"], ["--long", "--budget", "3h"], ["--closed", "2"]] {
            let given = try await Tool().run(["compare", "status-prod", "--aa", "--dry-run"] + other)
            #expect(given.status == 0 && !given.error.contains("probed"), "\(given)")
        }
    }

    // MARK: Runs that were recorded

    /// Folders of trials of two variants in turns, whose response times are those of the example times a factor; the
    /// base's first.
    private func recorded(_ folder: String, base: [Double], candidate: [Double]) throws -> [String] {
        let example = try RecordFolder(path: "\(packageRoot)/Reports/examples/status-prod-steady").readRecord()
        var paths: [String] = []
        for (side, factors) in [base, candidate].enumerated() {
            for (number, factor) in factors.enumerated() {
                var record = example
                record.runId = "run-\(side)-\(number)"
                record.startedAt = "2026-01-01T00:\(10 + 2 * number + side):00Z"
                if side == 1 { record.variant.name = "candidate" }
                for name in example.classes.keys {
                    record.classes[name]?.responseMs?.p50 *= factor
                    record.classes[name]?.responseMs?.p95 *= factor
                }
                let path = "\(folder)/\(record.runId)"
                try RecordFolder.create(path: path).write(record)
                paths.append(path)
            }
        }
        return paths
    }

    /// What a build server gates a change with.
    @Test func theExitCodeIsThatOfWhatIsAskedFor() async throws {
        let (tool, folder) = (Tool(), try TemporaryFolder())
        let base = [1, 1.02, 0.98, 1.01, 0.99, 1]
        let slow = try recorded(
            "\(folder.path)/slow", base: base, candidate: [3.01, 3, 2.99, 3.02, 2.97, 3.05])
        let open = try recorded(
            "\(folder.path)/open", base: base, candidate: [1.2, 0.82, 1.1, 0.9, 1.15, 0.85])
        let cases: [(runs: [String], options: [String], status: Int32)] = [
            (slow, [], 0), (slow, ["--fail-on", "worse"], 1), (open, ["--fail-on", "worse"], 0),
            (open, ["--fail-on", "inconclusive"], 1), (open, ["--fail-on", "worse", "--fail-on", "inconclusive"], 1),
        ]
        for (number, one) in cases.enumerated() {
            let output = "\(folder.path)/compared-\(number)"
            let ending = try await tool.run(["compare"] + one.runs + ["--output", output] + one.options)
            #expect(ending.status == one.status && ending.out.hasPrefix("valid\n"), "\(number): \(ending)")
            #expect(try readText("\(output)/junit.xml").contains("<failure") == (number < 2), "\(number)")
        }
        let alone = try await tool.run(["compare"] + slow.prefix(2) + ["--output", "\(folder.path)/alone"])
        #expect(alone.status == 2 && alone.error.contains("all runs are of variant status-prod"), "\(alone)")
        #expect(tool.isClean())
    }

    @Test(arguments: [
        (["compare", "status-prod"], "name a base and at least one candidate"),
        (["compare", "a", "b", "--aa"], "--aa: name the base alone"),
        (["compare", "a", "b", "--databases-per-shard"], "--databases-per-shard: name the base alone"),
        (["compare", "a", "--aa", "--databases-per-shard"], "--aa and --databases-per-shard: choose one"),
        (
            ["compare", "status-prod", "--databases-per-shard", "--workload", "shared-shard-16"],
            "--databases-per-shard: shared-shard-16 has one shard; choose a workload with several"
        ),
        (["compare", "a", "b", "--margin", "x"], "'x' is not a share"),
        (["compare", "a", "b", "--slice", "1500ms"], "--slice: use whole seconds"),
        (["compare", "a", "b", "--metric", "speed"], "--metric speed: choose"),
        (["compare", "a", "b", "--metric", "throughput:put"], "use --closed, or a response time"),
        (
            ["compare", "a", "b", "--metric", "response.p90:put", "--closed", "2"],
            "use throughput:put, or leave --closed out"
        ),
        (["compare", "a", "b", "--metric", "response.p90:"], "--metric response.p90:: choose server.cpu, "),
        (["compare", "a", "b", "--metric", "wal.bytes:put"], "planning.time:CLASS, blocks.read:CLASS"),
        (
            ["compare", "status-prod", "jit-off", "--metric", "response.p50:nothing"],
            "workload status-prod-steady has no requests 'nothing'; it has maintenance."
        ),
        (["compare", "a", "b", "--rate-scale", "auto", "--closed", "2"], "a closed loop has no rate"),
        (["compare", "no-such-variant", "neither-this"], "no-such-variant"),
        (["compare", "status-prod", "--aa", "--budget", "10s"], "give --budget"),
        (["compare", "a", "b", "--schema", "9"], "--schema 9: choose 7 or 8"),
        (["calibrate", "history", "--tries", "3"], "keeps no tries"),
    ])
    func wrongWordsAreRefusedInOneLine(_ arguments: [String], _ words: String) async throws {
        let tool = Tool()
        let ending = try await tool.run(arguments)
        #expect(ending.status == 2)
        #expect(ending.error.contains(words), "\(ending.error)")
        #expect(tool.isClean())
    }
}
