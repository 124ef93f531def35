import RunRecord

/// The tables of a comparison that concern one candidate; every exporter sets the same ones.
struct PairTables {
    let report: ComparisonReport
    let pair: ComparedPair
    let quantity: Quantity

    /// Every metric with its values, its effect and what is said of it.
    func metrics(_ chosen: [MetricVerdict]) -> ReportTable {
        ReportTable(
            [
                .init("metric", .name), .init("base", .number), .init("candidate", .number), .init("effect", .number),
                .init("interval", .number), .init("verdict", .word), .init("blocks", .number),
                .init("could have found", .number), .init("to settle", .number), .init("why", .text),
            ],
            chosen.map { metric in
                let ratio = metric.ratio
                return [
                    .init(metric.metric), value(metric, metric.base), value(metric, metric.candidate),
                    ratio.map { .init($0.effect(quantity)) } ?? .unknown("not estimated"),
                    ratio.map { .init($0.interval(quantity)) } ?? .unknown("not estimated"),
                    metric.verdict.map { .init($0.rawValue, $0.tone) } ?? .unknown("carries none"),
                    ratio.map { .init(quantity.count($0.blocks)) } ?? .unknown("none"),
                    metric.smallestEffect.map { .init(quantity.percent($0)) } ?? .unknown("not known"),
                    settle(metric), .init(metric.reason),
                ]
            })
    }

    /// A metric's value on one side: a response time of a side that did not keep up is no number.
    func value(_ metric: MetricVerdict, _ value: Double?) -> ReportTable.Cell {
        if let value { return .init(quantity.measure(value, metric.unit)) }
        return .unknown(
            pair.keptUp == .both || !MetricName(metric.metric).isLatency ? Quantity.missing : "did not keep up")
    }

    private func settle(_ metric: MetricVerdict) -> ReportTable.Cell {
        guard let verdict = metric.verdict else { return .unknown("not judged") }
        guard verdict == .inconclusive else { return .unknown("settled") }
        return metric.blocksToSettle.map { .init("\(quantity.count($0)) blocks") } ?? .unknown("not known")
    }

    /// The noise that the intervals were made from.
    var noise: ReportTable {
        ReportTable(
            [
                .init("metric", .name), .init("ratio", .number), .init("low", .number), .init("high", .number),
                .init("deviation of a block", .number), .init("autocorrelation", .number),
                .init("p, after Holm", .number),
            ],
            pair.metrics.compactMap { metric in
                guard let ratio = metric.ratio else { return nil }
                return [
                    .init(metric.metric), .init(quantity.fixed(ratio.value, 4)), .init(quantity.fixed(ratio.low, 4)),
                    .init(quantity.fixed(ratio.high, 4)), .init(quantity.percent(ratio.deviation)),
                    .init(quantity.fixed(ratio.autocorrelation, 2)),
                    metric.probability.map { .init($0 < 0.0001 ? "below 0.0001" : quantity.fixed($0, 4)) }
                        ?? .unknown("no verdict"),
                ]
            })
    }

    /// The numbers behind a class's curves.
    func curve(_ curve: ShiftCurve) -> ReportTable {
        ReportTable(
            [
                .init("percentile", .number), .init("base", .number), .init("candidate", .number),
                .init("change", .number), .init("band", .number),
            ],
            curve.points.map { point in
                [
                    .init("p\(PercentileChart.label(point.percentile))"), .init(quantity.time(point.baseMs)),
                    .init(quantity.time(point.candidateMs)), .init(point.interval.effect(quantity)),
                    .init(point.interval.interval(quantity)),
                ]
            })
    }

    /// The numbers behind a class's time line.
    func blocks(_ series: SliceSeries) -> ReportTable {
        ReportTable(
            [
                .init("blocks", .word), .init("at", .number), .init("base p95", .number),
                .init("candidate p95", .number), .init("counts", .text),
            ],
            series.points.map { point in
                [
                    .init(point.label), .init(quantity.moment(point.seconds)), time(point.base), time(point.candidate),
                    point.excluded.map { .init("no: \($0)", .open) }
                        ?? .init(point.leftOut.map { "without \($0)" } ?? "yes"),
                ]
            })
    }

