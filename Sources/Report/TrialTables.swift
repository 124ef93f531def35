import RunRecord

/// The tables of a trial's measurements, in the words of one formatter; every exporter sets the same ones.
struct TrialTables {
    let report: TrialReport
    let quantity: Quantity

    private var isClosed: Bool { report.record.closedClients != nil }

    var objectives: ReportTable {
        ReportTable(
            [
                .init("objective", .text), .init("limit", .number), .init("observed", .number),
                .init("operations", .number), .init("", .word),
            ],
            report.record.objectives.map { finding in
                let note = isThin(finding) ? "*" : ""
                let observed =
                    finding.observedMs.map { ReportTable.Cell(quantity.time($0) + note) }
                    ?? .unknown(isClosed ? "closed loop" : finding.operations == 0 ? "no operation" : "did not finish")
                return [
                    .init(finding.objective), .init(quantity.limit(finding.limitMs)), observed,
                    .init(quantity.count(finding.operations)),
                    finding.holds.map { $0 ? .init("held", .better) : .init("missed", .worse) }
                        ?? .init("not judged", .open),
                ]
            })
    }

    /// Said below the objectives where one was judged by few operations; `nil` where none was.
    var objectivesNote: String? {
        report.record.objectives.contains(where: isThin)
            ? "* fewer than ten operations lie beyond that quantile, so what was observed may be chance." : nil
    }

    private func isThin(_ finding: ObjectiveFinding) -> Bool {
        finding.observedMs != nil && !Exceedances.carry(finding.operations, finding.quantile * 100)
    }

    /// One row a request class: rates, response time by percentile, its parts, and what went wrong. In a closed loop there
    /// is one rate, that of completions.
    var classes: ReportTable {
        let all = classesOfSchedule
        guard isClosed else { return all }
        let meaningless: Set = ["backlog", "offered/s", "goodput/s", "lag p99"]
        let keep = all.columns.indices.filter { !meaningless.contains(all.columns[$0].title) }
        return ReportTable(
            keep.map { all.columns[$0].title == "achieved/s" ? .init("per second", .number) : all.columns[$0] },
            all.rows.map { row in .init(cells: keep.map { row.cells[$0] }, mark: row.mark) })
    }

    private var classesOfSchedule: ReportTable {
        let titles = [
            "offered/s", "achieved/s", "goodput/s", "p50", "p90", "p95", "p99", "p99.9", "max", "service p99",
            "lag p99",
        ]
        return ReportTable(
            [.init("request class", .name), .init("backlog", .number), .init("failed", .number)]
                + titles.map { .init($0, .number) },
            report.classNames.map { name in
                ReportTable.Row(
                    cells: classCells(name), mark: name == report.slowestClass ? "slowest" : nil)
            })
    }

    private func classCells(_ name: String) -> [ReportTable.Cell] {
        let (summary, account) = (report.record.classes[name], report.record.accounting[name])
        let response = summary?.responseMs
        let goodput = summary.map { summary in
            summary.goodputPerSecond.map { ReportTable.Cell(quantity.digits($0)) } ?? .unknown("no objective")
        }
        return [
            .init(name), trouble(account?.backlog), trouble(account?.failed), rate(summary?.offeredPerSecond),
            rate(summary?.achievedPerSecond), goodput ?? .unknown(Quantity.missing), quantile(response, 50),
            quantile(response, 90), quantile(response, 95), quantile(response, 99), quantile(response, 99.9),
            timeCell(response?.max),
            quantile(summary?.serviceMs, 99), quantile(summary?.lagMs, 99),
        ]
    }

    /// What became of everything that was scheduled in one phase.
    ///
    /// - Parameter account: by request class.
    /// - Returns: a row a class with something scheduled, and their sum.
    func accounting(_ account: [String: Accounting]) -> ReportTable {
        let names = TrialReport.inOrder(account.filter { $0.value.scheduled > 0 }.keys)
        var rows = names.map { ReportTable.Row(cells: accountCells($0, account[$0] ?? Accounting())) }
        if names.count > 1 {
            let sum = account.values.reduce(into: Accounting()) { $0.add($1) }
            rows.append(ReportTable.Row(cells: accountCells("all classes", sum), isTotal: true))
        }
        return ReportTable(
            [.init("request class", .name)]
                + ["backlog", "scheduled", "= completed", "+ failed", "+ abandoned"].map { .init($0, .number) }
                + [.init("identity", .word), .init("failures by code", .text)],
            rows)
    }

