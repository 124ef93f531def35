import WakuModel

/// All content topics of a workload with their shards, and the law by which messages and requests choose among them.
public struct TopicBook: Sendable {
    /// A shard that messages travel on.
    public struct Shard: Sendable {
        public let pubsubTopic: PubsubTopic
        public let isProtected: Bool
        /// Topics that live on it, by number.
        public fileprivate(set) var topics: [Int] = []
    }

    /// What messages are sent to: a part of each group of a population.
    struct Target: Sendable {
        let base: Int
        let groups: Int
        let groupSize: Int
        let first: Int
        let popularity: WeightedChoice?
        let members: WeightedChoice?
        let memberCount: Int
    }

    public private(set) var topics: [ContentTopic] = []
    public private(set) var shards: [Shard] = []
    /// By topic: its shard.
    public private(set) var shardOfTopic: [Int] = []
    /// Names of all targets: `NAME`, `NAME.part`.
    private(set) var targets: [String: Target] = [:]

    /// - Parameters:
    ///   - specs: with distinct names.
    ///   - seed: decides the digits in the names.
    init(_ specs: [TopicPopulationSpec], seed: UInt64) {
        var random = RandomSource(seed: seed, .topicNames)
        var known: [PubsubTopic: Int] = [:]
        for spec in specs {
            let base = topics.count
            let offset = UInt32(truncatingIfNeeded: random.next())
            for group in 0..<spec.count {
                for member in 0..<spec.kind.groupSize {
                    let digits = Self.digits(offset, group * spec.kind.groupSize + member)
                    append(
                        Self.topic(spec.kind.text(group: group, member: member, digits: digits)), group, spec, &known)
                }
            }
            addTargets(of: spec, base: base)
        }
    }

    private mutating func append(
        _ topic: ContentTopic, _ group: Int, _ spec: TopicPopulationSpec, _ known: inout [PubsubTopic: Int]
    ) {
        let shard =
            switch spec.home {
            case .shards(let cluster, let first, let count): Self.pubsubTopic(cluster, first + group % count)
            case .automatic(let cluster, let shards): Self.pubsubTopic(cluster, topic.automaticShard(of: shards))
            }
        if known[shard] == nil {
            known[shard] = shards.count
            shards.append(Shard(pubsubTopic: shard, isProtected: spec.isProtected))
        }
        let index = known[shard] ?? 0
        shards[index].topics.append(topics.count)
        shardOfTopic.append(index)
        topics.append(topic)
    }

    private mutating func addTargets(of spec: TopicPopulationSpec, base: Int) {
        let popularity = spec.zipf == 0 ? nil : WeightedChoice(zipf: spec.zipf, count: spec.count)
        let size = spec.kind.groupSize
        for part in [TopicPart("", first: 0, count: size)] + spec.kind.parts {
            let name = part.name.isEmpty ? spec.name : "\(spec.name).\(part.name)"
            targets[name] = Target(
                base: base, groups: spec.count, groupSize: size, first: part.first, popularity: popularity,
                members: part.zipf == 0 ? nil : WeightedChoice(zipf: part.zipf, count: part.count),
                memberCount: part.count)
        }
    }

    /// A topic of a target, by popularity.
    func draw(_ target: Target, _ random: inout RandomSource) -> Int {
        let group = target.popularity?.draw(&random) ?? random.below(target.groups)
        let member = target.members?.draw(&random) ?? random.below(target.memberCount)
        return target.base + group * target.groupSize + target.first + member
    }

    /// All topics of one group of a target, the group by popularity.
    func drawGroup(_ target: Target, _ random: inout RandomSource) -> Range<Int> {
        let group = target.popularity?.draw(&random) ?? random.below(target.groups)
        let start = target.base + group * target.groupSize + target.first
        return start..<(start + target.memberCount)
    }

    /// By topic: its number among the topics of its shard, from 0.
    var numbersOnShard: [UInt32] {
        var numbers = [UInt32](repeating: 0, count: topics.count)
        for shard in shards {
            for (number, topic) in shard.topics.enumerated() { numbers[topic] = UInt32(number) }
        }
        return numbers
    }

    /// Fewest topics that any shard has.
    public var fewestTopics: Int { shards.map(\.topics.count).min() ?? 0 }

    // MARK: Texts

    /// Distinct numbers below 2³² stay distinct: an odd factor and xor-shifts are one-to-one.
    private static func digits(_ offset: UInt32, _ index: Int) -> String {
        var word = (UInt32(truncatingIfNeeded: index) &+ offset) &* 0x9E37_79B1
        word ^= word >> 15
        word = word &* 0x85EB_CA77
        word ^= word >> 13
        let hex = String(word, radix: 16)
        return String(repeating: "0", count: 8 - hex.count) + hex
    }

    private static func topic(_ text: String) -> ContentTopic {
        do { return try ContentTopic(text) } catch { preconditionFailure("\(error)") }
    }

    private static func pubsubTopic(_ cluster: Int, _ index: Int) -> PubsubTopic {
        do {
            return PubsubTopic(try Shard_(cluster: UInt16(cluster), index: UInt16(index)))
        } catch {
            preconditionFailure("\(error)")
        }
    }

    private typealias Shard_ = WakuModel.Shard
}

extension WeightedChoice {
    /// Zipf's law: rank r with weight r to the power of minus the exponent.
    init(zipf exponent: Double, count: Int) {
        self.init((1...count).map { DeterministicMath.power(Double($0), -exponent) })
    }
}