    private func time(_ milliseconds: Double?) -> ReportTable.Cell {
        milliseconds.map { .init(quantity.time($0)) } ?? .unknown("too few")
    }

    /// What became of all operations of the slices, side by side.
    var accounting: ReportTable {
        let sides = [("base", report.base), ("candidate", report.side(pair.candidate))]
        let names = TrialReport.inOrder(Set(sides.flatMap { $0.1.map { Array($0.accounting.keys) } ?? [] }))
        return ReportTable(
            [.init("request class", .name), .init("side", .word)]
                + ["scheduled", "= completed", "+ failed", "+ abandoned"].map { .init($0, .number) }
                + [.init("identity", .word), .init("failures by code", .text)],
            names.flatMap { name in
                sides.compactMap { side, compared -> [ReportTable.Cell]? in
                    guard let account = compared?.accounting[name] else { return nil }
                    let errors = account.errors.sorted { $0.key < $1.key }.map {
                        "\($0.key) × \(quantity.count($0.value))"
                    }
                    return [
                        .init(name), .init(side), .init(quantity.count(account.scheduled)),
                        .init(quantity.count(account.completed)), trouble(account.failed), trouble(account.abandoned),
                        account.identityHolds ? "holds" : .init("broken", .worse),
                        .init(errors.isEmpty ? "none" : errors.joined(separator: ", ")),
                    ]
                }
            })
    }

    /// A count that should be zero.
    private func trouble(_ count: Int) -> ReportTable.Cell {
        .init(quantity.count(count), count > 0 ? .worse : nil)
    }

    /// Blocks that did not count, by reason.
    var excluded: ReportTable {
        ReportTable(
            [.init("blocks left out because", .text), .init("blocks", .number)],
            pair.excluded.sorted { $0.key < $1.key }.map { [.init($0.key), .init(quantity.count($0.value))] })
    }
}

/// The tables of the whole comparison.
struct ComparisonTables {
    let report: ComparisonReport
    let quantity: Quantity

    private var record: ComparisonRecord { report.record }

    var facts: ReportTable {
        let (host, rule) = (record.host, record.rule)
        var rows: [(String, String)] = [
            ("workload", "\(record.workload.name): \(record.workload.summary)"),
            ("rates", pace),
            ("method", method),
            ("margin", "\(quantity.margin(rule.margin)), fixed before the first slice"),
            (
                "looks",
                rule.looks.isEmpty
                    ? "none" : "after \(rule.looks.map(quantity.count).joined(separator: ", ")) blocks at most"
            ),
            ("budget", quantity.limit(rule.budgetSeconds * 1_000)),
            ("verdicts", "\(rule.primary.count) metrics: \(rule.primary.joined(separator: ", "))"),
        ]
        rows += record.sides.enumerated().map { index, side in
            let target = side.target
            let role = index == 0 ? "base" : record.sides.count > 2 ? "candidate \(index)" : "candidate"
            if let imported = ImportedSide(side) { return (role, imported.fact) }
            return (
                role,
                "\(side.name): \(side.variant.summary); schema \(side.variant.schemaVersion), driver "
                    + "\(side.variant.driver), PostgreSQL \(target.serverVersion), \(quantity.count(target.history.rows)) rows "
                    + "in \(target.history.partitionsInWords(quantity)), \(quantity.bytes(target.history.bytes))"
                    + (side.runId.map { "; run \($0)" } ?? "")
            )
        }
        let isKnown = record.sides.first?.imported == nil
        rows.append(("host", isKnown ? hostInWords(host) : ImportDescription.notKnown))
        return plain(rows)
    }

    private func hostInWords(_ host: HostDescription) -> String {
        "\(host.processors) × \(host.processorModel), \(quantity.bytes(host.memoryBytes)) memory, \(host.filesystem)"
            + "\(host.device.map { " on \($0)" } ?? ""), kernel \(host.kernel), \(host.operatingSystem)"
            + "\(host.virtualisation.map { ", \($0)" } ?? "")"
    }

