import SpecReader

/// How a kind of operation arrives in time. Open loop: arrivals never wait for completions.
///
/// A new process is a new type in a file of its own, named in ``ArrivalProcesses/all``. Rates and lengths are those of
/// the wall clock; only hour and weekday follow archive time.
public protocol ArrivalProcess: Sendable {
    /// The value of `process:` in a workload file.
    static var name: String { get }
    /// One line for people: what it models, and its keys.
    static var summary: String { get }
    /// Reads its own keys; problems are noted on the map.
    static func read(_ map: SpecMap, _ context: ArrivalContext) -> Self
    /// The rate around a moment, arrivals per second, and the moment until which it stays so.
    func level(at time: Int64, _ calendar: ArchiveCalendar) -> ArrivalLevel
    /// The same process with so many times the arrivals.
    func scaled(by factor: Double) -> Self
    /// The first arrival strictly after `time`, `UInt64.max` for never; nanoseconds from the start of the trial.
    func next(after time: UInt64, _ calendar: ArchiveCalendar, _ random: inout RandomSource) -> UInt64
}

/// A rate and how long it lasts.
public struct ArrivalLevel: Sendable, Equatable {
    /// Arrivals per second.
    public var rate: Double
    /// Trial time, nanoseconds, exclusive; `Int64.max` for ever.
    public var until: Int64

    public init(rate: Double, until: Int64 = .max) {
        self.rate = rate
        self.until = until
    }
}

/// What reading a process may depend on.
public struct ArrivalContext: Sendable {
    /// Bytes that one arrival puts into heap and TOAST, for processes that are given volumes; `nil` where nothing is
    /// stored.
    public var diskBytesPerArrival: Double?

    public init(diskBytesPerArrival: Double? = nil) { self.diskBytesPerArrival = diskBytesPerArrival }
}

/// The arrival processes that a workload file can name.
public enum ArrivalProcesses {
    /// In the order that help and messages list them.
    public static let all: [any ArrivalProcess.Type] = [
        PoissonArrivals.self, ConstantArrivals.self, OnOffArrivals.self, EpochEdgeArrivals.self,
        PeriodicArrivals.self, ClockArrivals.self, HerdArrivals.self, HourlyVolumes.self, HourlyRates.self,
    ]

    /// Reads a mapping such as `{process: poisson, rate: 10/s}`.
    static func read(
        _ key: String, of map: SpecMap, _ context: ArrivalContext = ArrivalContext()
    ) -> any ArrivalProcess {
        guard let arrivals = map.map(key, required: true) else { return PoissonArrivals(rate: 1) }
        let name = arrivals.text("process")
        guard let process = all.first(where: { $0.name == name }) else {
            // The process would have asked for the other keys; without it they are not unknown.
            _ = arrivals.allKeys()
            if arrivals.isSound("process") {
                arrivals.note(
                    "process", "'\(name)' is not known",
                    remedy: "choose one of \(all.map { $0.name }.joined(separator: ", "))")
            }
            return PoissonArrivals(rate: 1)
        }
        defer { arrivals.close() }
        return process.read(arrivals, context)
    }

    /// Notes that so many arrivals in a time are more than any rate that can be written.
    static func checkRate(_ count: Int, in time: UInt64, _ key: String, _ map: SpecMap) {
        guard map.isSound("count"), map.isSound(key) else { return }
        if Double(count) / Double(time) * 1e9 > rates.upperBound {
            map.note(key, "makes more than 1000000 arrivals a second", remedy: "use a longer time or a smaller count")
        }
    }

    /// Rates beyond this are taken for a slip of the pen.
    static let rates = 0...1_000_000.0
    /// Lengths of one period, from a millisecond to a week, nanoseconds.
    static let periods: ClosedRange<UInt64> = 1_000_000...604_800_000_000_000
}

extension ArrivalProcess {
    /// Exponential gaps in the time that the rate stretches: a Poisson process of changing rate, exactly (time-rescaling;
    /// Lewis & Shedler 1979).
    public func next(after time: UInt64, _ calendar: ArchiveCalendar, _ random: inout RandomSource) -> UInt64 {
        var wanted = random.exponential()
        var now = Int64(clamping: time)
        // A process that is silent for so long is silent for ever.
        for _ in 0..<Self.longestSilence {
            let level = level(at: now, calendar)
            if level.rate > 0 {
                let gap = wanted / level.rate * 1e9
                let span = level.until == .max ? Double.infinity : Double(level.until - now)
                if gap < span { return gap < 4e18 ? UInt64(now) + max(1, UInt64(gap)) : .max }
                wanted -= span * level.rate / 1e9
            }
            guard level.until != .max else { return .max }
            now = max(level.until, now + 1)
        }
        return .max
    }

    private static var longestSilence: Int { 100_000 }
    /// Levels looked at for an expectation; beyond them the rest is taken to be like what was seen.
    private static var mostLevels: Int { 20_000 }

    /// Arrivals to expect between two moments of the trial.
    public func expected(from start: Int64, to end: Int64, _ calendar: ArchiveCalendar) -> Double {
        var (sum, now, levels) = (0.0, start, 0)
        while now < end {
            levels += 1
            if levels > Self.mostLevels { return sum * Double(end - start) / Double(now - start) }
            let level = level(at: now, calendar)
            let until = min(max(level.until, now + 1), end)
            sum += level.rate * Double(until - now) / 1e9
            now = until
        }
        return sum
    }

    /// Mean over an archive hour, arrivals per second.
    func meanRate(ofHour number: Int, _ calendar: ArchiveCalendar) -> Double {
        let (start, end) = (calendar.start(ofHour: number), calendar.start(ofHour: number + 1))
        // Where the level does not change within the hour, nothing need be added up.
        let level = level(at: start, calendar)
        if level.until >= end { return level.rate }
        return end > start ? expected(from: start, to: end, calendar) / (Double(end - start) / 1e9) : 0
    }
}
