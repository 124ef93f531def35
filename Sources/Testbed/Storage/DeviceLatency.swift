import Glibc
import SpecReader

/// How long one operation of a device takes when nothing else keeps it busy.
public enum DeviceLatency: Sendable, Equatable {
    /// Always the same, nanoseconds.
    case constant(UInt64)
    /// A lognormal by two of its quantiles, nanoseconds.
    case lognormal(p50: UInt64, p99: UInt64)
    /// Quantiles as measured, straight lines between them; the ends stand for what lies beyond.
    case quantiles([Quantile])

    /// One point of a measured distribution.
    public struct Quantile: Sendable, Equatable {
        /// Share of the operations that take no longer, 0 to 1.
        public let share: Double
        /// Nanoseconds.
        public let latency: UInt64

        /// A quantile as described.
        public init(share: Double, latency: UInt64) {
            self.share = share
            self.latency = latency
        }
    }

    /// No time at all.
    public static let none = DeviceLatency.constant(0)
    /// What may stand in a file, nanoseconds.
    static let range: ClosedRange<UInt64> = 0...10_000_000_000

    /// The latency that a share of the operations does not exceed.
    ///
    /// The lognormal's is p50 · (p99 / p50)^(z / z₀.₉₉), z being the standard normal's quantile.
    ///
    /// - Parameter share: above 0 and below 1.
    /// - Returns: nanoseconds.
    public func quantile(_ share: Double) -> Double {
        switch self {
        case .constant(let latency): return Double(latency)
        case .lognormal(let p50, let p99):
            guard p50 > 0 else { return 0 }
            return Double(p50) * pow(Double(p99) / Double(p50), Self.normal(share) / Self.normal(0.99))
        case .quantiles(let points):
            guard let first = points.first, let last = points.last else { return 0 }
            if share <= first.share { return Double(first.latency) }
            guard let above = points.firstIndex(where: { $0.share >= share }) else { return Double(last.latency) }
            let (low, high) = (points[above - 1], points[above])
            let part = (share - low.share) / (high.share - low.share)
            return Double(low.latency) + part * (Double(high.latency) - Double(low.latency))
        }
    }

    /// The standard normal's quantile, by halving over the error function.
    private static func normal(_ share: Double) -> Double {
        var (low, high) = (-40.0, 40.0)
        while high - low > 1e-12 {
            let middle = (low + high) / 2
            if erfc(-middle / 2.0.squareRoot()) / 2 < share { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }

    // MARK: Reading

    /// Reads one key: `2ms`, `{constant: 2ms}`, `{lognormal: {p50: 0.5ms, p99: 3ms}}` or
    /// `{quantiles: [{share: 50%, latency: 0.5ms}, …]}`. Problems are noted on the map.
    static func read(_ map: SpecMap, _ key: String, default fallback: DeviceLatency) -> DeviceLatency {
        guard map.has(key) else { return fallback }
        if map.isScalar(key) { return .constant(map.duration(key, in: range)) }
        guard let inner = map.map(key) else { return fallback }
        defer { inner.close() }
        let known = ["constant", "lognormal", "quantiles"]
        let named = known.filter { inner.has($0) }
        guard named.count == 1 else {
            let remedy = "give exactly one of \(known.joined(separator: ", "))"
            if !inner.hasUnknownKeys { map.note(key, "says \(named.isEmpty ? "nothing" : "too much")", remedy: remedy) }
            return fallback
        }
        switch named[0] {
        case "constant": return .constant(inner.duration("constant", in: range))
        case "lognormal": return lognormal(inner) ?? fallback
        default: return quantiles(inner) ?? fallback
        }
    }

    private static func lognormal(_ map: SpecMap) -> DeviceLatency? {
        guard let inner = map.map("lognormal") else { return nil }
        defer { inner.close() }
        let p50 = inner.duration("p50", in: 1...range.upperBound)
        let p99 = inner.duration("p99", in: 1...range.upperBound)
        if inner.isSound("p50"), inner.isSound("p99"), inner.has("p50"), inner.has("p99"), p99 < p50 {
            inner.note("p99", "is less than p50", remedy: "give the larger of the two as p99")
        }
        return .lognormal(p50: p50, p99: max(p50, p99))
    }

    private static func quantiles(_ map: SpecMap) -> DeviceLatency? {
        var points: [Quantile] = []
        for entry in map.maps("quantiles", required: true) {
            let point = Quantile(share: entry.share("share"), latency: entry.duration("latency", in: range))
            if let last = points.last, entry.isSound("share"), entry.isSound("latency"),
                point.share <= last.share || point.latency < last.latency
            {
                entry.note(
                    "share", "does not rise from the entry before", remedy: "sort by share, with latencies that rise")
            }
            points.append(point)
            entry.close()
        }
        return points.isEmpty ? nil : .quantiles(points)
    }
}
