import SpecReader
import WakuModel

/// A client online that makes sure it got everything: each minute the hashes of the minute before, in groups of ten
/// topics, then the messages it does not know, by their hashes.
public struct MissingCheck: ClientKind {
    public static let name = "missing-check"
    public var follows: [Interest]
    /// Length of the window, and how long before the check it ends; archive time, nanoseconds.
    public var window: UInt64
    public var delay: UInt64
    public var topicsPerRequest: Int
    public var pageSize: Int
    /// Share of the messages that the client did not get.
    public var missing: Double
    public var batch: Int
    public var inFlight: Int
    /// Clients that take turns; each follows its own topics.
    public var clients: Int

    /// 20 s, three tries two seconds apart, at whichever node (S).
    public static let patience = Patience(
        timeout: 20_000_000_000, failures: 1, backOff: 2_000_000_000, greyList: 0, attempts: 3)

    public static func read(_ map: SpecMap, _ keys: ClientKeys) -> MissingCheck {
        MissingCheck(
            follows: keys.follows(), window: keys.window("window", default: 60_000_000_000),
            delay: map.duration("window-ends-before", in: 0...QueryWindows.longest, default: 20_000_000_000),
            topicsPerRequest: map.integer("topics-per-request", in: 1...1_000, default: 10),
            pageSize: keys.pageSize(100), missing: map.share("missing", default: 0.01),
            batch: map.integer("batch", in: 1...100, default: 50),
            inFlight: map.integer("in-flight", in: 1...1_000, default: 5),
            clients: map.integer("clients", in: 1...10_000_000, default: 1_000))
    }

    public func scaled(by factor: Double) -> MissingCheck {
        var scaled = self
        scaled.clients = min(10_000_000, max(1, Int((Double(clients) * factor).rounded())))
        return scaled
    }

    public var topicNames: [String] { follows.map(\.target) }

    public var requests: [ClientRequest] {
        ClientRequest.windows(includeData: false, topics: topicsPerRequest, window: window)
            + [ClientRequest(.fetch, "store.hashes.data", mostHashes: batch)]
    }

    public func plan(_ session: SessionIdentity, _ traffic: Traffic) -> SessionPlan {
        var random = traffic.clientSource(session, client: session.number % Int64(clients))
        var plan = SessionPlan()
        plan.groups = SessionPlan.Group.draw(follows, most: topicsPerRequest, traffic.topics, &random)
        let end = traffic.archiveTime(Int64(session.start)) - Int64(delay)
        plan.asks = plan.groups.indices.map { .topics(group: $0, start: end - Int64(window), end: end) }
        plan.inFlight = inFlight
        plan.includeData = false
        plan.pageSize = pageSize
        plan.followUp = .init(share: missing, batch: batch, inFlight: inFlight, includeData: true)
        return plan
    }
}
