import Histogram

/// A distribution of durations in nanoseconds, HdrHistogram inside: recording allocates nothing, merging loses nothing.
public struct LatencyHistogram: Sendable {
    /// How finely durations are told apart.
    public enum Precision: Sendable {
        /// Three significant digits; for results. About 180 kB.
        case result
        /// Two significant digits; for one second of a run. About 25 kB.
        case interval
    }

    /// Longer durations are recorded as this, and counted in ``clamped``.
    public static let longest: UInt64 = 3_600_000_000_000
    /// Shorter differences are not told apart: the clock's wake-ups do not carry more.
    @usableFromInline static let finest: UInt64 = 1_000

    private let precision: Precision
    /// `nil` until something is recorded: most histograms of a load stay empty.
    private var counts: Histogram<UInt64>?
    /// Where HdrHistogram and all that read its encoding keep the count of a duration.
    public let layout: HdrLayout
    /// Durations beyond ``longest``.
    public private(set) var clamped = 0

    /// An empty histogram, which takes its memory with the first duration.
    public init(_ precision: Precision = .result) {
        self.precision = precision
        layout = HdrLayout(lowest: Self.finest, highest: Self.longest, digits: precision == .result ? 3 : 2)
    }

    private var room: Histogram<UInt64> {
        get { counts ?? Self.empty(precision) }
        _modify {
            var filled = counts.take() ?? Self.empty(precision)
            defer { counts = filled }
            yield &filled
        }
    }

    private static func empty(_ precision: Precision) -> Histogram<UInt64> {
        Histogram(
            lowestDiscernibleValue: finest, highestTrackableValue: longest,
            numberOfSignificantValueDigits: precision == .result ? .three : .two)
    }

    /// How many durations were recorded.
    public var count: Int { Int(counts?.totalCount ?? 0) }

    /// Records one duration in nanoseconds.
    public mutating func record(_ duration: UInt64) {
        if !room.record(duration) {
            clamped += 1
            room.record(Self.longest)
        }
    }

    /// Counts so many durations at once.
    mutating func add(count: UInt64, at duration: UInt64) { room.record(duration, count: count) }

    /// Completes what was counted elsewhere: the exact largest duration, already counted once at its place.
    mutating func noteLargest(_ duration: UInt64, clamped: Int) {
        // Counting it none times changes the maximum and nothing else.
        room.record(duration, count: 0)
        self.clamped += clamped
    }

    /// Adds all of another histogram of the same precision.
    public mutating func add(_ other: LatencyHistogram) {
        clamped += other.clamped
        guard let counts = other.counts else { return }
        if self.counts == nil { self.counts = counts } else { room.add(counts) }
    }

    /// Forgets everything, and gives the room back: the library's own `reset` walks through all counts by way of generic
    /// literals, 50 µs for 25 kB, in which a worker would be late each second.
    public mutating func reset() {
        counts = nil
        clamped = 0
    }

    /// The duration in nanoseconds that a share of all, 0 … 1, lie at or below; `nil` when empty.
    public func value(at quantile: Double) -> UInt64? {
        counts.flatMap { $0.totalCount == 0 ? nil : min($0.valueAtPercentile(quantile * 100), $0.max) }
    }

    /// The largest duration recorded, to the histogram's precision; `nil` when empty.
    public var max: UInt64? { counts.flatMap { $0.totalCount == 0 ? nil : $0.max } }

    /// All of it in HdrHistogram's encoding V2, not compressed.
    public var encoded: [UInt8] {
        HdrEncoding.encode(layout, room.recordedValues().lazy.map { (value: $0.value, count: $0.count) })
    }

    /// What was recorded, by rising duration in nanoseconds: the largest duration of each count that is not zero, and the
    /// count.
    public var recorded: [(duration: UInt64, count: Int)] {
        counts?.recordedValues().map { (layout.highestEquivalent(to: $0.value), Int($0.count)) } ?? []
    }

    /// The mean duration in nanoseconds; `nil` when empty.
    public var mean: Double? { counts.flatMap { $0.totalCount == 0 ? nil : $0.mean } }
}
