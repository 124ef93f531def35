import RunRecord

/// What the disk did, what wrote to it, and what that did to requests.
extension ServerTables {
    /// The block device in the measure phase, from the looks at it.
    var disk: DiskUse? { DiskUse(samples) }

    /// One row a kind of request to the device.
    var diskTable: ReportTable {
        guard let disk else { return ReportTable([], [[ReportTable.Cell]]()) }
        func row(_ name: String, _ count: Int?, _ bytes: Int?, _ time: Int?) -> [ReportTable.Cell] {
            guard let count else { return [.init(name)] + Array(repeating: .unknown("not told"), count: 4) }
            let mean = count > 0 ? time.map { Double($0) / Double(count) } : nil
            return [
                .init(name), .init(quantity.digits(Double(count) / disk.seconds)),
                bytes.map { .init(quantity.size(Double($0) / disk.seconds) + "/s") } ?? .unknown("no bytes"),
                bytes.map { count > 0 ? .init(quantity.bytes($0 / count)) : .unknown("none done") }
                    ?? .unknown("no bytes"),
                self.time(mean, count > 0 ? "not told" : "none done"),
            ]
        }
        let sum = disk.sum
        return ReportTable(
            [
                .init("\(sum.device)", .word), .init("a second", .number), .init("bytes", .number),
                .init("mean size", .number), .init("mean ms", .number),
            ],
            [
                row("reads", sum.reads, sum.readBytes, sum.readMs),
                row("writes", sum.writes, sum.writtenBytes, sum.writeMs),
                row(sum.flushDevice.map { "flushes of \($0)" } ?? "flushes", sum.flushes, nil, sum.flushMs),
            ])
    }

    /// What PostgreSQL asked for (`pg_stat_io`), by who and for what.
    var io: ReportTable {
        ReportTable(
            [.init("who", .word), .init("object", .word), .init("context", .word)]
                + [
                    "reads", "read", "mean read ms", "writes", "written", "mean write ms", "extended", "hits",
                    "evictions", "syncs", "mean sync ms",
                ].map { .init($0, .number) },
            (server.io ?? []).map { row in
                func mean(_ time: Double?, _ count: Int) -> ReportTable.Cell {
                    guard count > 0 else { return .unknown("none done") }
                    return time.map { .init(quantity.milliseconds($0 / Double(count))) } ?? .unknown("not timed")
                }
                return [
                    .init(row.backend), .init(row.object), .init(row.context), .init(quantity.count(row.reads)),
                    .init(quantity.bytes(row.readBytes)), mean(row.readMs, row.reads),
                    .init(quantity.count(row.writes)),
                    .init(quantity.bytes(row.writtenBytes)), mean(row.writeMs, row.writes),
                    .init(quantity.bytes(row.extendedBytes)), .init(quantity.count(row.hits)),
                    .init(quantity.count(row.evictions)), .init(quantity.count(row.syncs)), mean(row.syncMs, row.syncs),
                ]
            })
    }

    /// WAL, buffers and temporary files, as sums of the measure phase.
    var writing: ReportTable {
        var rows: [(String, String)] = []
        if let wal = server.wal {
            rows.append(
                (
                    "WAL",
                    "\(quantity.bytes(wal.bytes)) in \(quantity.count(wal.records)) records, \(quantity.count(wal.fullPageImages)) full page images; buffers full \(quantity.count(wal.buffersFull)) times"
                ))
            rows.append(("WAL writes", operations(wal.writes, wal.writeMs)))
            rows.append(("WAL flushes", operations(wal.syncs, wal.syncMs)))
        }
        if let writing = server.writing {
            rows.append(
                (
                    "checkpoints",
                    "\(quantity.count(writing.checkpointsTimed)) by time, \(quantity.count(writing.checkpointsRequested)) by request or WAL; writing \(quantity.time(writing.checkpointWriteMs)), syncing \(quantity.time(writing.checkpointSyncMs))"
                ))
            rows.append(
                (
                    "buffers written",
                    "\(quantity.count(writing.buffersByCheckpoints)) by checkpoints, \(quantity.count(writing.buffersByBackgroundWriter)) by the background writer, \(writing.buffersByBackends.map { "\(quantity.count($0)) by clients’ backends themselves" } ?? "those by backends are in the table of blocks")"
                ))
        }
        if let database = server.database {
            let blocks = database.blocksHit + database.blocksRead
            rows.append(
                (
                    "blocks",
                    blocks > 0
                        ? "\(quantity.count(blocks)) asked for, \(quantity.share(Double(database.blocksHit) / Double(blocks))) found in shared buffers"
                        : "none was asked for"
                ))
            rows.append(
                (
                    "temporary files",
                    database.tempFiles == 0
                        ? "none" : "\(quantity.count(database.tempFiles)), \(quantity.bytes(database.tempBytes))"
                ))
            rows.append(
                (
                    "transactions",
                    "\(quantity.count(database.commits)) committed, \(quantity.count(database.rollbacks)) rolled back, \(quantity.count(database.deadlocks)) deadlocks"
                ))
        }
        return plain(rows)
    }

