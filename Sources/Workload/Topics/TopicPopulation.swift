import SpecReader
import WakuModel

/// A set of content topics that belong together: how many, how they are named, where they live, how popular they are.
///
/// A population consists of equal groups: a community's topics are one group, a lone topic is a group of one.
/// Messages choose a group by its popularity, then a topic in the group.
public struct TopicPopulationSpec: Sendable {
    public var name: String
    public var kind: any TopicKind
    public var home: Home
    /// Whether messages carry the 64-byte signature of a protected shard in `meta`.
    public var isProtected: Bool
    /// Groups.
    public var count: Int
    /// Exponent of Zipf's law over the groups; 0 is uniform.
    public var zipf: Double

    /// Where topics live.
    public enum Home: Sendable, Hashable {
        /// Group i on shard `i mod count` of the range.
        case shards(cluster: Int, first: Int, count: Int)
        /// Each topic where its application and version put it.
        case automatic(cluster: Int, shards: Int)
    }

    static func read(_ map: SpecMap) -> TopicPopulationSpec {
        defer { map.close() }
        let kind = TopicKinds.read(map)
        // How many there are is under a key that the kind knows.
        var count = 1
        if map.isSound("kind") {
            count = map.integer(kind.countKey, in: 1...1_000_000)
            let topics = kind.groups(from: count) * kind.groupSize
            if topics > mostTopics {
                map.note(kind.countKey, "\(count) make \(topics) topics", remedy: "use at most \(mostTopics) topics")
                count = 1
            }
        }
        let name = map.name("name")
        if map.isSound("name"), name.contains(".") {
            map.note("name", "'\(name)' has a dot", remedy: "leave it out: parts of a population stand behind a dot")
        }
        return TopicPopulationSpec(
            name: name, kind: kind, home: home(map), isProtected: map.flag("protected", default: false),
            count: kind.groups(from: count), zipf: map.number("zipf", in: 0...3, default: 0))
    }

    /// Topics of a workload that a generator can keep in mind.
    static let mostTopics = 5_000_000

    /// Topics of all groups.
    var topicCount: Int { count * kind.groupSize }

    /// The shards that its topics may lie on, as cluster and index.
    var possibleShards: Set<[Int]> {
        switch home {
        case .shards(let cluster, let first, let shards):
            Set((first..<(first + min(shards, count))).map { [cluster, $0] })
        case .automatic(let cluster, let shards): Set((0..<shards).map { [cluster, $0] })
        }
    }

    private static func home(_ map: SpecMap) -> Home {
        let (hasShard, hasAuto) = (map.has("shard"), map.has("auto-sharding"))
        let remedy = "write 'shard: 16/32', or 'auto-sharding: {cluster: 1, shards: 8}'"
        let stand = Home.shards(cluster: 0, first: 0, count: 1)
        if hasShard && hasAuto {
            map.note("auto-sharding", "is given beside 'shard'", remedy: remedy)
            return stand
        }
        if hasShard { return shards(map) ?? stand }
        guard hasAuto else {
            map.noteMissing(anyOf: ["shard", "auto-sharding"], at: map.place, "no shard is given", remedy: remedy)
            return stand
        }
        guard let auto = map.map("auto-sharding", required: true) else { return stand }
        defer { auto.close() }
        return .automatic(
            cluster: auto.integer("cluster", in: 0...65_535), shards: auto.integer("shards", in: 1...1_024))
    }

    /// `16/32`, or `16/128..227` for one group a shard in turn; `nil` after noting a problem.
    private static func shards(_ map: SpecMap) -> Home? {
        let text = map.text("shard")
        guard map.isSound("shard") else { return nil }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let bounds = parts.last.map { Self.bounds(String($0)) } ?? []
        guard parts.count == 2, let cluster = Int(parts[0]), let first = bounds.first, let last = bounds.last,
            bounds.count <= 2
        else {
            map.note("shard", "'\(text)' is not a shard", remedy: "write cluster/index such as 16/32, or 16/128..227")
            return nil
        }
        guard (0...65_535).contains(cluster), (0...1_023).contains(first), (0...1_023).contains(last) else {
            map.note(
                "shard", "'\(text)' is out of range", remedy: "use clusters from 0 to 65535 and shards from 0 to 1023")
            return nil
        }
        guard first <= last else {
            map.note("shard", "'\(text)' runs backwards", remedy: "write the smaller shard first")
            return nil
        }
        return .shards(cluster: cluster, first: first, count: last - first + 1)
    }

    private static func bounds(_ text: String) -> [Int] {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        if parts.count == 1 { return Int(parts[0]).map { [$0] } ?? [] }
        guard parts.count == 3, parts[1].isEmpty, let low = Int(parts[0]), let high = Int(parts[2]) else { return [] }
        return [low, high]
    }
}

