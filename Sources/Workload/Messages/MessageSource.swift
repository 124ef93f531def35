import WakuModel

/// What a message is before its bytes are made.
struct MessageDraft {
    /// Number of the topic in the ``TopicBook``.
    var topic = 0
    /// Number of the class in the ``MessageClasses``.
    var messageClass = 0
    /// Bytes.
    var payload = 1
    var meta = 0
    /// Sender's clock, nanoseconds since 1970.
    var timestamp: Int64 = 0
    var isEphemeral = false
}

/// Makes the content of messages: a pure function of the workload, the seed and a message's identity.
struct MessageSource {
    let topics: TopicBook
    let classes: MessageClasses
    private let spec: MessageSpec
    private let calendar: ArchiveCalendar
    private let seed: UInt64
    private let streams: [StreamSource]
    private let streamOfRow: WeightedChoice
    /// By class: bytes of `meta` on a shard that is not protected.
    private let metaOfClass: [Int]

    /// A stream with its choices prepared.
    private struct StreamSource {
        let targets: [TopicBook.Target]
        let targetChoice: WeightedChoice
        let classes: [MessageClassSpec]
        let classNumbers: [Int]
        let classChoice: WeightedChoice
        /// By archived messages instead of messages: a segmented message makes more than one, an ephemeral one none.
        let classOfRow: WeightedChoice
        /// By class: which entry of its size table a row belongs to; `nil` where no size is segmented.
        let sizeOfRow: [WeightedChoice?]
        let perArrival: Int
    }

    init(
        _ spec: MessageSpec, classes: MessageClasses, topics: TopicBook, calendar: ArchiveCalendar, seed: UInt64
    ) {
        self.spec = spec
        self.topics = topics
        self.calendar = calendar
        self.seed = seed
        self.classes = classes
        let names = classes
        let all = spec.streams.flatMap(\.classes)
        metaOfClass = classes.names.map { name in all.first { $0.name == name }?.metaBytes ?? 0 }
        let segmentation = spec.segmentation
        streams = spec.streams.map { stream in
            let targets = stream.targets.compactMap { target in topics.targets[target.name].map { ($0, target.share) } }
            return StreamSource(
                targets: targets.map(\.0), targetChoice: WeightedChoice(targets.map(\.1)), classes: stream.classes,
                classNumbers: stream.classes.map { names.number(of: $0.name) },
                classChoice: WeightedChoice(stream.classes.map(\.weight)),
                classOfRow: WeightedChoice(
                    stream.classes.map { $0.weight * (1 - $0.ephemeral) * $0.partsPerMessage(segmentation) }),
                sizeOfRow: stream.classes.map { item in
                    guard let segmentation, item.partsPerMessage(segmentation) > 1 else { return nil }
                    return WeightedChoice(item.sizeTable.map { Double(segmentation.parts(of: $0)) })
                },
                perArrival: stream.perArrival)
        }
        streamOfRow = WeightedChoice(
            zip(spec.streams, spec.weights(calendar)).map { spec.rowsPerArrival($0) * $1 })
    }

    // MARK: Live messages

    /// Walks through the messages of one arrival: a volley of one sender on one topic at one moment, each in as many
    /// segments as its size asks for, the ephemeral ones among them.
    func walk(
        stream index: Int, arrival: UInt32, at time: Int64, _ body: (MessageDraft) -> Bool
    ) {
        let stream = streams[index]
        var random = RandomSource(
            seed: seed, purpose: RandomSource.Purpose.streams.rawValue + UInt64(index), index: UInt64(arrival))
        var draft = MessageDraft()
        draft.topic = topics.draw(stream.targets[stream.targetChoice.draw(&random)], &random)
        draft.timestamp = calendar.archiveTime(time) + lateness(&random)
        for _ in 0..<stream.perArrival {
            let choice = stream.classChoice.draw(&random)
            let item = stream.classes[choice]
            draft.messageClass = stream.classNumbers[choice]
            draft.meta = metaBytes(item, draft.topic)
            draft.isEphemeral = item.ephemeral > 0 && random.chance(item.ephemeral)
            let size = max(1, item.sizes.draw(&random))
            guard let segmentation = spec.segmentation, size > segmentation.above else {
                draft.payload = min(size, spec.largest)
                if !body(draft) { return }
                continue
            }
            for part in 0..<segmentation.parts(of: size) {
                draft.payload = segmentation.bytes(ofPart: part, of: size)
                if !body(draft) { return }
            }
        }
    }

