import CLinux
import Glibc

/// What the machine is, read from /proc, /etc and the kernel.
public enum Host {
    /// Model name of the first processor; "unknown" where the kernel does not tell.
    public static var processorModel: String {
        let lines = (read("/proc/cpuinfo") ?? "").split(separator: "\n")
        let line = lines.first { $0.hasPrefix("model name") } ?? lines.first { $0.hasPrefix("Model") }
        return line.flatMap { $0.split(separator: ":").last }.map { trim($0) } ?? "unknown"
    }

    /// Processors that are switched on, whether this process may use them or not.
    public static var processors: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    /// Memory the process may use, bytes: physical memory, or the limit of its container where that is less.
    public static var memoryBytes: Int {
        let limits = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"].compactMap { path in
            read(path).flatMap { Int(trim($0[...])) }
        }
        return min(memoryField("MemTotal:") ?? 0, limits.min() ?? .max)
    }

    /// Memory that can be had without swapping, in bytes.
    public static var availableMemoryBytes: Int { memoryField("MemAvailable:") ?? 0 }

    /// Kernel release, such as `6.1.0-18-amd64`.
    public static var kernel: String { trim((read("/proc/sys/kernel/osrelease") ?? "unknown")[...]) }

    /// `PRETTY_NAME` of os-release(5).
    public static var operatingSystem: String {
        for line in (read("/etc/os-release") ?? "").split(separator: "\n") where line.hasPrefix("PRETTY_NAME=") {
            return line.dropFirst("PRETTY_NAME=".count).filter { $0 != "\"" }
        }
        return "unknown"
    }

    /// Free bytes for an unprivileged user and the filesystem's name; `nil` when the path does not exist.
    public static func storage(at path: String) -> (freeBytes: Int, filesystem: String)? {
        var magic: Int64 = 0
        let free = clinux_free_bytes(path, &magic)
        guard free >= 0 else { return nil }
        return (Int(free), filesystems[magic] ?? "type 0x\(String(magic, radix: 16))")
    }

    /// Size of the filesystem that holds a path, free or not, bytes; `nil` when the path does not exist.
    public static func filesystemBytes(at path: String) -> Int? {
        var info = statvfs()
        guard statvfs(path, &info) == 0 else { return nil }
        return Int(info.f_blocks) * Int(info.f_frsize)
    }

    /// Which control-group hierarchy is mounted: "v2", "v1", "v1 and v2" or "none".
    public static var controlGroups: String {
        let mounts = (read("/proc/self/mounts") ?? "").split(separator: "\n").map { $0.split(separator: " ") }
        let kinds = Set(mounts.compactMap { $0.count > 2 ? String($0[2]) : nil })
        switch (kinds.contains("cgroup"), kinds.contains("cgroup2")) {
        case (true, true): return "v1 and v2"
        case (true, false): return "v1"
        case (false, true): return "v2"
        case (false, false): return "none"
        }
    }

    /// The clock source the kernel chose, such as `tsc` or `kvm-clock`.
    public static var clockSource: String {
        trim((read("/sys/devices/system/clocksource/clocksource0/current_clocksource") ?? "unknown")[...])
    }

    /// The whole text of a small file; `nil` when it cannot be read. Works for /proc, whose files have no size.
    public static func read(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 { return nil }
            if count == 0 { break }
            bytes.append(contentsOf: buffer[..<count])
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func memoryField(_ name: String) -> Int? {
        for line in (read("/proc/meminfo") ?? "").split(separator: "\n") where line.hasPrefix(name) {
            return line.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * 1_024 }
        }
        return nil
    }

    private static func trim(_ text: Substring) -> String {
        String(text.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }

    /// Magic numbers of statfs(2).
    private static let filesystems: [Int64: String] = [
        0xEF53: "ext4", 0x5846_5342: "xfs", 0x9123_683E: "btrfs", 0x0102_1994: "tmpfs", 0x794C_7630: "overlayfs",
        0x2FC1_2FC1: "zfs", 0x6969: "nfs", 0xF2F5_2010: "f2fs", 0x0102_1997: "9p",
    ]
}
