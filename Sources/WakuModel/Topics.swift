/// Why a text is not a value of Waku's domain: one sentence that names the text and the rule.
public struct WakuFormatError: Error, CustomStringConvertible, Equatable {
    public let description: String

    init(_ description: String) { self.description = description }
}

/// The name of a gossip network in which a message travels, such as `/waku/2/rs/16/32`.
///
/// Any non-empty text is a valid topic; those of static sharding (51/WAKU2-RELAY-SHARDING) also have a ``shard``.
public struct PubsubTopic: Hashable, Sendable, CustomStringConvertible {
    /// The topic as it is sent.
    public let text: String
    /// The shard named by the topic; `nil` for a topic of another form.
    public let shard: Shard?

    /// - Throws: ``WakuFormatError`` for an empty text, or one that holds a NUL, which PostgreSQL cannot store.
    public init(_ text: String) throws(WakuFormatError) {
        guard !text.isEmpty else { throw WakuFormatError("a pubsub topic is not empty") }
        guard !text.utf8.contains(0) else { throw WakuFormatError("a pubsub topic holds no NUL byte") }
        self.text = text
        self.shard = Shard(topicText: text)
    }

    /// The topic of a shard.
    public init(_ shard: Shard) {
        self.text = "/waku/2/rs/\(shard.cluster)/\(shard.index)"
        self.shard = shard
    }

    public var description: String { text }
}

/// A static shard: a cluster and an index in it (51/WAKU2-RELAY-SHARDING: both 0 … 65535, at most 1024 shards a cluster).
public struct Shard: Hashable, Sendable, CustomStringConvertible {
    /// The network, such as 1 for The Waku Network and 16 for Status.
    public let cluster: UInt16
    /// The shard's number in its cluster.
    public let index: UInt16

    /// - Throws: ``WakuFormatError`` when the index is beyond the 1024 shards of a cluster.
    public init(cluster: UInt16, index: UInt16) throws(WakuFormatError) {
        guard index < 1_024 else { throw WakuFormatError("shard \(index): a cluster has shards 0 to 1023") }
        self.cluster = cluster
        self.index = index
    }

    /// - Throws: ``WakuFormatError`` unless the text is `cluster/index`, such as `16/32`.
    public init(_ text: String) throws(WakuFormatError) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let cluster = UInt16(parts[0]), let index = UInt16(parts[1]) else {
            throw WakuFormatError("'\(text)' is not a shard: write cluster/index such as 16/32")
        }
        try self.init(cluster: cluster, index: index)
    }

    init?(topicText: String) {
        let parts = topicText.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0].isEmpty, parts[1] == "waku", parts[2] == "2", parts[3] == "rs",
            let cluster = UInt16(parts[4]), let index = UInt16(parts[5]), index < 1_024
        else { return nil }
        self.cluster = cluster
        self.index = index
    }

    public var description: String { "\(cluster)/\(index)" }
}

/// What an application files its messages under (23/WAKU2-TOPICS): `/{application}/{version}/{name}/{encoding}`, or with
/// a generation of auto-sharding in front, `/{generation}/{application}/{version}/{name}/{encoding}`.
public struct ContentTopic: Hashable, Sendable, CustomStringConvertible {
    /// The topic as it is sent.
    public let text: String
    /// Generation of auto-sharding; `nil` when the topic names none (which means generation 0).
    public let generation: UInt32?
    /// The application, such as `waku` or `status`.
    public let application: String
    /// The application's own version, as text.
    public let version: String
    /// What it is about within the application.
    public let name: String
    /// How the payload is encoded, such as `proto`.
    public let encoding: String

    /// - Throws: ``WakuFormatError`` when the text is of neither form or has an empty part.
    public init(_ text: String) throws(WakuFormatError) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 5 || parts.count == 6, parts[0].isEmpty else {
            throw WakuFormatError(
                "content topic '\(text)': expected /application/version/name/encoding, or the same behind /generation")
        }
        guard !parts.dropFirst().contains(""), !text.utf8.contains(0) else {
            throw WakuFormatError("content topic '\(text)': no part may be empty or hold a NUL byte")
        }
        if parts.count == 6 {
            guard let number = UInt32(parts[1]) else {
                throw WakuFormatError("content topic '\(text)': the generation '\(parts[1])' is not a number")
            }
            generation = number
        } else {
            generation = nil
        }
        let tail = parts.suffix(4).map { $0 }
        self.text = text
        application = tail[0]
        version = tail[1]
        name = tail[2]
        encoding = tail[3]
    }

    public var description: String { text }
}
