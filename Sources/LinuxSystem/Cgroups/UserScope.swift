import Glibc

/// Limits by way of the user's own service manager, where the user may make no control group directly:
/// `systemd-run --user --scope` (systemd-run(1), systemd.resource-control(5)). The scope is gone when its last process is.
public struct UserScope: Sendable, Equatable {
    private static let program = "/usr/bin/systemd-run"

    /// The folder of the manager's socket, which `systemd-run` finds by `XDG_RUNTIME_DIR`.
    public let runtimeFolder: String
    /// What the manager may limit.
    public let controllers: Set<ControlGroupController>

    /// Looks for the manager of the user; `nil` when there is none, or it may limit nothing.
    ///
    /// - Parameters:
    ///   - user: whose.
    ///   - root: what stands before `/usr`, `/run` and `/sys`; for tests.
    public init?(of user: UserAccount = .effective, root: String = "") {
        let folder = "/run/user/\(user.uid)"
        let group = "\(root)/sys/fs/cgroup/user.slice/user-\(user.uid).slice/user@\(user.uid).service"
        let names = (Host.read("\(group)/cgroup.controllers") ?? "").split(whereSeparator: \.isWhitespace)
        let controllers = ControlGroupController.allCases.filter { names.contains(Substring($0.rawValue)) }
        guard !user.isRoot, access("\(root)\(Self.program)", X_OK) == 0, !controllers.isEmpty,
            access("\(root)\(folder)/systemd/private", F_OK) == 0
        else { return nil }
        runtimeFolder = folder
        self.controllers = Set(controllers)
    }

    /// Words to put before a command, which becomes the scope's first process.
    ///
    /// - Parameters:
    ///   - unit: name of the scope, one of its own.
    ///   - limits: those beyond ``controllers`` are left out.
    /// - Returns: `systemd-run` with its options, up to the command.
    public func words(unit: String, limits: ControlGroupLimits) -> [String] {
        var properties: [String] = []
        if controllers.contains(.cpu), let share = limits.bandwidth {
            let percent = (share.processors * 1_000).rounded() / 10
            properties += ["CPUQuota=\(percent)%", "CPUQuotaPeriodSec=\(share.period)us"]
        }
        if controllers.contains(.cpuset), let processors = limits.processors {
            properties.append("AllowedCPUs=\(processors)")
        }
        if controllers.contains(.memory), let bytes = limits.memory {
            properties += ["MemoryMax=\(bytes)", "MemorySwapMax=0"]
        }
        if controllers.contains(.io), let storage = limits.storage {
            let parts: [(String, Int?)] = [
                ("IOReadIOPSMax", storage.reads), ("IOWriteIOPSMax", storage.writes),
                ("IOReadBandwidthMax", storage.readBytes), ("IOWriteBandwidthMax", storage.writtenBytes),
            ]
            properties += parts.compactMap { name, value in value.map { "\(name)=/dev/\(storage.device.name) \($0)" } }
        }
        return [Self.program, "--user", "--scope", "--quiet", "--collect", "--unit=\(unit)"]
            + properties.flatMap { ["-p", $0] } + ["--"]
    }

    /// Variables that the words need.
    public var variables: [String: String] { ["XDG_RUNTIME_DIR": runtimeFolder] }
}
