import SpecReader
import WakuModel

/// What a workload file says, checked. With a seed it fixes one traffic sequence.
public struct WorkloadSpec: Sendable {
    /// The first line of every workload file of this format.
    public static let format = "workload/1"

    /// 2000-01-01T00:00:00Z: the longest history then still begins after 1970.
    private static let earliestEpoch = 946_684_800

    public var name: String
    public var summary: String
    /// Virtual time at the start of warm-up, seconds since 1970; on the full hour.
    public var archiveEpoch: Int
    public var messages: MessageSpec
    public var writers: WriterSpec
    public var queries: [QuerySpec]
    public var history: HistorySpec
    public var phases: PhaseSpec
    public var objectives: [ObjectiveSpec]
    /// The file's text, for the verbatim copy.
    public var text: String

    /// Reads and checks a workload file.
    ///
    /// - Throws: `SpecProblems` with all problems of the file.
    public init(path: String) throws {
        try self.init(document: SpecDocument(path: path))
    }

    /// Reads and checks a workload.
    ///
    /// - Throws: `SpecProblems` with all its problems.
    public init(document: SpecDocument) throws {
        let top = document.top
        let format = top.text("archivebench")
        if format != Self.format && !format.isEmpty {
            top.note("archivebench", "'\(format)' is not a workload", remedy: "write 'archivebench: \(Self.format)'")
        }
        text = document.text
        name = top.text("name")
        summary = top.text("summary")
        archiveEpoch = top.instant("archive-epoch")
        if archiveEpoch % 3_600 != 0 {
            top.note(
                "archive-epoch", "is not on a full hour", remedy: "partitions are hourly; use a time like 18:00:00Z")
        }
        if archiveEpoch < Self.earliestEpoch {
            top.note("archive-epoch", "is before 2000", remedy: "use a later time; partitions are named by seconds")
        }
        let messages = MessageSpec.read(top.map("messages", required: true))
        self.messages = messages
        writers = WriterSpec.read(top.map("writers"))
        queries = top.maps("queries").map { QuerySpec.read($0, messages: messages) }
        history = HistorySpec.read(top.map("history"))
        phases = PhaseSpec.read(top.map("phases"))
        objectives = top.maps("objectives").map(ObjectiveSpec.read)
        checkNames(top)
        top.close()
        try document.finish()
    }

    /// The same workload with all its arrival rates multiplied.
    public func scaled(by factor: Double) -> WorkloadSpec {
        var scaled = self
        scaled.messages.arrivals = messages.arrivals.scaled(by: factor)
        scaled.queries = queries.map { query in
            var query = query
            query.arrivals = query.arrivals.scaled(by: factor)
            return query
        }
        return scaled
    }

    private func checkNames(_ top: SpecMap) {
        var seen: Set<String> = []
        for query in queries where !query.name.isEmpty && !seen.insert(query.name).inserted {
            top.note("queries", "two entries are named '\(query.name)'", remedy: "give each its own name")
        }
    }
}

/// The messages that a fleet archives.
public struct MessageSpec: Sendable {
    public var arrivals: any ArrivalProcess
    /// The sender's clock differs from arrival by at most this, either way, nanoseconds.
    public var clockSkew: UInt64
    public var shards: [ShardSpec]
    public var sizes: any SizeDistribution
    /// A larger payload is cut to this many bytes.
    public var largest: Int
    /// Bytes of `meta`; 0 leaves it empty.
    public var metaBytes: Int

    static func read(_ map: SpecMap?) -> MessageSpec {
        guard let map else {
            return MessageSpec(
                arrivals: PoissonArrivals(meanRate: 1), clockSkew: 0, shards: [], sizes: ConstantSize(bytes: 1),
                largest: 1, metaBytes: 0)
        }
        defer { map.close() }
        let shards = map.maps("shards", required: true).map(ShardSpec.read)
        ShareCheck.note(shards.map(\.share), "shards", of: map)
        let sizes = map.map("payload", required: true)
        defer { sizes?.close() }
        return MessageSpec(
            arrivals: ArrivalProcesses.read("arrivals", of: map),
            clockSkew: map.duration("sender-clock-skew", in: 0...20_000_000_000, default: 2_000_000_000),
            shards: shards,
            sizes: sizes.map(SizeDistributions.read) ?? ConstantSize(bytes: 1),
            largest: sizes?.bytes("at-most", in: 1...100_000_000, default: 153_600) ?? 1,
            metaBytes: map.bytes("meta", in: 0...Message.maximumMeta, default: 0))
    }
}

/// One shard: its share of the messages and its content topics.
public struct ShardSpec: Sendable {
    public var pubsubTopic: PubsubTopic
    public var share: Double
    public var contentTopics: [TopicPopulationSpec]