/// What a population's topics stand for: how many make a group, and how each is named.
///
/// A new kind is a new type in a file of its own, named in ``TopicKinds/all``.
public protocol TopicKind: Sendable {
    /// The value of `kind:` in a workload file.
    static var name: String { get }
    /// Reads its own keys; problems are noted on the map.
    static func read(_ map: SpecMap) -> Self
    /// The key that says how many there are.
    var countKey: String { get }
    /// Topics of one group.
    var groupSize: Int { get }
    /// Parts of a group that messages can be sent to, besides the whole: name, first topic, topics, Zipf exponent.
    var parts: [TopicPart] { get }
    /// The number of groups when so many were asked for under ``countKey``.
    func groups(from count: Int) -> Int
    /// The text of one topic.
    ///
    /// - Parameters:
    ///   - group: number of the group.
    ///   - member: number of the topic in it.
    ///   - digits: eight hexadecimal digits that no other topic of the population has.
    /// - Returns: a valid content topic.
    func text(group: Int, member: Int, digits: String) -> String
}

/// A part of each group of a population.
public struct TopicPart: Sendable {
    /// Behind the population's name and a dot; empty for the whole group.
    public var name: String
    public var first: Int
    public var count: Int
    public var zipf: Double

    public init(_ name: String, first: Int, count: Int, zipf: Double = 0) {
        self.name = name
        self.first = first
        self.count = count
        self.zipf = zipf
    }
}

extension TopicKind {
    public var countKey: String { "count" }
    public var groupSize: Int { 1 }
    public var parts: [TopicPart] { [TopicPart("", first: 0, count: groupSize)] }
    public func groups(from count: Int) -> Int { count }
}

/// The kinds of topics that a workload file can name.
public enum TopicKinds {
    /// In the order that help and messages list them.
    public static let all: [any TopicKind.Type] = [
        StatusTopics.self, NamedTopics.self, CommunityTopics.self, PairTopics.self,
    ]

    static func read(_ map: SpecMap) -> any TopicKind {
        let name = map.string("kind") ?? StatusTopics.name
        guard map.isSound("kind"), let kind = all.first(where: { $0.name == name }) else {
            // The kind would have asked for the other keys; without it they are not unknown.
            _ = map.allKeys()
            if map.isSound("kind") {
                map.note(
                    "kind", "'\(name)' is not known",
                    remedy: "choose one of \(all.map { $0.name }.joined(separator: ", "))")
            }
            return StatusTopics()
        }
        return kind.read(map)
    }
}

/// `/waku/1/0x<8 hex>/rfc26`: how Status clients write every topic, whatever it is for. Also its 5000 partitions of
/// contact discovery.
public struct StatusTopics: TopicKind {
    public static let name = "status"
    public static func read(_ map: SpecMap) -> StatusTopics { StatusTopics() }
    public func text(group: Int, member: Int, digits: String) -> String { Self.text(digits) }
    static func text(_ digits: String) -> String { "/waku/1/0x\(digits)/rfc26" }
}

/// `/app-<n>/1/<name>/proto`: the form of networks with automatic sharding, from a number of applications.
public struct NamedTopics: TopicKind {
    public static let name = "named"
    public var applications: Int

    public static func read(_ map: SpecMap) -> NamedTopics {
        NamedTopics(applications: map.integer("applications", in: 1...1_000_000, default: 1))
    }

    public func text(group: Int, member: Int, digits: String) -> String {
        "/app-\(group % applications)/1/topic-\(digits)/proto"
    }
}

/// The topics of communities: four for control (identity, status updates, magnet links, member updates), and one for
/// each channel, or one for all of them. Messages go to `NAME.control` and `NAME.channels`.
public struct CommunityTopics: TopicKind {
    public static let name = "communities"
    static let controlTopics = 4
    /// Content topics for chat: 1 is the universal topic of newer clients.
    public var channels: Int
    /// Exponent of Zipf's law over the channels of a community.
    public var channelZipf: Double

    public static func read(_ map: SpecMap) -> CommunityTopics {
        CommunityTopics(
            channels: map.integer("channels", in: 1...10_000, default: 1),
            channelZipf: map.number("channel-zipf", in: 0...3, default: 0))
    }

    public var groupSize: Int { Self.controlTopics + channels }
    public var parts: [TopicPart] {
        [
            TopicPart("control", first: 0, count: Self.controlTopics),
            TopicPart("channels", first: Self.controlTopics, count: channels, zipf: channelZipf),
        ]
    }
    public func text(group: Int, member: Int, digits: String) -> String { StatusTopics.text(digits) }
}

/// One negotiated topic for each pair of contacts: `users` with so many `contacts` each.
public struct PairTopics: TopicKind {
    public static let name = "pairs"
    public var contacts: Int

    public static func read(_ map: SpecMap) -> PairTopics {
        PairTopics(contacts: map.integer("contacts", in: 1...10_000, default: 3))
    }

    public var countKey: String { "users" }
    public func groups(from count: Int) -> Int { max(1, count * contacts / 2) }
    public func text(group: Int, member: Int, digits: String) -> String { StatusTopics.text(digits) }
}
