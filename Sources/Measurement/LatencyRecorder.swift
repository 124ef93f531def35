import Glibc

/// Counts durations on a measured thread: a flat array in HdrHistogram's layout and nothing else, a dozen instructions a
/// duration. What it counted is read as a ``LatencyHistogram``.
///
/// The layout is that of HdrHistogram (Gil Tene, "HdrHistogram: A High Dynamic Range Histogram", `AbstractHistogram`,
/// section "bucket and sub-bucket indexing"): sub-buckets of equal width, doubling from bucket to bucket. Owned by one
/// thread; whoever made it calls ``deallocate()``.
public struct LatencyRecorder {
    @usableFromInline let counts: UnsafeMutablePointer<UInt64>
    private let capacity: Int
    /// log₂ of the finest unit, 512 ns.
    @inlinable static var unit: UInt64 { 9 }
    /// log₂ of half the sub-buckets.
    @usableFromInline let half: UInt64
    @usableFromInline let mask: UInt64
    private let precision: LatencyHistogram.Precision
    @usableFromInline var recorded = 0
    /// How many were counted.
    public var count: Int { recorded }
    @usableFromInline var clamped = 0
    /// Exact, as the library keeps it.
    @usableFromInline var largest: UInt64 = 0

    /// An empty recorder with all its memory, so that recording never allocates.
    public init(_ precision: LatencyHistogram.Precision = .result) {
        self.precision = precision
        // Twice ten to the power of the digits, rounded up to a power of two.
        half = precision == .result ? 10 : 7
        mask = ((2 << half) - 1) << Self.unit
        capacity = Self.index(of: LatencyHistogram.longest, half, mask) + 1
        // Zeroed by the kernel where it is touched: most of it never is.
        guard let memory = calloc(capacity, MemoryLayout<UInt64>.stride) else { preconditionFailure("out of memory") }
        counts = memory.bindMemory(to: UInt64.self, capacity: capacity)
    }

    /// Gives the memory back; the recorder must not be used any more.
    public func deallocate() { free(counts) }

    /// Counts one duration in nanoseconds; one beyond ``LatencyHistogram/longest`` as that.
    /// - Complexity: O(1), about fifteen instructions.
    @inlinable @inline(__always)
    public mutating func record(_ duration: UInt64) {
        var duration = duration
        if duration > LatencyHistogram.longest {
            duration = LatencyHistogram.longest
            clamped += 1
        }
        let index = Self.index(of: duration, half, mask)
        counts[index] &+= 1
        recorded &+= 1
        if duration > largest { largest = duration }
    }

    /// What was counted since the last call or the beginning; forgets it.
    public mutating func take() -> LatencyHistogram {
        var histogram = LatencyHistogram(precision)
        guard count > 0 else { return histogram }
        for index in 0..<capacity where counts[index] > 0 {
            histogram.add(count: counts[index], at: min(lowest(at: index), largest))
            counts[index] = 0
        }
        histogram.noteLargest(largest, clamped: clamped)
        largest = 0
        recorded = 0
        clamped = 0
        return histogram
    }

    @inlinable @inline(__always)
    static func index(of value: UInt64, _ half: UInt64, _ mask: UInt64) -> Int {
        // Shifts of less than 64 bits by construction, so without the checks of larger ones.
        let bucket = 63 &- Self.unit &- half &- UInt64(truncatingIfNeeded: (value | mask).leadingZeroBitCount)
        return Int(truncatingIfNeeded: (bucket &<< half) &+ (value &>> (bucket &+ Self.unit)))
    }

    /// The smallest duration that is counted at an index.
    private func lowest(at index: Int) -> UInt64 {
        let number = UInt64(index)
        let bucket = number < 2 << half ? 0 : (number >> half) - 1
        return (number - bucket << half) << (bucket + Self.unit)
    }
}
