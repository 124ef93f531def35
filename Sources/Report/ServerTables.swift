import RunRecord

/// The tables of the server's side, in the words of one formatter; every exporter sets the same ones.
struct ServerTables {
    let report: TrialReport
    let server: ServerSummary
    let quantity: Quantity

    /// `nil` when the record says nothing of the server's side.
    init?(report: TrialReport, quantity: Quantity) {
        guard let server = report.record.server else { return nil }
        self.report = report
        self.server = server
        self.quantity = quantity
    }

    var spans: ServerSpans { ServerSpans(server) }
    var words: ServerWords { ServerWords(tables: self) }

    /// Looks of the measure phase that have a difference.
    var samples: [ServerSample] {
        let start = report.record.phases.measureStartSeconds
        let end = start + (report.record.phases.measuredSeconds ?? 0)
        return report.server.samples.filter {
            $0.atSeconds > start && $0.atSeconds <= end && $0.intervalSeconds > 0
        }
    }

    // MARK: Statements

    var statements: ReportTable {
        guard let statements = report.server.statements else { return ReportTable([], [[ReportTable.Cell]]()) }
        let titles = [
            "calls", "of all", "a call", "planning", "reading", "writing", "rest", "longest", "rows a call",
            "blocks a call", "from memory", "WAL a call",
        ]
        return ReportTable(
            [.init("statement", .name)] + titles.map { .init($0, .number) },
            statements.ranked.map { parts in
                let (row, calls) = (parts.row, Double(max(1, parts.row.calls)))
                let blocks = row.blocks.sharedHit + row.blocks.sharedRead
                return [
                    .init(StatementChart.shown(row)), .init(quantity.count(row.calls)),
                    .init(quantity.share(parts.total / max(statements.totalMs, .leastNonzeroMagnitude))),
                    .init(quantity.milliseconds(parts.total / calls)),
                    time(row.planMs == nil ? nil : parts.mean(of: .planning), "not tracked"),
                    time(row.blockReadMs.map { $0 / calls }, "not timed"),
                    time(row.blockWriteMs.map { $0 / calls }, "not timed"),
                    .init(quantity.amount(parts.mean(of: .rest))),
                    .init(quantity.milliseconds(row.longestExecMs)),
                    .init(quantity.digits(Double(row.rows) / calls)), .init(quantity.digits(Double(blocks) / calls)),
                    blocks > 0
                        ? .init(quantity.share(Double(row.blocks.sharedHit) / Double(blocks))) : .unknown("no block"),
                    .init(quantity.size(Double(row.walBytes) / calls)),
                ]
            })
    }

    /// The statements' texts, for looking one up.
    var texts: ReportTable {
        ReportTable(
            [.init("statement", .name), .init("texts", .number), .init("the one with the most time", .text)],
            (report.server.statements?.ranked ?? []).filter { !$0.row.text.isEmpty }.map {
                [.init($0.row.name), .init(quantity.count($0.row.texts)), .init($0.row.text)]
            })
    }

    var plans: ReportTable {
        ReportTable(
            [
                .init("statement", .name), .init("when", .word), .init("planning ms", .number),
                .init("execution ms", .number), .init("partitions planned", .number), .init("executed", .number),
                .init("blocks", .number), .init("shape", .name), .init("outline", .text),
            ],
            report.server.plans.map { plan in
                let blocks = plan.blocks.sharedHit + plan.blocks.sharedRead
                return [
                    .init(plan.shape), .init(when(plan)), time(plan.planningMs, "not told"),
                    .init(quantity.milliseconds(plan.executionMs)), count(plan.partitionsPlanned, "none"),
                    count(plan.partitionsExecuted, "none"), .init(quantity.count(blocks)),
                    .init(String(plan.fingerprint.prefix(8)), changed(plan) ? .open : nil), .init(plan.outline),
                ]
            })
    }

    /// Whether a statement's plan after the load has another shape than before it.
    func changed(_ plan: PlanRecord) -> Bool {
        plan.when == .after
            && report.server.plans.contains {
                $0.shape == plan.shape && $0.when == .before && $0.fingerprint != plan.fingerprint
            }
    }

    private func when(_ plan: PlanRecord) -> String {
        switch plan.when {
        case .before: "before"
        case .after: changed(plan) ? "after, other shape" : "after"
        case .slow: "slow, at \(plan.atSeconds.map { quantity.moment($0) } ?? "unknown")"
        }
    }