    static func read(_ map: SpecMap) -> ShardSpec {
        defer { map.close() }
        let text = map.text("pubsub-topic")
        var topic = PubsubTopic(stand: ())
        do throws(WakuFormatError) {
            topic = try PubsubTopic(text)
        } catch {
            map.note("pubsub-topic", error.description, remedy: "write it as /waku/2/rs/16/32")
        }
        let topics = map.maps("content-topics", required: true).map(TopicPopulationSpec.read)
        ShareCheck.note(topics.map(\.share), "content-topics", of: map)
        return ShardSpec(pubsubTopic: topic, share: map.share("share"), contentTopics: topics)
    }
}

/// Shares of one whole add up to it.
private enum ShareCheck {
    static func note(_ shares: [Double], _ key: String, of map: SpecMap) {
        let sum = shares.reduce(0, +)
        // A share of nothing among others is a slip noted already, or meant.
        guard abs(sum - 1) > 0.001, sum == 0 || !shares.contains(0), !shares.isEmpty else { return }
        map.note(
            key, "shares add up to \((sum * 1_000).rounded() / 10)%", remedy: "give shares that make 100% together")
    }
}

/// A set of content topics of one form and one popularity law.
public struct TopicPopulationSpec: Sendable {
    /// How a topic's text is made.
    public enum Form: String, CaseIterable, Sendable {
        /// `/waku/1/0x<8 hex>/rfc26`, as Status clients write them.
        case status
        /// `/{application}/1/{name}/proto`, as other applications do.
        case named
    }

    public var count: Int
    public var form: Form
    /// Exponent of Zipf's law; 0 is uniform.
    public var zipf: Double
    /// Share of the shard's messages.
    public var share: Double

    static func read(_ map: SpecMap) -> TopicPopulationSpec {
        defer { map.close() }
        return TopicPopulationSpec(
            count: map.integer("count", in: 1...1_000_000), form: map.choice("form", default: .status),
            zipf: map.number("zipf", in: 0...3, default: 0), share: map.share("share", default: 1))
    }
}

/// The store nodes that share the database.
public struct WriterSpec: Sendable {
    /// Nodes; each offers every message.
    public var count: Int
    /// How much later than the first node the others offer a message, nanoseconds.
    public var duplicateGap: ClosedRange<UInt64>
    /// Most write connections of one node.
    public var writeConnections: Int
    /// Most read connections of one node.
    public var readConnections: Int

    static func read(_ map: SpecMap?) -> WriterSpec {
        defer { map?.close() }
        return WriterSpec(
            count: map?.integer("count", in: 1...64, default: 2) ?? 2,
            duplicateGap: map?.durationRange("duplicate-gap", default: standardGap) ?? standardGap,
            writeConnections: map?.integer("write-connections", in: 1...1_000, default: 25) ?? 25,
            readConnections: map?.integer("read-connections", in: 1...1_000, default: 25) ?? 25)
    }

    private static let standardGap: ClosedRange<UInt64> = 50_000_000...500_000_000
}

/// What the archive holds before the trial.
public struct HistorySpec: Sendable {
    /// Hourly partitions that end at the archive epoch.
    public var partitions: Int
    /// Messages, spread evenly over the partitions.
    public var rows: Int

    public init(partitions: Int, rows: Int) {
        self.partitions = partitions
        self.rows = rows
    }

    static func read(_ map: SpecMap?) -> HistorySpec {
        defer { map?.close() }
        return HistorySpec(
            partitions: map?.integer("partitions", in: partitionRange, default: 24) ?? 24,
            rows: map?.integer("rows", in: rowRange, default: 200_000) ?? 200_000)
    }

    /// One partition at least: the first messages of a trial may carry a timestamp just before its start.
    public static let partitionRange = 1...100_000
    public static let rowRange = 0...10_000_000_000
}

/// Lengths of the phases, nanoseconds.
public struct PhaseSpec: Sendable {
    public var warmUp: UInt64
    public var measure: UInt64
    public var drainLimit: UInt64

    /// Length of warm-up and measure together.
    public var offered: UInt64 { warmUp + measure }

    static func read(_ map: SpecMap?) -> PhaseSpec {
        defer { map?.close() }
        return PhaseSpec(
            warmUp: map?.duration("warm-up", in: 0...day, default: 10_000_000_000) ?? 10_000_000_000,
            measure: map?.duration("measure", in: measureRange, default: 60_000_000_000) ?? 60_000_000_000,
            drainLimit: map?.duration("drain-limit", in: 0...3_600_000_000_000, default: 30_000_000_000)
                ?? 30_000_000_000)
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

    static func read(_ map: SpecMap) -> ObjectiveSpec {
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

    private func matches(_ name: String) -> Bool {
        classes.hasSuffix("*") ? name.hasPrefix(classes.dropLast()) : name == classes
    }
}

extension PubsubTopic {
    /// A stand-in while the problems of a file are being collected; never leaves the reader.
    fileprivate init(stand: Void) {
        do { self = PubsubTopic(try Shard(cluster: 0, index: 0)) } catch { preconditionFailure("\(error)") }
    }
}
