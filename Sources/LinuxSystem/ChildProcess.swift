import CLinux
import Glibc

/// A program run to its end, with what it alone used of the machine.
public struct ChildProcess: Sendable {
    /// How it ended: exit status, or minus the number of the signal that ended it.
    public let status: Int32
    /// CPU time in user mode, nanoseconds (wait4(2)). The kernel's split from ``systemCPU`` is coarse, the sum is not.
    public let userCPU: Nanoseconds
    /// CPU time in the kernel, nanoseconds.
    public let systemCPU: Nanoseconds
    /// Largest resident size seen in /proc, read every 10 ms, bytes; `nil` when it ended before the first look. Not the
    /// figure of wait4, in which a small child of a large parent shows the parent's size.
    public let peakMemory: Int?
    /// What it wrote to standard output.
    public let output: String
    /// What it wrote to standard error.
    public let errors: String

    /// User and system time, nanoseconds.
    public var cpu: Nanoseconds { userCPU + systemCPU }

    /// Runs a program and waits for it. Blocks the calling thread; it looks every 10 ms whether the program has ended.
    ///
    /// - Parameters:
    ///   - path: of the program; no search.
    ///   - arguments: without the program's name.
    ///   - environment: as `NAME=value`; nothing else is passed on.
    ///   - isStopping: asked every 10 ms; once `true`, the program is sent SIGTERM.
    /// - Returns: how it ended, also when it failed.
    /// - Throws: ``SystemError`` when it could not be started or waited for.
    public static func run(
        _ path: String, _ arguments: [String], environment: [String] = [], isStopping: () -> Bool = { false }
    ) throws(SystemError) -> ChildProcess {
        let output = clinux_memory_file()
        guard output >= 0 else { throw SystemError("memfd_create") }
        defer { close(output) }
        let errors = clinux_memory_file()
        guard errors >= 0 else { throw SystemError("memfd_create") }
        defer { close(errors) }
        let process = spawn(path, arguments, environment, output, errors)
        guard process > 0 else { throw SystemError("posix_spawn \(path)") }
        var end = clinux_child_end()
        var peak: Int?
        while true {
            peak = ProcessTable.peakMemory(of: process) ?? peak
            let found = clinux_reap(process, &end)
            if found > 0 { break }
            guard found == 0 else { throw SystemError("wait4") }
            if isStopping() { kill(process, SIGTERM) }
            Clock.pause(10_000_000)
        }
        return ChildProcess(
            status: end.status, userCPU: end.user_ns, systemCPU: end.system_ns, peakMemory: peak,
            output: content(output), errors: content(errors))
    }

    private static func spawn(
        _ path: String, _ arguments: [String], _ environment: [String], _ output: Int32, _ errors: Int32
    ) -> Int32 {
        let words = ([path] + arguments).map { strdup($0) } + [nil]
        let variables = environment.map { strdup($0) } + [nil]
        let process = clinux_spawn(path, words, variables, output, errors)
        let reason = errno
        for word in words + variables { free(word) }
        errno = reason
        return process
    }

    private static func content(_ file: Int32) -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = pread(file, &buffer, buffer.count, bytes.count)
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(contentsOf: buffer[..<count])
        }
    }
}
