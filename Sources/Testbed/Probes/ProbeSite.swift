import LinuxSystem

/// A folder and a control group for probes without a server. The registry knows it like a cluster, so that it is removed
/// in every way of ending.
public struct ProbeSite: Sendable {
    /// Of the cluster whose folder is probed.
    public let record: ClusterRecord
    /// The profile in force; `nil` without one.
    public let limits: AppliedLimits?
    private let registry: ClusterRegistry

    /// Makes it. Nothing is left behind when it throws.
    ///
    /// - Parameters:
    ///   - registry: where it is known.
    ///   - dataDirectory: an existing folder on the disk to probe; `nil` for the registry's own.
    ///   - enforcement: the profile to hold; `nil` for the host as it is.
    ///   - createdAt: wall clock for the record, ISO 8601.
    /// - Throws: ``TestbedProblem``; `CancellationError` while the registry is being cleared.
    public init(
        in registry: ClusterRegistry, dataDirectory: String?, enforcement: Enforcement?, createdAt: String
    ) throws {
        try registry.prepare()
        let id = ManagedCluster.newIdentifier()
        let folder = "\(registry.home)/\(id)"
        let holder = dataDirectory.map { "\($0)/archivebench-\(id)" }
        let record = ClusterRecord(
            id: id, owner: ProcessTable.current, kept: false, createdAt: createdAt, serverVersion: "none",
            folder: folder, dataFolder: "\(holder ?? folder)/data", binaries: "", arguments: [],
            purpose: "a probe of the machine", controlGroups: enforcement?.group(of: id)?.paths)
        do {
            var limits: AppliedLimits?
            try registry.whileOpen {
                try Ownership.makeFolder(folder, mode: 0o755, owner: nil)
                try record.write()
                limits = enforcement?.apply(to: id)
                if let holder { try Ownership.makeFolder(holder, mode: 0o755, owner: nil) }
                try Ownership.makeFolder(record.dataFolder, mode: 0o700, owner: nil)
            }
            self.limits = limits
        } catch {
            registry.remove(record)
            if error is CancellationError { throw error }
            throw error as? TestbedProblem ?? TestbedProblem("\(error); choose another disk with --data-dir")
        }
        self.record = record
        self.registry = registry
    }

    /// Probes under the profile.
    ///
    /// - Parameter tool: path of the tool's own program.
    /// - Returns: what was measured.
    /// - Throws: ``TestbedProblem``.
    public func probe(tool: String) async throws -> ProbeReading {
        try await ProbeRun(tool: tool)(in: record.dataFolder, limits?.probeSurroundings(0) ?? .host)
    }

    /// Removes all that was made for it.
    public func remove() { registry.remove(record) }
}
