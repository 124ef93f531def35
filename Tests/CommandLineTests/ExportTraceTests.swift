import FoundationEssentials
import Subprocess
import TestSupport
import Testing
import Workload

/// `archivebench workload export-trace`, and what the other commands say of a workload that replays its file.
@Suite(.ownThreads) struct ExportTraceTests {
    private static func workload(_ folder: TemporaryFolder, _ more: String = "", as name: String) throws -> String {
        try folder.write(TestWorkloads.everything(measure: "5s").text + "\n\(more)", as: name)
    }

    @Test func whatIsWrittenIsWhatIsReplayed() async throws {
        let (tool, folder) = (Tool(), try TemporaryFolder())
        let (plain, file) = (try Self.workload(folder, as: "plain.yaml"), "\(folder.path)/mine.csv")
        let export = try await tool("workload", "export-trace", plain, "--seed", "3", "-o", file)
        #expect(export.status == 0 && export.error.isEmpty, "\(export.error)")
        #expect(export.out.contains("put/chat: ") && export.out.contains("'trace: {file: \(file)}'"), "\(export.out)")
        let replaying = try Self.workload(folder, "trace: {file: mine.csv}\n", as: "replaying.yaml")
        let check = try await tool("workload", "check", replaying)
        #expect(check.status == 0 && check.out.contains("trace mine.csv: "), "\(check.error)")
        #expect(!check.out.contains("by their own arrivals"), "\(check.out)")
        // Its own sequence, written again, is the same file.
        let again = "\(folder.path)/again.csv"
        let second = try await tool("workload", "export-trace", replaying, "--seed", "3", "-o", again)
        #expect(second.status == 0, "\(second.error)")
        #expect(try readText(again) == readText(file))
        let describe = try await tool("workload", "describe", replaying)
        #expect(describe.status == 0 && describe.out.contains("messages of the trial come from the trace"))
        #expect(names(in: folder.path).sorted() == ["again.csv", "mine.csv", "plain.yaml", "replaying.yaml"])
    }

    @Test func lengthOverlayAndNumbersForScripts() async throws {
        let (tool, folder) = (Tool(), try TemporaryFolder())
        let plain = try Self.workload(folder, as: "plain.yaml")
        func rows(_ arguments: [String], as name: String) async throws -> Int {
            let file = "\(folder.path)/\(name)"
            let ending = try await tool.run(["workload", "export-trace", plain, "--json", "-o", file] + arguments)
            #expect(ending.status == 0, "\(ending.error)")
            struct Written: Decodable {
                struct Kind: Decodable { let rows: Int }
                let rows: Int
                let kinds: [Kind]
            }
            let written = try JSONDecoder().decode(Written.self, from: Data(ending.out.utf8))
            let lines = try readText(file).split(separator: "\n")
            #expect(lines[0] == "time,shard,topic,size,kind" && lines.count == written.rows + 1)
            #expect(written.kinds.reduce(0) { $0 + $1.rows } == written.rows)
            return written.rows
        }
        let (one, short) = (try await rows([], as: "one.csv"), try await rows(["--duration", "2s"], as: "short.csv"))
        let ten = try await rows(["--overlay", "x10"], as: "ten.csv")
        #expect(short * 2 < one && ten > 8 * one)
    }

    @Test func refusalsAreOneLine() async throws {
        let (tool, folder) = (Tool(), try TemporaryFolder())
        let plain = try Self.workload(folder, as: "plain.yaml")
        let comma = try folder.write(
            TestWorkloads.everything().text.replacing("name: scan,", with: "name: 'a,b',"), as: "comma.yaml")
        for (arguments, words) in [
            ([plain, "-o", plain], "plain.yaml: is there already; choose another name, or remove it"),
            ([plain, "-o", "\(folder.path)/no/x.csv"], "x.csv: cannot be written: No such file or directory"),
            ([plain, "-o", "\(folder.path)/x.csv", "--duration", "1ms"], "--duration: use 1s to 7d"),
            ([comma, "-o", "\(folder.path)/x.csv"], "'a,b' has a comma or a quote"),
            ([plain], "Missing expected argument '--output"),
        ] {
            let ending = try await tool.run(["workload", "export-trace"] + arguments)
            #expect(ending.status == 2 && ending.error.contains(words), "\(ending.error)")
            #expect(ending.out.isEmpty && ending.error.split(separator: "\n").count == 1)
        }
        #expect(names(in: folder.path).sorted() == ["comma.yaml", "plain.yaml"])
    }

    @Test func anExportThatIsEndedLeavesNothing() async throws {
        let (tool, folder) = (Tool(), try TemporaryFolder())
        let arguments = ["status-prod-steady", "--overlay", "x10", "--duration", "1d", "-o", "\(folder.path)/x.csv"]
        let ending = try await tool.interrupt(
            ["workload", "export-trace"] + arguments, at: "writing the trace", [.interrupt])
        #expect(ending.status == 4 && ending.error.contains("ended at once; nothing was written"), "\(ending.error)")
        #expect(ending.out.isEmpty && names(in: folder.path).isEmpty)
    }

    /// Nothing is run with a trace that has a wrong row.
    @Test func wrongRowsAreToldByEveryCommand() async throws {
        let (tool, folder) = (Tool(), try TemporaryFolder())
        _ = try folder.write("time,shard,topic,size,kind\n0,16/32,0,10,put\n1,16/99,0,10,put\nx\n", as: "t.csv")
        let workload = try Self.workload(folder, "trace: {file: t.csv}\n", as: "w.yaml")
        for command in [["run"], ["workload", "check"], ["workload", "digest"]] {
            let ending = try await tool.run(command + [workload])
            let lines = ending.error.split(separator: "\n")
            #expect(ending.status == 2 && lines.count == 2 && ending.out.isEmpty, "\(ending.error)")
            #expect(lines.first?.hasPrefix("\(folder.path)/t.csv:3:3: the workload has no topics on shard") == true)
            #expect(lines.last?.hasPrefix("\(folder.path)/t.csv:4:1: has 1 column;") == true)
        }
        #expect(tool.isClean())
    }
}
