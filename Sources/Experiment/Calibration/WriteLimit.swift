import FoundationEssentials
import Glibc
import LinuxSystem
import Testbed

/// A limit on the writes of one server to this host's disk, by a control group of version 1 (`blkio.throttle`).
///
/// It limits what a process flushes itself; what the kernel writes back later is not counted as the server's.
struct WriteLimit {
    /// For the server's surroundings.
    let prefix: [String]
    private let group: String
    private let device: String

    private static let root = "/sys/fs/cgroup/blkio"
    private static let name = "archivebench-calibrate-"

    /// Makes the group.
    ///
    /// - Parameters:
    ///   - writes: operations a second.
    ///   - path: an existing file or folder on the disk.
    /// - Throws: `TestbedProblem` that says why this host's disk cannot be limited.
    init(writesPerSecond writes: Int, onDiskOf path: String) throws {
        Self.sweep()
        guard FileManager.default.fileExists(atPath: "\(Self.root)/blkio.throttle.write_iops_device") else {
            throw TestbedProblem("there is no control group v1 with blkio.throttle at \(Self.root)")
        }
        guard let disk = Self.disk(of: path) else { throw TestbedProblem("\(path) is on no block device of its own") }
        device = disk
        group = "\(Self.root)/\(Self.name)\(ProcessTable.current.pid)"
        guard mkdir(group, 0o755) == 0 else { throw TestbedProblem("\(SystemError("mkdir \(group)"))") }
        for limit in ["write_iops_device", "read_iops_device"] {
            guard Self.write("\(device) \(writes)", to: "\(group)/blkio.throttle.\(limit)") else {
                rmdir(group)
                throw TestbedProblem("\(device): the kernel takes no limit for it (\(limit))")
            }
        }
        // Becomes the words that follow once it is in the group, so that all of the server is.
        prefix = ["/bin/sh", "-c", "echo $$ > \(group)/cgroup.procs && exec \"$@\"", "sh"]
    }

    /// Writes of the group to the disk so far, as the kernel counts them: with the filesystem's journal and the flushes.
    func countedWrites() -> Int {
        let lines = (Host.read("\(group)/blkio.throttle.io_serviced") ?? "").split(separator: "\n")
        return lines.first { $0.hasPrefix("\(device) Write ") }.flatMap { Int($0.split(separator: " ")[2]) } ?? 0
    }

    /// Removes the group; its processes have ended.
    func remove() {
        for _ in 0..<50 where rmdir(group) != 0 && errno == EBUSY { Clock.pause(20_000_000) }
    }

    /// Removes what a killed calibration left. A group with processes in it stays.
    private static func sweep() {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        for found in names where found.hasPrefix(name) { rmdir("\(root)/\(found)") }
    }

    /// Major and minor number of the disk that a path is on; limits take no partitions.
    private static func disk(of path: String) -> String? {
        var info = stat()
        guard stat(path, &info) == 0 else { return nil }
        // makedev(3), the other way round.
        let number = info.st_dev
        let major = (number >> 8) & 0xfff | (number >> 32) & ~0xfff
        let minor = number & 0xff | (number >> 12) & ~0xff
        let device = "\(major):\(minor)"
        let folder = "/sys/dev/block/\(device)"
        guard FileManager.default.fileExists(atPath: folder) else { return nil }
        guard FileManager.default.fileExists(atPath: "\(folder)/partition") else { return device }
        return Host.read("\(folder)/../dev").map { String($0.prefix { $0 != "\n" }) }
    }

    private static func write(_ text: String, to path: String) -> Bool {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return Glibc.write(descriptor, text, text.utf8.count) == text.utf8.count
    }
}
