import SpecReader
import WakuModel

/// Store nodes that keep each other complete: each reads the last hour when it starts, and then, once an interval, hands
/// its peers what they lack, one request by one hash for each message.
public struct StoreSync: ClientKind {
    public static let name = "store-sync"
    /// What is read at the start; archive time, nanoseconds; 0 for nothing.
    public var scan: UInt64
    /// The time that is compared, trial time, nanoseconds.
    public var range: UInt64
    /// Share of the messages in the range that a peer lacks.
    public var missing: Double
    public var inFlight: Int
    /// Nodes that take turns.
    public var nodes: Int

    public static func read(_ map: SpecMap, _ keys: ClientKeys) -> StoreSync {
        StoreSync(
            scan: map.duration("start-up-scan", in: 0...QueryWindows.longest, default: 3_600_000_000_000),
            range: map.duration("range", in: 1...86_400_000_000_000, default: 300_000_000_000),
            missing: map.share("missing", default: 0.005),
            inFlight: map.integer("in-flight", in: 1...1_000, default: 10),
            nodes: map.integer("nodes", in: 1...64, default: 2))
    }

    public var requests: [ClientRequest] {
        (scan > 0 ? StoreResume.requests(scan) : []) + [ClientRequest(.fetch, "store.sync", mostHashes: 1)]
    }

    public func plan(_ session: SessionIdentity, _ traffic: Traffic) -> SessionPlan {
        if scan > 0 && session.number < Int64(nodes) {
            return StoreResume(outage: scan).plan(session, traffic)
        }
        var random = traffic.clientSource(session)
        var plan = SessionPlan()
        let start = Int64(session.start)
        if let known = traffic.log.messages(arrivedBetween: start - Int64(range), and: start) {
            // Each message of the range with the same probability, so the gaps between them are geometric.
            let rate = missing < 1 ? -DeterministicMath.log(1 - missing) : .infinity
            var number = known.lowerBound
            while missing > 0 {
                number += missing < 1 ? Int64(min(random.exponential() / rate, 1e15)) : 0
                guard known.contains(number) else { break }
                // Numbers of the last messages are never forgotten.
                plan.asks.append(.message(number, database: traffic.database(ofMessage: number) ?? 0))
                number += 1
            }
        }
        plan.inFlight = inFlight
        plan.pageSize = StoreQuery.defaultPageSize
        return plan
    }
}
