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
    /// Response times by request class, nanoseconds; only classes that have some.
    let samples: [String: CountedValues]

    init(_ records: [SliceRecord], _ histograms: [String: LatencyHistogram]) {
        samples = histograms.mapValues(\.countedValues).filter { !$0.value.values.isEmpty }
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
        for (metric, value) in record.metrics where value.isFinite {
            readings[metric, default: []].append(value)
        }
    }

    var metrics: Set<String> { Set(readings.keys) }

    /// The value of a metric in this block; `nil` when there is none.
    func value(of metric: String, _ quantity: MetricQuantity?) -> Double? {
        let read = readings[metric].map(Sample.mean)
        let requestClass = MetricCatalogue.parts(of: metric).requestClass
        let sample = requestClass.flatMap { samples[$0] }
        switch quantity?.source {
        case .responseQuantile(let share): return sample.map { quantile(share, of: $0) } ?? read
        case .responseMean: return sample?.mean.map { $0 / 1e6 } ?? read
        case .throughput: return read ?? throughput(of: requestClass)
        case .reading, nil: return read
        }
    }

    /// Milliseconds; `nil` unless at least one operation is expected beyond the quantile.
    private func quantile(_ share: Double, of sample: CountedValues) -> Double? {
        guard Double(sample.total) * (1 - share) >= 1 - 1e-9 else { return nil }
        return HarrellDavis.quantile(values: sample.values, counts: sample.counts, share: share) / 1e6
    }

    private func throughput(of requestClass: String?) -> Double? {
        guard spentSeconds > 0 else { return nil }
        let count = requestClass.map { completed[$0] ?? 0 } ?? completed.values.reduce(0, +)
        return Double(count) / spentSeconds
    }

    // MARK: Keeping up

    /// Whether as many requests of each class ended as were due, what an earlier slice left over counted among them.
    /// A node's own jobs are left out: a retention pass that runs on beyond its slice is no queue of requests.
    var hasEndedRequests: Bool {
        scheduled.allSatisfy { RequestClass.isJob($0.key) || ended[$0.key] ?? 0 >= $0.value }
    }

    /// Whether it carried what was offered: every request ended, and waiting did not build up.
    ///
    /// A side that is slower than its schedule still empties its queue after the slice. Then the time to do so is long
    /// against the slice, and so is the median response time against it; where a few slow requests take as long, the
    /// median is short. A class that falls behind alone hides in the median of all, so each is looked at by itself.
    var keptUp: Bool {
        func requests(_ counts: [String: Int]) -> Int {
            counts.reduce(0) { $0 + (RequestClass.isJob($1.key) ? 0 : $1.value) }
        }
        let (due, done) = (requests(scheduled), requests(ended))
        guard Double(done) >= KeptUpFinding.leastEnded * Double(due) else { return false }
        // What is still in flight when every request has ended is a job.
        guard isDrained || hasEndedRequests else { return false }
        guard longestDrain > KeptUpFinding.longestDrain, slices > 0, seconds > 0 else { return true }
        let classes = samples.filter { !RequestClass.isJob($0.key) }.map(\.value)
        let all = CountedValues(pooling: classes)
        guard all.total > 0 else { return true }
        let drain = longestDrain * seconds / Double(slices)
        guard nanoseconds(0.5, of: all) / 1e9 < drain / 3 else { return false }
        return !classes.contains { hasQueued($0, drain: drain) }
    }

    /// Whether the response times of one class are those of a queue that grew from the start of its slices to their
    /// end: they are spread evenly from next to nothing to a large part of the slice, and after the slice the queue
    /// still had to be emptied. Slow requests without a queue have a least time, or a long tail where they differ much;
    /// a growing queue has neither, and every lognormal distribution has one of the two.
    private func hasQueued(_ sample: CountedValues, drain: Double) -> Bool {
        guard sample.total >= KeptUpFinding.fewestOfClass * slices else { return false }
        let longest = nanoseconds(0.95, of: sample)
        guard longest / 1e9 >= KeptUpFinding.leastQueue * seconds / Double(slices), drain >= longest / 2e9 else {
            return false
        }
        let (least, median) = (nanoseconds(0.1, of: sample), nanoseconds(0.5, of: sample))
        return least <= median / 3 && median >= 0.45 * longest
    }

    private func nanoseconds(_ share: Double, of sample: CountedValues) -> Double {
        HarrellDavis.quantile(values: sample.values, counts: sample.counts, share: share)
    }
}

extension LatencyHistogram {
    /// Nanoseconds.
    var countedValues: CountedValues {
        let recorded = recorded
        return CountedValues(values: recorded.map { Double($0.duration) }, counts: recorded.map(\.count))
    }
}
