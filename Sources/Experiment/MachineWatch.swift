import LinuxSystem
import RunRecord
import Testbed

extension HostDescription {
    /// This machine.
    ///
    /// - Parameter path: an existing folder on the disk to describe.
    /// - Returns: what the kernel tells of it.
    public static func here(_ path: String) -> HostDescription {
        var host = HostDescription(
            processorModel: Host.processorModel, processors: WorkerThread.usableProcessors,
            memoryBytes: Host.memoryBytes, kernel: Host.kernel, operatingSystem: Host.operatingSystem,
            filesystem: Host.storage(at: path)?.filesystem ?? "unknown")
        let facts = MachineFacts(path: path)
        (host.governor, host.virtualisation, host.device) = (facts.governor, facts.virtualisation, facts.device)
        return host
    }
}

/// Looks at the machine of one trial before and after its load: probes under the profile, and what its group counted.
struct MachineWatch {
    private let request: TrialRequest
    private let cluster: ManagedCluster
    private let storage: TrialStorage?
    private var readings: [ProbeReading?] = []
    private var usages: [ControlGroupUsage?] = []
    private var devices: [StorageStatistics] = []
    private var times: [Nanoseconds] = []
    private var gaps: [String] = []

    init(_ request: TrialRequest, _ archive: BuiltArchive) {
        self.request = request
        cluster = archive.cluster
        storage = archive.storage
    }

    /// Takes a look; the first is the one before the load. The probes come first before it and last after it, so that
    /// the counters between the looks are the load's.
    mutating func look() async {
        if readings.isEmpty {
            await probe()
            await count()
        } else {
            await count()
            await probe()
        }
    }

    private mutating func count() async {
        usages.append(cluster.limits?.usage(of: await cluster.postmaster))
        if let storage { devices.append(storage.statistics) }
        times.append(Clock.now())
    }

    private mutating func probe() async {
        guard let tool = request.tool else {
            readings.append(nil)
            if gaps.isEmpty { gaps.append("probes of the machine: this program cannot start itself") }
            return
        }
        do {
            let surroundings = cluster.limits?.probeSurroundings(readings.count) ?? .host
            readings.append(try await ProbeRun(tool: tool)(in: cluster.record.dataFolder, surroundings))
        } catch {
            gaps.append("probes of the machine \(readings.isEmpty ? "before" : "after") the load: \(error)")
            readings.append(nil)
        }
    }

    /// Puts what was seen into the record. A profile that could not be observed makes the trial invalid.
    func fill(_ record: inout RunRecord) {
        guard readings.count == 2, usages.count == 2 else { return }
        let judged = ProfileRules.judge(
            request.profile, before: readings[0], after: readings[1],
            memoryLimit: usages[1]?.memoryLimit.map { $0 - (cluster.limits?.memoryForData ?? 0) })
        if let limits = cluster.limits {
            record.profile.enforced = ProfileSight.named(limits.enforced)
            record.profile.notEnforced = limits.notEnforced
            record.profile.generatorProcessors = limits.generator.map { "\($0)" }
            record.profile.observed.merge(ProfileSight.named(observed(limits))) { _, new in new }
        }
        if readings.contains(where: { $0 != nil }) { record.profile.probes = judged.rows }
        record.validity += judged.findings
        record.notCollected += gaps
    }

    private func observed(_ limits: AppliedLimits) -> [ProfileQuantity: String] {
        var observed: [ProfileQuantity: String] = [:]
        let seconds = Double(times[1] - times[0]) / 1e9
        let got = readings.compactMap { $0.map { ProfileText.number(($0.processors * 100).rounded() / 100) } }
        var words = got.isEmpty ? [] : ["a probe got \(got.joined(separator: " and "))"]
        guard let (from, to) = both else {
            observed[.processors] = words.first
            observed[.storage] = device
            return observed
        }
        if let cpu = Self.difference(from.cpu, to.cpu), seconds > 0 {
            words.append("the server used \(ProfileText.number((Double(cpu) / 1e7 / seconds).rounded() / 100))")
        }
        if limits.enforcement.share.bandwidth != nil, let held = Self.difference(from.throttled, to.throttled) {
            words.append("held back for \(ProfileText.time(held / 1_000 * 1_000)) in all")
        }
        observed[.processors] = words.isEmpty ? nil : words.joined(separator: "; ")
        observed[.memory] = memory(from, to)
        if let reads = Self.difference(from.reads, to.reads), let writes = Self.difference(from.writes, to.writes) {
            observed[.storage] = "the server made \(reads) reads and \(writes) writes of the disk"
        }
        observed[.storage] = device ?? observed[.storage]
        return observed
    }

