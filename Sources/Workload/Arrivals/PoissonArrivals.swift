import SpecReader

/// Arrivals that know nothing of each other: exponential gaps, at a rate that may follow the hour of the day and the
/// day of the week in archive time.
///
/// The factor of an hour is `1 + amplitude · cos(2π (hour − peak) / 24)`, times the weekend's on Saturday and Sunday.
public struct PoissonArrivals: ArrivalProcess {
    public static let name = "poisson"
    public static let summary = "independent arrivals; rate, day-amplitude, peak-hour, weekend"
    public let rate: Double
    private let hourFactors: [Double]
    private let weekend: Double
    private let isSteady: Bool

    public init(rate: Double, dayAmplitude: Double = 0, peakHour: Int = 18, weekend: Double = 1) {
        self.rate = rate
        self.weekend = weekend
        hourFactors = (0..<24).map { 1 + dayAmplitude * DeterministicMath.cosineOfHours($0 - peakHour) }
        isSteady = dayAmplitude == 0 && weekend == 1
    }

    private init(rate: Double, like other: PoissonArrivals) {
        self.rate = rate
        hourFactors = other.hourFactors
        weekend = other.weekend
        isSteady = other.isSteady
    }

    public static func read(_ map: SpecMap, _ context: ArrivalContext) -> PoissonArrivals {
        PoissonArrivals(
            rate: map.rate("rate", in: ArrivalProcesses.rates), dayAmplitude: map.share("day-amplitude", default: 0),
            peakHour: map.integer("peak-hour", in: 0...23, default: 18), weekend: map.share("weekend", default: 1))
    }

    public func scaled(by factor: Double) -> PoissonArrivals { PoissonArrivals(rate: rate * factor, like: self) }

    public func level(at time: Int64, _ calendar: ArchiveCalendar) -> ArrivalLevel {
        if isSteady { return ArrivalLevel(rate: rate) }
        let hour = calendar.hourNumber(at: time)
        let factor = hourFactors[calendar.hourOfDay(hour)] * (calendar.isWeekend(hour) ? weekend : 1)
        return ArrivalLevel(rate: rate * factor, until: calendar.start(ofHour: hour + 1))
    }
}
