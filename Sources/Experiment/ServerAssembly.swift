import ArchiveDriver
import LinuxSystem
import RunRecord
import Telemetry

/// Puts what telemetry saw into a record: the summary, events, and what the server did at each stall.
package struct ServerAssembly {
    private let sight: TelemetrySight
    private let log: LogFindings
    private let hasLog: Bool
    /// Filled by what is taken.
    package private(set) var summary: ServerSummary

    /// - Parameters:
    ///   - sight: what was sampled.
    ///   - log: what the server's log says.
    ///   - hasLog: whether there is a log to look at: without one, no checkpoint seen is none known of.
    package init(sight: TelemetrySight, log: LogFindings, hasLog: Bool = true) {
        self.sight = sight
        self.log = log
        self.hasLog = hasLog
        summary = ServerSummary(cost: sight.cost)
    }

    // MARK: Relations

    /// Takes what was looked at before and after the load; what could not be looked at is `nil`, and so is then what only
    /// both together tell: growth, and which relations were touched.
    package mutating func take(
        before: [ArchiveInspector.Family]?, _ start: RelationState?, after: [ArchiveInspector.Family]?,
        _ end: RelationState?
    ) {
        if let after { take(sizes: after, since: before) }
        summary.cacheAtStart = start?.cache
        summary.cacheAtEnd = start == nil ? nil : end?.cache
        summary.bloat = end?.bloat ?? []
    }

    private mutating func take(sizes after: [ArchiveInspector.Family], since before: [ArchiveInspector.Family]?) {
        let tables = after.filter { $0.kind != .index }.reduce(0) { $0 + $1.bytes }
        let toast = after.filter { $0.kind == .toast }.reduce(0) { $0 + $1.bytes }
        if tables > 0 { summary.toastShare = Double(toast) / Double(tables) }
        guard let before else { return }
        let sizes = Dictionary(before.map { ($0.name, $0.bytes) }, uniquingKeysWith: +)
        summary.relations = after.map { family in
            RelationGrowth(
                name: family.name, kind: Self.kind(family.kind), relations: family.relations,
                startBytes: sizes[family.name] ?? 0, endBytes: family.bytes)
        }
    }

    private static func kind(_ kind: ArchiveInspector.Family.Kind) -> RelationGrowth.Kind {
        switch kind {
        case .table: .table
        case .toast: .toast
        case .index: .index
        }
    }

    // MARK: The record

    /// Fills a record that knows its load and its stalls.
    mutating func fill(_ record: inout RunRecord) {
        (summary.tuplesAtStart, summary.tuplesAtEnd) = (sight.tuplesAtStart, sight.tuplesAtEnd)
        (summary.database, summary.wal, summary.writing) = (sight.database, sight.wal, sight.writing)
        summary.countedSeconds = sight.countedSeconds
        (summary.io, summary.waits, summary.activityLooks) = (sight.io, sight.waits, sight.activityLooks)
        summary.statementWaits = sight.statementWaits
        summary.locks = sight.locks
        summary.connections = connections(record)
        summary.checkpoints = log.checkpoints.filter { $0.toSeconds >= 0 }
        let begin = record.phases.measureStartSeconds
        summary.checkpointDistance = checkpointDistance(
            from: begin, to: begin + (record.phases.measuredSeconds ?? 0))
        summary.autovacuum = log.autovacuum.filter { $0.toSeconds >= 0 }
        summary.maintenance = record.events.filter { $0.kind == MaintenanceStatement.kind }.compactMap { event in
            MaintenanceStatement(detail: event.detail).map {
                MaintenanceSpan(
                    fromSeconds: event.atSeconds - Double($0.duration) / 1e9, toSeconds: event.atSeconds, what: $0.what)
            }
        }
        summary.notes = ServerRules.notes(summary, measured: record.phases.measuredSeconds ?? 0, sight.statements)
        record.server = summary
        addEvents(&record)
        var stalls = record.stalls ?? []
        StallCauses(summary, lockWaits: log.lockWaits, walSyncSeconds: sight.walSyncSeconds)
            .explain(&stalls, &record.events)
        if record.stalls != nil { record.stalls = stalls }
    }

    private func connections(_ record: RunRecord) -> ConnectionUse? {
        guard var use = sight.connections else { return nil }
        let waits = record.classes.values.compactMap { $0.waitsMs?.connection }
        let count = waits.reduce(0) { $0 + $1.count }
        if count > 0 {
            let sum = waits.reduce(0) { $0 + $1.mean * Double($1.count) }
            use.poolWaitMeanMs = RecordAssembly.rounded(sum / Double(count), 3)
            use.poolWaitP99Ms = waits.map(\.p99).max()
        }
        return use
    }

    /// How far the measure phase was from seeing checkpoints as production does.
    ///
    /// - Parameters:
    ///   - begin: of the measure phase, seconds from the start of warm-up.
    ///   - end: of the measure phase.
    /// - Returns: `nil` when the server's settings are not known.
    package func checkpointDistance(from begin: Double, to end: Double) -> CheckpointDistance? {
        guard hasLog, let timeout = sight.checkpointTimeoutSeconds, let limit = sight.walLimitBytes else { return nil }
        let rate = sight.wal.flatMap { wal in
            sight.countedSeconds.flatMap { $0 > 0 ? Double(wal.bytes) / $0 : nil }
        }
        let last = log.checkpoints.last { $0.isComplete && $0.toSeconds <= begin }
        return CheckpointDistance(
            timeoutSeconds: timeout, walLimitBytes: limit,
            intervalSeconds: rate.map {
                ServerRules.checkpointInterval(timeout: timeout, walLimit: limit, walPerSecond: $0)
            },
            begun: log.checkpoints.count { $0.fromSeconds >= begin && $0.fromSeconds < end },
            sinceLastSeconds: last.map { begin - $0.toSeconds })
    }

    private func addEvents(_ record: inout RunRecord) {
        record.events += summary.checkpoints.map {
            TrialEvent(atSeconds: $0.fromSeconds, kind: "checkpoint", detail: ServerWords.checkpoint($0))
        }
        record.events += summary.autovacuum.map {
            TrialEvent(atSeconds: $0.fromSeconds, kind: "autovacuum", detail: ServerWords.autovacuum($0))
        }
        record.events += log.lockWaits.filter { $0.toSeconds >= 0 }.map {
            TrialEvent(atSeconds: $0.fromSeconds, kind: "lock.wait", detail: "for \($0.what)")
        }
        record.events.sort { $0.atSeconds < $1.atSeconds }
    }
}

/// What the server did, in words.
enum ServerWords {
    static func checkpoint(_ row: CheckpointRow) -> String {
        guard let buffers = row.buffers, let total = row.totalSeconds, let sync = row.syncSeconds else {
            return "checkpoint (\(row.cause)): not complete after \(seconds(row.toSeconds - row.fromSeconds))"
        }
        return "checkpoint (\(row.cause)): \(buffers) buffers in \(seconds(total)), \(seconds(sync)) of it sync"
    }

    static func autovacuum(_ row: AutovacuumRow) -> String {
        "\(row.kind == .vacuum ? "autovacuum" : "autoanalyze") of \(row.table) for \(seconds(row.toSeconds - row.fromSeconds))"
    }

    static func seconds(_ value: Double) -> String { "\(RecordAssembly.rounded(value, 2)) s" }
}
