import SpecReader
import WakuModel

/// A js-waku application that connects: all its topics of a shard in one request, oldest slice first, pages of 20; it
/// reads on until a page comes back empty, so every slice that holds anything costs one request more.
public struct JavaScriptClient: ClientKind {
    public static let name = "js-waku"
    public var follows: [Interest]
    public var outage: UInt64
    public var slice: UInt64
    public var pageSize: Int
    public var pages: Int
    private let topicsPerShard: Int

    public static func read(_ map: SpecMap, _ keys: ClientKeys) -> JavaScriptClient {
        let follows = keys.follows()
        let outage = keys.window("outage", default: 30 * day)
        let slice = keys.window("slice", default: day)
        keys.checkSlices(outage, slice)
        return JavaScriptClient(
            follows: follows, outage: outage, slice: slice, pageSize: keys.pageSize(20), pages: keys.pages(),
            topicsPerShard: follows.reduce(0) { $0 + $1.count })
    }

    private static let day: UInt64 = 86_400_000_000_000

    public var topicNames: [String] { follows.map(\.target) }

    public var requests: [ClientRequest] {
        ClientRequest.windows(includeData: true, topics: topicsPerShard, window: min(slice, outage))
    }

    public func plan(_ session: SessionIdentity, _ traffic: Traffic) -> SessionPlan {
        var random = traffic.clientSource(session)
        var plan = SessionPlan()
        plan.groups = SessionPlan.Group.draw(follows, most: .max, traffic.topics, &random)
        let now = traffic.archiveTime(Int64(session.start))
        for group in plan.groups.indices {
            var start = now - Int64(outage)
            while start < now {
                let end = min(now, start + Int64(slice))
                plan.asks.append(.topics(group: group, start: start, end: end))
                start = end
            }
        }
        plan.pageSize = pageSize
        plan.paging = .emptyPage(pages: pages)
        return plan
    }
}
