import SpecReader
import WakuModel

/// The messages that reach a fleet.
public struct MessageSpec: Sendable {
    /// The sender's clock differs from arrival by at most this, either way, nanoseconds.
    public var clockSkew: UInt64
    public var segmentation: Segmentation?
    /// A larger payload is cut to this many bytes, where it is not cut into segments before.
    public var largest: Int
    public var streams: [StreamSpec]

    static func read(_ map: SpecMap?, _ topics: Set<String>) -> MessageSpec {
        guard let map else { return MessageSpec(clockSkew: 0, segmentation: nil, largest: 1, streams: []) }
        defer { map.close() }
        let segmentation = Segmentation.read(map)
        let largest = map.bytes("at-most", in: 1...100_000_000, default: segmentation?.above ?? 153_600)
        let reader = StreamReader(topics: topics, segmentation: segmentation, largest: largest)
        let entries = map.maps("streams", required: true)
        let streams = entries.map(reader.read)
        StreamReader.checkNames(streams, entries, map)
        return MessageSpec(
            clockSkew: map.duration("sender-clock-skew", in: 0...20_000_000_000, default: 2_000_000_000),
            segmentation: segmentation, largest: largest, streams: streams)
    }

    /// Names of all classes; empty while some are not known, in a file with mistakes.
    var classNames: Set<String> {
        let all = streams.flatMap { $0.classes.map(\.name) }
        return streams.contains { $0.classes.isEmpty } || all.contains("") ? [] : Set(all)
    }

    /// A day of trial time, by which streams are weighed against each other, nanoseconds.
    static let day: Int64 = 86_400_000_000_000

    /// Arrivals of each stream in a day; where nothing arrives at all, as in a workload that only reads, what came before is
    /// taken to have come in equal parts.
    func weights(_ calendar: ArchiveCalendar) -> [Double] {
        let arrivals = streams.map { $0.arrivals.expected(from: 0, to: Self.day, calendar) }
        let isSilent = zip(arrivals, streams).allSatisfy { $0 * rowsPerArrival($1) == 0 }
        return isSilent ? streams.map { _ in 1 } : arrivals
    }

    /// Archived messages to expect in a span of trial time.
    public func expected(from start: Int64, to end: Int64, _ calendar: ArchiveCalendar) -> Double {
        streams.reduce(0) { $0 + $1.arrivals.expected(from: start, to: end, calendar) * rowsPerArrival($1) }
    }

    /// The same of some classes only; of all where none is named.
    func rows(
        ofClasses names: [String], from start: Int64, to end: Int64, _ calendar: ArchiveCalendar
    ) -> Double {
        guard !names.isEmpty else { return expected(from: start, to: end, calendar) }
        var some = self
        for index in some.streams.indices {
            for item in some.streams[index].classes.indices
            where !names.contains(some.streams[index].classes[item].name) {
                some.streams[index].classes[item].ephemeral = 1
            }
        }
        return some.expected(from: start, to: end, calendar)
    }

    /// Archived messages that one arrival of a stream makes: a volley, in segments, less what is ephemeral.
    func rowsPerArrival(_ stream: StreamSpec) -> Double { stream.rowsPerArrival(segmentation) }

    /// The mean of something over the payloads of archived messages, bytes, in the proportions of a day.
    public func mean(_ calendar: ArchiveCalendar, of value: (Int) -> Double) -> Double {
        let weights = weights(calendar)
        var (rows, sum) = (0.0, 0.0)
        for (stream, weight) in zip(streams, weights) {
            rows += weight * stream.rowsPerArrival(segmentation)
            sum += weight * stream.sumPerArrival(segmentation, largest, of: value)
        }
        return rows > 0 ? sum / rows : 0
    }
}

/// Messages that arrive by one process: a mix of classes, sent to some of the topics.
public struct StreamSpec: Sendable {
    public var name: String
    public var arrivals: any ArrivalProcess
    /// Messages of one arrival: a volley of one sender, at one moment, on one topic.
    public var perArrival: Int
    /// Share of each target's name among the messages.
    public var targets: [(name: String, share: Double)]
    public var classes: [MessageClassSpec]

    func rowsPerArrival(_ segmentation: Segmentation?) -> Double {
        sum { $0.partsPerMessage(segmentation) } * Double(perArrival)
    }

    /// The sum of something over the payloads of the archived messages of one arrival.
    func sumPerArrival(_ segmentation: Segmentation?, _ largest: Int, of value: (Int) -> Double) -> Double {
        sum { $0.sum(segmentation, largest, of: value) } * Double(perArrival)
    }

    /// Mean over the classes of something of their archived messages.
    private func sum(_ value: (MessageClassSpec) -> Double) -> Double {
        let total = classes.reduce(0) { $0 + $1.weight }
        return classes.reduce(0) { $0 + $1.weight * (1 - $1.ephemeral) * value($1) } / max(total, 1e-300)
    }
}

/// A kind of message: how often, how large, and what it leaves in the archive.
public struct MessageClassSpec: Sendable {
    /// What bandwidth is accounted by, such as `chat` or `community-description`.
    public var name: String
    /// In proportion to the other classes of its stream.
    public var weight: Double
    public var sizes: any SizeDistribution
    /// Bytes of `meta`; protected shards fill it up to a signature whatever this says.
    public var metaBytes: Int
    /// Share that is ephemeral: it travels, and no node archives it.
    public var ephemeral: Double
    /// Sizes by quantile, rising, for expectations; the same on every machine.
    let sizeTable: [Int]

    init(
        name: String, weight: Double, sizes: any SizeDistribution, metaBytes: Int, ephemeral: Double
    ) {
        self.name = name
        self.weight = weight
        self.sizes = sizes
        self.metaBytes = metaBytes
        self.ephemeral = ephemeral
        var random = RandomSource(seed: 0, .sizeTables)
        sizeTable = (0..<Self.tableLength).map { _ in max(1, sizes.draw(&random)) }.sorted()
    }

    private static let tableLength = 2_048

    func partsPerMessage(_ segmentation: Segmentation?) -> Double {
        guard let segmentation, let largest = sizeTable.last, largest > segmentation.above else { return 1 }
        return Double(sizeTable.reduce(0) { $0 + segmentation.parts(of: $1) }) / Double(sizeTable.count)
    }

    /// The mean over its messages of the sum of something over their archived payloads.
    func sum(_ segmentation: Segmentation?, _ largest: Int, of value: (Int) -> Double) -> Double {
        let whole = sizeTable.reduce(0) { sum, size in
            guard let segmentation, size > segmentation.above else { return sum + value(min(size, largest)) }
            return sum
                + (0..<segmentation.parts(of: size)).reduce(0) { $0 + value(segmentation.bytes(ofPart: $1, of: size)) }
        }
        return whole / Double(sizeTable.count)
    }
}
