import SpecReader
import WakuModel

/// How the column `topic` names the topics of its shard.
enum TraceTopicNames: String, Sendable, CaseIterable {
    /// By their numbers on the shard, from 0, in the order in which the workload makes them.
    case numbered
    /// By any words: the first word seen on a shard stands for its first topic, the second for its second.
    case named
}

/// Finds a workload's topics by what a trace says of them.
struct TraceTopics: Sendable {
    private let names: TraceTopicNames
    /// By cluster and index: number of the shard in the ``TopicBook``.
    private let shards: [Int: Int]
    /// By shard: its topics, by number.
    private let topics: [[Int]]
    /// By word: the topic's number on its shard.
    private(set) var places: [Word: UInt32]
    /// By shard: words known.
    private var known: [Int]

    /// A word on a shard: 128 bits of FNV-1a over both (Fowler, Noll & Vo; draft-eastlake-fnv), which a million words
    /// share with a probability of 10⁻²⁷.
    struct Word: Hashable, Sendable {
        private let value: UInt128

        init(_ bytes: UnsafeRawBufferPointer, onShard shard: Int) {
            let prime = UInt128(1) << 88 + 0x13B
            var hash: UInt128 = 0x6C62_272E_07BB_0142_62B8_2175_6295_C58D
            hash = (hash ^ UInt128(truncatingIfNeeded: shard)) &* prime
            for byte in bytes { hash = (hash ^ UInt128(byte)) &* prime }
            value = hash
        }
    }

    /// - Parameters:
    ///   - book: of the workload; which topics it has, and in what order, does not depend on the seed.
    ///   - names: how the trace names topics.
    ///   - places: words that are known already.
    init(_ book: TopicBook, _ names: TraceTopicNames, places: [Word: UInt32] = [:]) {
        self.names = names
        self.places = places
        topics = book.shards.map(\.topics)
        known = book.shards.map { _ in 0 }
        shards = Dictionary(
            book.shards.enumerated().compactMap { number, place in
                place.pubsubTopic.shard.map { (Self.key(Int($0.cluster), Int($0.index)), number) }
            }, uniquingKeysWith: { first, _ in first })
    }

    /// The number of a shard.
    func shard(of field: TraceFields.Field) throws(TraceFault) -> Int {
        guard let key = Self.key(field.bytes) else {
            throw field.fault("\(field.shown) is not a shard", "write cluster/index, such as 16/32")
        }
        guard let number = shards[key] else {
            throw field.fault(
                "the workload has no topics on shard \(field.shown)", "add some under 'topics', or leave its rows out")
        }
        return number
    }

    /// The number of a topic in the ``TopicBook``.
    func topic(of field: TraceFields.Field, onShard shard: Int, _ name: TraceFields.Field) throws(TraceFault) -> Int {
        let place: Int
        switch names {
        case .numbered:
            guard let number = field.number else {
                throw field.fault(
                    "topic \(field.shown) is not a number",
                    "write its number on the shard, from 0, or 'topics: named' under 'trace'")
            }
            place = number
        case .named:
            guard let number = places[Word(field.bytes, onShard: shard)] else {
                throw field.fault(
                    "topic \(field.shown) was never seen before", "leave the trace as it is while it is used")
            }
            place = Int(number)
        }
        guard place < topics[shard].count else {
            throw field.fault(
                "there is no topic \(place) on shard \(name.shown): the workload has \(topics[shard].count) there, from 0",
                "raise its count under 'topics'")
        }
        return topics[shard][place]
    }

    /// Notes a word, if words are what topics are named by.
    mutating func learn(_ field: TraceFields.Field, onShard shard: Int, _ name: TraceFields.Field) throws(TraceFault) {
        guard names == .named else { return }
        let word = Word(field.bytes, onShard: shard)
        guard places[word] == nil else { return }
        guard known[shard] < topics[shard].count else {
            throw field.fault(
                "topic \(field.shown) is one too many on shard \(name.shown): the workload has \(topics[shard].count) there",
                "raise its count under 'topics'")
        }
        places[word] = UInt32(known[shard])
        known[shard] += 1
    }

    private static func key(_ cluster: Int, _ index: Int) -> Int { cluster << 16 | index }

    /// `16/32`, also as the end of `/waku/2/rs/16/32`; `nil` for anything else.
    private static func key(_ bytes: UnsafeRawBufferPointer) -> Int? {
        let prefix = "/waku/2/rs/".utf8
        let isWhole = bytes.first == UInt8(ascii: "/") && bytes.starts(with: prefix)
        let text = isWhole ? bytes.dropFirst(prefix.count) : bytes[...]
        guard let slash = text.firstIndex(of: UInt8(ascii: "/")) else { return nil }
        func number(_ part: Slice<UnsafeRawBufferPointer>) -> Int? {
            let field = TraceFields.Field(bytes: UnsafeRawBufferPointer(rebasing: part), offset: 0)
            return field.number.flatMap { $0 <= 65_535 ? $0 : nil }
        }
        guard let cluster = number(text[..<slash]), let index = number(text[(slash + 1)...]) else { return nil }
        return key(cluster, index)
    }
}
