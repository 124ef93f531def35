import SpecReader

/// The store node's own clockwork: what each node does to its archive besides storing and answering. Intervals are
/// archive time, so that they follow the time scale.
public struct ClockworkSpec: Sendable {
    /// What a node does by itself, in the words of the request classes (`maintenance.<job>`).
    public enum JobKind: String, CaseIterable, Sendable {
        case healthCheck = "health-check"
        case messageCount = "message-count"
        case analyze
        case partitionFactory = "partition-factory"
        case retention
        case exporter

        /// As the node has it compiled in (S); the exporter's as the compose file sets it (S).
        var interval: UInt64 {
            let second: UInt64 = 1_000_000_000
            return switch self {
            case .healthCheck: 60 * second
            case .messageCount, .retention: 1_800 * second
            case .analyze: 86_400 * second
            case .partitionFactory: 600 * second
            case .exporter: 15 * second
            }
        }

        /// Whether each node does it, or one process beside the database.
        public var isPerNode: Bool { self != .exporter }

        /// Whether a workload that says nothing has it.
        var isStandard: Bool { self != .exporter && self != .retention }
    }

    /// One job and its interval, archive time, nanoseconds: from one's end to the next one's start.
    public struct Job: Sendable, Equatable {
        public var kind: JobKind
        public var interval: UInt64
    }

    public var jobs: [Job]
    /// What the retention job keeps, in the order in which it is applied.
    public var retention: [RetentionPolicy]
    /// Whether every job also runs once when the trial begins, as when the nodes have just been started.
    public var atStart: Bool

    /// What a node does that nobody configured.
    public static let standard = ClockworkSpec(
        jobs: JobKind.allCases.filter(\.isStandard).map { Job(kind: $0, interval: $0.interval) }, retention: [],
        atStart: false)
    /// No clockwork at all; partitions are then made before the trial.
    public static let off = ClockworkSpec(jobs: [], retention: [], atStart: false)

    /// Whether partitions come into being while the trial runs.
    public var makesPartitions: Bool { jobs.contains { $0.kind == .partitionFactory } }

    /// Sets what is kept, and with it whether the retention job runs.
    public mutating func setRetention(_ policies: [RetentionPolicy]) {
        retention = policies
        let interval = jobs.first { $0.kind == .retention }?.interval ?? JobKind.retention.interval
        jobs.removeAll { $0.kind == .retention }
        if !policies.isEmpty { jobs.append(Job(kind: .retention, interval: interval)) }
    }

    /// Reads a mapping, or `off`.
    static func read(_ key: String, of top: SpecMap) -> ClockworkSpec {
        if top.isScalar(key) {
            if isOff(top.string(key)) { return .off }
            if top.isSound(key) {
                top.note(key, "expected a mapping or 'off'", remedy: "write 'key: value' lines below it, or 'off'")
            }
            return .standard
        }
        guard let map = top.map(key) else { return .standard }
        defer { map.close() }
        var spec = ClockworkSpec(jobs: [], retention: [], atStart: map.flag("at-start", default: false))
        if let text = map.string("retention-policy") {
            switch RetentionPolicy.parse(text) {
            case .success(let policies): spec.retention = policies
            case .failure(let problem): map.note("retention-policy", problem.what, remedy: problem.remedy)
            }
        }
        for kind in JobKind.allCases {
            let isOn = kind == .retention ? !spec.retention.isEmpty : kind.isStandard
            if !map.has(kind.rawValue) {
                if isOn { spec.jobs.append(Job(kind: kind, interval: kind.interval)) }
            } else if let text = map.string(kind.rawValue), !isOff(text) {
                spec.jobs.append(Job(kind: kind, interval: interval(of: kind, text, map)))
            }
        }
        if spec.retention.isEmpty { spec.jobs.removeAll { $0.kind == .retention } }
        return spec
    }

    private static func isOff(_ text: String?) -> Bool { ["off", "false", "no"].contains(text) }

    private static func interval(of kind: JobKind, _ text: String, _ map: SpecMap) -> UInt64 {
        ["on", "true", "yes"].contains(text) ? kind.interval : map.duration(kind.rawValue, in: intervals)
    }

    private static let intervals: ClosedRange<UInt64> = 100_000_000...31_536_000_000_000_000
}
