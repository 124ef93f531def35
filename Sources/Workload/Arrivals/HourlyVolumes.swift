import SpecReader

/// As much as fills given volumes of disk, archive hour by archive hour: how a recorded series of partition sizes is
/// played back. Volumes count heap and TOAST, as `\dt+` does; after the last one the first comes again.
public struct HourlyVolumes: ArrivalProcess {
    public static let name = "hourly-volumes"
    public static let summary = "Poisson, as much as fills partitions of given sizes; volumes"
    /// Arrivals per second of each hour.
    private let rates: [Double]

    init(rates: [Double]) { self.rates = rates }

    public static func read(_ map: SpecMap, _ context: ArrivalContext) -> HourlyVolumes {
        let volumes = map.byteList("volumes", in: volumeRange)
        guard let each = context.diskBytesPerArrival else {
            map.note("process", "requests fill no volumes", remedy: "use 'hourly-volumes' for messages only")
            return HourlyVolumes(rates: [1])
        }
        return HourlyVolumes(rates: volumes.isEmpty ? [1] : volumes.map { Double($0) / each / 3_600 })
    }

    /// Sizes of one hour that make sense.
    static let volumeRange = 0...100_000_000_000_000

    public func scaled(by factor: Double) -> HourlyVolumes { HourlyVolumes(rates: rates.map { $0 * factor }) }

    public func level(at time: Int64, _ calendar: ArchiveCalendar) -> ArrivalLevel {
        let hour = calendar.hourNumber(at: time)
        let place = (hour % rates.count + rates.count) % rates.count
        return ArrivalLevel(rate: rates[place], until: calendar.start(ofHour: hour + 1))
    }
}
