import Glibc

/// A control group of our own: a name, and a folder for each controller it uses.
///
/// Processes are started inside it: memory that a process has touched stays charged to where it was touched.
public struct ControlGroup: Sendable, Equatable {
    /// Why a controller does not do what was asked.
    public struct Failure: Sendable, Equatable {
        /// Which limit it concerns.
        public let controller: ControlGroupController
        /// The kernel's words, or what was tried.
        public let reason: String
    }

    /// Of the hierarchy that it lies in.
    public let version: ControlGroupHost.Version
    /// Its folder by controller; in version 2 all are the same.
    public private(set) var folders: [ControlGroupController: String]

    /// A group that is not made yet; `nil` when none of the controllers is offered.
    ///
    /// - Parameters:
    ///   - name: a file name of its own.
    ///   - host: says where it can be.
    ///   - controllers: those wanted; the ones that the host does not offer are left out.
    public init?(name: String, on host: ControlGroupHost, controllers: Set<ControlGroupController>) {
        let folders = host.parents.filter { controllers.contains($0.key) }.mapValues { "\($0)/\(name)" }
        guard let version = host.version, !folders.isEmpty else { return nil }
        self.version = version
        self.folders = folders
    }

    /// The group of version 2 that a process is in, made by somebody else; `nil` when the process is gone, or its group
    /// is not to be seen.
    ///
    /// - Parameters:
    ///   - pid: number of the process.
    ///   - root: what stands before `/proc` and `/sys`; for tests.
    public init?(ofProcess pid: Int32, root: String = "") {
        let lines = (Host.read("\(root)/proc/\(pid)/cgroup") ?? "").split(separator: "\n")
        guard let path = lines.first(where: { $0.hasPrefix("0::/") })?.dropFirst("0::".count) else { return nil }
        let folder = "\(root)/sys/fs/cgroup\(path)"
        guard access("\(folder)/cgroup.procs", R_OK) == 0 else { return nil }
        version = .v2
        folders = Dictionary(uniqueKeysWithValues: ControlGroupController.allCases.map { ($0, folder) })
    }

    /// Its folders, each once.
    public var paths: [String] { Set(folders.values).sorted() }

    /// The files into which a process writes its number to join.
    public var memberFiles: [String] { paths.map { "\($0)/cgroup.procs" } }

    /// Makes the folders and sets the limits. A controller that fails is left out of the group.
    ///
    /// - Parameter limits: to set.
    /// - Returns: what could not be done.
    public mutating func make(_ limits: ControlGroupLimits) -> [Failure] {
        var failures: [Failure] = []
        for controller in folders.keys.sorted(by: { $0.rawValue < $1.rawValue }) {
            guard let folder = folders[controller] else { continue }
            do throws(SystemError) {
                try prepare(folder, controller)
                for setting in limits.settings(controller, version) { try Self.apply(setting, in: folder) }
            } catch {
                failures.append(Failure(controller: controller, reason: "\(error)"))
                folders[controller] = nil
                if !folders.values.contains(folder) { rmdir(folder) }
            }
        }
        return failures
    }

    private func prepare(_ folder: String, _ controller: ControlGroupController) throws(SystemError) {
        let parent = String(folder[..<(folder.lastIndex(of: "/") ?? folder.startIndex)])
        if version == .v2, let name = controller.nameInVersion2 {
            let file = "\(parent)/cgroup.subtree_control"
            let isOn = (Host.read(file) ?? "").split(whereSeparator: \.isWhitespace).contains { $0 == name }
            if !isOn { try Self.write("+\(name)", to: file) }
        }
        guard mkdir(folder, 0o755) == 0 || errno == EEXIST else { throw SystemError("mkdir \(folder)") }
        guard version == .v1, controller == .cpuset else { return }
        // Version 1 begins with no processor and no memory node, and then takes no process.
        for file in ["cpuset.cpus", "cpuset.mems"] {
            try Self.write(Host.read("\(parent)/\(file)") ?? "", to: "\(folder)/\(file)")
        }
    }

    private static func apply(_ setting: ControlGroupLimits.Setting, in folder: String) throws(SystemError) {
        let file = "\(folder)/\(setting.file)"
        if setting.isOptional && access(file, F_OK) != 0 { return }
        try write(setting.text, to: file)
    }

    private static func write(_ text: String, to file: String) throws(SystemError) {
        let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw SystemError("open \(file)") }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else { throw SystemError("write \(file)") }
    }

    /// Removes folders of a group, as ``paths`` named them, and ends what still runs in them: a group with members
    /// cannot be removed.
    ///
    /// - Returns: `false` when one is still there.
    @discardableResult
    public static func remove(_ paths: [String]) -> Bool {
        for path in paths {
            let deadline = Clock.now() + 5_000_000_000
            while rmdir(path) != 0, errno == EBUSY, Clock.now() < deadline {
                for process in members(of: path) { kill(process, SIGKILL) }
                Clock.pause(10_000_000)
            }
        }
        return paths.allSatisfy { access($0, F_OK) != 0 }
    }

    private static func members(of path: String) -> [Int32] {
        (Host.read("\(path)/cgroup.procs") ?? "").split(separator: "\n").compactMap { Int32($0) }.filter { $0 > 1 }
    }
}
