import SpecReader
import WakuModel

/// A Status client that was away reads what it missed: its topics in groups of ten a shard, the time away in slices of a
/// day, newest first, page by page with data, three requests at a time.
public struct HistorySync: ClientKind {
    public static let name = "history-sync"
    public var follows: [Interest]
    /// How long the client was away, archive time, nanoseconds.
    public var outage: UInt64
    public var slice: UInt64
    public var topicsPerRequest: Int
    public var pageSize: Int
    /// Pages read of one slice at most.
    public var pages: Int
    public var inFlight: Int
    public var direction: StoreQuery.Direction

    public static func read(_ map: SpecMap, _ keys: ClientKeys) -> HistorySync {
        let outage = keys.window("outage", default: 9 * day)
        let slice = keys.window("slice", default: day)
        keys.checkSlices(outage, slice)
        return HistorySync(
            follows: keys.follows(), outage: outage, slice: slice,
            topicsPerRequest: map.integer("topics-per-request", in: 1...1_000, default: 10),
            pageSize: keys.pageSize(50), pages: keys.pages(),
            inFlight: map.integer("in-flight", in: 1...1_000, default: 3),
            direction: map.choice("direction", default: .forward))
    }

    private static let day: UInt64 = 86_400_000_000_000

    public var topicNames: [String] { follows.map(\.target) }

    public var requests: [ClientRequest] {
        ClientRequest.windows(includeData: true, topics: topicsPerRequest, window: min(slice, outage))
    }

    public func plan(_ session: SessionIdentity, _ traffic: Traffic) -> SessionPlan {
        var random = traffic.clientSource(session)
        var plan = SessionPlan()
        plan.groups = SessionPlan.Group.draw(follows, most: topicsPerRequest, traffic.topics, &random)
        let now = traffic.archiveTime(Int64(session.start))
        let earliest = now - Int64(outage)
        var end = now
        while end > earliest {
            let start = max(earliest, end - Int64(slice))
            for group in plan.groups.indices { plan.asks.append(.topics(group: group, start: start, end: end)) }
            end = start
        }
        plan.inFlight = inFlight
        plan.pageSize = pageSize
        plan.paging = .cursor(pages: pages)
        plan.direction = direction
        return plan
    }
}
