import Glibc

/// What control groups can limit or count.
public enum ControlGroupController: String, CaseIterable, Sendable, Codable {
    /// A share of processor time.
    case cpu
    /// Which processors.
    case cpuset
    case memory
    /// Reads and writes of a disk.
    case io
    /// Processor time used; a controller of its own in version 1, a part of `cpu` in version 2.
    case accounting

    /// Its name in version 1 (cgroups(7)).
    var nameInVersion1: String {
        switch self {
        case .cpu, .cpuset, .memory: rawValue
        case .io: "blkio"
        case .accounting: "cpuacct"
        }
    }

    /// Its name in version 2; `nil` where it needs none of its own.
    var nameInVersion2: String? { self == .accounting ? nil : rawValue }
}

/// Where on this host the calling process may make control groups (cgroups(7)).
public struct ControlGroupHost: Sendable {
    /// The two ways the kernel has for them.
    public enum Version: String, Sendable { case v1, v2 }

    /// `nil` when neither is mounted with a controller.
    public let version: Version?
    /// The folder below which a group can be made, by controller. Controllers mounted together share one.
    public let parents: [ControlGroupController: String]
    /// Why there is none, by controller.
    public let obstacles: [ControlGroupController: String]

    /// Looks at the host.
    ///
    /// - Parameter root: what stands before `/proc` and `/sys`; for tests.
    public init(root: String = "") {
        let mounts = Self.mounts(root)
        let own = Self.ownPaths(root)
        if let mount = mounts.first(where: { $0.type == "cgroup2" })?.point, Self.isUsed(mount) {
            let found = Self.lookAtVersion2(mount: mount, own: own[""] ?? "/")
            (version, parents, obstacles) = (.v2, found.parents, found.obstacles)
        } else if mounts.contains(where: { $0.type == "cgroup" }) {
            let found = Self.lookAtVersion1(mounts, own: own)
            (version, parents, obstacles) = (.v1, found.parents, found.obstacles)
        } else {
            let reason = "no control groups are mounted here"
            (version, parents) = (nil, [:])
            obstacles = Dictionary(uniqueKeysWithValues: ControlGroupController.allCases.map { ($0, reason) })
        }
    }

    // MARK: Version 1

    private static func lookAtVersion1(
        _ mounts: [Mount], own: [String: String]
    ) -> (parents: [ControlGroupController: String], obstacles: [ControlGroupController: String]) {
        var (parents, obstacles): ([ControlGroupController: String], [ControlGroupController: String]) = ([:], [:])
        for controller in ControlGroupController.allCases {
            let name = controller.nameInVersion1
            guard let mount = mounts.first(where: { $0.type == "cgroup" && $0.options.contains(name) })?.point else {
                obstacles[controller] = "controller \(name) is not mounted"
                continue
            }
            // In a container the path may be that of the host's hierarchy, of which only a part is mounted.
            let nested = mount + (own[name] ?? "/")
            let parent = isFolder(nested) ? trimmed(nested) : mount
            if access(parent, W_OK) == 0 {
                parents[controller] = parent
            } else {
                obstacles[controller] = "\(parent) is not writable"
            }
        }
        return (parents, obstacles)
    }

    // MARK: Version 2

    /// Whether any of the controllers that matter here belongs to version 2.
    private static func isUsed(_ mount: String) -> Bool {
        let names = words("\(mount)/cgroup.controllers")
        return ControlGroupController.allCases.contains { $0.nameInVersion2.map(names.contains) ?? false }
    }

    /// From the process's own group upwards, the one that offers most. A process may only be moved below a group that
    /// it may write in, and only a group without processes of its own may hand controllers down.
    private static func lookAtVersion2(
        mount: String, own: String
    ) -> (parents: [ControlGroupController: String], obstacles: [ControlGroupController: String]) {
        var best: (folder: String, names: Set<String>) = (mount, [])
        var folder = trimmed(mount + own)
        while folder.hasPrefix(mount) {
            let names = isFolder(folder) ? offers(folder, isTop: folder == mount) : []
            if names.count > best.names.count { best = (folder, names) }
            guard folder != mount, let end = folder.lastIndex(of: "/") else { break }
            folder = String(folder[..<end])
        }
        var (parents, obstacles): ([ControlGroupController: String], [ControlGroupController: String]) = ([:], [:])
        for controller in ControlGroupController.allCases {
            if best.names.contains(controller.nameInVersion2 ?? "cpu") {
                parents[controller] = best.folder
            } else {
                obstacles[controller] = "no group here may hand down controller \(controller.nameInVersion2 ?? "cpu")"
            }
        }
        return (parents, obstacles)
    }

    private static func offers(_ folder: String, isTop: Bool) -> Set<String> {
        guard access(folder, W_OK) == 0, access("\(folder)/cgroup.procs", W_OK) == 0 else { return [] }
        let handedDown = words("\(folder)/cgroup.subtree_control")
        // The machine's own top has no type and may do both; a container's top has one.
        let isMachineTop = isTop && access("\(folder)/cgroup.type", F_OK) != 0
        let isEmpty = words("\(folder)/cgroup.procs").isEmpty
        let mayChange = access("\(folder)/cgroup.subtree_control", W_OK) == 0 && (isMachineTop || isEmpty)
        return mayChange ? words("\(folder)/cgroup.controllers").union(handedDown) : handedDown
    }

    // MARK: Reading

    private struct Mount {
        let point: String
        let type: String
        let options: Set<String>
    }

    private static func mounts(_ root: String) -> [Mount] {
        (Host.read("\(root)/proc/self/mounts") ?? "").split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count > 3 else { return nil }
            return Mount(
                point: root + String(fields[1]), type: String(fields[2]),
                options: Set(fields[3].split(separator: ",").map { String($0) }))
        }
    }

    /// The process's own group by controller, `""` for version 2.
    private static func ownPaths(_ root: String) -> [String: String] {
        var paths: [String: String] = [:]
        for line in (Host.read("\(root)/proc/self/cgroup") ?? "").split(separator: "\n") {
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            for name in fields[1].split(separator: ",", omittingEmptySubsequences: false) {
                paths[String(name)] = String(fields[2])
            }
        }
        return paths
    }

    private static func words(_ file: String) -> Set<String> {
        Set((Host.read(file) ?? "").split(whereSeparator: \.isWhitespace).map { String($0) })
    }

    private static func isFolder(_ path: String) -> Bool {
        var info = Glibc.stat()
        return stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
    }

    private static func trimmed(_ path: String) -> String {
        path.hasSuffix("/") ? String(path.dropLast()) : path
    }
}
