import Glibc
import LinuxSystem

/// How a profile is held on this host: which limits go where, decided before a server is made.
public struct Enforcement: Sendable {
    /// As it fits the host.
    public let profile: HardwareProfile
    /// Which processors the server has.
    public let share: ProcessorShare
    /// The disk that limits on storage go to; `nil` when the data lies on none.
    public let device: BlockDevice?
    /// The modelled device, once it is there; `nil` for real storage.
    public var model: StorageModelInForce?
    private let host: HostCapacity
    private let groups: ControlGroupHost
    private let scope: UserScope?
    private let hasTaskset: Bool

    /// Decides.
    ///
    /// - Parameters:
    ///   - profile: as it fits the host.
    ///   - dataFolder: an existing folder on the disk that will hold the data.
    ///   - host: what there is.
    ///   - groups: where control groups can be made.
    ///   - scope: the user's service manager, for where no group can be made.
    ///   - hasTaskset: whether the program that binds a process to processors is there.
    public init(
        _ profile: HardwareProfile, dataFolder: String, host: HostCapacity = .here,
        groups: ControlGroupHost = ControlGroupHost(), scope: UserScope? = UserScope(),
        hasTaskset: Bool = access(Enforcement.taskset, X_OK) == 0
    ) {
        self.profile = profile
        self.host = host
        self.groups = groups
        self.scope = groups.parents.isEmpty ? scope : nil
        self.hasTaskset = hasTaskset
        share = ProcessorShare(profile.processors, of: host.processors)
        device = BlockDevice.holding(dataFolder)
    }

    /// Binds a process to processors (taskset(1)).
    public static let taskset = "/usr/bin/taskset"

    /// The name of a cluster's group.
    static func groupName(_ id: String) -> String { "archivebench-\(id)" }

    /// The group that ``apply(to:)`` will make, so that it can be noted before it is there; `nil` when there will be none.
    public func group(of id: String) -> ControlGroup? {
        ControlGroup(name: Self.groupName(id), on: groups, controllers: wanted.union([.accounting]))
    }

    /// Makes the group and says what holds.
    ///
    /// - Parameter id: of the cluster; names the group.
    /// - Returns: what is in force.
    public func apply(to id: String) -> AppliedLimits {
        var applied = AppliedLimits(id: id, enforcement: self)
        applied.group = group(of: id)
        var reasons = groups.obstacles
        for failure in applied.group?.make(limits) ?? [] { reasons[failure.controller] = failure.reason }
        if applied.group?.folders.isEmpty == true { applied.group = nil }
        if let scope, applied.group == nil, !wanted.isDisjoint(with: scope.controllers) {
            applied.scope = scope
            for controller in scope.controllers { reasons[controller] = nil }
        }
        if let own = share.server, hasTaskset { applied.affinity = own }
        say(&applied, reasons)
        return applied
    }

    /// What could not be held or has a gap, as far as that is known before anything is made.
    public var outlook: [String] {
        var planned = AppliedLimits(id: "", enforcement: self)
        planned.isReal = false
        planned.group = group(of: "planned")
        planned.scope = planned.group == nil ? scope : nil
        planned.affinity = hasTaskset ? share.server : nil
        say(&planned, groups.obstacles)
        return planned.notEnforced
    }

    // MARK: What is wanted

    /// The limits that control groups are to hold.
    var limits: ControlGroupLimits {
        ControlGroupLimits(
            processors: share.server, bandwidth: share.bandwidth, memory: memoryLimit, storage: storageLimits)
    }

    /// Bytes. Data in memory are charged to the group, inside which they are made, so a modelled device adds their room.
    private var memoryLimit: Int? { profile.memory.map { $0 + (model?.memoryBytes ?? 0) } }

    private var storageLimits: ControlGroupLimits.Storage? {
        guard case .real(let rates) = profile.storage, rates.isLimited, let device else { return nil }
        return ControlGroupLimits.Storage(
            device: device, reads: rates.reads, writes: rates.writes, readBytes: rates.readBytes,
            writtenBytes: rates.writtenBytes)
    }

    private var wanted: Set<ControlGroupController> {
        var wanted: Set<ControlGroupController> = []
        if limits.processors != nil { wanted.insert(.cpuset) }
        if limits.bandwidth != nil { wanted.insert(.cpu) }
        if limits.memory != nil { wanted.insert(.memory) }
        if limits.storage != nil { wanted.insert(.io) }
        return wanted
    }

    // MARK: What is said

    private func say(_ applied: inout AppliedLimits, _ reasons: [ControlGroupController: String]) {
        sayProcessors(&applied, reasons)
        if let memory = memoryLimit {
            if applied.holds(.memory) {
                applied.enforced[.memory] = "\(ProfileText.memory(memory)), page cache included, \(applied.way)"
            } else {
                applied.notEnforced.append("memory \(ProfileText.memory(memory)): \(Self.reason(reasons[.memory]))")
            }
        }
        storage(&applied, reasons)
        if profile.roundTrip > 0 {
            applied.enforced[.roundTrip] =
                "\(ProfileText.time(profile.roundTrip)) by the load generator, half on sending and half on receiving"
            applied.notEnforced.append("opening a connection takes no network time")
        }
    }

