import RunRecord

/// The tables of a trial's traffic: what it resembles, who took the bytes, how clients fared.
struct TrafficTables {
    /// Rows that a table shows before it sums the rest up.
    static let most = 12
    /// Counts of first messages that get a column.
    private static let mostMarks = 4

    let words: TrafficWords

    private var quantity: Quantity { words.quantity }
    private var bandwidth: Bandwidth { words.bandwidth }

    /// `nil` when the record says nothing of its traffic.
    init?(report: TrialReport, quantity: Quantity) {
        guard let traffic = report.record.traffic else { return nil }
        words = TrafficWords(
            traffic: traffic,
            bandwidth: Bandwidth(traffic.bandwidth, seconds: report.record.phases.measuredSeconds),
            quantity: quantity)
    }

    /// Figures of the trial beside public ones, which are context and no limits.
    var selfChecks: ReportTable {
        ReportTable(
            [
                .init("figure", .text), .init("observed", .number), .init("public figure", .text),
                .init("source", .text),
            ],
            words.traffic.selfChecks.map { check in
                [
                    .init(check.name),
                    check.observed.map { .init(words.figure($0, check.unit)) } ?? .unknown("– this trial cannot tell"),
                    .init(check.known), .init(check.source),
                ]
            })
    }

    // MARK: Bandwidth

    /// The largest consumers first, one unit a column, what is beyond ``most`` in one row, and the sum.
    var bandwidthTable: ReportTable {
        let units = Units(bandwidth)
        var rows = bandwidth.rows.prefix(Self.most).map { row in
            ReportTable.Row(cells: [name(row.messageClass), name(row.shard)] + cells(of: row, units))
        }
        let rest = Array(bandwidth.rows.dropFirst(Self.most))
        if !rest.isEmpty {
            let more: ReportTable.Cell = .unknown("\(quantity.count(rest.count)) more")
            rows.append(.init(cells: [more, .unknown(shards(rest))] + cells(of: Bandwidth.sum(rest), units)))
        }
        if bandwidth.rows.count > 1 {
            let head: [ReportTable.Cell] = ["all", .init(shards(bandwidth.rows))]
            rows.append(.init(cells: head + cells(of: bandwidth.total, units), isTotal: true))
        }
        return ReportTable(
            [.init("message class", .name), .init("shard", .name)]
                + Bandwidth.Direction.allCases.flatMap { units.titles($0.rawValue) }.map { .init($0, .number) }, rows)
    }

    private struct Units {
        let size: ByteUnit
        /// `nil` where there are no rates.
        let rate: ByteUnit?

        init(_ bandwidth: Bandwidth) {
            let totals = Bandwidth.Direction.allCases.map { Double($0.bytes(of: bandwidth.total)) }
            size = ByteUnit(fitting: totals)
            rate = bandwidth.seconds.map { seconds in ByteUnit(fitting: totals.map { $0 / seconds }) }
        }

        func titles(_ way: String) -> [String] {
            guard let rate else { return ["messages \(way)", "\(size.name) \(way)"] }
            return ["messages \(way)", "\(way)/s", "\(size.name) \(way)", "\(rate.name)/s \(way)"]
        }
    }

    private func cells(of row: BandwidthRow, _ units: Units) -> [ReportTable.Cell] {
        Bandwidth.Direction.allCases.flatMap { direction -> [ReportTable.Cell] in
            let (messages, bytes) = (direction.messages(of: row), direction.bytes(of: row))
            let count = ReportTable.Cell(quantity.count(messages))
            let size = ReportTable.Cell(quantity.amount(units.size.value(Double(bytes))))
            guard let unit = units.rate, let perSecond = bandwidth.rate(messages), let rate = bandwidth.rate(bytes)
            else { return [count, size] }
            return [
                count, .init(quantity.amount(perSecond)), size, .init(quantity.amount(unit.value(rate))),
            ]
        }
    }

    private func shards(_ rows: [BandwidthRow]) -> String {
        let count = Set(rows.map(\.shard)).count
        return count == 1 ? "on 1 shard" : "on \(quantity.count(count)) shards"
    }

    // MARK: Sessions

    /// The entries that get a row.
    var shownSessions: [SessionSummary] { Array(words.traffic.sessions.prefix(Self.most)) }

    /// What is left out; `nil` when nothing is.
    var hiddenSessions: String? {
        let hidden = words.traffic.sessions.count - shownSessions.count
        return hidden > 0 ? "\(quantity.count(hidden)) more entries are in run.json." : nil
    }

    /// What clients did, one row an entry of the workload.
    var sessions: ReportTable {
        let titles = [
            "started", "finished", "gave up", "unfinished", "requests", "retries", "of requests", "time-outs",
            "node switches", "messages",
        ]
        return ReportTable(
            [.init("clients", .name), .init("behaviour", .word)] + titles.map { .init($0, .number) },
            shownSessions.map { session in
                [
                    name(session.name), .init(TrafficWords.short(session.kind)), count(session.started),
                    count(session.finished), trouble(session.gaveUp), count(session.unfinished),
                    count(session.requests), count(session.retries),
                    TrafficWords.retryShare(session).map { .init(quantity.share($0)) } ?? .unknown("no request"),
                    trouble(session.timeouts), count(session.nodeSwitches), count(session.messages),
                ]
            })
    }

    /// How long clients waited, seconds.
    var waits: ReportTable {
        let shown = shownSessions
        let marks = Set(shown.flatMap { $0.toMessages.map(\.messages) }).sorted().prefix(Self.mostMarks)
        let titles =
            ["session p50", "session p95", "first page p50", "first page p95"]
            + marks.map { "first \(quantity.count($0)) messages p50" } + ["all served after"]
        return ReportTable(
            [.init("clients", .name)] + titles.map { .init($0, .number) },
            shown.map { session in
                let reached = marks.map { mark in
                    seconds(session.toMessages.first { $0.messages == mark }?.ms, 50, none: "none got so many")
                }
                return [
                    name(session.name), seconds(session.durationMs, 50, none: "none finished"),
                    seconds(session.durationMs, 95, none: "none finished"),
                    seconds(session.firstPageMs, 50, none: "no page"),
                    seconds(session.firstPageMs, 95, none: "no page"),
                ] + reached + [
                    seconds(
                        session.clearSeconds.map { $0 * 1_000 },
                        none: session.unfinished + session.gaveUp > 0 || session.started == 0
                            ? "not all served" : "come at all times")
                ]
            })
    }

    // MARK: Cells

    private func name(_ text: String) -> ReportTable.Cell { .init(TrafficWords.short(text)) }

    private func count(_ number: Int) -> ReportTable.Cell { .init(quantity.count(number)) }

    /// A count that should be zero.
    private func trouble(_ number: Int) -> ReportTable.Cell { .init(quantity.count(number), number > 0 ? .worse : nil) }

    /// A percentile, as far as the sessions carry it.
    private func seconds(_ times: LatencyQuantiles?, _ percentile: Double, none: String) -> ReportTable.Cell {
        guard let times else { return .unknown(none) }
        return seconds(times.carried(percentile), none: Exceedances.tooFew)
    }

    private func seconds(_ milliseconds: Double?, none: String) -> ReportTable.Cell {
        milliseconds.map { .init(quantity.amount($0 / 1_000)) } ?? .unknown(none)
    }
}
