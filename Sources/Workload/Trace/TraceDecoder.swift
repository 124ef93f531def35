import SpecReader

/// One row of a trace with what it names looked up.
struct TraceRow {
    /// From the beginning of the recording, nanoseconds.
    var time: UInt64 = 0
    /// Number in the ``TraceKinds``.
    var kind = 0
    var action = TraceKinds.Action.left
    /// Number in the ``TopicBook``; -1 for a request that names none.
    var topic = -1
    /// Payload of a message, bytes.
    var size = 0
}

/// Reads the rows of a trace.
struct TraceDecoder: Sendable {
    let kinds: TraceKinds
    private(set) var topics: TraceTopics
    private var likely = 0

    init(_ kinds: TraceKinds, _ topics: TraceTopics) {
        self.kinds = kinds
        self.topics = topics
    }

    /// Reads a row; `learns` says whether a topic's word that was never seen gets a number.
    mutating func decode(_ line: UnsafeRawBufferPointer, learns: Bool) throws(TraceFault) -> TraceRow {
        let fields = try TraceFields(line)
        likely = try kinds.number(of: fields.kind, likely: likely)
        var row = TraceRow(time: fields.time, kind: likely, action: kinds.actions[likely])
        if case .message = row.action {
            row.size = try Self.size(fields.size)
            row.topic = try topic(fields, learns)
        } else {
            guard fields.size.isEmpty || fields.size.number != nil else {
                throw fields.size.fault("size \(fields.size.shown) is not a number", "write 0 for a request")
            }
            if !fields.topic.isEmpty || !fields.shard.isEmpty { row.topic = try topic(fields, learns) }
        }
        return row
    }

    private mutating func topic(_ fields: TraceFields, _ learns: Bool) throws(TraceFault) -> Int {
        let shard = try topics.shard(of: fields.shard)
        guard !fields.topic.isEmpty else {
            throw fields.topic.fault("the topic is missing", "write which one of the shard's topics it is")
        }
        if learns { try topics.learn(fields.topic, onShard: shard, fields.shard) }
        return try topics.topic(of: fields.topic, onShard: shard, fields.shard)
    }

    private static func size(_ field: TraceFields.Field) throws(TraceFault) -> Int {
        guard let size = field.number else {
            throw field.fault("size \(field.shown) is not a number", "write the bytes of the payload")
        }
        guard sizes.contains(size) else {
            throw field.fault("size \(size) is out of range", "use \(sizes.lowerBound) to \(sizes.upperBound) bytes")
        }
        return size
    }

    /// A message has a byte at least: the first one tells its class.
    private static let sizes = 1...SizeDistributions.sizes.upperBound
}
