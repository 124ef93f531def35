import SpecReader

/// Many clocks of one period, each with a phase of its own: clients or monitors that do the same thing again and again.
/// Arrival k belongs to clock `k mod count`.
public struct ClockArrivals: ArrivalProcess {
    public static let name = "clocks"
    public static let summary = "many fixed clocks with random phases; count, every"
    public let count: Int
    /// Nanoseconds.
    public let period: UInt64

    public static func read(_ map: SpecMap, _ context: ArrivalContext) -> ClockArrivals {
        let count = map.integer("count", in: 1...10_000_000)
        let period = map.duration("every", in: ArrivalProcesses.periods)
        ArrivalProcesses.checkRate(count, in: period, "every", map)
        return ClockArrivals(count: count, period: period)
    }

    /// More arrivals are more clocks.
    public func scaled(by factor: Double) -> ClockArrivals {
        ClockArrivals(count: max(1, Int((Double(count) * factor).rounded())), period: period)
    }

    public func level(at time: Int64, _ calendar: ArchiveCalendar) -> ArrivalLevel {
        ArrivalLevel(rate: Double(count) / Double(period) * 1e9)
    }

    /// Each clock ticks once in its slot of the period, at a place that is fixed by its number, so that its ticks keep
    /// their distance; the slots in order make the phases spread evenly.
    public func next(after time: UInt64, _ calendar: ArchiveCalendar, _ random: inout RandomSource) -> UInt64 {
        // The arrival before this one was in its slot or at the very start.
        var tick = time == 0 ? 0 : Self.slot(of: time, count, period) + 1
        while true {
            let at = moment(ofTick: tick)
            if at > time { return at }
            tick += 1
        }
    }

    private static func slot(of time: UInt64, _ count: Int, _ period: UInt64) -> UInt64 {
        let (round, rest) = (time / period, time % period)
        return round * UInt64(count) + period.dividingFullWidth(rest.multipliedFullWidth(by: UInt64(count))).quotient
    }

    private func moment(ofTick tick: UInt64) -> UInt64 {
        let clock = tick % UInt64(count)
        var phase = RandomSource(seed: clock, purpose: RandomSource.Purpose.clockPhases.rawValue)
        let slot = Double(period) / Double(count)
        return tick / UInt64(count) * period + UInt64((Double(clock) + 0.02 + 0.96 * phase.unit()) * slot)
    }
}
