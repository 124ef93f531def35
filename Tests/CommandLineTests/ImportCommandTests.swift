import FoundationEssentials
import TestSupport
import Testing

/// `import` as a person uses it: a record that all other commands take, or one clear line and nothing left behind.
@Suite(.ownThreads) struct ImportCommandTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A log of a hundred transactions, each of so many microseconds.
    private func log(_ name: String, micros: Int) throws -> String {
        let lines = (1...100).map { "0 \($0) \(micros) 0 \(1_700_000_000 + $0) 0\n" }
        return try folder.write(lines.joined(), as: name)
    }

    @Test func importsGoThroughEveryCommand() async throws {
        let tool = Tool()
        let (before, after) = ("\(folder.path)/before", "\(folder.path)/after")
        let first = try await tool(
            "import", "pgbench", try log("pgbench_log.1", micros: 1_000), "--name", "before", "--output", before)
        #expect(first.status == 0 && first.out.hasPrefix("IMPORTED  "), "\(first)")
        #expect(first.out.contains("no verdict is made of it") && first.out.contains("\(before)/report.html"))
        let second = try await tool(
            "import", "pgbench", try log("pgbench_log.2", micros: 2_000), "--name", "after", "--output", after, "--json"
        )
        #expect(second.status == 0 && second.out.contains("\"source\" : \"pgbench transaction log\""), "\(second)")
        #expect(
            names(in: before).sorted() == [
                "events.jsonl", "latency.hlog", "report.html", "report.md", "run.json", "samples.jsonl",
            ])

        let shown = try await tool("show", before)
        #expect(
            shown.status == 0 && shown.out.hasPrefix("IMPORTED") && shown.out.contains("imported from: pgbench"),
            "\(shown)")
        let again = try await tool("report", before)
        #expect(again.status == 0)

        let compared = try await tool("compare", before, after, "--output", "\(folder.path)/compared")
        #expect(compared.status == 1 && compared.out.contains("was imported (pgbench transaction log)"), "\(compared)")
        let page = try readText("\(folder.path)/compared/report.html")
        #expect(page.contains("imported: before, after") && page.contains("no verdict") && !page.contains("schema 0"))
        #expect(page.contains("No intended starts"))

        let bundle = "\(folder.path)/before.tar.gz"
        let packed = try await tool("bundle", before, "--output", bundle)
        #expect(packed.status == 0 && FileManager.default.fileExists(atPath: bundle), "\(packed)")
    }

    @Test func theListSaysThatItIsImported() async throws {
        let name = "00000000-test-\(UInt32.random(in: 0 ... .max))"
        let output = "\(packageRoot)/Reports/\(name)"
        defer { try? FileManager.default.removeItem(atPath: output) }
        let made = try await Tool()("import", "pgbench", try log("a", micros: 500), "--output", output)
        #expect(made.status == 0, "\(made)")
        let line = try #require(
            try await Tool()("runs", "list").out.split(separator: "\n").first { $0.hasPrefix(name) })
        #expect(line.hasSuffix("imported, not evidence: imported"), "\(line)")
    }

    @Test(arguments: [
        (["pgbench", "/nonexistent"], "/nonexistent: no such file"), (["pgbench", "/tmp"], "/tmp: is a folder"),
        (["sysbench", "BAD"], "is no output of sysbench; it looks like JSON"),
        (["prometheus", "BAD"], "one snapshot of counters tells no rate"),
        (["pgbench", "BAD", "--seventh", "delay"], "seventh"),
        (["pgbench", "BAD", "--interval", "10"], "'10' has no unit"),
        (["prometheus", "BAD", "BAD", "--every", "0s"], "--every: use a time above 0"),
        (["pgbench"], "Missing expected argument"), (["pgbench", "BAD", "--name", ""], "--name: use a word"),
    ]) func wrongInputLeavesNothingBehind(words: [String], expected: String) async throws {
        let bad = try folder.write("{}\n", as: "bad")
        let output = "\(folder.path)/never"
        let ending = try await Tool().run(
            ["import"] + words.map { $0 == "BAD" ? bad : $0 } + ["--output", output])
        #expect(ending.status == 2 && ending.error.contains(expected) && ending.out.isEmpty, "\(ending)")
        #expect(ending.error.split(separator: "\n").count == 1, "\(ending)")
        #expect(!FileManager.default.fileExists(atPath: output))
    }

    @Test func aFolderWithARecordIsNotWrittenOver() async throws {
        let (path, output) = (try log("a", micros: 500), "\(folder.path)/record")
        let first = try await Tool()("import", "pgbench", path, "--output", output)
        let second = try await Tool()("import", "pgbench", path, "--output", output)
        #expect(first.status == 0 && second.status == 3 && second.error.contains("holds a run already"), "\(second)")
    }
}
