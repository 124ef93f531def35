import RunRecord

/// The server's side in sentences, the consequence before the number.
struct ServerWords {
    let tables: ServerTables

    private var server: ServerSummary { tables.server }
    private var report: TrialReport { tables.report }
    private var quantity: Quantity { tables.quantity }

    /// What a reader needs first; a thing that was not looked at says so.
    var findings: [String] {
        [statements, oldestEnd, waits, disk, checkpoints, effect, growth, locks, cache].compactMap { $0 }
    }

    private var statements: String? {
        guard let statements = report.server.statements, let first = statements.ranked.first, statements.totalMs > 0
        else { return "Statements: not collected." }
        let all = statements.ranked
        let planning = all.reduce(0) { $0 + $1.times[StatementParts.Part.planning.rawValue] }
        let name = StatementChart.shown(first.row)
        let calls = Double(max(1, first.row.calls))
        let text =
            "\(name) takes most of the server’s time: \(quantity.percent(first.total / statements.totalMs)) of all statements, \(quantity.time(first.total / calls)) a call."
        guard statements.tracksPlanning else { return text + " Planning was not tracked." }
        return text + " Planning is \(quantity.percent(planning / statements.totalMs)) of all statements’ time."
    }

    /// Only where a planner had something to read past.
    private var oldestEnd: String? {
        guard let first = server.planning?.oldestBlocks, let again = server.planning?.oldestBlocksAgain, first > again
        else { return nil }
        return
            "Planning a limit at the oldest end of a table read \(quantity.digits(first)) blocks, and \(quantity.digits(again)) once more: the difference is index entries of deleted rows (get_actual_variable_range)."
    }

    private var waits: String? {
        let clients = server.waits.filter { $0.backend == "client backend" }
        let all = clients.reduce(0) { $0 + $1.count }
        guard all > 0 else { return "Waits: no busy client was seen, or nobody looked." }
        let running = clients.filter { $0.type == "CPU" }.reduce(0) { $0 + $1.count }
        let first = clients.filter { $0.type != "CPU" }.max { $0.count < $1.count }
        let text =
            "Busy clients were running in \(quantity.percent(Double(running) / Double(all))) of \(quantity.count(all)) sightings"
        guard let first else { return text + " and never seen waiting." }
        return text
            + "; they waited most for \(first.event) (\(first.type), \(quantity.percent(Double(first.count) / Double(all))))."
    }

    private var disk: String? {
        guard let disk = tables.disk else { return "Disk: not collected." }
        let sum = disk.sum
        func part(_ word: String, _ count: Int?, _ time: Int?) -> String? {
            guard let count, count > 0 else { return nil }
            let mean = time.map { " of \(quantity.time(Double($0) / Double(count)))" } ?? ""
            return "\(quantity.digits(Double(count) / disk.seconds)) \(word)\(mean)"
        }
        let parts = [
            part("reads", sum.reads, sum.readMs), part("writes", sum.writes, sum.writeMs),
            part("flushes", sum.flushes, sum.flushMs),
        ].compactMap { $0 }
        return "The disk was busy \(quantity.percent(sum.busyShare)) of the time"
            + (parts.isEmpty ? " and had nothing to do." : ": \(parts.joined(separator: ", ")) a second each.")
    }

    private var checkpoints: String? {
        guard let distance = server.checkpointDistance else { return "Checkpoints: not collected." }
        let due =
            distance.intervalSeconds.map { "at this rate of WAL one is due every \(quantity.limit($0 * 1_000))" }
            ?? "how often one is due is not known"
        guard distance.begun > 0 else {
            return
                "No checkpoint began in the measure phase, and \(due): the numbers lack what production pays for them."
        }
        let longest = server.checkpoints.compactMap(\.longestSyncSeconds).max()
        let sync = longest.map { "the longest sync of a file took \(quantity.time($0 * 1_000))" } ?? "none was complete"
        return
            "\(quantity.count(distance.begun)) checkpoint\(distance.begun == 1 ? "" : "s") began in the measure phase (\(due)); \(sync)."
    }

    private var effect: String? {
        let strongest = EventEffect.all(tables.spans, report).filter { ($0.ratio ?? 0) >= 1.5 }
            .max { ($0.ratio ?? 0) < ($1.ratio ?? 0) }
        return strongest.map { effect in
            "Slow seconds go with \(effect.kind.rawValue): the p99 of \(effect.name) is \(quantity.time(effect.with)) in such seconds and \(quantity.time(effect.without)) in others."
        }
    }

    private var growth: String? {
        guard !server.relations.isEmpty else { return "Growth: not collected." }
        let grown = server.relations.reduce(0) { $0 + $1.growthBytes }
        guard grown > 0, let most = server.relations.max(by: { $0.growthBytes < $1.growthBytes }) else {
            return "The archive did not grow."
        }
        // Duplicates store nothing.
        let messages = report.record.accounting["put"]?.completed ?? 0
        let wal = server.wal.flatMap { wal in
            messages > 0 ? "; WAL is \(quantity.bytes(wal.bytes / messages)) a message" : nil
        }
        return
            "The archive grew by \(quantity.bytes(grown)) over the trial, most of it \(most.name) (\(quantity.bytes(most.growthBytes)))\(wal ?? "")."
    }

    private var locks: String? {
        guard let locks = server.locks else { return "Lock table: not collected." }
        let use = quantity.share(locks.peakShare)
        let places = "\(quantity.count(locks.fullest.places)) \(locks.fullest.what)"
        return locks.peakShare >= 0.8
            ? "The lock table came near its end: \(use) of \(places); a statement that needs more may fail."
            : "The lock table was \(use) full at most (\(quantity.count(locks.fullest.used)) of \(places))."
    }

    private var cache: String? {
        guard let start = server.cacheAtStart, let end = server.cacheAtEnd else { return "Cache state: not collected." }
        func words(_ state: CacheState) -> String {
            let places = [
                state.sharedBuffersShare.map { "\(quantity.share($0)) lay in shared buffers" },
                state.pageCacheShare.map { "\(quantity.share($0)) in the page cache" },
            ].compactMap { $0 }
            return places.isEmpty ? "unknown" : places.joined(separator: ", ")
        }
        return
            "Of what the load touched (\(quantity.bytes(end.touchedBytes))), \(words(end)) at the end; of the whole archive before the load: \(words(start))."
    }

    // MARK: Notes

    var waitsNote: String {
        "Seen in \(quantity.count(server.activityLooks)) looks at the server’s processes in the measure phase; idle clients are left out. A count of 100 is uncertain by about 20 either way (twice its square root)."
    }

    var noEffects: String {
        report.samples.isEmpty
            ? "Not collected: the seconds of the load are missing."
            : "Nothing to compare: too few seconds of the measure phase with a checkpoint, autovacuum or table maintenance."
    }

    /// Entries that the server threw out of its table of statements.
    var forgotten: String? {
        guard let count = report.server.statements?.forgottenEntries, count > 0 else { return nil }
        return "The server threw out \(quantity.count(count)) statements for want of room, so figures are too small."
    }

    var diskNote: String? {
        tables.disk.map {
            "The whole device, whoever used it: busy \(quantity.percent($0.sum.busyShare)) of the time, \(quantity.digits($0.sum.queueDepth)) requests under way on average."
        }
    }

    var toast: String? {
        server.toastShare.map { "TOAST is \(quantity.share($0)) of the tables’ bytes at the end." }
    }

    static let plansNote =
        "One instance of each shape. “Other shape”: the plan after the load is not built as the one before it. Planning touches and locks each partition that is planned, whether it is executed or not. Whole plans: the folder plans of the run."
}