    /// How far a sender's clock is off, nanoseconds.
    private func lateness(_ random: inout RandomSource) -> Int64 {
        let skew = spec.clockSkew
        return skew == 0 ? 0 : Int64(random.within(0...(2 * skew))) - Int64(skew)
    }

    /// The draft of one archived live message.
    func draft(_ entry: MessageLog.Entry) -> MessageDraft {
        var found = MessageDraft()
        var place: UInt32 = 0
        walk(stream: Int(entry.stream), arrival: entry.arrival, at: entry.time) { draft in
            if draft.isEphemeral { return true }
            found = draft
            place += 1
            return place <= entry.place
        }
        return found
    }

    // MARK: Messages from a trace

    /// The draft of a message that a trace has: topic, class and size are recorded; how far its sender's clock was off is
    /// drawn anew.
    func draft(recorded entry: MessageLog.Entry, number: Int64) -> MessageDraft {
        var random = RandomSource(seed: seed, .recordedClocks, index: UInt64(number))
        var draft = MessageDraft()
        draft.topic = Int(entry.arrival)
        draft.messageClass = Int(entry.messageClass)
        draft.payload = Int(entry.place)
        let isProtected = topics.shards[topics.shardOfTopic[draft.topic]].isProtected
        draft.meta = isProtected ? Message.maximumMeta : metaOfClass[draft.messageClass]
        draft.timestamp = calendar.archiveTime(entry.time) + lateness(&random)
        return draft
    }

    // MARK: History

    /// The draft of a message of the history. Segments of a message stand each on its own there, in their due
    /// proportion; a volley's messages too.
    func draft(ofHistory number: Int64, offset: Int64) -> MessageDraft {
        var random = RandomSource(seed: seed, .messageContent, index: UInt64(number))
        let stream = streams[streamOfRow.draw(&random)]
        let choice = stream.classOfRow.draw(&random)
        let item = stream.classes[choice]
        var draft = MessageDraft()
        draft.topic = topics.draw(stream.targets[stream.targetChoice.draw(&random)], &random)
        draft.timestamp = Int64(calendar.epoch) * 1_000_000_000 + offset
        draft.messageClass = stream.classNumbers[choice]
        draft.meta = metaBytes(item, draft.topic)
        if let segmentation = spec.segmentation, let sizes = stream.sizeOfRow[choice] {
            let size = item.sizeTable[sizes.draw(&random)]
            draft.payload = segmentation.bytes(ofPart: random.below(segmentation.parts(of: size)), of: size)
        } else {
            draft.payload = min(max(1, item.sizes.draw(&random)), spec.largest)
        }
        return draft
    }

    /// A topic, as messages are sent to them.
    func drawTopic(_ random: inout RandomSource) -> Int {
        let stream = streams[streamOfRow.draw(&random)]
        return topics.draw(stream.targets[stream.targetChoice.draw(&random)], &random)
    }

    // MARK: Bytes

    /// Turns a draft into a message; the number makes its bytes unlike those of any other.
    func fill(_ message: inout Message, _ draft: MessageDraft, number: Int64) {
        var random = RandomSource(seed: seed, .payloads, index: UInt64(number))
        message.contentTopic = topics.topics[draft.topic]
        message.timestamp = draft.timestamp
        Self.resize(&message.payload, to: draft.payload, &random)
        message.payload[0] = UInt8(truncatingIfNeeded: draft.messageClass)
        Self.resize(&message.meta, to: draft.meta, &random)
    }

    /// Bytes of the message on the wire.
    func wireSize(_ draft: MessageDraft) -> Int {
        Message.wireSize(
            payload: draft.payload, contentTopic: topics.topics[draft.topic].text.utf8.count, meta: draft.meta,
            version: 0, timestamp: draft.timestamp)
    }

    /// A protected shard takes only messages with a signature in `meta`.
    private func metaBytes(_ item: MessageClassSpec, _ topic: Int) -> Int {
        topics.shards[topics.shardOfTopic[topic]].isProtected ? Message.maximumMeta : item.metaBytes
    }

    private static func resize(_ bytes: inout [UInt8], to size: Int, _ random: inout RandomSource) {
        if bytes.count > size {
            bytes.removeLast(bytes.count - size)
        } else if bytes.count < size {
            bytes.append(contentsOf: repeatElement(0, count: size - bytes.count))
        }
        bytes.withUnsafeMutableBytes { random.fill($0) }
    }
}
