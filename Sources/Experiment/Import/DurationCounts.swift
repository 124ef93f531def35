import RunRecord

/// Counts of durations by rising bound, as a histogram of Prometheus has them.
struct DurationCounts: Equatable {
    /// Milliseconds, inclusive; the last is infinite.
    let bounds: [Double]
    /// Up to each bound, from the one before.
    var counts: [Double]
    /// Sum of all durations, milliseconds.
    var sum: Double

    /// `nil` when counts fall or are none, or the last bound is not infinite.
    ///
    /// - Parameters:
    ///   - cumulative: counts at or below each bound in seconds, as `_bucket{le="..."}` has them.
    ///   - sum: seconds.
    init?(cumulative: [(bound: Double, count: Double)], sum: Double) {
        let rising = cumulative.sorted { $0.bound < $1.bound }
        guard rising.last?.bound == .infinity, Set(rising.map(\.bound)).count == rising.count,
            zip(rising, rising.dropFirst()).allSatisfy({ $0.count <= $1.count }),
            rising.allSatisfy({ (0...1e15).contains($0.count) })
        else { return nil }
        bounds = rising.map { $0.bound * 1_000 }
        counts = rising.indices.map { $0 == 0 ? rising[0].count : rising[$0].count - rising[$0 - 1].count }
        self.sum = sum * 1_000
    }

    var total: Double { counts.reduce(0, +) }

    /// What came on top of an earlier state; `nil` when bounds differ or a count fell, as after a restart.
    func since(_ earlier: DurationCounts) -> DurationCounts? {
        guard bounds == earlier.bounds, zip(counts, earlier.counts).allSatisfy({ $0 >= $1 }) else { return nil }
        var rest = self
        rest.counts = zip(counts, earlier.counts).map { $0 - $1 }
        rest.sum = sum - earlier.sum
        return rest
    }

    /// Adds counts of the same bounds.
    mutating func add(_ other: DurationCounts) {
        counts = zip(counts, other.counts).map { $0 + $1 }
        sum += other.sum
    }

    /// An estimate in milliseconds as Prometheus' `histogram_quantile` makes it: linear within a bucket, from 0 in the
    /// first; `nil` for the bucket without bound, where it has none.
    func quantile(_ share: Double) -> Double? {
        let rank = share * total
        guard total > 0 else { return nil }
        var below = 0.0
        for (index, count) in counts.enumerated() {
            defer { below += count }
            guard below + count >= rank, count > 0 else { continue }
            guard bounds[index].isFinite else { return nil }
            let from = index == 0 ? 0 : bounds[index - 1]
            return from + (bounds[index] - from) * (rank - below) / count
        }
        return nil
    }

    /// In the record's words.
    var known: KnownLatency {
        var known = KnownLatency(count: Int(total.rounded()))
        guard total > 0 else { return known }
        func rounded(_ value: Double?) -> Double? { value.map { RecordAssembly.rounded($0, 3) } }
        known.mean = rounded(sum / total)
        known.p50 = rounded(quantile(0.5))
        known.p90 = rounded(quantile(0.9))
        known.p95 = rounded(quantile(0.95))
        known.p99 = rounded(quantile(0.99))
        known.p999 = total >= 10_000 ? rounded(quantile(0.999)) : nil
        return known
    }

    /// The counts themselves.
    var buckets: [DurationBucket] {
        zip(bounds, counts).map { DurationBucket(upToMs: $0.isFinite ? $0 : nil, count: Int($1.rounded())) }
    }
}