    private func sayProcessors(_ applied: inout AppliedLimits, _ reasons: [ControlGroupController: String]) {
        let wanted = ProfileText.count(profile.processors.count, "processor")
        var words: [String] = []
        if let own = share.server {
            if applied.holds(.cpuset) {
                words.append("number \(own) of \(host.processors), \(applied.way)")
            } else if applied.affinity != nil {
                words.append("number \(own) of \(host.processors), by affinity")
            } else {
                applied.notEnforced.append("\(wanted) of its own: \(Self.reason(reasons[.cpuset])); taskset is missing")
            }
        }
        if let part = share.bandwidth {
            if applied.holds(.cpu) {
                words.append("\(part.quota) µs in each \(part.period) µs, \(applied.way)")
                applied.notEnforced.append(
                    "a slower processor: a share of time is a fast processor that pauses, here for at most \(part.period - min(part.quota, part.period)) µs at a time as far as the kernel keeps to it"
                )
            } else {
                applied.notEnforced.append("a share of processor time (\(wanted)): \(Self.reason(reasons[.cpu]))")
            }
        }
        if !words.isEmpty { applied.enforced[.processors] = words.joined(separator: "; ") }
        if profile.processors.generatorApart && !share.isApart {
            applied.notEnforced.append(
                "the load generator apart: the host's \(ProfileText.count(Double(host.processors.count), "processor")) leave none to it alone, so it shares the server's"
            )
        }
    }

    /// What storage gets. Modelled storage is put in force here: the one place to call it from.
    private func storage(_ applied: inout AppliedLimits, _ reasons: [ControlGroupController: String]) {
        switch profile.storage {
        case .real(let rates):
            guard rates.isLimited else { return }
            if applied.holds(.io) {
                applied.enforced[.storage] = "\(Self.text(rates)), \(applied.way)"
                if rates.writes != nil || rates.writtenBytes != nil { applied.notEnforced += writeGaps }
            } else {
                let reason =
                    device == nil
                    ? "the data does not lie on a disk of its own" : Self.reason(reasons[.io])
                applied.notEnforced.append("storage limits (\(Self.text(rates))): \(reason)")
            }
        case .modelled:
            guard let model else {
                // Before anything is made there is nothing to say.
                if applied.isReal { applied.notEnforced.append("modelled storage: not put in force here") }
                return
            }
            let place = model.fallback == nil ? "data in memory" : "data on this host's disk"
            applied.enforced[.storage] =
                "modelled: \(place), and a library in the server's processes that makes reads, writes and flushes take their time"
            if let fallback = model.fallback { applied.notEnforced.append(fallback) }
            if profile.memory != nil, model.fallback == nil {
                applied.notEnforced.append(
                    "memory of the profile alone: data that lie in memory count against the limit, so \(ProfileText.memory(model.memoryBytes)), which they may come to, were added to it; the modelled page cache has the profile's size"
                )
                if applied.scope != nil {
                    applied.notEnforced.append(
                        "memory as tight as that: data made before the server starts are not charged to its scope, so it may use as much more"
                    )
                }
            }
        case .external:
            applied.notEnforced.append("storage: external, told and never limited")
        }
    }

    private var writeGaps: [String] {
        let journal = "pure data writes: a limit on writes counts those of the filesystem's journal too"
        guard groups.version == .v1 else { return [journal] }
        return [
            "background writes: control groups v1 hold back what a process flushes itself, not what the kernel writes back later",
            journal,
        ]
    }

    private static func reason(_ reason: String?) -> String { reason ?? "this host offers no way to hold it" }

    static func text(_ rates: StorageRates) -> String {
        let parts: [String?] = [
            rates.reads.map { "\($0) reads/s" }, rates.writes.map { "\($0) writes/s" },
            rates.readBytes.map { "\(ProfileText.size($0))/s read" },
            rates.writtenBytes.map { "\(ProfileText.size($0))/s written" },
        ]
        let known = parts.compactMap { $0 }
        return known.isEmpty ? "no limit" : known.joined(separator: ", ")
    }

    /// What the profile asks for, by quantity, in words.
    public var requested: [ProfileQuantity: String] {
        var requested: [ProfileQuantity: String] = [
            .processors: ProfileText.count(profile.processors.count, "processor")
                + (profile.processors.areOwn ? "" : ", a share of the time of all")
        ]
        requested[.memory] = profile.memory.map { ProfileText.memory($0) }
        let volume = profile.volume.map { ", volume of \(ProfileText.size($0))" } ?? ""
        switch profile.storage {
        case .real(let rates): requested[.storage] = "real, \(Self.text(rates))\(volume)"
        case .modelled: requested[.storage] = "modelled\(volume)"
        case .external: requested[.storage] = "external\(volume)"
        }
        if profile.roundTrip > 0 { requested[.roundTrip] = ProfileText.time(profile.roundTrip) }
        requested[.price] = profile.price.map { "\($0.text) (\($0.source))" }
        return requested
    }
}

/// What a profile speaks of; the raw values are the names in a record.
public enum ProfileQuantity: String, CaseIterable, Sendable {
    case processors
    case memory
    case storage
    case roundTrip = "network round trip"
    case price
}
