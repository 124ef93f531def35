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
    private var counts: Histogram<UInt64>
    /// Where HdrHistogram and all that read its encoding keep the count of a duration.
    public let layout: HdrLayout
    /// Durations beyond ``longest``.
    public private(set) var clamped = 0

    public init(_ precision: Precision = .result) {
        self.precision = precision
        layout = HdrLayout(lowest: Self.finest, highest: Self.longest, digits: precision == .result ? 3 : 2)
        counts = Self.empty(precision)
    }

    private static func empty(_ precision: Precision) -> Histogram<UInt64> {
        Histogram(
            lowestDiscernibleValue: finest, highestTrackableValue: longest,
            numberOfSignificantValueDigits: precision == .result ? .three : .two)
    }

    public var count: Int { Int(counts.totalCount) }

    /// Records one duration in nanoseconds.
    public mutating func record(_ duration: UInt64) {
        if !counts.record(duration) {
            clamped += 1
            counts.record(Self.longest)
        }
    }

    /// Counts so many durations at once.
    mutating func add(count: UInt64, at duration: UInt64) { counts.record(duration, count: count) }

    /// Completes what was counted elsewhere: the exact largest duration, already counted once at its place.
    mutating func noteLargest(_ duration: UInt64, clamped: Int) {
        // Counting it none times changes the maximum and nothing else.
        counts.record(duration, count: 0)
        self.clamped += clamped
    }

    /// Adds all of another histogram of the same precision.
    public mutating func add(_ other: LatencyHistogram) {
        counts.add(other.counts)
        clamped += other.clamped
    }

    /// Forgets everything.
    ///
    /// Takes new room where anything was recorded: the library's own `reset` walks through all counts by way of generic
    /// literals, 50 µs for 25 kB, in which a worker would be late each second.
    public mutating func reset() {
        if count > 0 { counts = Self.empty(precision) }
        clamped = 0
    }

    /// The duration in nanoseconds that a share of all, 0 … 1, lie at or below; `nil` when empty.
    public func value(at quantile: Double) -> UInt64? {
        count == 0 ? nil : min(counts.valueAtPercentile(quantile * 100), counts.max)
    }

    /// The largest duration recorded, to the histogram's precision; `nil` when empty.
    public var max: UInt64? { count == 0 ? nil : counts.max }

    /// All of it in HdrHistogram's encoding V2, not compressed.
    public var encoded: [UInt8] {
        HdrEncoding.encode(layout, counts.recordedValues().lazy.map { (value: $0.value, count: $0.count) })
    }

    /// The mean duration in nanoseconds; `nil` when empty.
    public var mean: Double? { count == 0 ? nil : counts.mean }
}
