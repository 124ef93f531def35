/// How the time of a trial and the archive's virtual time belong together.
///
/// Trial time is nanoseconds from the start of warm-up, as the wall clock runs; archive time is nanoseconds since 1970
/// and runs ``scale`` times as fast from ``epoch`` on.
public struct ArchiveCalendar: Sendable, Equatable {
    /// Archive time at the start of warm-up, seconds since 1970; on a full hour.
    public let epoch: Int
    /// Archive seconds in one second of the trial; 1 is as in production.
    public let scale: Int

    public init(epoch: Int, scale: Int = 1) {
        self.epoch = epoch
        self.scale = scale
    }

    static let hour: Int64 = 3_600_000_000_000

    /// Archive time of a moment of the trial; a moment before its start is negative.
    public func archiveTime(_ time: Int64) -> Int64 { Int64(epoch) * 1_000_000_000 + time * Int64(scale) }

    /// The moment of the trial at an archive time, rounded towards its start.
    public func trialTime(_ archive: Int64) -> Int64 { (archive - Int64(epoch) * 1_000_000_000) / Int64(scale) }

    /// The archive hour that a moment of the trial lies in, counted from the epoch; negative in the history.
    func hourNumber(at time: Int64) -> Int {
        let offset = time * Int64(scale)
        return Int(offset >= 0 ? offset / Self.hour : -((-offset + Self.hour - 1) / Self.hour))
    }

    /// When an hour begins, trial time, rounded up.
    func start(ofHour number: Int) -> Int64 {
        let offset = Int64(number) * Self.hour
        return offset >= 0 ? (offset + Int64(scale) - 1) / Int64(scale) : offset / Int64(scale)
    }

    /// 0 … 23, UTC.
    func hourOfDay(_ number: Int) -> Int { ((epoch / 3_600 + number) % 24 + 24) % 24 }

    /// Whether an hour lies in a Saturday or Sunday, UTC.
    func isWeekend(_ number: Int) -> Bool {
        // 1970 began on a Thursday.
        let day = (epoch / 3_600 + number) / 24
        return [2, 3].contains(day % 7)
    }
}