    private func operations(_ count: Int?, _ milliseconds: Double?) -> String {
        guard let count else { return "not told by this version" }
        let mean = milliseconds.map { count > 0 ? ", mean \(quantity.time($0 / Double(count)))" : "" }
        return quantity.count(count) + (mean ?? ", not timed")
    }

    /// The end of a checkpoint that was not seen.
    static let openCheckpoint = "not complete"

    var checkpoints: ReportTable {
        ReportTable(
            [
                .init("from", .number), .init("to", .number), .init("cause", .text), .init("buffers", .number),
                .init("write s", .number), .init("sync s", .number), .init("longest sync s", .number),
                .init("files", .number), .init("WAL since the last", .number),
            ],
            server.checkpoints.map { row in
                func seconds(_ value: Double?) -> ReportTable.Cell {
                    value.map { .init(quantity.fixed($0, 2)) } ?? .unknown(Self.openCheckpoint)
                }
                return [
                    .init(quantity.moment(row.fromSeconds)),
                    row.isComplete ? .init(quantity.moment(row.toSeconds)) : .unknown(Self.openCheckpoint),
                    .init(row.cause), count(row.buffers, Self.openCheckpoint), seconds(row.writeSeconds),
                    seconds(row.syncSeconds), seconds(row.longestSyncSeconds),
                    count(row.filesSynced, Self.openCheckpoint), bytes(row.distanceBytes, Self.openCheckpoint),
                ]
            })
    }

    var vacuums: ReportTable {
        ReportTable(
            [
                .init("from", .number), .init("to", .number), .init("what", .word), .init("table", .name),
                .init("rows removed", .number), .init("dead, kept", .number), .init("blocks read", .number),
                .init("dirtied", .number), .init("WAL", .number),
            ],
            server.autovacuum.map { row in
                [
                    .init(quantity.moment(row.fromSeconds)), .init(quantity.moment(row.toSeconds)),
                    .init(row.kind.rawValue), .init(row.table), count(row.rowsRemoved, "no vacuum"),
                    count(row.rowsDeadNotRemovable, "no vacuum"), count(row.bufferReads, "not told"),
                    count(row.bufferDirtied, "not told"), bytes(row.walBytes, "not told"),
                ]
            })
    }

    var maintenance: ReportTable {
        ReportTable(
            [.init("from", .number), .init("to", .number), .init("what", .text)],
            server.maintenance.map {
                [.init(quantity.moment($0.fromSeconds)), .init(quantity.moment($0.toSeconds)), .init($0.what)]
            })
    }

    /// p99 of seconds with an event against seconds without.
    var effects: ReportTable {
        ReportTable(
            [
                .init("while", .word), .init("request class", .name), .init("seconds with", .number),
                .init("p99 with, ms", .number), .init("seconds without", .number), .init("p99 without, ms", .number),
                .init("ratio", .number),
            ],
            EventEffect.all(spans, report).filter { $0.ratio != nil }.map { effect in
                [
                    .init(effect.kind.rawValue), .init(effect.name), .init(quantity.count(effect.secondsWith)),
                    time(effect.with, "too few"), .init(quantity.count(effect.secondsWithout)),
                    time(effect.without, "too few"),
                    effect.ratio.map { .init("× \(quantity.factor($0))", $0 >= 1.5 ? .open : nil) }
                        ?? .unknown("too few"),
                ]
            })
    }
}

/// The block device over the measure phase.
struct DiskUse {
    let seconds: Double
    /// Sums; ``DiskCounters/busyShare`` and ``DiskCounters/queueDepth`` are means.
    let sum: DiskCounters

    /// `nil` when the device was never looked at.
    init?(_ samples: [ServerSample]) {
        let looks = samples.compactMap { sample in sample.host?.disk.map { (sample.intervalSeconds, $0) } }
        seconds = looks.reduce(0) { $0 + $1.0 }
        guard let first = looks.first, seconds > 0 else { return nil }
        var sum = DiskCounters(device: first.1.device)
        sum.flushDevice = first.1.flushDevice
        let flushesTold = looks.allSatisfy { $0.1.flushes != nil }
        for (interval, look) in looks {
            sum.reads += look.reads
            sum.readBytes += look.readBytes
            sum.readMs += look.readMs
            sum.writes += look.writes
            sum.writtenBytes += look.writtenBytes
            sum.writeMs += look.writeMs
            if flushesTold {
                sum.flushes = (sum.flushes ?? 0) + (look.flushes ?? 0)
                sum.flushMs = (sum.flushMs ?? 0) + (look.flushMs ?? 0)
            }
            sum.busyShare += look.busyShare * interval / seconds
            sum.queueDepth += look.queueDepth * interval / seconds
        }
        self.sum = sum
    }
}
