import Measurement
import RunRecord
import Statistics

/// All slices of one side in one block, as one.
struct BlockSide: Sendable {
    /// In which operations were begun.
    private(set) var seconds = 0.0
    /// Until the last completion, from each slice's start.
    private(set) var spentSeconds = 0.0
    /// Of the slices, the longest time from the end of the schedule to the last completion, as a share of the slice.
    private(set) var longestDrain = 0.0
    private(set) var isDrained = true
    private(set) var scheduled: [String: Int] = [:]
    /// Ended, whether well or not.
    private(set) var ended: [String: Int] = [:]
    /// Ended well.
    private(set) var completed: [String: Int] = [:]
    private(set) var slices = 0
    private var readings: [String: [Double]] = [:]
    /// Response times by request class, nanoseconds.
    let histograms: [String: LatencyHistogram]

    init(_ records: [SliceRecord], _ histograms: [String: LatencyHistogram]) {
        self.histograms = histograms
        for record in records { add(record) }
    }

    private mutating func add(_ record: SliceRecord) {
        slices += 1
        seconds += record.seconds
        spentSeconds += record.seconds + record.drainSeconds
        longestDrain = max(longestDrain, record.seconds > 0 ? record.drainSeconds / record.seconds : 0)
        isDrained = isDrained && record.isDrained
        scheduled.merge(record.scheduled, uniquingKeysWith: +)
        completed.merge(record.completed, uniquingKeysWith: +)
        ended.merge(record.completed, uniquingKeysWith: +)
        ended.merge(record.failed, uniquingKeysWith: +)
        for (metric, value) in record.metrics { readings[metric, default: []].append(value) }
    }

    var metrics: Set<String> { Set(readings.keys) }

    /// The value of a metric in this block; `nil` when there is none.
    func value(of metric: String, _ quantity: MetricQuantity?) -> Double? {
        let read = readings[metric].map(Sample.mean)
        let requestClass = MetricCatalogue.parts(of: metric).requestClass
        let histogram = requestClass.flatMap { histograms[$0] }
        switch quantity?.source {
        case .responseQuantile(let share): return histogram.map { quantile(share, of: $0) } ?? read
        case .responseMean: return histogram?.mean.map { $0 / 1e6 } ?? read
        case .throughput: return read ?? throughput(of: requestClass)
        case .reading, nil: return read
        }
    }

    /// Milliseconds; `nil` unless at least one operation is expected beyond the quantile.
    private func quantile(_ share: Double, of histogram: LatencyHistogram) -> Double? {
        guard Double(histogram.count) * (1 - share) >= 1 - 1e-9 else { return nil }
        let counted = histogram.countedValues
        return HarrellDavis.quantile(values: counted.values, counts: counted.counts, share: share) / 1e6
    }

    private func throughput(of requestClass: String?) -> Double? {
        guard spentSeconds > 0 else { return nil }
        let count = requestClass.map { completed[$0] ?? 0 } ?? completed.values.reduce(0, +)
        return Double(count) / spentSeconds
    }

    /// Whether it carried what was offered: everything ended, and waiting did not build up.
    ///
    /// A side that is slower than its schedule still empties its queue after the slice. Then the time to do so is long
    /// against the slice, and so is the median response time against it; where a few slow requests take as long, the
    /// median is short.
    var keptUp: Bool {
        let (due, done) = (scheduled.values.reduce(0, +), ended.values.reduce(0, +))
        guard isDrained, Double(done) >= KeptUpFinding.leastEnded * Double(due) else { return false }
        guard longestDrain > KeptUpFinding.longestDrain, slices > 0, seconds > 0 else { return true }
        let all = histograms.sorted { $0.key < $1.key }.map(\.value).reduce(into: LatencyHistogram()) { $0.add($1) }
        guard let median = all.value(at: 0.5) else { return true }
        let drain = longestDrain * seconds / Double(slices)
        return Double(median) / 1e9 < drain / 3
    }
}

extension LatencyHistogram {
    /// Nanoseconds.
    var countedValues: CountedValues {
        let recorded = recorded
        return CountedValues(values: recorded.map { Double($0.duration) }, counts: recorded.map(\.count))
    }
}