    private func accountCells(_ name: String, _ account: Accounting) -> [ReportTable.Cell] {
        let errors = account.errors.sorted { $0.key < $1.key }.map { "\($0.key) × \(quantity.count($0.value))" }
        return [
            .init(name), trouble(account.backlog), .init(quantity.count(account.scheduled)),
            .init(quantity.count(account.completed)), trouble(account.failed), trouble(account.abandoned),
            account.identityHolds ? "holds" : .init("broken", .worse),
            .init(errors.isEmpty ? "none" : errors.joined(separator: ", ")),
        ]
    }

    /// The numbers behind the percentile picture, milliseconds.
    var percentiles: ReportTable {
        let curves = report.requestNames.compactMap { report.record.classes[$0]?.curve }
        let marks = PercentileChart.marks.filter { mark in
            curves.contains { PercentileChart.point(at: mark, of: $0) != nil }
        }
        return ReportTable(
            [.init("request class", .name)] + marks.map { .init("p\(PercentileChart.label($0))", .number) },
            report.requestNames.compactMap { name -> [ReportTable.Cell]? in
                guard let summary = report.record.classes[name], !summary.curve.isEmpty else { return nil }
                return [ReportTable.Cell(name)] + marks.map { percentile(of: summary, at: $0) }
            })
    }

    private func percentile(of summary: ClassSummary, at mark: Double) -> ReportTable.Cell {
        let isCarried = summary.responseMs.map { Exceedances.carry($0.count, mark) } ?? true
        guard isCarried, let point = PercentileChart.point(at: mark, of: summary.curve) else {
            return .unknown(Exceedances.tooFew)
        }
        return timeCell(point.responseMs)
    }

    /// The numbers behind the time line.
    func seconds(_ bins: TimeBins) -> ReportTable {
        ReportTable(
            [
                .init(bins.width == 1 ? "second" : "seconds", .number), .init("phase", .word),
                .init(isClosed ? "begun/s" : "offered/s", .number),
                .init(isClosed ? "completed/s" : "achieved/s", .number), .init("failed", .number),
                .init("slowest p99", .number),
                .init("of class", .name),
            ],
            bins.all.map { bin in
                let worst = bin.classes.filter { !RequestClass.isJob($0.key) }
                    .compactMap { item in item.value.p99Ms.map { (item.key, $0) } }
                    .max { ($0.1, $1.0) < ($1.1, $0.0) }
                return [
                    .init(bins.label(bin)), .init(bin.phase), .init(quantity.digits(bin.rate(bin.scheduled))),
                    .init(quantity.digits(bin.rate(bin.completed))), trouble(bin.failed),
                    worst.map { .init(quantity.time($0.1)) } ?? .unknown("none completed"),
                    worst.map { .init($0.0) } ?? .unknown("none"),
                ]
            })
    }

    var events: ReportTable { table(of: report.record.events.map { ($0, nil) }) }

    /// Events where there is no room to fold them away: clockwork that goes on and on has one row a kind.
    var eventsInShort: ReportTable {
        let (events, few) = (report.record.events, 3)
        let kinds = Dictionary(grouping: events.filter(\.isClockwork), by: \.kind).filter { $0.value.count > few }
        return table(
            of: events.compactMap { event in
                guard let same = kinds[event.kind], let last = same.last else { return (event, nil) }
                guard same.first == event else { return nil }
                return (event, "\(quantity.count(same.count)) times until \(quantity.moment(last.atSeconds))")
            })
    }

    private func table(of events: [(event: TrialEvent, repeated: String?)]) -> ReportTable {
        ReportTable(
            [.init("at", .number), .init("event", .name), .init("detail", .text)],
            events.map { event, repeated in
                [
                    .init(quantity.moment(event.atSeconds)), .init(event.kind),
                    .init(repeated.map { "\($0); the first: \(event.detail)" } ?? event.detail),
                ]
            })
    }

    // MARK: Cells

    private func rate(_ perSecond: Double?) -> ReportTable.Cell {
        perSecond.map { .init(quantity.digits($0)) } ?? .unknown(Quantity.missing)
    }

    private func timeCell(_ milliseconds: Double?) -> ReportTable.Cell {
        milliseconds.map { .init(quantity.milliseconds($0)) } ?? .unknown("none done")
    }

    /// A percentile, as far as the operations carry it.
    private func quantile(_ times: LatencyQuantiles?, _ percentile: Double) -> ReportTable.Cell {
        guard let times else { return timeCell(nil) }
        return times.carried(percentile).map { timeCell($0) } ?? .unknown(Exceedances.tooFew)
    }

    /// A count that should be zero.
    private func trouble(_ count: Int?) -> ReportTable.Cell {
        count.map { .init(quantity.count($0), $0 > 0 ? .worse : nil) } ?? .unknown(Quantity.missing)
    }
}
