import SpecReader

/// The store nodes that share a database.
public struct WriterSpec: Sendable {
    /// Nodes of one database; each offers every message of it.
    public var count: Int
    /// How much later than the first node the others offer a message, nanoseconds.
    public var duplicateGap: ClosedRange<UInt64>
    /// Most write connections of one node.
    public var writeConnections: Int
    /// Most read connections of one node.
    public var readConnections: Int
    /// Which messages share a database.
    public var databases: DatabaseLayout

    static func read(_ map: SpecMap?) -> WriterSpec {
        defer { map?.close() }
        return WriterSpec(
            count: map?.integer("count", in: 1...64, default: 2) ?? 2,
            duplicateGap: map?.durationRange("duplicate-gap", in: 0...hour, default: standardGap) ?? standardGap,
            writeConnections: map?.integer("write-connections", in: 1...1_000, default: 25) ?? 25,
            readConnections: map?.integer("read-connections", in: 1...1_000, default: 25) ?? 25,
            databases: map?.choice("databases", default: DatabaseLayout.shared) ?? .shared)
    }

    private static let hour: UInt64 = 3_600_000_000_000
    private static let standardGap: ClosedRange<UInt64> = 50_000_000...500_000_000
}

/// What the archive holds before the trial.
public struct HistorySpec: Sendable {
    /// Hourly partitions that end at the archive epoch.
    public var partitions: Int
    /// Messages, spread over the partitions as the streams' rates say.
    public var rows: Int
    /// The size that ``rows`` was worked out from; `nil` where rows were given.
    public var bytes: Int?

    public init(partitions: Int, rows: Int, bytes: Int? = nil) {
        self.partitions = partitions
        self.rows = rows
        self.bytes = bytes
    }

    static func read(_ map: SpecMap?) -> HistorySpec {
        guard let map else { return HistorySpec(partitions: 24, rows: 200_000) }
        defer { map.close() }
        let bytes = map.has("bytes") ? map.bytes("bytes", in: byteRange) : nil
        if bytes != nil && map.has("rows") {
            map.note("rows", "is given beside 'bytes'", remedy: "give one of them")
        }
        return HistorySpec(
            partitions: map.integer("partitions", in: partitionRange, default: 24),
            rows: map.integer("rows", in: rowRange, default: 200_000), bytes: bytes)
    }

    /// One partition at least: the first messages of a trial may carry a timestamp just before its start.
    public static let partitionRange = 1...100_000
    public static let rowRange = 0...10_000_000_000
    public static let byteRange = 0...100_000_000_000_000
}

/// Lengths of the phases, nanoseconds.
public struct PhaseSpec: Sendable {
    public var warmUp: UInt64
    public var measure: UInt64
    public var drainLimit: UInt64
    /// What the workload states as the longest warm-up; `nil` where it leaves that to the tool.
    public var statedWarmUpLimit: UInt64?

    /// Lengths in nanoseconds; without a limit of its own the tool decides how far the warm-up may go on.
    public init(warmUp: UInt64, measure: UInt64, drainLimit: UInt64, warmUpLimit: UInt64? = nil) {
        self.warmUp = warmUp
        self.measure = measure
        self.drainLimit = drainLimit
        statedWarmUpLimit = warmUpLimit
    }

    /// Length of warm-up and measure together, as planned.
    public var offered: UInt64 { warmUp + measure }

    /// How long a warm-up may become in which a trend is left; three times its plan unless stated, never less than it.
    public var warmUpLimit: UInt64 { max(warmUp, statedWarmUpLimit ?? 3 * warmUp) }

    /// Length of warm-up and measure together when the warm-up goes on as long as it may.
    public var longest: UInt64 { warmUpLimit + measure }

    static func read(_ map: SpecMap?) -> PhaseSpec {
        defer { map?.close() }
        return PhaseSpec(
            warmUp: map?.duration("warm-up", in: 0...day, default: 10_000_000_000) ?? 10_000_000_000,
            measure: map?.duration("measure", in: measureRange, default: 60_000_000_000) ?? 60_000_000_000,
            drainLimit: map?.duration("drain-limit", in: 0...3_600_000_000_000, default: 30_000_000_000)
                ?? 30_000_000_000,
            warmUpLimit: map?.has("warm-up-limit") == true ? map?.duration("warm-up-limit", in: 0...3 * day) : nil)
    }

    private static let day: UInt64 = 86_400_000_000_000
    /// A measure phase under a second measures nothing; one over a week is a mistake.
    public static let measureRange: ClosedRange<UInt64> = 1_000_000_000...604_800_000_000_000
}

/// A service level: a quantile of the response time of some request classes stays below a limit.
public struct ObjectiveSpec: Sendable {
    /// Class names; a trailing `*` stands for any rest.
    public var classes: String
    /// 0 … 1.
    public var quantile: Double
    /// Nanoseconds.
    public var limit: UInt64
    /// Only requests that always ask for fewer hashes.
    public var hashesBelow: Int?
    /// Only requests that never ask for more content topics.
    public var topicsAtMost: Int?
    /// Only requests whose window is never longer, nanoseconds.
    public var windowAtMost: UInt64?
    public var source: String

    package static func read(_ map: SpecMap) -> ObjectiveSpec {
        defer { map.close() }
        return ObjectiveSpec(
            classes: map.text("classes"), quantile: map.share("quantile"),
            limit: map.duration("limit", in: 1...UInt64.max),
            hashesBelow: map.has("hashes-below") ? map.integer("hashes-below", in: 1...1_000_000) : nil,
            topicsAtMost: map.has("topics-at-most") ? map.integer("topics-at-most", in: 1...1_000_000) : nil,
            windowAtMost: map.has("window-at-most") ? map.duration("window-at-most") : nil,
            source: map.string("source") ?? "")
    }

    /// Whether an operation label comes under this objective, for all its operations.
    public func covers(_ label: RequestLabel) -> Bool {
        guard matches(label.requestClass) else { return false }
        if let hashesBelow, label.mostHashes >= hashesBelow { return false }
        if let topicsAtMost, label.mostTopics > topicsAtMost { return false }
        if let windowAtMost, label.longestWindow > windowAtMost { return false }
        return true
    }

    /// Whether it is about a request class.
    package func matches(_ name: String) -> Bool {
        classes.hasSuffix("*") ? name.hasPrefix(classes.dropLast()) : name == classes
    }
}
