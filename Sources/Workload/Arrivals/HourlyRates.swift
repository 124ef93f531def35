import SpecReader

/// Independent arrivals at a rate of its own for each archive hour: how the hours of a real archive are played back. The
/// first rate is that of the hour from the archive epoch on; after the last one the first comes again, and before the epoch
/// it goes on backwards.
public struct HourlyRates: ArrivalProcess {
    /// As `process:` names it.
    public static let name = "hourly-rates"
    /// For the list of processes, with its keys.
    public static let summary = "independent arrivals, at a rate for each archive hour; rates"
    /// Arrivals per second of each hour.
    public let rates: [Double]

    /// - Parameter rates: of consecutive hours, one at least.
    public init(rates: [Double]) { self.rates = rates.isEmpty ? [1] : rates }

    /// Reads `rates:`.
    public static func read(_ map: SpecMap, _ context: ArrivalContext) -> HourlyRates {
        HourlyRates(rates: map.rateList("rates", in: ArrivalProcesses.rates))
    }

    /// The same hours with each rate times a factor above 0.
    public func scaled(by factor: Double) -> HourlyRates { HourlyRates(rates: rates.map { $0 * factor }) }

    /// The rate of the hour of a time, up to its end.
    public func level(at time: Int64, _ calendar: ArchiveCalendar) -> ArrivalLevel {
        let hour = calendar.hourNumber(at: time)
        let place = (hour % rates.count + rates.count) % rates.count
        return ArrivalLevel(rate: rates[place], until: calendar.start(ofHour: hour + 1))
    }
}
