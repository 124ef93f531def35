import SpecReader
import WakuModel

/// One kind of store request in a workload: who sends it, how often, and its shape.
public struct QuerySpec: Sendable {
    public var name: String
    public var arrivals: any ArrivalProcess
    public var shape: any QueryShape
    public var direction: StoreQuery.Direction
    public var pageSize: Int
    /// Pages a client follows at most, the first included.
    public var pages: Int

    static func read(_ map: SpecMap, topics: Set<String>) -> QuerySpec {
        defer { map.close() }
        let shape = QueryShapes.read(map, topics: topics)
        _ = map.string("stands-for")
        return QuerySpec(
            name: map.name("name"), arrivals: ArrivalProcesses.read("arrivals", of: map), shape: shape,
            direction: map.choice("direction", default: .forward),
            pageSize: map.integer("page-size", in: 1...StoreQuery.maximumPageSize, default: StoreQuery.defaultPageSize),
            pages: map.integer("pages", in: 1...1_000_000, default: 1))
    }
}

/// What a store request asks for.
///
/// A new shape is a new type, named in ``QueryShapes/all``.
public protocol QueryShape: Sendable {
    /// The values of `ask:` that choose it.
    static var names: [String] { get }
    /// Reads its own keys; problems are noted on the map.
    static func read(_ name: String, _ map: SpecMap, topics known: Set<String>) -> Self
    /// The request class of first pages.
    var firstClass: String { get }
    /// The request class of later pages; the same one where the vocabulary makes no difference.
    var nextClass: String { get }
    var mostHashes: Int { get }
    var mostTopics: Int { get }
    /// Nanoseconds; 0 for requests without a window.
    var longestWindow: UInt64 { get }
    /// How far back the shape looks for messages to name, nanoseconds.
    var lookBack: UInt64 { get }
    /// The same shape looking back a part of the time.
    func lookingBack(overPart factor: Double) -> Self
    /// Names the messages a request may ask for, when it is offered.
    func candidates(at time: UInt64, in log: MessageLog) -> ClosedRange<Int64>?
    /// What ``Operation/candidates`` say of a request that a trace has with a topic; `nil` where a topic decides nothing.
    func candidates(ofTopic topic: Int) -> ClosedRange<Int64>?
    /// Fills in all that the shape decides, as far as the operation's node has it. The query comes empty, with direction
    /// and page size set.
    func fill(_ query: inout StoreQuery, for operation: Operation, _ random: inout RandomSource, _ traffic: Traffic)
    /// The databases that hold what a request asks for, each once; its numbers are those that ``fill(_:for:_:_:)`` gets.
    func databases(for operation: Operation, _ random: inout RandomSource, _ traffic: Traffic) -> [Int]
}

extension QueryShape {
    public var mostHashes: Int { 0 }
    public var mostTopics: Int { 0 }
    public var longestWindow: UInt64 { 0 }
    public var lookBack: UInt64 { 0 }
    /// Windows that do not look back stay as they are.
    public func lookingBack(overPart factor: Double) -> Self { self }
    public func candidates(at time: UInt64, in log: MessageLog) -> ClosedRange<Int64>? { nil }
    public func candidates(ofTopic topic: Int) -> ClosedRange<Int64>? { nil }
    /// Whoever names no shard means all of them.
    public func databases(for operation: Operation, _ random: inout RandomSource, _ traffic: Traffic) -> [Int] {
        Array(0..<traffic.fleet.databases)
    }
}

/// The request shapes that a workload file can name.
public enum QueryShapes {
    /// In the order that help and messages list them.
    public static let all: [any QueryShape.Type] = [TopicWindow.self, NamedHashes.self, TimeWindow.self]

    static func read(_ map: SpecMap, topics: Set<String>) -> any QueryShape {
        let name = map.text("ask")
        guard let shape = all.first(where: { $0.names.contains(name) }) else {
            // The shape would have asked for the other keys; without it they are not unknown.
            _ = map.allKeys()
            if map.isSound("ask") {
                map.note(
                    "ask", "'\(name)' is not known",
                    remedy: "choose one of \(all.flatMap { $0.names }.joined(separator: ", "))")
            }
            return TimeWindow(window: 0, ending: 0, includeData: false)
        }
        return shape.read(name, map, topics: topics)
    }
}

