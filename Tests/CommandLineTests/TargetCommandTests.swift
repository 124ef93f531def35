import FoundationEssentials
import Glibc
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// The program on a server of somebody's.
@Suite(.ownThreads) struct TargetCommandTests {
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
        phases: {warm-up: 0s, measure: 1s, drain-limit: 5s}
        """

    private static let secret = ForeignServer.password

    /// How a password comes to the program.
    enum Channel: String, Sendable, CaseIterable { case url, keywords, environment, service, passwordFile }

    /// What the program is started with.
    private func start(
        _ channel: Channel, _ server: ForeignServer, _ folder: TemporaryFolder
    ) throws -> (target: String, environment: [String: String]) {
        let plain = "host=\(server.address) user=bench dbname=runs sslmode=disable"
        switch channel {
        case .url: return ("postgresql://bench:\(Self.secret)@\(server.address)/runs?sslmode=disable", [:])
        case .keywords: return ("\(plain) password='\(Self.secret)'", [:])
        case .environment: return (plain, ["PGPASSWORD": Self.secret])
        case .service:
            let text =
                "[bench]\nhost=\(server.address)\nuser=bench\ndbname=runs\nsslmode=disable\npassword=\(Self.secret)\n"
            return ("service=bench", ["PGSERVICEFILE": try folder.write(text, as: "services.conf")])
        case .passwordFile:
            let path = try folder.write("\(server.address):5432:*:bench:\(Self.secret)\n", as: "passwords")
            chmod(path, 0o600)
            return (plain, ["PGPASSFILE": path])
        }
    }

    /// Runs the program, and keeps what others see of its arguments each time it says something.
    private func run(
        _ tool: Tool, _ arguments: [String], _ more: [String: String]
    ) async throws -> (ending: Tool.Ending, titles: String) {
        let folder = try TemporaryFolder()
        var variables = ["ARCHIVEBENCH_STATE": tool.home, "NO_COLOR": "1", "PATH": "/usr/bin:/bin"]
        variables.merge(more) { $1 }
        var environment = Environment.inherit
        for (name, value) in variables {
            environment = environment.updating([Environment.Key(stringLiteral: name): value])
        }
        let result = try await Subprocess.run(
            .name("bash"),
            arguments: Arguments(
                ["-c", Self.watching, "\(folder.path)/error", "\(folder.path)/titles", Tool.path] + arguments),
            environment: environment, input: .none, output: .string(limit: 4 << 20), error: .string(limit: 4 << 20))
        var status: Int32 = -1
        if case .exited(let code) = result.terminationStatus { status = code }
        return (
            Tool.Ending(
                status: status, out: result.standardOutput, error: try readText("\(folder.path)/error")),
            try readText("\(folder.path)/titles")
        )
    }

    /// A look every 20 ms, from the moment on in which the program is the program: before, it is the shell's copy.
    private static let watching = """
        titles=$1
        shift
        : >"$titles"
        "$@" 2>"$0" &
        until [ -s "$0" ] || ! kill -0 $! 2>/dev/null; do sleep 0.02; done
        while kill -0 $! 2>/dev/null; do tr '\\0' ' ' </proc/$!/cmdline >>"$titles" 2>/dev/null; echo >>"$titles"; sleep 0.02; done
        wait $!
        """

    /// Every file of a run, its bundle, what was printed, what others see, and what the server wrote down.
    @Test(arguments: Channel.allCases) func aPasswordIsSeenNowhere(_ channel: Channel) async throws {
        let (tool, folder) = (Tool(), try TemporaryFolder())
        try await ForeignServer.with { server in
            let (target, more) = try start(channel, server, folder)
            let made = try await run(tool, ["target", "prepare", "--target", target], more)
            #expect(made.ending.status == 0, "\(made.ending.error)")
            let workload = try folder.write(Self.workload, as: "w.yaml")
            let output = "\(folder.path)/run"
            let ran = try await run(tool, ["run", workload, "--target", target, "--output", output], more)
            #expect([0, 1].contains(ran.ending.status), "\(ran.ending.error)")
            #expect(ran.titles.contains("--target"), "\(ran.titles)")
            let bundled = try await run(tool, ["bundle", output, "--output", "\(folder.path)/bundle.tar.gz"], [:])
            #expect(system("gzip -d \(folder.path)/bundle.tar.gz") == 0, "\(bundled.ending.error)")
            let dropped = try await run(tool, ["clean", "--target", target], more)
            #expect(dropped.ending.status == 0 && dropped.ending.out.contains(": dropped"), "\(dropped.ending.error)")
            var texts = [made, ran, bundled, dropped].flatMap { [$0.ending.out, $0.ending.error, $0.titles] }
            var files = names(in: output).map { "\(output)/\($0)" }.filter { !Self.isFolder($0) }
            files += names(in: "\(output)/plans").map { "\(output)/plans/\($0)" }
            files += [server.logFile]
            files += names(in: folder.path).filter { $0.hasPrefix("bundle") }.map { "\(folder.path)/\($0)" }
            #expect(files.count > 8, "\(files)")
            texts += try files.map { try readText($0) }
            for (index, text) in texts.enumerated() { #expect(!text.contains(Self.secret), "\(index): \(files)") }
            let record = try readText("\(output)/run.json")
            #expect(
                record.contains("\"kind\" : \"external\"") && record.contains("recorded as it is and never limited"))
            #expect(try !server.databases().contains { $0.first == "runs" })
        }
        #expect(tool.isClean())
    }

    private static func isFolder(_ path: String) -> Bool {
        var info = stat()
        return stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
    }

    struct Wrong: Sendable, CustomTestStringConvertible {
        let arguments: [String]
        let status: Int32
        let words: String
        var testDescription: String { words }
    }

    @Test(arguments: [
        Wrong(
            arguments: ["run", "--target", "host=h", "--profile", "fleet-1vcpu-2gb"], status: 2,
            words: "--profile: not with --target"),
        Wrong(
            arguments: ["run", "--target", "host=a,b"], status: 2,
            words: "--target: the connection string: it names several servers"),
        Wrong(arguments: ["run", "--statement-timeout", "1s"], status: 2, words: "--statement-timeout"),
        Wrong(
            arguments: [
                "target", "check", "--target", "host=127.0.0.1 port=1 dbname=x user=u password=Zq7-never-shown-XK",
            ],
            status: 3, words: "u@127.0.0.1:1/x (TLS prefer): "),
        Wrong(
            arguments: ["target", "check", "--target", "host=h", "password=Zq7-never-shown-XK"], status: 2,
            words: "Unexpected argument 'password=***'"),
        Wrong(
            arguments: ["run", "--target", "postgresql://u:Zq7-never-shown-XK@h:x/db"], status: 2,
            words: "the port is no number"),
        Wrong(
            arguments: ["run", "dedicated-shards-16", "--overlay", "databases-per-shard", "--target", "host=h"],
            status: 2, words: "has a database for each shard, and a target is one"),
        Wrong(arguments: ["clean", "--all", "--target", "host=h"], status: 2, words: "not both"),
        Wrong(arguments: ["clean", "--dry-run"], status: 2, words: "--dry-run: for --target only"),
    ])
    func wrongTargetsAreToldInALine(_ wrong: Wrong) async throws {
        let tool = Tool()
        let ending = try await tool.run(wrong.arguments)
        #expect(ending.status == wrong.status && ending.out.isEmpty)
        #expect(ending.error.contains(wrong.words), "\(ending.error)")
        #expect(
            ending.error.split(separator: "\n").count == 1 && !ending.error.contains(Self.secret), "\(ending.error)")
        #expect(tool.isClean())
    }

    @Test func nothingIsWrittenWithoutTheMarkerOrByADryRun() async throws {
        let (tool, folder) = (Tool(), try TemporaryFolder())
        try await ForeignServer.with { server in
            try server.administer("CREATE DATABASE runs OWNER bench")
            let before = try server.databases()
            let (target, more) = try start(.environment, server, folder)
            let workload = try folder.write(Self.workload, as: "w.yaml")
            for arguments in [
                ["run", workload, "--target", target, "--output", "\(folder.path)/run"],
                ["target", "prepare", "--target", target],
                ["clean", "--target", target], ["run", workload, "--target", target, "--dry-run"],
            ] {
                let (ending, _) = try await run(tool, arguments, more)
                #expect(ending.status == 3 && ending.out.isEmpty)
                let lines = ending.error.split(separator: "\n")
                #expect(lines.count == 1 && lines.first?.contains("marker") == true, "\(ending.error)")
            }
            #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/run"))
            try server.administer("DROP DATABASE runs")
            let plan = try await run(tool, ["target", "prepare", "--target", target, "--dry-run"], more).ending
            #expect(
                plan.status == 0 && plan.out.contains("CREATE DATABASE \"runs\"") && plan.out.contains("COMMENT ON"))
            #expect(plan.out.hasSuffix("Nothing was changed.\n"))
            #expect(try server.databases() == before.filter { $0.first != "runs" })
            #expect(try await run(tool, ["target", "prepare", "--target", target], more).ending.status == 0)
            let dry = try await run(tool, ["run", workload, "--target", target, "--dry-run"], more).ending
            for words in [
                "COPY messages_1767632400_1767636000", "INSERT INTO messages (id", "DROP TABLE IF EXISTS", " MB there",
            ] {
                #expect(dry.out.contains(words), "\(words)")
            }
            let check = try await run(tool, ["target", "check", "--target", target, "--json"], more).ending
            #expect(check.status == 0 && check.out.contains("\"schema\" : 8"), "\(check.out)")
        }
    }

    /// Another trial may be at work there; its tables are not taken away.
    @Test func aDatabaseInUseIsLeftAlone() async throws {
        let (tool, folder) = (Tool(), try TemporaryFolder())
        try await ForeignServer.with { server in
            let (target, _) = try start(.url, server, folder)
            #expect(try await run(tool, ["target", "prepare", "--target", target], [:]).ending.status == 0)
            let row = "INSERT INTO version SELECT 8"
            try server.administer(row, in: "runs")
            let workload = try folder.write(Self.workload, as: "w.yaml")
            let ending = try await server.whileConnected(to: "runs") {
                try await run(tool, ["run", workload, "--target", target, "--output", "\(folder.path)/run"], [:]).ending
            }
            #expect(
                ending.status == 3 && ending.error.contains("others use the database (sessions: 1)"), "\(ending.error)")
            #expect(try server.administer("SELECT count(*) FROM version", in: "runs") == "2")
            #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/run"))
        }
    }

    /// Neither between the steps of a trial nor when a second one cannot even connect.
    @Test func whileATrialRunsNoOtherTouchesItsArchive() async throws {
        let (tool, folder) = (Tool(), try TemporaryFolder())
        try await ForeignServer.with { server in
            let (target, _) = try start(.url, server, folder)
            #expect(try await run(tool, ["target", "prepare", "--target", target], [:]).ending.status == 0)
            let workload = try folder.write(Self.workload.replacing("measure: 1s", with: "measure: 6s"), as: "w.yaml")
            async let first = run(tool, ["run", workload, "--target", target, "--output", "\(folder.path)/a"], [:])
                .ending
            let claims = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 1634886504"
            while try server.administer(claims) == "0" { try await Task.sleep(for: .milliseconds(20)) }
            let second = try await run(
                tool, ["run", workload, "--target", target, "--output", "\(folder.path)/b"], [:]
            ).ending
            #expect(second.status == 3 && second.error.contains("others use the database"), "\(second.error)")
            let ended = try await first
            #expect(ended.status == 0 || ended.status == 1, "\(ended.error)")
            let record = try readText("\(folder.path)/a/run.json")
            #expect(record.contains("\"ending\" : \"completed\"") && !record.contains("42P01"))
            #expect(try server.administer(claims) == "0")
        }
    }

    @Test func anInterruptedRunLeavesTheDatabaseEmpty() async throws {
        let (tool, folder) = (Tool(), try TemporaryFolder())
        try await ForeignServer.with { server in
            let (target, _) = try start(.url, server, folder)
            #expect(try await run(tool, ["target", "prepare", "--target", target], [:]).ending.status == 0)
            let workload = try folder.write(Self.workload.replacing("measure: 1s", with: "measure: 60s"), as: "w.yaml")
            let ending = try await tool.interrupt(
                ["run", workload, "--target", target, "--output", "\(folder.path)/run"], at: "measure", [.interrupt])
            #expect(ending.status == 4, "\(ending.error)")
            #expect(try server.administer("SELECT count(*) FROM messages", in: "runs") == "0")
            // The server takes a moment to see that its clients have left.
            let left = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'bench'"
            var sessions = try server.administer(left)
            for _ in 0..<50 where sessions != "0" {
                try await Task.sleep(for: .milliseconds(100))
                sessions = try server.administer(left)
            }
            #expect(sessions == "0")
        }
        #expect(tool.isClean())
    }
}
