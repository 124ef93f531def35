import RunRecord
import SpecReader

/// Turns what sysbench printed into a record's numbers.
struct SysbenchImport {
    /// The only request class: sysbench counts events of one kind.
    static let requestClass = "events"

    private let report: SysbenchReport
    private let events: Int
    private let seconds: Double

    /// - Throws: `SpecProblems` for what is no complete report of sysbench.
    init(_ file: ImportFile) throws {
        do { report = try SysbenchReport(file.text) } catch {
            throw SpecProblems([
                file.problem(
                    line: error.column, column: nil, error.what, "import what sysbench printed for one run, whole")
            ])
        }
        let figures = report.figures
        guard report.figures["total number of events"] != nil || !report.intervals.isEmpty else {
            throw file.problem(
                "is no output of sysbench; it looks like \(FileGuess.kind(of: file))",
                "name what `sysbench ... run` printed")
        }
        // Version 1.1 says "time elapsed" where 1.0 says "total time".
        guard let events = figures["total number of events"],
            let seconds = figures["total time"] ?? figures["time elapsed"],
            seconds > 0, seconds < 1e9, events >= 0, events < 1e15
        else {
            throw file.problem(
                "has no report at its end (total time, total number of events): the run was broken off",
                "import the output of a run that ended")
        }
        if let last = report.intervals.last, last.end > 2 * seconds + 10 {
            throw file.problem("its lines go on long after its total time: not of one run", "import each run by itself")
        }
        if events > 0, !report.histogram.isEmpty {
            let counted = report.histogram.reduce(0) { $0 + $1.count }
            guard counted == Int(events) else {
                throw file.problem(
                    "its histogram holds \(counted) events and its report \(Int(events)): not of one run",
                    "import each run by itself")
            }
        }
        (self.events, self.seconds) = (Int(events), seconds)
    }

    /// Whether times count from when an event was due; `nil` when it is not known.
    private var hasSchedule: Bool? { report.intervals.isEmpty ? nil : report.hasQueue }

    /// All of it.
    func load() -> ImportedLoad {
        var load = ImportedLoad(
            program: "sysbench",
            source: report.histogram.isEmpty ? "sysbench report" : "sysbench report with a histogram",
            startedAt: nil, seconds: seconds, clients: hasSchedule == false ? report.threads : nil,
            countsFromSchedule: hasSchedule == true)
        let account = self.account
        func rate(_ count: Int) -> Double { RecordAssembly.rounded(Double(count) / seconds, 3) }
        var summary = ClassSummary(
            offeredPerSecond: rate(account?.scheduled ?? events), achievedPerSecond: rate(events),
            goodputPerSecond: nil,
            responseMs: quantiles, serviceMs: nil, lagMs: nil, curve: curve, rows: 0, chainsCut: 0)
        if quantiles == nil, events > 0 { summary.knownMs = known }
        load.classes[Self.requestClass] = summary
        if let account { load.accounting[Self.requestClass] = account }
        load.intervals = intervals
        load.counters = counters
        load.limits = limits
        load.drawIntervals()
        return load
    }

    // MARK: Durations

    /// From the histogram; the mean and the largest are of the report.
    private var quantiles: LatencyQuantiles? {
        guard events > 0, !report.histogram.isEmpty, let mean = report.figures["avg"], let most = report.figures["max"]
        else { return nil }
        return LatencyQuantiles(
            count: events, mean: mean, p50: at(0.5), p90: at(0.9), p95: at(0.95), p99: at(0.99),
            p999: events >= 10_000 ? at(0.999) : nil, max: most)
    }

    /// The middle of the range that a share of all durations lies in or below, as sysbench itself takes its percentile.
    private func at(_ share: Double) -> Double {
        var left = share * Double(events)
        for step in report.histogram {
            left -= Double(step.count)
            if left <= 1e-9 { return step.milliseconds }
        }
        return report.histogram.last?.milliseconds ?? 0
    }

    private var curve: [CurvePoint] {
        guard quantiles != nil else { return [] }
        var below = 0
        return report.histogram.map { step in
            defer { below += step.count }
            return CurvePoint(
                percentile: RecordAssembly.rounded(Double(below) / Double(events) * 100, 4),
                responseMs: step.milliseconds,
                serviceMs: step.milliseconds)
        }
    }

    private var known: KnownLatency {
        var known = KnownLatency(count: events)
        known.mean = report.figures["avg"]
        known.min = report.figures["min"]
        known.max = report.figures["max"]
        set(&known, report.percentileMs)
        return known
    }

    private func set(_ known: inout KnownLatency, _ value: Double?) {
        switch report.percentile {
        case 50: known.p50 = value
        case 90: known.p90 = value
        case 95: known.p95 = value
        case 99: known.p99 = value
        default: break
        }
    }

    private var intervals: [ImportedInterval] {
        var start = 0.0
        return report.intervals.map { one in
            let length = one.end - start
            defer { start = one.end }
            var known = KnownLatency(count: Int((one.transactionsPerSecond * length).rounded()))
            set(&known, one.latencyMs)
            return ImportedInterval(
                atSeconds: start, seconds: length, requestClass: Self.requestClass, known: known,
                failed: one.errorsPerSecond.map { Int(($0 * length).rounded()) })
        }
    }

    // MARK: Counts

    /// Errors that sysbench went on after, as after a deadlock: the event was begun again.
    private var account: Accounting? {
        guard let errors = report.figures["ignored errors"], errors < 1e15 else { return nil }
        var account = Accounting()
        account.completed = events
        if errors > 0 { account.errors = ["ignored-error": Int(errors)] }
        account.failed = Int(errors)
        account.scheduled = events + Int(errors)
        return account
    }

    private static let shown = [
        ("read", "statements that read"), ("write", "statements that wrote"),
        ("other", "other statements, such as COMMIT"),
        ("queries", "statements"), ("transactions", "transactions"),
        ("ignored errors", "errors that the run went on after"),
        ("reconnects", "connections made anew"),
    ]

    private var counters: [ImportedCounter] {
        Self.shown.compactMap { name, meaning in
            report.figures[name].map {
                ImportedCounter(
                    name: name, meaning: meaning, increase: $0, perSecond: RecordAssembly.rounded($0 / seconds, 3))
            }
        }
    }

    // MARK: Words

    private var limits: [String] {
        let start =
            switch hasSchedule {
            case true?:
                "Times count from when an event was due (--rate): the report has lines on its queue. How late sysbench itself was is not known apart."
            case false?:
                "No intended starts: each thread began an event when its last one had ended, so a stall of the server delays what would have come and hides from the percentiles."
            case nil:
                "Whether there were intended starts is not known: with --rate sysbench counts from when an event was due, without it from the begin, and its report tells only with --report-interval."
            }
        var limits = [
            start, "No request classes: sysbench counts events of one script; what they ask for is not in its report.",
            "No server side: version, settings, tables, history, waits and plans are not in the report.",
            "When the run was is not in the report.",
        ]
        if report.histogram.isEmpty {
            let told = report.percentileMs == nil ? "no percentile" : "one percentile, the \(report.percentile ?? 0)th"
            limits.append(
                "No distribution: the report has \(told), the mean and the extremes; --histogram=on prints it.")
        } else {
            limits.append("Percentiles are from a histogram whose ranges are 1.8 % wide.")
        }
        if let rank = report.percentile, rank > 0, ![50, 90, 95, 99].contains(rank) {
            limits.append("The percentile that the run was asked for (\(rank)) has no place here and is not shown.")
        }
        return limits
    }
}