    /// What the modelled device did during the load.
    private var device: String? { devices.count == 2 ? TrialStorage.account(devices[0], devices[1]) : nil }

    private func memory(_ from: ControlGroupUsage, _ to: ControlGroupUsage) -> String? {
        guard let limit = to.memoryLimit, limit < Host.memoryBytes else { return nil }
        var words = ["limit \(ProfileText.memory(limit))"]
        if let peak = to.memoryPeak { words.append("at most \(ProfileText.memory(peak)) used") }
        if let hits = Self.difference(from.memoryLimitHits, to.memoryLimitHits) { words.append("met \(hits) times") }
        if let kills = to.memoryKills, kills > 0 { words.append("\(kills) processes ended for want of memory") }
        return words.joined(separator: ", ")
    }

    private var both: (ControlGroupUsage, ControlGroupUsage)? {
        guard usages.count == 2, let from = usages[0], let to = usages[1] else { return nil }
        return (from, to)
    }

    private static func difference(_ from: UInt64?, _ to: UInt64?) -> UInt64? {
        guard let from, let to, to >= from else { return nil }
        return to - from
    }
}

extension TrialRequest {
    /// Memory that the server has: the profile's, or the host's.
    var serverMemory: Int { min(profile?.memory ?? .max, Host.memoryBytes) }

    /// How the profile is held; `nil` without one.
    var enforcement: Enforcement? {
        profile.map { Enforcement($0, dataFolder: dataDirectory ?? registry.home) }
    }

    /// The profile as it was asked for; what came of it is filled in later.
    func describeProfile(_ host: HostDescription) -> ProfileDescription {
        let observed = [
            "processors": "\(host.processors)", "memory": "\(host.memoryBytes >> 20) MiB",
            "storage": "real, \(host.filesystem)",
        ]
        guard let profile, let enforcement else {
            return ProfileDescription(
                name: "host", requested: [:], enforced: [:], observed: observed,
                notEnforced: [
                    "processors, memory and storage: no profile was asked for, so the server had the whole host and shared it with the load generator"
                ])
        }
        return ProfileSight.describe(profile, enforcement, host)
    }
}

/// A profile as a record has it.
public struct ProfileSight: Sendable {
    /// Filled in as far as it is known.
    public let description: ProfileDescription

    /// What one probe saw.
    ///
    /// - Parameters:
    ///   - profile: as it fits the host; `nil` for the host as it is.
    ///   - limits: in force.
    ///   - host: the machine.
    ///   - reading: the probe's.
    public init(
        _ profile: HardwareProfile?, _ limits: AppliedLimits?, _ host: HostDescription, _ reading: ProbeReading
    ) {
        var description = ProfileDescription(
            name: "host", requested: [:], enforced: [:], observed: [:], notEnforced: [])
        if let profile, let limits {
            description = Self.describe(profile, limits.enforcement, host)
            description.enforced = Self.named(limits.enforced)
            description.notEnforced = limits.notEnforced
        }
        let usage = limits?.usage()
        description.probes =
            ProfileRules.judge(profile, before: reading, after: nil, memoryLimit: usage?.memoryLimit).rows
        self.description = description
    }

    /// What was asked for; the rest is filled in later.
    static func describe(
        _ profile: HardwareProfile, _ enforcement: Enforcement, _ host: HostDescription
    ) -> ProfileDescription {
        var description = ProfileDescription(
            name: profile.name, requested: named(enforcement.requested), enforced: [:], observed: [:], notEnforced: [])
        // What a modelled or external device did is known when the load is over.
        if case .real = profile.storage { description.observed["storage"] = "real, \(host.filesystem)" }
        if let sentence = profile.scaleSentence {
            description.scale = profile.scale
            description.adaptations = [sentence]
        }
        return description
    }

    static func named(_ words: [ProfileQuantity: String]) -> [String: String] {
        Dictionary(uniqueKeysWithValues: words.map { ($0.key.rawValue, $0.value) })
    }
}
