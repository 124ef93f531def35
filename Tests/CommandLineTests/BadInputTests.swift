import FoundationEssentials
import Glibc
import TestSupport
import Testing

/// Wrong words, wrong files, wrong surroundings: one clear line each, the documented exit code, nothing left behind.
@Suite(.ownThreads) struct BadInputTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let arguments: [String]
        let status: Int32
        let words: String

        var testDescription: String { arguments.joined(separator: " ") }
    }

    private static let root = "\(packageRoot)/Workloads"

    @Test(arguments: [
        Case(arguments: ["run", "--no-such-flag"], status: 2, words: "Unknown option '--no-such-flag'"),
        Case(arguments: ["rum"], status: 2, words: "Unexpected argument 'rum'"),
        Case(arguments: ["run", "no-such-workload"], status: 2, words: "no-such-workload: no such file"),
        Case(arguments: ["run", "/tmp"], status: 2, words: "/tmp: is a folder"),
        Case(
            arguments: ["run", "--variant", "/nonexistent.yaml"], status: 2, words: "/nonexistent.yaml: no such file"),
        Case(arguments: ["run", "--schema", "6"], status: 2, words: "--schema 6: choose 7 or 8"),
        Case(arguments: ["run", "--duration", "10"], status: 2, words: "'10' has no unit; write 10s"),
        Case(
            arguments: ["run", "--duration", "7d", "--time-scale", "86400"], status: 2, words: "beyond the year 2250"),
        Case(arguments: ["run", "--duration", "10ms"], status: 2, words: "--duration: use 1s to 7d"),
        Case(arguments: ["run", "--rate-scale", "-1"], status: 2, words: "factor"),
        Case(arguments: ["run", "--rate-scale", "0"], status: 2, words: "'0' is not a factor"),
        Case(arguments: ["run", "--closed", "0"], status: 2, words: "--closed 0: use 1 to 10000"),
        Case(arguments: ["run", "--closed", "-1"], status: 2, words: "closed"),
        Case(arguments: ["run", "--closed=-1"], status: 2, words: "--closed -1: use 1 to 10000"),
        Case(arguments: ["run", "--closed", "1e9"], status: 2, words: "'1e9' is not a number of clients"),
        Case(arguments: ["run", "--closed", "1000000000"], status: 2, words: "--closed 1000000000: use 1 to 10000"),
        Case(arguments: ["run", "--closed", "many"], status: 2, words: "'many' is not a number of clients"),
        Case(arguments: ["run", "--history", "many"], status: 2, words: "'many' is not a count"),
        Case(
            arguments: ["run", "--history", "9223372036854775807"], status: 2,
            words: "--history 9223372036854775807: use"),
        Case(arguments: ["run", "--partitions", "0"], status: 2, words: "--partitions 0: use 1 to"),
        Case(arguments: ["run", "--seed", "x"], status: 2, words: "seed"),
        Case(arguments: ["run", "--fail-on", "everything"], status: 2, words: "objectives"),
        Case(arguments: ["run", "--postgres-bin", "/tmp"], status: 3, words: "/tmp: holds no 'initdb'"),
        Case(arguments: ["run", "--data-dir", "/nonexistent"], status: 3, words: "/nonexistent: no such folder"),
        Case(arguments: ["run", "--history", "9G"], status: 3, words: "MB free, the trial needs up to"),
        Case(arguments: ["run", "--output", "/proc/x"], status: 3, words: "/proc/x: cannot write here"),
        Case(
            arguments: ["run", "twn-rln-cap", "--overlay", "clients-online"], status: 2,
            words: "overlay clients-online: workload twn-rln-cap has no topics 'communities'"),
        Case(arguments: ["run", "--retention", "time:x"], status: 2, words: "'time:x' is not a retention policy"),
        Case(arguments: ["run", "--history-state", "bloated"], status: 2, words: "use --schema 7"),
        Case(arguments: ["run", "--time-scale", "0"], status: 2, words: "--time-scale 0: use 1 to 86400"),
        Case(arguments: ["workload", "sample", "--only", "x"], status: 2, words: "--only x: no such class"),
        Case(arguments: ["show", "no-such-run"], status: 2, words: "no-such-run: no such run"),
        Case(arguments: ["report", "no-such-run"], status: 2, words: "no-such-run: no such run"),
        Case(arguments: ["runs", "prune", "--keep", "-1"], status: 2, words: "keep"),
        Case(
            arguments: ["calibrate", "engine", "--only", "nothing"], status: 2,
            words: "--only 'nothing': no such phase; there are: select-1, 8 connections; point, 8 connections;"),
        Case(arguments: ["calibrate", "engine", "--only", ""], status: 2, words: "--only '': no such phase"),
        Case(arguments: ["calibrate", "history", "--only", "x"], status: 2, words: "--only: history has no phases"),
        Case(arguments: ["calibrate", "everything"], status: 2, words: "everything"),
        Case(arguments: ["down", "nothing"], status: 2, words: "nothing: no such kept cluster; there are: none"),
        Case(arguments: ["clean", "nothing"], status: 2, words: "nothing: no such kept cluster"),
        Case(arguments: ["up", "--again", "nothing"], status: 2, words: "nothing: no such kept cluster"),
    ])
    func wrongWordsAreTold(_ wrong: Case) async throws {
        let tool = Tool()
        let ending = try await tool.run(wrong.arguments)
        #expect(ending.status == wrong.status)
        #expect(ending.error.contains(wrong.words), "\(ending.error)")
        #expect(ending.out.isEmpty)
        #expect(ending.error.split(separator: "\n").count { !Self.isProgress($0) } == 1, "\(ending.error)")
        #expect(!ending.error.contains("Fatal error"))
        #expect(tool.isClean())
    }

    /// What a run says while it is still going well.
    private static func isProgress(_ line: Substring) -> Bool {
        line.hasSuffix(" s left") || line.hasPrefix("status-prod-steady: ")
    }

    /// Two nodes with two pools of 25 may open 100 connections, which do not fit beside the rest.
    @Test func tooFewDescriptorsAreTold() async throws {
        let tool = Tool()
        let ending = try await tool.run(["run"], openFiles: 200)
        #expect(ending.status == 3)
        let lines = ending.error.split(separator: "\n").filter { !Self.isProgress($0) }
        #expect(lines.count == 1, "\(ending.error)")
        let words = "this process may open 200 files, 2 nodes with 100 connections need up to 228; as root run"
        #expect(lines.first?.contains(words) == true, "\(ending.error)")
        #expect(tool.isClean())
    }

    struct WrongFile: Sendable, CustomTestStringConvertible {
        let change: (from: String, to: String)
        let line: String

        var testDescription: String { change.to }
    }

    /// The shipped workload with one thing wrong in it.
    @Test(arguments: [
        WrongFile(change: ("rate: 10/s", "rate: 10"), line: "rate: '10' has no unit; write 10/s, 1100/min or 5/h"),
        WrongFile(change: ("rate: 10/s", "rate: -10/s"), line: "rate: '-10/s' is negative; use zero or more"),
        WrongFile(
            change: ("rate: 10/s", "rate: 10/s, burst: 3"), line: "unknown key 'messages.streams[0].arrivals.burst'"),
        WrongFile(
            change: ("process: poisson, rate: 10/s", "process: poison, rate: 10/s"),
            line: "'poison' is not known; choose one of poisson, constant, on-off"),
        WrongFile(change: ("share: 75%", "share: 750%"), line: "share: '750%' is not a share"),
        WrongFile(
            change: ("sender-clock-skew: 2s", "sender-clock-skew: 2min"),
            line: "2min is out of range; use 0s to 20s"),
        WrongFile(
            change: ("archive-epoch: 2026-01-05T18:00:00Z", "archive-epoch: 2026-01-05T18:30:00Z"),
            line: "is not on a full hour"),
        WrongFile(change: ("share: 75%", "share: 65%"), line: "shares add up to 90.0%; give shares that make 100%"),
        WrongFile(
            change: ("archive-epoch: 2026-01-05T18:00:00Z", "archive-epoch: 1970-01-01T00:00:00Z"),
            line: "is before 2000"),
        WrongFile(
            change: ("archive-epoch: 2026-01-05T18:00:00Z", "archive-epoch: 1970-01-01T00:00:00Z"),
            line: "is before 2000"),
        WrongFile(
            change: ("segment-above: 768KiB", "segment-above: 768kib"),
            line: "'768kib' is not understood; write 340B, 2kB or 768KiB"),
        WrongFile(change: ("mean: 340B, sigma: 0.3", "mean: 340B, sigma: 30"), line: "sigma: 30 is out of range"),
        WrongFile(
            change: ("ask: presence-by-hashes", "ask: presence"),
            line: "'presence' is not known; choose one of data-by-topics"),
        WrongFile(change: ("hashes: [1, 5]", "hashes: [5, 1]"), line: "hashes: is not a range"),
        WrongFile(change: ("page-size: 100", "page-size: 1000"), line: "page-size: 1000 is out of range; use 1 to 100"),
        WrongFile(change: ("topics: 10 ", "topics: 900 "), line: "asks for 900 topics, a shard has only 400"),
        WrongFile(change: ("name: missing-check", "name: sent-check"), line: "two entries are named 'sent-check'"),
        WrongFile(change: ("shard: 16/32", "shard: 16-32"), line: "'16-32' is not a shard; write cluster/index"),
        WrongFile(change: ("history:", "histroy:"), line: "unknown key 'histroy'; did you mean 'history'?"),
        WrongFile(
            change: ("archivebench: workload/1", "archivebench: variant/1"), line: "'variant/1' is not a workload"),
        WrongFile(change: ("quantile: 95%", "quantile: p95"), line: "'p95' is not a share"),
    ])
    func wrongWorkloadsAreToldWithTheirPlace(_ wrong: WrongFile) async throws {
        let (tool, folder) = (Tool(), try TemporaryFolder())
        let text = try readText("\(Self.root)/traffic/status-prod-steady.yaml")
        let place = try #require(text.firstRange(of: wrong.change.from))
        let path = try folder.write(text.replacingCharacters(in: place, with: wrong.change.to), as: "w.yaml")
        let ending = try await tool("run", path, "--dry-run")
        #expect(ending.status == 2)
        let lines = ending.error.split(separator: "\n")
        #expect(lines.count == 1, "\(ending.error)")
        #expect(try lines[0].wholeMatch(of: Regex("\(path):[0-9]+:[0-9]+: .*; .*")) != nil, "\(ending.error)")
        #expect(ending.error.contains(wrong.line), "\(ending.error)")
        #expect(tool.isClean())
    }

    @Test func problemsOfBothFilesComeAtOnce() async throws {
        let (tool, folder) = (Tool(), try TemporaryFolder())
        let workload = try folder.write("archivebench: workload/1\nname: x\nextra: 1\n", as: "w.yaml")
        let variant = try folder.write("archivebench: variant/1\nname: x\nsummary: s\nschema: 3\n", as: "v.yaml")
        let ending = try await tool("run", workload, "--variant", variant)
        #expect(ending.status == 2)
        #expect(ending.error.contains("\(workload):3:1: unknown key 'extra'"))
        #expect(ending.error.contains("'messages' is missing") && ending.error.contains("'archive-epoch' is missing"))
        #expect(ending.error.contains("\(variant):4:9: schema: 3 is out of range; use 7 to 8"))
    }

    @Test func aSettingTheServerRefusesIsNamed() async throws {
        let (tool, folder) = (Tool(), try TemporaryFolder())
        let variant = try folder.write(
            "archivebench: variant/1\nname: x\nsummary: s\nsettings:\n  wrok_mem: 4MB\n", as: "v.yaml")
        let ending = try await tool("run", "--variant", variant, "--output", "\(folder.path)/run")
        #expect(ending.status == 2)
        #expect(ending.error.hasPrefix("\(variant):5:13: settings.wrok_mem: PostgreSQL "))
        #expect(ending.error.hasSuffix(" has no such setting; did you mean 'work_mem'?\n"))
        #expect(tool.isClean() && !FileManager.default.fileExists(atPath: "\(folder.path)/run"))
    }

    @Test func noServerInstalledIsToldWithTheRemedy() async throws {
        let tool = Tool()
        let folder = try TemporaryFolder()
        let variant = try folder.write("archivebench: variant/1\nname: x\nsummary: s\npostgres: 98\n", as: "v.yaml")
        let ending = try await tool("run", "--variant", variant)
        #expect(ending.status == 3)
        #expect(ending.error.hasPrefix("archivebench: PostgreSQL 98: no server is installed (found: "))
        #expect(
            ending.error.hasSuffix(
                "); run 'apt-get install postgresql-98' (packages of all versions: apt.postgresql.org), or point --postgres-bin at its programs\n"
            ))
    }
}

extension String {
    fileprivate func replacingCharacters(in range: Range<Index>, with other: String) -> String {
        var changed = self
        changed.replaceSubrange(range, with: other)
        return changed
    }
}
