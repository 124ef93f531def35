/// Messages and bytes by shard and message class.
public struct BandwidthLedger: Sendable {
    /// What one message class did on one shard.
    public struct Entry: Sendable, Equatable {
        public var messages = 0
        /// On the wire.
        public var bytes = 0
        /// Of ``messages``, those that are ephemeral.
        public var ephemeral = 0

        public init() {}
    }

    /// By shard, then by class; the class after the last is for hashes without messages.
    public private(set) var entries: [[Entry]]

    public init(shards: Int, classes: Int) {
        entries = Array(repeating: Array(repeating: Entry(), count: classes + 1), count: max(shards, 1))
    }

    /// The class that hashes are booked under.
    public var hashes: Int { entries[0].count - 1 }

    /// Books messages; an unknown shard or class is nobody's and is left out.
    public mutating func add(shard: Int, messageClass: Int, messages: Int = 1, bytes: Int, ephemeral: Bool = false) {
        guard entries.indices.contains(shard), entries[shard].indices.contains(messageClass) else { return }
        entries[shard][messageClass].messages += messages
        entries[shard][messageClass].bytes += bytes
        if ephemeral { entries[shard][messageClass].ephemeral += messages }
    }

    /// Adds what another ledger holds.
    public mutating func add(_ other: BandwidthLedger) {
        for shard in entries.indices {
            for item in entries[shard].indices {
                entries[shard][item].messages += other.entries[shard][item].messages
                entries[shard][item].bytes += other.entries[shard][item].bytes
                entries[shard][item].ephemeral += other.entries[shard][item].ephemeral
            }
        }
    }

    /// All bytes.
    public var totalBytes: Int { entries.reduce(0) { $0 + $1.reduce(0) { $0 + $1.bytes } } }
}
