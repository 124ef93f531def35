import SpecReader

/// One arrival a period, at a random moment within the jitter behind its beginning. With `per-arrival` on the stream it
/// is a volley.
public struct PeriodicArrivals: ArrivalProcess {
    public static let name = "periodic"
    public static let summary = "one arrival a period, with jitter; every, jitter, first"
    /// Nanoseconds.
    public let period: UInt64
    public let jitter: UInt64
    /// Beginning of the first period, nanoseconds from the start of the trial.
    public let first: UInt64

    public init(period: UInt64, jitter: UInt64, first: UInt64) {
        self.period = period
        self.jitter = jitter
        self.first = first
    }

    public static func read(_ map: SpecMap, _ context: ArrivalContext) -> PeriodicArrivals {
        let period = map.duration("every", in: ArrivalProcesses.periods)
        let jitter = map.duration("jitter", in: 0...ArrivalProcesses.periods.upperBound, default: 0)
        if map.isSound("every"), jitter > period {
            map.note("jitter", "is longer than the period", remedy: "use at most 'every'")
        }
        return PeriodicArrivals(
            period: period, jitter: min(jitter, period),
            first: map.duration("first", in: 0...ArrivalProcesses.periods.upperBound, default: 0))
    }

    /// More arrivals come more often: the period shrinks.
    public func scaled(by factor: Double) -> PeriodicArrivals {
        let period = max(1, UInt64(Double(period) / factor))
        return PeriodicArrivals(period: period, jitter: min(jitter, period), first: first)
    }

    public func level(at time: Int64, _ calendar: ArchiveCalendar) -> ArrivalLevel {
        time >= 0 && time < Int64(first)
            ? ArrivalLevel(rate: 0, until: Int64(first)) : ArrivalLevel(rate: 1e9 / Double(period))
    }

    public func next(after time: UInt64, _ calendar: ArchiveCalendar, _ random: inout RandomSource) -> UInt64 {
        // The jitter stays within its period, so the period after the last arrival's is the next one's.
        let delay = jitter == 0 ? 1 : 1 + random.within(0...(jitter - 1))
        guard time > first else { return first + delay }
        return first + ((time - first - 1) / period + 1) * period + delay
    }
}
