import SpecReader

/// A crowd that comes once: so many arrivals within a ramp, at random moments, and never again. What a fleet sees when
/// it comes back after an outage.
public struct HerdArrivals: ArrivalProcess {
    public static let name = "herd"
    public static let summary = "a crowd that comes once; count, at, within"
    public let count: Int
    /// Beginning and length of the ramp, nanoseconds.
    public let start: UInt64
    public let ramp: UInt64

    public init(count: Int, start: UInt64, ramp: UInt64) {
        self.count = count
        self.start = start
        self.ramp = ramp
    }

    public static func read(_ map: SpecMap, _ context: ArrivalContext) -> HerdArrivals {
        let count = map.integer("count", in: 1...10_000_000)
        let ramp = map.duration("within", in: ArrivalProcesses.periods, default: 30_000_000_000)
        ArrivalProcesses.checkRate(count, in: ramp, "within", map)
        return HerdArrivals(
            count: count, start: map.duration("at", in: 0...ArrivalProcesses.periods.upperBound, default: 0), ramp: ramp
        )
    }

    public func scaled(by factor: Double) -> HerdArrivals {
        HerdArrivals(count: max(1, Int((Double(count) * factor).rounded())), start: start, ramp: ramp)
    }

    public func level(at time: Int64, _ calendar: ArchiveCalendar) -> ArrivalLevel {
        let (start, end) = (Int64(start), Int64(start + ramp))
        if time < start { return ArrivalLevel(rate: 0, until: start) }
        return time < end
            ? ArrivalLevel(rate: Double(count) / Double(ramp) * 1e9, until: end) : ArrivalLevel(rate: 0)
    }

    /// Exactly `count` arrivals: one in each of as many slots, at a random place.
    public func next(after time: UInt64, _ calendar: ArchiveCalendar, _ random: inout RandomSource) -> UInt64 {
        let slot = Double(ramp) / Double(count)
        let index = time <= start ? 0 : Int(Double(time - start) / slot) + 1
        guard index < count else { return .max }
        let moment = Double(start) + (Double(index) + random.unit()) * slot
        return max(UInt64(moment), time + 1)
    }
}
