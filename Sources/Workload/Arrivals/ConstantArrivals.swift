import SpecReader

/// Arrivals at equal distances, as one clock makes them.
public struct ConstantArrivals: ArrivalProcess {
    public static let name = "constant"
    public static let summary = "equal distances; rate"
    public let rate: Double

    public init(rate: Double) { self.rate = rate }

    public static func read(_ map: SpecMap, _ context: ArrivalContext) -> ConstantArrivals {
        ConstantArrivals(rate: map.rate("rate", in: ArrivalProcesses.rates))
    }

    public func scaled(by factor: Double) -> ConstantArrivals { ConstantArrivals(rate: rate * factor) }

    public func level(at time: Int64, _ calendar: ArchiveCalendar) -> ArrivalLevel { ArrivalLevel(rate: rate) }

    public func next(after time: UInt64, _ calendar: ArchiveCalendar, _ random: inout RandomSource) -> UInt64 {
        guard rate > 0 else { return .max }
        let gap = 1e9 / rate
        return gap < 1e18 ? time + max(1, UInt64(gap)) : .max
    }
}
