import SpecReader
import WakuModel

/// A monitor that counts what a store has: on a fixed clock, for each shard in turn, the hashes of a short window that
/// ended a while ago, then whether each is there, in batches.
public struct MessageCounter: ClientKind {
    public static let name = "message-counter"
    public var window: UInt64
    public var delay: UInt64
    public var pageSize: Int
    public var batch: Int

    public static func read(_ map: SpecMap, _ keys: ClientKeys) -> MessageCounter {
        MessageCounter(
            window: keys.window("window", default: 120_000_000_000),
            delay: map.duration("window-ends-before", in: 0...QueryWindows.longest, default: 300_000_000_000),
            pageSize: keys.pageSize(100), batch: map.integer("batch", in: 1...100, default: 25))
    }

    public var requests: [ClientRequest] {
        [
            ClientRequest(.first, "store.time-range", window: window),
            ClientRequest(.next, "store.time-range", window: window),
            ClientRequest(.presence, "store.hashes.presence", mostHashes: batch),
        ]
    }

    public func plan(_ session: SessionIdentity, _ traffic: Traffic) -> SessionPlan {
        let end = traffic.archiveTime(Int64(session.start)) - Int64(delay)
        let shard = Int(session.number % Int64(traffic.topics.shards.count))
        var plan = SessionPlan(asks: [.shard(shard, start: end - Int64(window), end: end)])
        plan.includeData = false
        plan.pageSize = pageSize
        plan.followUp = .init(share: 1, batch: batch, inFlight: 1, includeData: false)
        return plan
    }
}
