import RunRecord

/// The tables of a record that was imported. What its source does not tell is written so.
struct ImportedTables {
    let report: TrialReport
    let imported: ImportDescription
    let quantity: Quantity

    /// Rows of intervals that are shown; all of them are in `run.json`.
    static let mostIntervals = 300

    private var record: RunRecord { report.record }

    /// One row a request class: how many, how often, how long.
    var durations: ReportTable {
        ReportTable(
            [
                .init("request class", .name), .init("operations", .number), .init("per second", .number),
                .init("failed", .number),
            ]
                + Self.columns.map { .init($0.title, .number) },
            report.classNames.map { name -> [ReportTable.Cell] in
                let summary = record.classes[name]
                let known = summary?.known
                return [
                    .init(name), count(known?.count), rate(summary?.achievedPerSecond),
                    failed(record.accounting[name]?.failed),
                ] + cells(known)
            })
    }

    /// Lag and service time where a schedule is known; empty elsewhere.
    var lags: ReportTable {
        let parts: [(String, KeyPath<ClassSummary, LatencyQuantiles?>)] = [("service", \.serviceMs), ("lag", \.lagMs)]
        let rows = imported.countsFromSchedule ? report.classNames : []
        return ReportTable(
            [.init("request class", .name), .init("time", .word)] + Self.columns.map { .init($0.title, .number) },
            rows.flatMap { name in
                parts.compactMap { part, path -> [ReportTable.Cell]? in
                    guard let times = record.classes[name]?[keyPath: path] else { return nil }
                    return [.init(name), .init(part)] + cells(KnownLatency(times))
                }
            })
    }

    private struct Column: Sendable {
        let title: String
        let value: @Sendable (KnownLatency) -> Double?
    }

    private static let columns = [
        Column(title: "mean", value: { $0.mean }), Column(title: "deviation", value: { $0.deviation }),
        Column(title: "min", value: { $0.min }), Column(title: "p50", value: { $0.p50 }),
        Column(title: "p90", value: { $0.p90 }), Column(title: "p95", value: { $0.p95 }),
        Column(title: "p99", value: { $0.p99 }), Column(title: "p99.9", value: { $0.p999 }),
        Column(title: "max", value: { $0.max }),
    ]
    private static let notKnown = ReportTable.Cell.unknown(ImportDescription.notKnown)

    private func cells(_ known: KnownLatency?) -> [ReportTable.Cell] {
        Self.columns.map { column in
            known.flatMap(column.value).map { .init(quantity.milliseconds($0)) } ?? Self.notKnown
        }
    }

    private func count(_ number: Int?) -> ReportTable.Cell {
        number.map { .init(quantity.count($0)) } ?? Self.notKnown
    }

    private func rate(_ perSecond: Double?) -> ReportTable.Cell {
        perSecond.map { .init(quantity.digits($0)) } ?? Self.notKnown
    }

    private func failed(_ count: Int?) -> ReportTable.Cell {
        count.map { .init(quantity.count($0), $0 > 0 ? .worse : nil) } ?? Self.notKnown
    }

    /// Failures by code.
    var failures: ReportTable {
        ReportTable(
            [.init("request class", .name), .init("code", .name), .init("failed", .number)],
            TrialReport.inOrder(record.accounting.keys).flatMap { name -> [[ReportTable.Cell]] in
                (record.accounting[name]?.errors ?? [:]).sorted { $0.key < $1.key }.map { code, count in
                    [.init(name), .init(code), .init(quantity.count(count))]
                }
            })
    }

    /// The counts that percentiles were estimated from.
    var buckets: ReportTable {
        ReportTable(
            [
                .init("request class", .name), .init("from", .number), .init("up to", .number),
                .init("operations", .number),
            ],
            report.classNames.flatMap { name -> [[ReportTable.Cell]] in
                let buckets = record.classes[name]?.knownMs?.buckets ?? []
                let lower = [0.0] + buckets.compactMap(\.upToMs)
                return zip(lower, buckets).map { from, bucket in
                    [
                        .init(name), .init(quantity.limit(from)),
                        bucket.upToMs.map { .init(quantity.limit($0)) } ?? .unknown("no bound"),
                        .init(quantity.count(bucket.count)),
                    ]
                }
            })
    }

    /// How the source's own counters moved.
    var counters: ReportTable {
        ReportTable(
            [
                .init("counter", .name), .init("increase", .number), .init("per second", .number),
                .init("meaning", .text),
            ],
            imported.counters.map { counter -> [ReportTable.Cell] in
                [
                    .init(counter.name), .init(quantity.digits(counter.increase)),
                    rate(counter.perSecond), .init(counter.meaning),
                ]
            })
    }

    /// What the source tells of parts of the time.
    var intervals: ReportTable {
        ReportTable(
            [
                .init("at", .number), .init("for", .number), .init("request class", .name),
                .init("operations", .number),
                .init("failed", .number),
            ] + Self.columns.map { .init($0.title, .number) },
            imported.intervals.prefix(Self.mostIntervals).map { interval -> [ReportTable.Cell] in
                [
                    .init(quantity.moment(interval.atSeconds)), .init(quantity.moment(interval.seconds)),
                    .init(interval.requestClass), .init(quantity.count(interval.known.count)), failed(interval.failed),
                ] + cells(interval.known)
            })
    }

    /// Says what ``intervals`` leaves out; `nil` when it has all.
    var hiddenIntervals: String? {
        let more = imported.intervals.count - Self.mostIntervals
        return more > 0 ? "\(quantity.count(more)) more intervals are in run.json." : nil
    }

    /// The files that were read.
    var sources: ReportTable {
        ReportTable(
            [.init("file", .name), .init("size", .number), .init("SHA-256", .text)],
            imported.files.map { [.init($0.name), .init(quantity.bytes($0.bytes)), .init($0.digest)] })
    }

    /// What the record is.
    var facts: ReportTable {
        let rows = [
            ("run", record.runId), ("name in a comparison", record.variant.name), ("imported from", imported.source),
            ("imported", "\(imported.importedAt), by ArchiveBench \(record.toolVersion)"),
            ("started", record.startedAt),
            ("ended", record.endedAt ?? ImportDescription.notKnown),
            ("length", quantity.time((record.phases.measuredSeconds ?? 0) * 1_000)), ("pace", record.paceInWords),
            (
                "times count from",
                imported.countsFromSchedule ? "the moment an operation was due" : "an operation’s begin"
            ),
            ("server, settings, tables, machine", ImportDescription.notKnown),
        ]
        return ReportTable([.init("", .word), .init("", .text)], rows.map { [.init($0.0), .init($0.1)] })
    }
}
