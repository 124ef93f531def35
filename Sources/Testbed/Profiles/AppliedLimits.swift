import LinuxSystem

/// A profile in force for one cluster: how processes are put under it, and what could not be held.
public struct AppliedLimits: Sendable {
    /// Of the cluster.
    let id: String
    /// What was decided.
    public let enforcement: Enforcement
    /// The control group; `nil` where there is none.
    public internal(set) var group: ControlGroup?
    var scope: UserScope?
    var affinity: ProcessorSet?
    /// Whether there is a cluster, or only the prospect of one.
    var isReal = true
    /// How each quantity is held, in words.
    public internal(set) var enforced: [ProfileQuantity: String] = [:]
    /// What is not held or has a gap, one sentence each.
    public internal(set) var notEnforced: [String] = []

    init(id: String, enforcement: Enforcement) {
        self.id = id
        self.enforcement = enforcement
    }

    /// Where the load generator belongs; `nil` leaves it everywhere.
    public var generator: ProcessorSet? { enforcement.share.generator }

    /// Whether a control group of whatever kind holds the controller's limit.
    func holds(_ controller: ControlGroupController) -> Bool {
        group?.folders[controller] != nil || scope?.controllers.contains(controller) == true
    }

    /// How a control group holds it, in words.
    var way: String {
        scope == nil ? "by control group (\(group?.version.rawValue ?? "none"))" : "by a scope of systemd"
    }

    /// What the server is started in.
    public var surroundings: ServerSurroundings { surroundings(unit: Enforcement.groupName(id)) }

    /// What a probe is started in, beside the server: the same group, or a scope of its own with the same limits.
    public func probeSurroundings(_ number: Int) -> ServerSurroundings {
        surroundings(unit: "\(Enforcement.groupName(id))-probe\(number)")
    }

    /// What puts data in memory there before the server starts: memory is charged to the group that touches it first, and
    /// the limit has room for the data. Nothing where data lie on a disk, and no other limit: nobody measures that.
    var making: ServerSurroundings {
        guard memoryForData > 0, let folder = group?.folders[.memory] else { return .host }
        return ServerSurroundings(prefix: Self.joining(["\(folder)/cgroup.procs"]))
    }

    /// The shell joins and then becomes the command, so that nothing of it is ever charged elsewhere.
    private static func joining(_ memberFiles: [String]) -> [String] {
        let joining = memberFiles.map { "echo $$ > '\($0)'" }.joined(separator: " && ")
        return ["/bin/sh", "-c", "\(joining) && exec \"$@\"", "sh"]
    }

    private func surroundings(unit: String) -> ServerSurroundings {
        var words: [String] = []
        if let group { words += Self.joining(group.memberFiles) }
        if let scope { words += scope.words(unit: unit, limits: enforcement.limits) }
        if let affinity { words += [Enforcement.taskset, "-c", "\(affinity)"] }
        let model = enforcement.model?.variables ?? [:]
        return ServerSurroundings(prefix: words, variables: (scope?.variables ?? [:]).merging(model) { $1 })
    }

    /// Of the memory limit, what stands for a disk, bytes.
    public var memoryForData: Int { enforcement.model?.memoryBytes ?? 0 }

    /// The counters of what runs under the limits; `nil` where no group counts.
    ///
    /// - Parameter process: one that runs in the scope, where it is a scope.
    /// - Returns: since the group was made.
    public func usage(of process: ProcessIdentity? = nil) -> ControlGroupUsage? {
        let scoped = scope == nil ? nil : process.flatMap { ControlGroup(ofProcess: $0.pid) }
        return (group ?? scoped)?.usage(of: enforcement.device)
    }
}