    // MARK: Waits

    /// Stalls of the load beside what the server did meanwhile.
    var stalls: ReportTable {
        ReportTable(
            [.init("at", .number), .init("stall", .text), .init("the server meanwhile", .text)],
            (report.record.stalls ?? []).map { stall in
                let events = stall.serverEvents ?? []
                return [
                    .init(quantity.moment(stall.atSeconds)), .init(stall.detail),
                    events.isEmpty ? .unknown("nothing of note was seen") : .init(events.joined(separator: "; ")),
                ]
            })
    }

    /// What clients were seen doing: of all looks at busy clients, the share in each state.
    var waits: ReportTable {
        let all = Dictionary(grouping: server.waits, by: \.backend).mapValues { $0.reduce(0) { $0 + $1.count } }
        let longest = Double(server.waits.map(\.count).max() ?? 1)
        return ReportTable(
            [
                .init("doing", .name), .init("kind", .word), .init("who", .word), .init("seen", .number),
                .init("of its kind", .number), .init("", .word),
            ],
            server.waits.sorted { $0.count > $1.count }.prefix(20).map { wait in
                [
                    .init(wait.event == "CPU" ? "running" : wait.event),
                    .init(wait.type == "CPU" ? "no wait" : wait.type), .init(wait.backend),
                    .init(quantity.count(wait.count)),
                    .init(quantity.share(Double(wait.count) / Double(all[wait.backend] ?? 1))),
                    .init("", bar: Double(wait.count) / longest * 100),
                ]
            })
    }

    /// What backends were seen doing while they executed a statement, by statement.
    var statementWaits: ReportTable {
        let byStatement = Dictionary(grouping: server.statementWaits ?? []) { $0.statement ?? "" }
        let sums = byStatement.map { (name: $0.key, rows: $0.value, all: $0.value.reduce(0) { $0 + $1.count }) }
        return ReportTable(
            [
                .init("statement", .name), .init("seen", .number), .init("running", .number),
                .init("waiting for", .text),
            ],
            sums.sorted { ($1.all, $0.name) < ($0.all, $1.name) }.map { name, rows, all in
                let running = rows.filter { $0.type == "CPU" }.reduce(0) { $0 + $1.count }
                return [
                    .init(name), .init(quantity.count(all)), .init(quantity.share(Double(running) / Double(all))),
                    .init(waitedFor(rows, of: all) ?? "nothing that was seen"),
                ]
            })
    }

    /// The most frequent waits of a statement, each with its share of all sightings; `nil` when it was never seen waiting.
    private func waitedFor(_ rows: [WaitCount], of all: Int) -> String? {
        let events = Dictionary(grouping: rows.filter { $0.type != "CPU" }, by: \.event)
            .map { (event: $0.key, count: $0.value.reduce(0) { $0 + $1.count }) }
            .sorted { ($1.count, $0.event) < ($0.count, $1.event) }
        guard !events.isEmpty else { return nil }
        return events.prefix(4).map { "\($0.event) \(quantity.percent(Double($0.count) / Double(all)))" }
            .joined(separator: ", ")
    }

    // MARK: Cells

    func time(_ milliseconds: Double?, _ missing: String = Quantity.missing) -> ReportTable.Cell {
        milliseconds.map { .init(quantity.amount($0)) } ?? .unknown(missing)
    }

    func count(_ number: Int?, _ missing: String = Quantity.missing) -> ReportTable.Cell {
        number.map { .init(quantity.count($0)) } ?? .unknown(missing)
    }

    func share(_ share: Double?, _ missing: String = Quantity.missing) -> ReportTable.Cell {
        share.map { .init(quantity.share($0)) } ?? .unknown(missing)
    }

    func bytes(_ bytes: Int?, _ missing: String = Quantity.missing) -> ReportTable.Cell {
        bytes.map { .init(quantity.bytes($0)) } ?? .unknown(missing)
    }

    func plain(_ rows: [(String, String)]) -> ReportTable {
        ReportTable([.init("", .word), .init("", .text)], rows.map { [.init($0.0), .init($0.1)] })
    }
}

extension Quantity {
    /// Bytes that were computed: a mean or a rate.
    func size(_ bytes: Double) -> String { self.bytes(bytes.isFinite ? Int(min(max(bytes, 0), 1e18)) : nil) }
}
