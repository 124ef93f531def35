import SpecReader

/// Bursts: Poisson at `rate` for a while, silence for a while, and again.
public struct OnOffArrivals: ArrivalProcess {
    public static let name = "on-off"
    public static let summary = "bursts; rate (while on), on, off"
    public let rate: Double
    /// Lengths of burst and silence, nanoseconds.
    public let on: UInt64
    public let off: UInt64

    public static func read(_ map: SpecMap, _ context: ArrivalContext) -> OnOffArrivals {
        OnOffArrivals(
            rate: map.rate("rate", in: ArrivalProcesses.rates), on: map.duration("on", in: ArrivalProcesses.periods),
            off: map.duration("off", in: ArrivalProcesses.periods))
    }

    public func scaled(by factor: Double) -> OnOffArrivals { OnOffArrivals(rate: rate * factor, on: on, off: off) }

    public func level(at time: Int64, _ calendar: ArchiveCalendar) -> ArrivalLevel {
        let cycle = Int64(on + off)
        let position = (time % cycle + cycle) % cycle
        return position < Int64(on)
            ? ArrivalLevel(rate: rate, until: time + Int64(on) - position)
            : ArrivalLevel(rate: 0, until: time + cycle - position)
    }
}
