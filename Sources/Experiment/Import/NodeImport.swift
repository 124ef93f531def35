import RunRecord
import SpecReader

/// Turns snapshots of a store node's metrics into a record's numbers: what came on top from one to the next.
struct NodeImport {
    /// A snapshot and its moment.
    private struct Reading {
        let file: ImportFile
        /// Seconds since 1970, or from the first where only the distance is told.
        var time: Double
        let snapshot: NodeSnapshot
    }

    private let readings: [Reading]
    private let origin: SnapshotTime.Origin
    /// Moments of readings before which the node was started anew.
    private var restarts: [Double] = []

    /// - Parameters:
    ///   - files: a snapshot each.
    ///   - every: seconds between them, in the order of the files, where a person says it.
    /// - Throws: `SpecProblems`.
    init(_ files: [ImportFile], every: Double?) throws {
        guard files.count >= 2 else {
            throw files[0].problem(
                "one snapshot of counters tells no rate", "name two or more of the same node, taken some time apart")
        }
        var read: [(file: ImportFile, exposition: Exposition)] = []
        for file in files { read.append((file, try Self.exposition(file))) }
        let (times, origin) = try Self.times(read, every)
        readings = zip(read, times).map { Reading(file: $0.file, time: $1, snapshot: NodeSnapshot($0.exposition)) }
            .sorted { $0.time < $1.time }
        self.origin = origin
        try check()
        restarts = zip(readings, readings.dropFirst()).filter { $1.snapshot.isRestarted(since: $0.snapshot) }
            .map { $1.time - readings[0].time }
    }

    private static func exposition(_ file: ImportFile) throws -> Exposition {
        var problems = ImportProblems(file)
        // The format ends every line, the last one too.
        guard file.data.isEmpty || file.data.last == UInt8(ascii: "\n") else {
            throw file.problem("was cut short: its last line has no end", "leave out pages that are not whole")
        }
        let exposition = Exposition(file.text) { problems.add(line: $0, column: $1, $2) }
        guard !exposition.samples.isEmpty else {
            throw file.problem(
                "is no snapshot of metrics; it looks like \(FileGuess.kind(of: file))",
                "name what the node's /metrics page showed")
        }
        try problems.check()
        let snapshot = NodeSnapshot(exposition)
        guard !snapshot.durations.isEmpty || !snapshot.counters.isEmpty else {
            throw file.problem(
                "has no metric of a store node's archive",
                "name snapshots of a node that stores, with metrics such as logos_delivery_archive_insert_duration_seconds or waku_archive_insert_duration_seconds"
            )
        }
        if let name = snapshot.unsound.first {
            throw file.problem(
                "its histogram of \(name) cannot be read: buckets that repeat, or no sum",
                "name pages of one node, whole and without labels of a collector's own")
        }
        return exposition
    }

    private static func times(
        _ read: [(file: ImportFile, exposition: Exposition)], _ every: Double?
    ) throws -> ([Double], SnapshotTime.Origin) {
        if let every { return (read.indices.map { Double($0) * every }, .told(every)) }
        let named = read.compactMap { SnapshotTime.named($0.file.name) }
        if named.count == read.count { return (named, .names) }
        let written = read.compactMap { $0.exposition.latest.map { $0 / 1_000 } }
        if written.count == read.count { return (written, .lines) }
        let without = read.first { SnapshotTime.named($0.file.name) == nil }?.file ?? read[0].file
        throw without.problem(
            "when this snapshot was taken is not known",
            "put the time into the files' names (metrics-20260105T180000Z.txt), or say their distance: --every 15s")
    }

    private func check() throws {
        for (one, next) in zip(readings, readings.dropFirst()) {
            guard next.time - one.time >= 0.001 else {
                throw next.file.problem(
                    "has the time of \(one.file.name)",
                    "name snapshots of different moments, or say their distance: --every 15s")
            }
            for (name, counts) in next.snapshot.durations {
                guard let before = one.snapshot.durations[name], before.bounds != counts.bounds else { continue }
                throw next.file.problem(
                    "its histogram of \(name) has other buckets than \(one.file.name)",
                    "import what one version of one node showed")
            }
        }
    }

    private var seconds: Double { (readings.last?.time ?? 0) - readings[0].time }

