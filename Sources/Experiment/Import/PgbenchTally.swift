import LoadRunner
import Measurement
import RunRecord

/// What the transactions of one script came to.
struct ScriptTally {
    private(set) var result = LabelResult()
    private(set) var errors: [String: Int] = [:]

    /// Counts one.
    ///
    /// - Parameters:
    ///   - outcome: what became of it.
    ///   - lag: microseconds from its scheduled start to its begin; `nil` without `--rate`.
    mutating func add(_ outcome: PgbenchTransaction.Outcome, lag: Int?) {
        switch outcome {
        case .took(let micros):
            result.response.record(Self.nanoseconds(micros))
            result.service.record(Self.nanoseconds(max(0, micros - (lag ?? 0))))
            if let lag { result.lag.record(Self.nanoseconds(lag)) }
        case .failed(let code): errors[code, default: 0] += 1
        }
    }

    /// What became of all of them. What was skipped was due, and is a failure.
    var account: Accounting {
        var account = Accounting()
        account.completed = result.response.count
        account.errors = errors
        account.failed = errors.values.reduce(0, +)
        account.scheduled = account.completed + account.failed
        return account
    }

    /// Rates and times.
    ///
    /// - Parameter seconds: length of the log.
    /// - Returns: them in the record's words.
    func summary(seconds: Double) -> ClassSummary {
        func rate(_ count: Int) -> Double { RecordAssembly.rounded(Double(count) / max(seconds, 1e-9), 3) }
        return ClassSummary(
            offeredPerSecond: rate(account.scheduled), achievedPerSecond: rate(account.completed),
            goodputPerSecond: nil,
            responseMs: RecordAssembly.quantiles(result.response), serviceMs: RecordAssembly.quantiles(result.service),
            lagMs: RecordAssembly.quantiles(result.lag), curve: RecordAssembly.curve(result), rows: 0, chainsCut: 0)
    }

    static func nanoseconds(_ micros: Int) -> UInt64 { UInt64(min(micros, 10_000_000_000_000)) * 1_000 }
}

/// What happened in each second of a log that is read in the order of its time.
struct SecondTally {
    private struct Open {
        var histogram = LatencyHistogram(.interval)
        var failed = 0
    }

    /// Seconds that more lines may come for.
    private var open: [Int: [String: Open]] = [:]
    /// Seconds that are over, without what was begun in them.
    private var closed: [Int: [String: ClassSecond]] = [:]
    private var begun: [Int: [String: Int]] = [:]
    /// Lines of `latency.hlog`.
    private(set) var latencies = ""
    /// Seconds by which a line may be out of order.
    static let slack = 1

    /// Counts a transaction.
    ///
    /// - Parameters:
    ///   - name: its request class.
    ///   - outcome: what became of it.
    ///   - begin: second of the log in which it was due, or began where nothing was due.
    ///   - end: second of the log in which it ended.
    /// - Throws: `LatencyLog.Problem`.
    mutating func add(_ name: String, _ outcome: PgbenchTransaction.Outcome, begin: Int, end: Int) throws {
        begun[begin, default: [:]][name, default: 0] += 1
        if open[end] == nil { try close(before: end - Self.slack) }
        switch outcome {
        case .took(let micros):
            open[end, default: [:]][name, default: Open()].histogram.record(ScriptTally.nanoseconds(micros))
        case .failed: open[end, default: [:]][name, default: Open()].failed += 1
        }
    }

    /// All seconds in order.
    ///
    /// - Throws: `LatencyLog.Problem`.
    mutating func finish() throws -> [SecondSample] {
        try close(before: Int.max)
        for (second, counts) in begun {
            for (name, count) in counts {
                let none = ClassSecond(scheduled: 0, completed: 0, failed: 0, p50Ms: nil, p99Ms: nil, maxMs: nil)
                closed[second, default: [:]][name, default: none].scheduled += count
            }
        }
        // A second without a line is one in which nothing happened.
        if let first = closed.keys.min(), let last = closed.keys.max(), last - first <= EvenSeconds.most {
            for second in first...last where closed[second] == nil { closed[second] = [:] }
        }
        return closed.sorted { $0.key < $1.key }.map {
            SecondSample(second: $0.key, phase: "measure", classes: $0.value)
        }
    }

    private mutating func close(before second: Int) throws {
        for (over, classes) in open.filter({ $0.key < second }).sorted(by: { $0.key < $1.key }) {
            open[over] = nil
            for (name, one) in classes.sorted(by: { $0.key < $1.key }) {
                let histogram = one.histogram
                closed[over, default: [:]][name] = ClassSecond(
                    scheduled: 0, completed: histogram.count, failed: one.failed,
                    p50Ms: histogram.value(at: 0.5).map(RecordAssembly.milliseconds),
                    p99Ms: histogram.value(at: 0.99).map(RecordAssembly.milliseconds),
                    maxMs: histogram.max.map(RecordAssembly.milliseconds))
                guard histogram.count > 0 else { continue }
                latencies += try LatencyLog.line(tag: name, start: Double(over), length: 1, histogram)
            }
        }
    }
}