/// Messages of some content topics of one shard within a window of time (the field's UC1 and UC2).
public struct TopicWindow: QueryShape {
    public static let names = ["data-by-topics", "hashes-by-topics"]
    public let topics: Int
    /// What the topics are drawn from; `nil` for all, as messages are sent to them.
    public let from: String?
    public let window: UInt64
    /// How long before the request the window ends.
    public let ending: UInt64
    public let includeData: Bool

    public static func read(_ name: String, _ map: SpecMap, topics known: Set<String>) -> TopicWindow {
        let from = map.string("from")
        if let from, !known.isEmpty, !known.contains(from) {
            map.note(
                "from", "there are no topics '\(from)'",
                remedy: "choose one of \(known.sorted().joined(separator: ", "))")
        }
        return TopicWindow(
            topics: map.integer("topics", in: 1...1_000), from: from,
            window: map.duration("window", in: 1...QueryWindows.longest),
            ending: map.duration("window-ends-before", in: 0...QueryWindows.longest, default: 0),
            includeData: name == "data-by-topics")
    }

    public var firstClass: String { includeData ? "store.topics.data.first" : "store.topics.hashes.first" }
    public var nextClass: String { includeData ? "store.topics.data.next" : "store.topics.hashes.next" }
    public var mostTopics: Int { topics }
    public var longestWindow: UInt64 { window }

    public func fill(
        _ query: inout StoreQuery, for operation: Operation, _ random: inout RandomSource, _ traffic: Traffic
    ) {
        query.includeData = includeData
        let drawn = choose(for: operation, &random, traffic)
        query.pubsubTopic = traffic.topics.shards[drawn.shard].pubsubTopic
        query.contentTopics = drawn.topics.map { traffic.topics.topics[$0] }
        QueryWindows.set(&query, window: window, ending: ending, operation, traffic)
    }

    /// A recorded topic comes first.
    public func candidates(ofTopic topic: Int) -> ClosedRange<Int64>? { Int64(topic)...Int64(topic) }

    /// The topics that a request names, and their shard.
    func choose(
        for operation: Operation, _ random: inout RandomSource, _ traffic: Traffic
    ) -> (shard: Int, topics: [Int]) {
        let recorded = operation.candidates.map { Int($0.lowerBound) }
        return traffic.drawTopics(topics, from: from, first: recorded, &random)
    }

    public func databases(for operation: Operation, _ random: inout RandomSource, _ traffic: Traffic) -> [Int] {
        [traffic.fleet.database(ofShard: choose(for: operation, &random, traffic).shard)]
    }
}

/// Messages named by their hashes: whole (UC3) or only whether they are there (UC4).
public struct NamedHashes: QueryShape {
    public static let names = ["data-by-hashes", "presence-by-hashes"]
    public let hashes: ClosedRange<Int>
    /// How long ago the messages arrived.
    public let age: ClosedRange<UInt64>
    /// Probability that a hash is of no message that was ever offered.
    public let unknown: Double
    public let includeData: Bool

    public static func read(_ name: String, _ map: SpecMap, topics: Set<String>) -> NamedHashes {
        NamedHashes(
            hashes: map.integerRange("hashes", in: 1...1_000, default: 1...1),
            age: map.durationRange("age", in: 0...QueryWindows.longest, default: 3_000_000_000...10_000_000_000),
            unknown: map.share("unknown", default: 0), includeData: name == "data-by-hashes")
    }

    public var firstClass: String { includeData ? "store.hashes.data" : "store.hashes.presence" }
    public var nextClass: String { firstClass }
    public var mostHashes: Int { hashes.upperBound }
    public var lookBack: UInt64 { age.upperBound }

    /// The same with ages shrunk to a part of the history.
    public func lookingBack(overPart factor: Double) -> NamedHashes {
        NamedHashes(hashes: hashes, age: age.scaled(by: factor), unknown: unknown, includeData: includeData)
    }

