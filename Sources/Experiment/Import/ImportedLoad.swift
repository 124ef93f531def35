import RunRecord

/// What was read from the files of another program, in the record's words.
struct ImportedLoad {
    /// The program whose load it was, such as `pgbench`.
    var program: String
    /// What was read, such as `pgbench transaction log`.
    var source: String
    /// Seconds since 1970; `nil` when the source does not tell.
    var startedAt: Double?
    /// Length of what is told.
    var seconds: Double
    /// What set the pace: clients that wait for their answers, where there are such.
    var clients: Int?
    var countsFromSchedule: Bool
    var classes: [String: ClassSummary] = [:]
    /// Empty when the source does not tell what became of the operations.
    var accounting: [String: Accounting] = [:]
    var samples: [SecondSample] = []
    /// Response times of each second: lines of `latency.hlog` without its head.
    var latencies = ""
    var events: [TrialEvent] = []
    var limits: [String] = []
    var counters: [ImportedCounter] = []
    var intervals: [ImportedInterval] = []

    /// Makes the time line from the intervals, where it is not too long.
    mutating func drawIntervals() {
        guard !intervals.isEmpty else { return }
        guard seconds <= Double(EvenSeconds.most) else {
            limits.append(
                "The time line is left out, because it is longer than two days; the intervals are in run.json.")
            return
        }
        var even = EvenSeconds()
        for interval in intervals { even.add(interval) }
        samples = even.samples
    }
}

/// Seconds of a record from parts of the time that are longer: each part evenly over its seconds, because more is not known.
package struct EvenSeconds {
    /// Two days; more would fill hundreds of megabytes.
    static let most = 172_800

    private var seconds: [Int: [String: ClassSecond]] = [:]

    /// No part yet.
    package init() {}

    /// Adds a part.
    package mutating func add(_ part: ImportedInterval) {
        let first = Int(part.atSeconds.rounded())
        let length = max(1, Int((part.atSeconds + part.seconds).rounded()) - first)
        for index in 0..<length {
            let count = Self.share(part.known.count, index, length)
            let failed = Self.share(part.failed ?? 0, index, length)
            let earlier = seconds[first + index, default: [:]][part.requestClass]
            var sum =
                earlier
                ?? ClassSecond(scheduled: 0, completed: 0, failed: 0, p50Ms: nil, p99Ms: nil, maxMs: nil)
            sum.scheduled += count + failed
            sum.completed += count
            sum.failed += failed
            // Two parts in one second, as of two threads: neither one's percentile is that of both.
            sum.p50Ms = earlier == nil ? part.known.p50 : nil
            sum.p99Ms = earlier == nil ? part.known.p99 : nil
            sum.maxMs = [sum.maxMs, part.known.max].compactMap { $0 }.max()
            seconds[first + index, default: [:]][part.requestClass] = sum
        }
    }

    /// In order.
    package var samples: [SecondSample] {
        seconds.sorted { $0.key < $1.key }.map { SecondSample(second: $0.key, phase: "measure", classes: $0.value) }
    }

    /// So many of a count as fall to one of equal parts, so that all parts together have all of it.
    private static func share(_ count: Int, _ index: Int, _ parts: Int) -> Int {
        let (whole, rest) = count.quotientAndRemainder(dividingBy: parts)
        return whole + (rest * (index + 1)) / parts - (rest * index) / parts
    }
}
