import FoundationEssentials
import Glibc

/// Folders and files that stand for `/proc` and `/sys` of some machine.
public final class FakeSystem: Sendable {
    private let folder: TemporaryFolder
    public var root: String { folder.path }

    /// Files by their path from the root, and their text.
    public init(_ files: [String: String]) throws {
        folder = try TemporaryFolder()
        for (path, text) in files { try write(text, to: path) }
    }

    /// Writes a file, and the folders above it.
    public func write(_ text: String, to path: String) throws {
        let whole = "\(root)\(path)"
        let parent = whole[..<(whole.lastIndex(of: "/") ?? whole.startIndex)]
        try FileManager.default.createDirectory(atPath: String(parent), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(filePath: whole))
    }

    /// The text of a file; `nil` when it is not there.
    public func read(_ path: String) -> String? {
        FileManager.default.contents(atPath: "\(root)\(path)").map { String(decoding: $0, as: UTF8.self) }
    }

    /// Takes the files of a folder away, as the kernel does with those of a control group.
    public func empty(_ path: String) {
        for name in names(in: "\(root)\(path)") { unlink("\(root)\(path)/\(name)") }
    }

    /// Control groups of version 1 with two processors: processor time and its accounting share a mount, storage has none.
    public static func version1() throws -> FakeSystem {
        try FakeSystem([
            "/proc/self/mounts": """
            tmpfs /sys/fs/cgroup tmpfs rw 0 0
            cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,nosuid,cpu,cpuacct 0 0
            cgroup /sys/fs/cgroup/cpuset cgroup rw,cpuset 0 0
            cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0
            """,
            "/proc/self/cgroup": "5:cpu,cpuacct:/\n4:memory:/outer\n3:cpuset:/elsewhere\n0::/\n",
            "/sys/fs/cgroup/cpu,cpuacct/tasks": "",
            "/sys/fs/cgroup/cpuset/cpuset.cpus": "0-1\n",
            "/sys/fs/cgroup/cpuset/cpuset.mems": "0\n",
            "/sys/fs/cgroup/memory/outer/tasks": "",
        ])
    }

    /// Control groups of version 2 as systemd leaves them to root: the session's own group hands nothing down.
    public static func version2() throws -> FakeSystem {
        try FakeSystem([
            "/proc/self/mounts": "cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid 0 0\n",
            "/proc/self/cgroup": "0::/user.slice/session-1.scope\n",
            "/sys/fs/cgroup/cgroup.controllers": "cpuset cpu io memory pids\n",
            "/sys/fs/cgroup/cgroup.subtree_control": "cpu memory pids\n",
            "/sys/fs/cgroup/cgroup.procs": "1\n2\n",
            "/sys/fs/cgroup/user.slice/cgroup.controllers": "cpu memory pids\n",
            "/sys/fs/cgroup/user.slice/cgroup.subtree_control": "memory pids\n",
            "/sys/fs/cgroup/user.slice/cgroup.procs": "",
            "/sys/fs/cgroup/user.slice/cgroup.type": "domain\n",
            "/sys/fs/cgroup/user.slice/session-1.scope/cgroup.controllers": "memory pids\n",
            "/sys/fs/cgroup/user.slice/session-1.scope/cgroup.subtree_control": "",
            "/sys/fs/cgroup/user.slice/session-1.scope/cgroup.procs": "77\n",
            "/sys/fs/cgroup/user.slice/session-1.scope/cgroup.type": "domain\n",
        ])
    }
}
