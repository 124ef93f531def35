import WakuModel

/// What a workload's own generator makes, shard by shard, to be held against the archive that it was fitted to.
public struct SyntheticTraffic: Sendable {
    /// Messages of one shard.
    public struct Shard: Sendable {
        /// Payloads, bytes.
        public var sizes: [Int] = []
        /// Messages of each topic that has any.
        public var topicCounts: [Int] = []

        /// One without a message.
        public init() {}
    }

    /// By pubsub topic.
    public let shards: [String: Shard]

    /// Draws messages as the history of the workload has them.
    ///
    /// - Parameters:
    ///   - spec: the workload.
    ///   - seed: of what is random.
    ///   - messages: of all shards together, whose topics are counted; sizes are those of four times as many, so that they
    ///     are known better than those of a sample.
    public init(_ spec: WorkloadSpec, seed: UInt64, messages: Int) {
        var sampled = spec
        sampled.history = HistorySpec(partitions: 24, rows: messages * 4)
        let traffic = Traffic(sampled, seed: seed)
        let book = traffic.topics
        var shards = [Shard](repeating: Shard(), count: book.shards.count)
        var topics = [Int](repeating: 0, count: book.topics.count)
        for (number, draft) in traffic.drafts(messages * 4).enumerated() {
            shards[book.shardOfTopic[draft.topic]].sizes.append(draft.payload)
            if number < messages { topics[draft.topic] += 1 }
        }
        for (topic, count) in topics.enumerated() where count > 0 {
            shards[book.shardOfTopic[topic]].topicCounts.append(count)
        }
        self.shards = Dictionary(uniqueKeysWithValues: zip(book.shards.map(\.pubsubTopic.text), shards))
    }
}

extension WorkloadSpec {
    /// Messages a second that a stream makes in an archive hour.
    ///
    /// - Parameters:
    ///   - stream: index among the workload's streams.
    ///   - hour: hours since 1970, before or after the epoch.
    /// - Returns: archived messages a second of archive time.
    public func rate(ofStream stream: Int, inHour hour: Int) -> Double {
        let number = hour - archiveEpoch / 3_600
        return messages.streams[stream].arrivals.meanRate(ofHour: number, calendar)
            * messages.rowsPerArrival(messages.streams[stream])
    }
}