    public func candidates(at time: UInt64, in log: MessageLog) -> ClosedRange<Int64>? {
        log.messages(arrivedBetween: Int64(time) - Int64(age.upperBound), and: Int64(time) - Int64(age.lowerBound))
    }

    public func fill(
        _ query: inout StoreQuery, for operation: Operation, _ random: inout RandomSource, _ traffic: Traffic
    ) {
        query.includeData = includeData
        let chosen = choose(for: operation, &random, traffic)
        guard traffic.fleet.isDivided else { return query.hashes = chosen.hashes }
        let own = traffic.fleet.database(ofNode: operation.node)
        for (hash, database) in zip(chosen.hashes, chosen.databases) where database ?? own == own {
            query.hashes.append(hash)
        }
    }

    public func databases(for operation: Operation, _ random: inout RandomSource, _ traffic: Traffic) -> [Int] {
        guard traffic.fleet.isDivided else { return [0] }
        return choose(for: operation, &random, traffic).databases.reduce(into: []) { found, database in
            if let database, !found.contains(database) { found.append(database) }
        }
    }

    /// All hashes of a request, and where each message is, or was to be; `nil` when that is forgotten. Databases are left
    /// out where there is one.
    private func choose(
        for operation: Operation, _ random: inout RandomSource, _ traffic: Traffic
    ) -> (hashes: [MessageHash], databases: [Int?]) {
        let fleet = traffic.fleet
        var chosen: (hashes: [MessageHash], databases: [Int?]) = ([], [])
        let wanted = random.within(hashes)
        guard let candidates = operation.candidates else {
            while chosen.hashes.count < wanted { chosen.hashes.append(Self.hashOfNoMessage(&random)) }
            // Messages that nobody has were sent somewhere all the same: to one shard, in turn.
            let turn = Int(operation.number % Int64(fleet.databases))
            if fleet.isDivided { chosen.databases = Array(repeating: turn, count: wanted) }
            return chosen
        }
        let span = Int(candidates.upperBound - candidates.lowerBound) + 1
        while chosen.hashes.count < min(wanted, span) {
            let number = candidates.lowerBound + Int64(random.below(span))
            let hash = random.chance(unknown) ? Self.hashOfNoMessage(&random) : traffic.hash(ofMessage: number)
            guard !chosen.hashes.contains(hash) else { continue }
            chosen.hashes.append(hash)
            if fleet.isDivided { chosen.databases.append(traffic.database(ofMessage: number)) }
        }
        return chosen
    }

    private static func hashOfNoMessage(_ random: inout RandomSource) -> MessageHash {
        MessageHash(words: (random.next(), random.next(), random.next(), random.next()))
    }
}

/// All messages of a window of time, whatever their topics.
public struct TimeWindow: QueryShape {
    public static let names = ["data-by-time", "hashes-by-time"]
    public let window: UInt64
    public let ending: UInt64
    public let includeData: Bool

    public static func read(_ name: String, _ map: SpecMap, topics: Set<String>) -> TimeWindow {
        TimeWindow(
            window: map.duration("window", in: 1...QueryWindows.longest),
            ending: map.duration("window-ends-before", in: 0...QueryWindows.longest, default: 0),
            includeData: name == "data-by-time")
    }

    public var firstClass: String { "store.time-range" }
    public var nextClass: String { firstClass }
    public var longestWindow: UInt64 { window }

    public func fill(
        _ query: inout StoreQuery, for operation: Operation, _ random: inout RandomSource, _ traffic: Traffic
    ) {
        query.includeData = includeData
        QueryWindows.set(&query, window: window, ending: ending, operation, traffic)
    }
}

/// What the shapes with a window share.
enum QueryWindows {
    /// Ten years: beyond it a window is a slip of the pen.
    static let longest: UInt64 = 315_360_000_000_000_000

    /// Later pages keep the window of the first: it hangs on the chain's origin.
    static func set(
        _ query: inout StoreQuery, window: UInt64, ending: UInt64, _ operation: Operation, _ traffic: Traffic
    ) {
        let end = traffic.archiveTime(Int64(operation.origin)) - Int64(ending)
        query.endTime = end
        query.startTime = end - Int64(window)
    }
}
