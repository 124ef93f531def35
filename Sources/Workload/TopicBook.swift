import WakuModel

/// All content topics of a workload, and the law by which messages and requests choose among them.
public struct TopicBook: Sendable {
    /// One shard with its topics.
    public struct Shard: Sendable {
        public let pubsubTopic: PubsubTopic
        public let topics: [ContentTopic]
        let populations: WeightedChoice
        let ranges: [Range<Int>]
        let popularity: [WeightedChoice]
    }

    public let shards: [Shard]
    private let shares: WeightedChoice

    init(_ specs: [ShardSpec], seed: UInt64) {
        var random = RandomSource(seed: seed, .topicNames)
        shares = WeightedChoice(specs.map(\.share))
        shards = specs.map { spec in
            var topics: [ContentTopic] = []
            var ranges: [Range<Int>] = []
            for population in spec.contentTopics {
                let start = topics.count
                let offset = UInt32(truncatingIfNeeded: random.next())
                for index in 0..<population.count {
                    topics.append(Self.topic(population.form, offset: offset, index: index))
                }
                ranges.append(start..<topics.count)
            }
            return Shard(
                pubsubTopic: spec.pubsubTopic, topics: topics,
                populations: WeightedChoice(spec.contentTopics.map(\.share)), ranges: ranges,
                popularity: spec.contentTopics.map { population in
                    WeightedChoice(
                        (1...population.count).map { rank in
                            population.zipf == 0 ? 1 : DeterministicMath.power(Double(rank), -population.zipf)
                        })
                })
        }
    }

    func drawShard(_ random: inout RandomSource) -> Int { shares.draw(&random) }

    func drawTopic(ofShard index: Int, _ random: inout RandomSource) -> ContentTopic {
        let shard = shards[index]
        let population = shard.populations.draw(&random)
        return shard.topics[shard.ranges[population].lowerBound + shard.popularity[population].draw(&random)]
    }

    /// Distinct topics of a shard, by popularity; what luck does not find in a while is taken in order.
    func drawTopics(_ count: Int, ofShard index: Int, _ random: inout RandomSource) -> [ContentTopic] {
        var drawn: [ContentTopic] = []
        for _ in 0..<(count * 20) where drawn.count < count {
            let topic = drawTopic(ofShard: index, &random)
            if !drawn.contains(topic) { drawn.append(topic) }
        }
        for topic in shards[index].topics where drawn.count < count && !drawn.contains(topic) { drawn.append(topic) }
        return drawn
    }

    private static func topic(_ form: TopicPopulationSpec.Form, offset: UInt32, index: Int) -> ContentTopic {
        // Distinct numbers below 2³² stay distinct: an odd factor and xor-shifts are one-to-one.
        var word = (UInt32(truncatingIfNeeded: index) &+ offset) &* 0x9E37_79B1
        word ^= word >> 15
        word = word &* 0x85EB_CA77
        word ^= word >> 13
        let hex = String(word, radix: 16)
        let padded = String(repeating: "0", count: 8 - hex.count) + hex
        do {
            switch form {
            case .status: return try ContentTopic("/waku/1/0x\(padded)/rfc26")
            case .named: return try ContentTopic("/app-\(index % 97)/1/topic-\(padded)/proto")
            }
        } catch {
            preconditionFailure("\(error)")
        }
    }
}
