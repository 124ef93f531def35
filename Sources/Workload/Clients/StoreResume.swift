import SpecReader
import WakuModel

/// A store node that was away reads everything of the time away from its peer, oldest first, in pages of 100 with data.
/// Where each shard has its nodes, those of one place were away together, and each reads its own shard.
public struct StoreResume: ClientKind {
    public static let name = "store-resume"
    /// Archive time, nanoseconds; nodes look back six hours at most.
    public var outage: UInt64
    public var pageSize = 100

    public static func read(_ map: SpecMap, _ keys: ClientKeys) -> StoreResume {
        StoreResume(
            outage: map.duration("outage", in: 1...21_600_000_000_000, default: 21_600_000_000_000),
            pageSize: keys.pageSize(100))
    }

    public var requests: [ClientRequest] { Self.requests(outage) }

    static func requests(_ window: UInt64) -> [ClientRequest] {
        [
            ClientRequest(.first, "store.time-range", window: window),
            ClientRequest(.next, "store.time-range", window: window),
        ]
    }

    public func plan(_ session: SessionIdentity, _ traffic: Traffic) -> SessionPlan {
        let now = traffic.archiveTime(Int64(session.start))
        var plan = SessionPlan(
            asks: (0..<traffic.fleet.databases).map {
                .time(database: $0, start: now - Int64(outage), end: now)
            })
        plan.pageSize = pageSize
        return plan
    }
}