    private var pace: String {
        if record.hasImports { return "as each side’s own program had them" }
        let scale = "× \(quantity.factor(record.workload.rateScale)) of the workload as written"
        if record.rule.isOpenLoop { return "open loop, \(scale)" }
        let clients = record.rule.clients.map { "\(quantity.count($0)) clients" } ?? "clients"
        return "closed loop: \(clients) without pause, which took from a sequence \(scale)"
    }

    private var method: String {
        let length = quantity.limit(record.rule.sliceSeconds * 1_000)
        switch record.rule.mode {
        case .short: return "short blocks: slices of \(length) in turns, the order within each block by coin"
        case .long:
            return "long blocks: slices of \(length), a checkpoint or an archive hour at least, in turns by coin"
        case .offline: return "offline: trials that were run apart, so the host’s drift between them is in the effect"
        }
    }

    /// What another comparison of the same must share.
    var identity: ReportTable {
        let isKnown = record.sides.first?.imported == nil
        let what: [(String, String)] = [
            ("comparison", record.comparisonId), ("tool", "ArchiveBench \(record.toolVersion)"),
            ("seed", isKnown ? "\(record.seed)" : ImportDescription.notKnown),
            ("digest of the operations", isKnown ? record.digest : ImportDescription.notKnown),
            ("digest of the workload file", isKnown ? record.workload.fileDigest : ImportDescription.notKnown),
        ]
        let when = [("started", record.startedAt), ("ended", record.endedAt ?? "not written")]
        return plain(what + record.workload.traceRows + when)
    }

    var validity: ReportTable {
        ReportTable(
            [
                .init("rule", .name), .init("", .word), .init("observed", .text), .init("allowed", .text),
                .init("why", .text),
            ],
            record.validity.map {
                [
                    .init($0.rule), $0.holds ? .init("holds", .better) : .init("broken", .worse), .init($0.observed),
                    .init($0.threshold), .init($0.reason),
                ]
            })
    }

    var calibration: ReportTable {
        ReportTable(
            [.init("calibration of this host", .text), .init("value", .number), .init("interval", .number)],
            (record.calibration ?? []).map {
                [
                    .init($0.name), .init(quantity.factor($0.value)),
                    .init("[\(quantity.factor($0.low)), \(quantity.factor($0.high))]"),
                ]
            })
    }

    var profile: ReportTable {
        guard let profile = record.profile else { return ReportTable([], [[ReportTable.Cell]]()) }
        let names = Set(profile.requested.keys).union(profile.enforced.keys).union(profile.observed.keys).sorted()
        return ReportTable(
            [.init("hardware", .word), .init("requested", .text), .init("enforced", .text), .init("observed", .text)],
            names.map { name in
                [
                    .init(name), profile.requested[name].map { .init($0) } ?? .unknown("nothing asked"),
                    profile.enforced[name].map { .init($0) } ?? .unknown("not enforced"),
                    profile.observed[name].map { .init($0) } ?? .unknown("not observed"),
                ]
            })
    }

    var files: ReportTable {
        plain(ComparisonFolder.File.allCases.map { ($0.rawValue, Self.meaning[$0] ?? "see ARCHITECTURE.md") })
    }

    private static let meaning: [ComparisonFolder.File: String] = [
        .record: "everything on this page as numbers", .slices: "one line a slice",
        .latencies: "a histogram a slice and request class, for HdrHistogram’s tools",
        .workload: "the traffic, word for word", .page: "this report as a page", .text: "this report as Markdown",
        .table: "verdicts as a table", .verdicts: "verdicts for programs", .suite: "verdicts for a build server",
    ]

    func plain(_ rows: [(String, String)]) -> ReportTable {
        ReportTable([.init("", .word), .init("", .text)], rows.map { [.init($0.0), .init($0.1)] })
    }
}
