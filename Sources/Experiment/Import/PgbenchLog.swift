import Measurement
import RunRecord
import SpecReader

/// Reads the log of single transactions that `pgbench -l` wrote, one file of each thread.
struct PgbenchLog {
    private let files: [ImportFile]
    private let scan: PgbenchScan
    private let seventh: SeventhColumn?
    private let told: SeventhColumn?
    private let note: (Int) -> Void
    private let bytes: Int

    /// - Parameters:
    ///   - files: of one run.
    ///   - told: what the seventh column is, where a person says it.
    ///   - note: is told how many bytes are behind it, of all files twice.
    /// - Throws: `SpecProblems`.
    init(_ files: [ImportFile], seventh told: SeventhColumn?, note: @escaping (Int) -> Void) throws {
        self.files = files
        self.note = note
        self.told = told
        bytes = files.reduce(0) { $0 + $1.data.count }
        scan = try PgbenchScan(files, note: note)
        seventh = try scan.seventh(told)
    }

    private var hasSchedule: Bool { seventh == .lag }

    /// All of it.
    ///
    /// - Throws: `LatencyLog.Problem`.
    func load() throws -> ImportedLoad {
        var tallies: [Int: ScriptTally] = [:]
        var seconds = SecondTally()
        var (retried, retries) = (0, 0)
        try inOrder { line in
            let lag = hasSchedule ? line.seventh : nil
            tallies[line.script, default: ScriptTally()].add(line.outcome, lag: lag)
            try seconds.add(name(of: line.script), line.outcome, begin: second(line.begin), end: second(line.end))
            // No run tries a transaction so often; a number beyond any sense must not end the sum.
            let again = min((hasSchedule ? line.eighth : line.seventh) ?? 0, 1_000_000_000)
            (retried, retries) = (retried + min(1, again), retries + again)
        }
        let length = max(1e-6, Double(scan.last - scan.first) / 1e6)
        var load = ImportedLoad(
            program: "pgbench", source: "pgbench transaction log", startedAt: Double(scan.first) / 1e6, seconds: length,
            clients: hasSchedule ? nil : scan.clientCount, countsFromSchedule: hasSchedule)
        for (script, tally) in tallies {
            load.classes[name(of: script)] = tally.summary(seconds: length)
            load.accounting[name(of: script)] = tally.account
        }
        load.samples = try seconds.finish()
        load.latencies = seconds.latencies
        load.limits = limits(load)
        load.counters = counters(retried, retries, length)
        return load
    }

    // MARK: Words

    private func name(of script: Int) -> String { "script.\(script)" }

    private func second(_ time: Int) -> Int { (time - scan.first) / 1_000_000 }

    private func limits(_ load: ImportedLoad) -> [String] {
        var limits = PgbenchWords.limits(hasSchedule: hasSchedule)
        if load.accounting.values.contains(where: { $0.failed > 0 }) {
            limits.append(
                "When a failed or skipped transaction was due is not in the log: it is counted in the second in which it ended."
            )
        }
        limits += [scan.assumption(told)].compactMap { $0 }
        if scan.missing > 0 {
            limits.append(
                "The log holds \(scan.transactions) of \(scan.transactions + scan.missing) transactions (--sampling-rate, or lines that were lost): counts and rates are of those, and lower than the run's."
            )
        }
        if !scan.cutShort.isEmpty {
            limits.append("The last line of \(scan.cutShort.joined(separator: ", ")) was cut short and is left out.")
        }
        return limits
    }

    private func counters(_ retried: Int, _ retries: Int, _ seconds: Double) -> [ImportedCounter] {
        guard seventh == .retries || scan.columns == 8 else { return [] }
        return [
            ("retried", "transactions that were tried again", retried), ("retries", "tries beyond the first", retries),
        ]
        .map { ImportedCounter(name: $0.0, meaning: $0.1, increase: Double($0.2), perSecond: Double($0.2) / seconds) }
    }

    // MARK: Order

    /// A file and its line that comes next.
    private struct Head {
        var lines: LineCursor
        var next: PgbenchTransaction
    }

    /// Goes through the lines of all files in the order of their time.
    private func inOrder(_ body: (PgbenchTransaction) throws -> Void) throws {
        var heads: [Head] = []
        for file in files {
            var lines = LineCursor(file)
            if let next = Self.next(&lines) { heads.append(Head(lines: lines, next: next)) }
        }
        var (count, over) = (0, bytes)
        while let earliest = heads.indices.min(by: { heads[$0].next.end < heads[$1].next.end }) {
            try body(heads[earliest].next)
            if let next = Self.next(&heads[earliest].lines) {
                heads[earliest].next = next
            } else {
                over += heads.remove(at: earliest).lines.done
            }
            count += 1
            if count % 65_536 == 0 { note(over + heads.reduce(0) { $0 + $1.lines.done }) }
        }
        note(2 * bytes)
    }

    /// The scan has read every line.
    private static func next(_ lines: inout LineCursor) -> PgbenchTransaction? {
        lines.next(PgbenchScan.read).flatMap { try? $0.get() }
    }
}

/// Sentences that logs of both kinds share.
enum PgbenchWords {
    /// What a record from a log of pgbench cannot support.
    static func limits(hasSchedule: Bool) -> [String] {
        [
            hasSchedule
                ? "Times count from the scheduled start (--rate). How late pgbench itself was is part of the lag and not known apart."
                : "No intended starts: each client began a transaction when its last one had ended, so a stall of the server delays what would have come and hides from the percentiles.",
            "No request classes: a class is a script of pgbench, by its number; what its statements ask for is not in the log.",
            "No server side: version, settings, tables, history, waits and plans are not in the log.",
            "No operations that could be offered again: what the transactions were is not in the log.",
        ]
    }
}
