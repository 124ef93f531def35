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

    /// Exactly `count` arrivals: one in each of as many slots, at a random place. The borders of slots are worked out in
    /// whole nanoseconds, so that no arrival is taken for one of its neighbour's.
    public func next(after time: UInt64, _ calendar: ArchiveCalendar, _ random: inout RandomSource) -> UInt64 {
        guard time < start + ramp else { return .max }
        let size = UInt64(count)
        let index = time <= start ? 0 : Self.product(time - start, size, over: ramp).floor + 1
        guard index < size else { return .max }
        let border = Self.product(index, ramp, over: size).ceiling
        let length = max(1, Self.product(index + 1, ramp, over: size).ceiling - border)
        let place = border + min(UInt64(random.unit() * Double(length)), length - 1)
        return max(start + max(place, 1), time + 1)
    }

    /// A quotient whose dividend may be beyond 64 bits.
    private static func product(_ left: UInt64, _ right: UInt64, over divisor: UInt64) -> (
        floor: UInt64, ceiling: UInt64
    ) {
        let (quotient, rest) = divisor.dividingFullWidth(left.multipliedFullWidth(by: right))
        return (quotient, quotient + (rest > 0 ? 1 : 0))
    }
}
