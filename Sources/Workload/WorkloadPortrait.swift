import WakuModel

/// What a workload amounts to: rates over a day, sizes, skew, mix, growth. Worked out from the specification and a seed,
/// before anything runs.
public struct WorkloadPortrait: Sendable, Encodable {
    /// A stream of messages.
    public struct Stream: Sendable, Encodable {
        public var name: String
        public var process: String
        /// Archived messages a second at the start of the trial, and over a day.
        public var perSecondAtStart: Double
        public var perSecondOfDay: Double
    }

    /// A class of messages.
    public struct Sizes: Sendable, Encodable {
        public var name: String
        /// Share of the archived messages, and of their payload bytes.
        public var messageShare: Double
        public var byteShare: Double
        /// Payload, bytes.
        public var mean: Double
        public var p50: Int
        public var p99: Int
        public var largest: Int
    }

    /// A population of topics.
    public struct Topics: Sendable, Encodable {
        public var name: String
        public var topics: Int
        public var shards: Int
        public var messageShare: Double
        /// Share of its messages on its most popular topic, and on its ten most popular ones.
        public var topShare: Double
        public var topTenShare: Double
    }

    /// An entry that asks the archive.
    public struct Requests: Sendable, Encodable {
        public var name: String
        public var kind: String
        /// First requests or sessions a second, over the trial.
        public var perSecond: Double
        public var classes: [String]
    }

    public var name: String
    public var digest: String
    public var streams: [Stream]
    /// Archived messages a second of each archive hour from midnight on.
    public var day: [Double]
    public var sizes: [Sizes]
    /// Upper edges, bytes, and shares of the messages below each: the edges of the fleet's own histogram.
    public var sizeHistogram: [(edge: Int, share: Double)] = []
    public var topics: [Topics]
    public var shardShares: [(shard: String, share: Double)] = []
    public var requests: [Requests]
    /// A day of this traffic.
    public var messagesPerDay: Double
    public var databaseBytesPerDay: Double
    /// Heap and TOAST of an hour, mean over the day, bytes.
    public var tableBytesPerHour: Double
    /// The history as it would be loaded.
    public var historyRows: Int
    public var historyBytes: Double
    public var historyPartitions: Int

    private enum CodingKeys: String, CodingKey {
        case name, digest, streams, day, sizes, topics, requests, messagesPerDay, databaseBytesPerDay
        case tableBytesPerHour, historyRows, historyBytes, historyPartitions
    }

    /// Draws messages to see them: `sample` of them decide sizes, skew and shares.
    public init(_ spec: WorkloadSpec, seed: UInt64, sample: Int = 50_000, digest: String) {
        let calendar = spec.calendar
        let traffic = Traffic(spec, seed: seed)
        self.digest = digest
        name = spec.name
        let midnight = -Int64(spec.archiveEpoch % 86_400) * 1_000_000_000 / Int64(spec.timeScale)
        let hour = 3_600_000_000_000 / Int64(spec.timeScale)
        let first = -(spec.archiveEpoch % 86_400) / 3_600
        day = (0..<24).map { number in
            spec.messages.streams.reduce(0) {
                $0 + $1.arrivals.meanRate(ofHour: first + number, calendar) * spec.messages.rowsPerArrival($1)
            }
        }
        let perDay = day.reduce(0, +) / 24
        streams = spec.messages.streams.map { stream in
            let rows = spec.messages.rowsPerArrival(stream)
            return Stream(
                name: stream.name, process: type(of: stream.arrivals).name,
                perSecondAtStart: stream.arrivals.level(at: 0, calendar).rate * rows,
                perSecondOfDay: stream.arrivals.expected(from: midnight, to: midnight + 24 * hour, calendar) * rows
                    / (Double(24 * hour) / 1e9))
        }
        let each = spec.messages.mean(calendar) { StorageModel.databaseBytes(payload: $0) }
        messagesPerDay = perDay * 86_400
        let empty = Double(spec.fleet.databases) * StorageModel.emptyPartition
        databaseBytesPerDay = messagesPerDay * each + 24 * empty
        tableBytesPerHour = perDay * 3_600 * spec.messages.mean(calendar) { StorageModel.tableBytes(payload: $0) }
        historyRows = spec.history.rows
        historyPartitions = spec.history.partitions
        let past = spec.historyMessages.mean(calendar) { StorageModel.databaseBytes(payload: $0) }
        historyBytes = Double(spec.history.rows) * past + Double(spec.history.partitions) * empty
        requests = Self.requests(spec)
        var sampleSpec = spec
        // What arrives, not what came before.
        sampleSpec.messagesBefore = nil
        sampleSpec.history = HistorySpec(partitions: 24, rows: sample)
        let drafts = Traffic(sampleSpec, seed: seed).drafts(sample)
        sizes = Self.sizes(drafts, traffic.classNames)
        topics = Self.topics(drafts, spec, traffic.topics)
        sizeHistogram = Self.histogram(drafts)
        let shards = Dictionary(grouping: drafts) { traffic.topics.shardOfTopic[$0.topic] }
        shardShares = shards.map {
            (traffic.topics.shards[$0.key].pubsubTopic.text, share($0.value.count, drafts.count))
        }
        .sorted { ($1.share, $0.shard) < ($0.share, $1.shard) }
    }

