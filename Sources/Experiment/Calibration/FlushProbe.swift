import FoundationEssentials
import Glibc
import LinuxSystem
import Statistics
import Testbed

/// Flushes a small file over and over and times each flush: what a storage device, or a model of one, looks like to a
/// program.
public enum FlushProbe {
    /// Writes one page and flushes it, `count` times, in the calling thread.
    ///
    /// - Parameters:
    ///   - path: of a new file, which is removed again.
    ///   - count: at least one.
    /// - Returns: nanoseconds of each flush, in order.
    /// - Throws: `SystemError`.
    public static func run(_ path: String, count: Int) throws(SystemError) -> [Nanoseconds] {
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemError("open \(path)") }
        defer {
            close(descriptor)
            unlink(path)
        }
        let page = [UInt8](repeating: 1, count: 8_192)
        var times: [Nanoseconds] = []
        times.reserveCapacity(count)
        for _ in 0..<count {
            guard pwrite(descriptor, page, page.count, 0) == page.count else { throw SystemError("pwrite \(path)") }
            let begun = Clock.now()
            guard fdatasync(descriptor) == 0 else { throw SystemError("fdatasync \(path)") }
            times.append(Clock.now() - begun)
        }
        return times
    }

    /// The command by which the tool runs the probe in a process of its own.
    public static let command = "flush-probe"

    /// Runs the probe in a process under a storage model.
    ///
    /// - Throws: `SystemError`, or `TestbedProblem` when the probe failed.
    static func run(under storage: ModelledStorage, count: Int) throws -> [Nanoseconds] {
        let child = try ChildProcess.run(
            try program(), [command, "\(storage.dataDirectory)/probe", "\(count)"],
            environment: storage.surroundings.variables.map { "\($0.key)=\($0.value)" })
        let times = child.output.split(separator: "\n").compactMap { Nanoseconds($0) }
        guard child.status == 0, times.count == count else {
            throw TestbedProblem(
                "the probe of modelled storage failed: \(child.errors.isEmpty ? "\(child.status)" : child.errors)")
        }
        return times
    }

    /// Path of the running program.
    static func program() throws -> String {
        try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    }
}
