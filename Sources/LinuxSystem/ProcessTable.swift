import Glibc

/// A process told apart from a later one that got the same number: by number and start time.
public struct ProcessIdentity: Codable, Hashable, Sendable {
    /// The kernel's number for it, which is used again after its end.
    public let pid: Int32
    /// Field 22 of /proc/PID/stat: clock ticks after boot (proc(5)).
    public let startTicks: UInt64

    /// A process that is known from elsewhere, such as a file.
    public init(pid: Int32, startTicks: UInt64) {
        self.pid = pid
        self.startTicks = startTicks
    }

    /// The identity of a running process; `nil` when there is none.
    public init?(pid: Int32) {
        guard let stat = ProcessTable.stat(of: pid) else { return nil }
        self.init(pid: pid, startTicks: stat.startTicks)
    }

    /// Whether exactly this process still runs. A zombie does not.
    public var isAlive: Bool {
        guard let stat = ProcessTable.stat(of: pid) else { return false }
        return stat.startTicks == startTicks && stat.state != "Z"
    }

    /// Sends a signal if exactly this process still runs.
    ///
    /// - Returns: `false` when it is gone or not ours to signal.
    @discardableResult
    public func send(signal: Int32) -> Bool { isAlive && kill(pid, signal) == 0 }

    /// Waits until the process is gone.
    ///
    /// - Returns: `false` when it still runs after `limit`.
    public func waitForEnd(limit: Nanoseconds) -> Bool {
        let deadline = Clock.now() + limit
        while isAlive {
            if Clock.now() >= deadline { return false }
            Clock.pause(10_000_000)
        }
        return true
    }
}

/// Reads /proc (proc(5)).
public enum ProcessTable {
    /// The calling process.
    public static var current: ProcessIdentity {
        ProcessIdentity(pid: getpid()) ?? ProcessIdentity(pid: getpid(), startTicks: 0)
    }

    /// Path of the calling process's own program.
    public static var executable: String? { link("/proc/self/exe") }

    /// Numbers of all processes.
    public static func all() -> [Int32] {
        guard let folder = opendir("/proc") else { return [] }
        defer { closedir(folder) }
        var found: [Int32] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let pid = Int32(name) { found.append(pid) }
        }
        return found
    }

    /// The folder a process runs in; `nil` when it is gone or not ours to see. A removed folder keeps its name.
    public static func workingFolder(of pid: Int32) -> String? {
        guard let path = link("/proc/\(pid)/cwd") else { return nil }
        return path.hasSuffix(" (deleted)") ? String(path.dropLast(" (deleted)".count)) : path
    }

    private static func link(_ path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: 4_096)
        let count = readlink(path, &buffer, buffer.count)
        guard count > 0 else { return nil }
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Largest resident size so far of the calling process, in bytes (`VmHWM`).
    public static func peakMemory() -> Int? { memory("VmHWM:", of: "self") }

    /// Largest resident size so far of another process, in bytes; `nil` when it has ended.
    public static func peakMemory(of pid: Int32) -> Int? { memory("VmHWM:", of: "\(pid)") }

    /// Resident size of the calling process now, in bytes (`VmRSS`).
    public static func residentMemory() -> Int? { memory("VmRSS:", of: "self") }

    private static func memory(_ field: String, of process: String) -> Int? {
        guard let text = Host.read("/proc/\(process)/status") else { return nil }
        for line in text.split(separator: "\n") where line.hasPrefix(field) {
            return line.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * 1_024 }
        }
        return nil
    }

    struct Stat {
        let state: Character
        let startTicks: UInt64
    }

    static func stat(of pid: Int32) -> Stat? {
        guard let text = Host.read("/proc/\(pid)/stat"), let name = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: name)...].split(separator: " ")
        guard fields.count > 19, let state = fields[0].first,
            let ticks = UInt64(fields[19])
        else { return nil }
        return Stat(state: state, startTicks: ticks)
    }
}