    private static func requests(_ spec: WorkloadSpec) -> [Requests] {
        let (calendar, end) = (spec.calendar, Int64(spec.phases.offered))
        let seconds = Double(end) / 1e9
        let queries = spec.queries.enumerated().map { index, query in
            Requests(
                name: query.name, kind: "request",
                perSecond: spec.expectedRequests(ofQuery: index, from: 0, to: end) / seconds,
                classes: [query.shape.firstClass])
        }
        let clients = spec.clients.map { client in
            let rate: Double
            if let check = client.kind as? SentCheck {
                // Batches make it fewer where senders send often.
                let checked = spec.expectedMessages(ofClasses: check.classes, from: 0, to: end)
                rate = min(checked / seconds * check.share, Double(check.senders) / Double(check.every) * 1e9)
            } else {
                rate = (client.arrivals?.expected(from: 0, to: end, calendar) ?? 0) / seconds
            }
            return Requests(
                name: client.name, kind: type(of: client.kind).name, perSecond: rate,
                classes: client.kind.requests.map(\.requestClass))
        }
        return queries + clients
    }

    private static func sizes(_ drafts: [MessageDraft], _ names: [String]) -> [Sizes] {
        let bytes = Double(drafts.reduce(0) { $0 + $1.payload })
        let classes = Dictionary(grouping: drafts, by: \.messageClass)
        return names.indices.compactMap { index in
            guard let own = classes[index]?.map(\.payload).sorted() else { return nil }
            let sum = own.reduce(0, +)
            return Sizes(
                name: names[index], messageShare: share(own.count, drafts.count),
                byteShare: Double(sum) / max(bytes, 1),
                mean: Double(sum) / Double(own.count), p50: own[own.count / 2], p99: own[own.count * 99 / 100],
                largest: own[own.count - 1])
        }
    }

    private static func topics(_ drafts: [MessageDraft], _ spec: WorkloadSpec, _ book: TopicBook) -> [Topics] {
        var base = 0
        return spec.topics.map { population in
            let range = base..<(base + population.count * population.kind.groupSize)
            base = range.upperBound
            let own = drafts.filter { range.contains($0.topic) }
            let counts = Dictionary(grouping: own, by: \.topic).map(\.value.count).sorted(by: >)
            return Topics(
                name: population.name, topics: range.count, shards: Set(range.map { book.shardOfTopic[$0] }).count,
                messageShare: share(own.count, drafts.count), topShare: share(counts.first ?? 0, own.count),
                topTenShare: share(counts.prefix(10).reduce(0, +), own.count))
        }
    }

    /// The edges of the fleet's own histogram of message sizes, bytes.
    package static let edges = [0, 1, 3, 5, 15, 50, 75, 100, 125, 150, 500, 700, 1_000].map { $0 * 1_000 }

    private static func histogram(_ drafts: [MessageDraft]) -> [(edge: Int, share: Double)] {
        (edges.dropFirst() + [Int.max]).enumerated().map { index, edge in
            (edge, share(drafts.count { $0.payload > edges[index] && $0.payload <= edge }, drafts.count))
        }
    }
}

private func share(_ part: Int, _ whole: Int) -> Double { whole > 0 ? Double(part) / Double(whole) : 0 }

extension Traffic {
    /// Drafts of the first messages of the history.
    func drafts(_ count: Int) -> [MessageDraft] { (0..<Int64(count)).map { draft($0) } }
}
