import FoundationEssentials
import Glibc
import LinuxSystem
import Subprocess
import SystemPackage
import TestSupport

/// The built program, run as a user runs it, with clusters in a folder of the test's own.
final class Tool: Sendable {
    struct Ending {
        let status: Int32
        let out: String
        let error: String
    }

    let home = newHome()

    /// Where the build put it: beside the test program.
    static let path: String = {
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        let beside = own.split(separator: "/").dropLast().joined(separator: "/")
        let built = "/\(beside)/archivebench"
        return FileManager.default.isExecutableFile(atPath: built)
            ? built : "\(packageRoot)/.build/release/archivebench"
    }()

    /// Takes the folder away if the tool left nothing in it.
    deinit { rmdir(home) }

    /// Runs it to its end.
    func callAsFunction(_ arguments: String..., searchPath: String? = nil) async throws -> Ending {
        try await run(arguments, searchPath: searchPath)
    }

    /// Runs it to its end.
    func run(_ arguments: [String], searchPath: String? = nil) async throws -> Ending {
        let result = try await Subprocess.run(
            .path(FilePath(Self.path)), arguments: Arguments(arguments), environment: environment(searchPath),
            output: .string(limit: 4 << 20), error: .string(limit: 4 << 20))
        var status: Int32 = -1
        if case .exited(let code) = result.terminationStatus { status = code }
        return Ending(status: status, out: result.standardOutput, error: result.standardError)
    }

    /// Runs it to its end by a shell that lowers both limits on open files.
    func run(_ arguments: [String], openFiles: Int) async throws -> Ending {
        let script = "ulimit -n \(openFiles) && exec \"$0\" \"$@\""
        let result = try await Subprocess.run(
            .path("/bin/sh"), arguments: Arguments(["-c", script, Self.path] + arguments),
            environment: environment(nil), output: .string(limit: 4 << 20), error: .string(limit: 4 << 20))
        var status: Int32 = -1
        if case .exited(let code) = result.terminationStatus { status = code }
        return Ending(status: status, out: result.standardOutput, error: result.standardError)
    }

    /// Starts it, waits for a word among its messages, sends signals, and waits for its end. A shell waits and sends: this
    /// process's own threads may be busy with other tests for longer than the moment lasts.
    func interrupt(_ arguments: [String], at word: String, _ signals: [Subprocess.Signal]) async throws -> Ending {
        let folder = try TemporaryFolder()
        let error = "\(folder.path)/error"
        let numbers = signals.map { String($0.rawValue) }.joined(separator: " ")
        let result = try await Subprocess.run(
            .name("bash"),
            arguments: Arguments(["-c", Self.interrupting, error, word, numbers, Self.path] + arguments),
            environment: environment(nil), input: .none, output: .string(limit: 4 << 20), error: .string(limit: 4 << 20)
        )
        // A shell gives 128 and the signal for a program that one has ended.
        var status: Int32 = -1
        if case .exited(let code) = result.terminationStatus, code < 128 { status = code }
        return Ending(status: status, out: result.standardOutput, error: try readText(error))
    }

    /// Its own job, because a shell's other jobs in the background do not hear the interrupt.
    private static let interrupting = """
        set -m
        word=$1 signals=$2
        shift 2
        : >"$0"
        "$@" 2>"$0" &
        until grep -qF -- "$word" "$0" || ! kill -0 $! 2>/dev/null; do sleep 0.02; done
        for signal in $signals; do kill -"$signal" $! && sleep 0.3; done
        wait $!
        """

    /// Whether no cluster and no server of it is left.
    func isClean() -> Bool {
        let servers = ProcessTable.all().filter { Host.read("/proc/\($0)/cmdline")?.contains(home) == true }
        return names(in: home).isEmpty && servers.isEmpty
    }

    private func environment(_ searchPath: String?) -> Environment {
        .inherit.updating(["ARCHIVEBENCH_STATE": home, "NO_COLOR": "1", "PATH": searchPath ?? "/usr/bin:/bin"])
    }
}