    /// All of it.
    func load() -> ImportedLoad {
        let isAbsolute = if case .told = origin { false } else { true }
        var load = ImportedLoad(
            program: "store node", source: "a store node's metrics", startedAt: isAbsolute ? readings[0].time : nil,
            seconds: seconds, clients: nil, countsFromSchedule: false)
        for metric in NodeMetrics.durations {
            let parts = increases(metric.requestClass)
            guard var all = parts.first?.counts else { continue }
            for part in parts.dropFirst() { all.add(part.counts) }
            load.classes[metric.requestClass] = summary(all)
            load.intervals += parts.map { part in
                ImportedInterval(
                    atSeconds: RecordAssembly.rounded(part.from - readings[0].time, 3),
                    seconds: RecordAssembly.rounded(part.to - part.from, 3), requestClass: metric.requestClass,
                    known: part.counts.known, failed: nil)
            }
        }
        let (counters, falling) = self.counters
        load.counters = counters
        load.events = restarts.map {
            TrialEvent(atSeconds: $0, kind: "node.restarted", detail: "the node was started anew before this snapshot")
        }
        load.limits = limits(load, falling: falling)
        load.drawIntervals()
        return load
    }

    // MARK: Differences

    /// What came on top from snapshot to snapshot. After a restart all that the node counts is new.
    private func increases(_ name: String) -> [(from: Double, to: Double, counts: DurationCounts)] {
        zip(readings, readings.dropFirst()).compactMap { one, next in
            guard let counts = next.snapshot.durations[name] else { return nil }
            guard let before = one.snapshot.durations[name], !next.snapshot.isRestarted(since: one.snapshot),
                let since = counts.since(before)
            else { return (one.time, next.time, counts) }
            return (one.time, next.time, since)
        }
    }

    private func summary(_ counts: DurationCounts) -> ClassSummary {
        let rate = RecordAssembly.rounded(counts.total / seconds, 3)
        var summary = ClassSummary(
            offeredPerSecond: rate, achievedPerSecond: rate, goodputPerSecond: nil, responseMs: nil, serviceMs: nil,
            lagMs: nil, curve: [], rows: 0, chainsCut: 0)
        if counts.total > 0 {
            var known = counts.known
            known.buckets = counts.buckets
            summary.knownMs = known
        }
        return summary
    }

    /// Increases of all counters, and the names of those that fell though the node ran on, so that they count nothing.
    private var counters: ([ImportedCounter], falling: [String]) {
        let names = Set(readings.flatMap(\.snapshot.counters.keys)).sorted()
        var (found, falling): ([ImportedCounter], [String]) = ([], [])
        for name in names {
            var (increase, fell) = (0.0, false)
            for (one, next) in zip(readings, readings.dropFirst()) {
                guard let value = next.snapshot.counters[name]?.value else { continue }
                let isNew = next.snapshot.isRestarted(since: one.snapshot)
                // A label that was not there before has counted from 0 since.
                let before = isNew ? 0 : one.snapshot.counters[name]?.value ?? 0
                fell = fell || value < before
                increase += value - before
            }
            guard !fell else {
                falling.append(name)
                continue
            }
            let meaning = readings.lazy.compactMap { $0.snapshot.counters[name]?.meaning }.first ?? ""
            found.append(
                ImportedCounter(
                    name: name, meaning: meaning, increase: increase,
                    perSecond: RecordAssembly.rounded(increase / seconds, 6)))
        }
        return (found, falling)
    }

    // MARK: Words

    private func limits(_ load: ImportedLoad, falling: [String]) -> [String] {
        var limits = [
            "No intended starts: a duration is of the node's call of its driver, the wait for a connection of its pool included; what a client waited before is not in it.",
            "No request classes: put is all inserts, store all queries, whatever they asked for.",
            "No server side: version, settings, tables, history, waits and plans are not among the node's metrics.",
            "No known load: this is what the node's peers and clients asked for at the time. Another record had other traffic.",
            "Whether operations failed is not told apart: depending on the node's version those that failed are among the durations. Its counters of errors are below.",
            "What tells of a moment only (archive_messages, query_time_secs) is left out.",
            "The times of the snapshots are \(origin.words).",
        ]
        if let bound = load.classes.values.compactMap({ $0.knownMs?.buckets?.first?.upToMs }).min() {
            limits.append(
                "Percentiles are estimates from buckets, linear within one; the first ends at \(RecordAssembly.rounded(bound, 3)) ms. The shortest and the longest duration are not known."
            )
        }
        if seconds > Double(readings.count - 1) {
            limits.append("Between two snapshots the time line shows the mean rate: more is not known.")
        }
        if !restarts.isEmpty {
            limits.append(
                "The node was started anew \(restarts.count == 1 ? "once" : "\(restarts.count) times"): what it counted between the last snapshot before and its end is lost."
            )
        }
        if !falling.isEmpty {
            limits.append("Left out, because they fell though the node ran on: \(falling.joined(separator: ", ")).")
        }
        return limits
    }
}
