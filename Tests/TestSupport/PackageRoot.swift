import FoundationEssentials
import Glibc
import LinuxSystem

/// The checkout that the tests were built from.
public let packageRoot: String = {
    let parts = #filePath.split(separator: "/").dropLast(3)
    return "/" + parts.joined(separator: "/")
}()

/// A folder for one test, gone when the value is let go.
public final class TemporaryFolder: Sendable {
    public let path: String

    public init() throws {
        path = "/var/tmp/archivebench-test-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    /// Writes a file into the folder and returns its path.
    public func write(_ text: String, as name: String) throws -> String {
        try Data(text.utf8).write(to: URL(filePath: "\(path)/\(name)"))
        return "\(path)/\(name)"
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// Where the tests' servers keep their data: in memory where there is room, because they make a million files together.
let placeOfServers: String = {
    let place = Host.storage(at: "/dev/shm")
    return place?.filesystem == "tmpfs" && (place?.freeBytes ?? 0) > 8 << 30 ? "/dev/shm" : "/var/tmp"
}()

/// A name for a registry's folder of a test's own.
public func newHome() -> String { "\(placeOfServers)/abt-\(UInt32.random(in: 0 ... .max))" }

/// Writes a program, by another program: one that this process has had open for writing cannot be run as long as a child
/// that some other test is just starting holds the descriptor.
public func writeProgram(_ text: String, to path: String) throws {
    try Data(text.utf8).write(to: URL(filePath: "\(path).text"))
    guard system("install -m 755 \(path).text \(path) && rm \(path).text") == 0 else { throw SystemError("install") }
}

/// The text of a file of the checkout or elsewhere.
public func readText(_ path: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
}

/// Names in a folder; empty when it is not there.
public func names(in folder: String) -> [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
}
