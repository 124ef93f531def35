import RunRecord
import SpecReader

/// Reads the log of intervals that `pgbench -l --aggregate-interval` wrote, one file of each thread.
struct PgbenchAggregate {
    /// The only request class: the log does not tell scripts apart.
    static let requestClass = "transactions"

    /// Sums over intervals.
    private struct Sum {
        var count = 0
        var latency: PgbenchInterval.Moments?

        mutating func add(_ interval: PgbenchInterval) {
            count += interval.transactions
            guard interval.transactions > 0 else { return }
            let one = interval.latency
            guard let sum = latency else {
                latency = one
                return
            }
            latency = .init(
                sum: sum.sum + one.sum, squares: sum.squares + one.squares, least: min(sum.least, one.least),
                most: max(sum.most, one.most))
        }

        /// Mean and standard deviation from sums, as pgbench's own report has them.
        var known: KnownLatency {
            var known = KnownLatency(count: count)
            guard count > 0, let latency else { return known }
            let mean = latency.sum / Double(count)
            func milliseconds(_ micros: Double) -> Double { RecordAssembly.rounded(micros / 1e3, 3) }
            known.mean = milliseconds(mean)
            known.deviation = milliseconds(max(0, latency.squares / Double(count) - mean * mean).squareRoot())
            known.min = milliseconds(latency.least)
            known.max = milliseconds(latency.most)
            return known
        }
    }

    /// Of all threads.
    private let all: [PgbenchInterval]
    /// Seconds of an interval.
    private let length: Int
    private let cutShort: [String]

    /// - Parameters:
    ///   - files: of one run, one of each thread.
    ///   - told: seconds of an interval, where a person says it.
    /// - Throws: `SpecProblems`.
    init(_ files: [ImportFile], interval told: Int?) throws {
        var read: [[PgbenchInterval]] = []
        var cutShort: [String] = []
        var columns: Int?
        for file in files {
            let (intervals, isCutShort) = try Self.read(file, &columns)
            read.append(intervals)
            if isCutShort { cutShort.append(file.name) }
        }
        let steps = Set(read.flatMap { one in zip(one, one.dropFirst()).map { $1.start - $0.start } })
        guard let length = told ?? steps.min() else {
            throw files[0].problem(
                "holds one interval, whose length a log does not tell",
                "say it: --interval 10s, as --aggregate-interval had it")
        }
        guard length > 0, steps.allSatisfy({ $0 % length == 0 }) else {
            throw files[0].problem(
                "its intervals do not begin \(length) s apart",
                "say their length with --interval, and import each run by itself")
        }
        all = read.flatMap { $0 }
        self.length = length
        self.cutShort = cutShort
    }

    private static func read(_ file: ImportFile, _ columns: inout Int?) throws -> ([PgbenchInterval], Bool) {
        var problems = ImportProblems(file)
        var lines = LineCursor(file)
        var intervals: [PgbenchInterval] = []
        while let read = lines.next(line) {
            switch read {
            case .failure(let problem): problems.add(line: lines.number, column: problem.column, problem.what)
            case .success(let interval):
                let width = columns ?? interval.columns
                columns = width
                if interval.columns != width {
                    problems.add(
                        line: lines.number, column: 1, "\(interval.columns) columns, where the first line has \(width)")
                } else if let last = intervals.last, interval.start <= last.start {
                    problems.add(
                        line: lines.number, column: 1, "begins no later than the interval above: two logs in one file")
                } else {
                    intervals.append(interval)
                }
            }
        }
        try problems.check()
        guard !intervals.isEmpty else { throw file.problem("holds no whole line", "name a log that a run has written") }
        return (intervals, lines.isCutShort)
    }

    private static func line(_ line: UnsafeBufferPointer<UInt8>) -> Result<PgbenchInterval, LineProblem> {
        do { return .success(try PgbenchInterval(line)) } catch { return .failure(error) }
    }

    /// Whether anything was scheduled: without `--rate` the columns of the lag are absent, or 0.
    private var hasSchedule: Bool { all.contains { ($0.lag?.most ?? 0) > 0 } }

    /// Whether failures are counted: without `--failures-detailed` their columns are 0, or absent.
    private var tellsFailures: Bool { account(all).failed > 0 }

    /// All of it.
    func load() -> ImportedLoad {
        let start = all.map(\.start).min() ?? 0
        let end = (all.map(\.start).max() ?? 0) + length
        var load = ImportedLoad(
            program: "pgbench", source: "pgbench log of intervals", startedAt: Double(start),
            seconds: Double(end - start), clients: nil, countsFromSchedule: hasSchedule)
        var sum = Sum()
        for interval in all { sum.add(interval) }
        let account = self.account(all)
        func rate(_ count: Int) -> Double { RecordAssembly.rounded(Double(count) / load.seconds, 3) }
        var summary = ClassSummary(
            offeredPerSecond: rate(account.scheduled), achievedPerSecond: rate(account.completed),
            goodputPerSecond: nil,
            responseMs: nil, serviceMs: nil, lagMs: nil, curve: [], rows: 0, chainsCut: 0)
        summary.knownMs = sum.known
        load.classes[Self.requestClass] = summary
        if tellsFailures { load.accounting[Self.requestClass] = account }
        load.intervals = intervals(from: start)
        load.limits = limits
        load.drawIntervals()
        return load
    }

    private func account(_ intervals: [PgbenchInterval]) -> Accounting {
        var account = Accounting()
        for interval in intervals {
            account.completed += interval.transactions
            for (code, count) in [
                ("skipped", interval.skipped), ("40001", interval.serializationFailures ?? 0),
                ("40P01", interval.deadlockFailures ?? 0),
            ] where count > 0 {
                account.errors[code, default: 0] += count
            }
        }
        account.failed = account.errors.values.reduce(0, +)
        account.scheduled = account.completed + account.failed
        return account
    }

    /// Of all threads together: their intervals begin in the same second, or in the next.
    private func intervals(from start: Int) -> [ImportedInterval] {
        Dictionary(grouping: all) { ($0.start - start) / length }.sorted { $0.key < $1.key }.map { index, same in
            var sum = Sum()
            for interval in same { sum.add(interval) }
            return ImportedInterval(
                atSeconds: Double(index * length), seconds: Double(length), requestClass: Self.requestClass,
                known: sum.known, failed: tellsFailures ? account(same).failed : nil)
        }
    }

    private var limits: [String] {
        var limits = PgbenchWords.limits(hasSchedule: hasSchedule)
        limits.append(
            "No percentiles: the log has sums and extremes of intervals of \(length) s; --aggregate-interval left the single transactions out."
        )
        if !hasSchedule { limits.append("The number of clients is not in the log.") }
        limits.append(
            tellsFailures
                ? "Failures are those that the log counts: skipped ones with --latency-limit, others only with --failures-detailed."
                : "Whether transactions failed is not known: the log counts them only with --failures-detailed, and here counts none."
        )
        if length > 1 {
            limits.append("Within an interval the time line shows its mean rate: more is not known.")
        }
        limits.append("The last interval, which was not over, is not in the log.")
        if !cutShort.isEmpty {
            limits.append("The last line of \(cutShort.joined(separator: ", ")) was cut short and is left out.")
        }
        return limits
    }
}
