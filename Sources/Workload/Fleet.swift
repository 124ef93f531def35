import WakuModel

/// Which messages share a database.
public enum DatabaseLayout: String, Sendable, CaseIterable {
    /// All of them, behind one set of nodes.
    case shared
    /// Those of one shard, behind nodes of its own: what store nodes do that serve one shard each.
    case perShard = "per-shard"
}

/// The store nodes of a trial and the databases behind them. Nodes are numbered from 0, database after database; databases
/// by their shards, in the order of ``TopicBook/shards``.
public struct Fleet: Sendable, Equatable {
    /// Nodes that share a database; each offers every message of it.
    public let nodesPerDatabase: Int
    /// 1, or the number of shards.
    public let databases: Int

    /// Nodes of a trial at most.
    public static let mostNodes = 1_024

    /// The fleet of so many shards.
    init(_ writers: WriterSpec, shards: Int) {
        nodesPerDatabase = writers.count
        databases = writers.databases == .perShard ? max(1, shards) : 1
    }

    /// All nodes.
    public var nodes: Int { nodesPerDatabase * databases }

    /// Whether there is more than one database.
    public var isDivided: Bool { databases > 1 }

    /// The database that holds a shard's messages.
    public func database(ofShard shard: Int) -> Int { isDivided ? shard : 0 }

    /// The database that a node writes to and reads from.
    public func database(ofNode node: Int) -> Int { isDivided ? node / nodesPerDatabase : 0 }

    /// A database's node by its place among those that share it.
    public func node(_ place: Int, of database: Int) -> Int { database * nodesPerDatabase + place }
}

extension WorkloadSpec {
    /// The pubsub topics of all shards, in the order of ``TopicBook/shards``.
    public var shards: [PubsubTopic] {
        // Names of topics follow the seed, their shards do not.
        TopicBook(topics, seed: 0).shards.map(\.pubsubTopic)
    }

    /// Its store nodes and their databases.
    public var fleet: Fleet { Fleet(writers, shards: writers.databases == .perShard ? shards.count : 1) }

    /// What is wrong with the number of nodes; `nil` where nothing is.
    func tooManyNodes(_ fleet: Fleet) -> String? {
        guard fleet.nodes > Fleet.mostNodes else { return nil }
        return "\(fleet.nodesPerDatabase) for each of \(fleet.databases) shards make \(fleet.nodes) nodes"
    }
}
