import RunRecord

/// What a comparison's page says, as the template's fields. Everything here is text, which the template escapes; only the
/// pictures, whose texts are escaped where they are made, go in as they are.
struct ComparisonPage {
    private let report: ComparisonReport
    private let quantity = Quantity.page
    private let tables: ComparisonTables

    init(_ report: ComparisonReport) {
        self.report = report
        tables = ComparisonTables(report: report, quantity: quantity)
    }

    private var record: ComparisonRecord { report.record }

    /// Fields of the template `comparison`.
    var context: [String: Any] {
        let pairs = record.pairs.map { PairPage(report, $0, quantity) }
        let several = pairs.count > 1
        var page: [String: Any] = [
            "title": Self.title(record), "subtitle": Self.subtitle(report, quantity),
            "headline": pairs.first.map(\.answer.headline) ?? Self.nothing(record),
            "pairs": pairs.map { $0.context(numbered: several) }, "reproduce": record.command,
            "threats": ComparisonThreats(report, quantity).all,
            "notCollected": record.notCollected.map(TrialAnswer.sentence),
            "notEnforced": (record.profile?.notEnforced ?? []).map { TrialAnswer.sentence("not enforced: \($0)") },
        ]
        page["warning"] = pairs.lazy.compactMap(\.answer.warning).first ?? (pairs.isEmpty ? Self.nothing(record) : nil)
        page["notice"] = record.rule.isAA ? "An A/A comparison: base and candidate are the same on purpose." : nil
        page["hasNotCollected"] = record.notCollected.isEmpty ? nil : true
        if several { page["overview"] = Self.overview(pairs, quantity).context }
        for (name, table) in [
            ("facts", tables.facts), ("identity", tables.identity), ("validity", tables.validity),
            ("calibration", tables.calibration), ("profile", tables.profile), ("files", tables.files),
        ] { page[name] = table.context }
        return page
    }

    /// Said where no pair was judged.
    static func nothing(_ record: ComparisonRecord) -> String {
        record.endedAt == nil
            ? "No answer: the comparison has not ended." : "No answer: no candidate was judged."
    }

    /// Who is held against whom.
    static func title(_ record: ComparisonRecord) -> String {
        let base = record.sides.first?.name ?? "no base"
        let others = record.sides.dropFirst().map(\.name)
        let who = others.count > 2 ? "\(others.count) candidates" : others.joined(separator: " and ")
        return "\(who.isEmpty ? "no candidate" : who) against \(base)"
    }

    /// What the comparison was made on, in a line.
    static func subtitle(_ report: ComparisonReport, _ quantity: Quantity) -> String {
        let record = report.record
        if record.hasImports { return ImportedSide.subtitle(record) }
        let target = record.sides.first?.target
        let versions = Set(record.sides.map { String($0.target.serverVersion.prefix { $0 != " " }) }).sorted()
        let blocks = record.pairs.map(\.blocks).max() ?? 0
        return [
            record.rule.isOpenLoop
                ? "\(record.workload.name) × \(quantity.factor(record.workload.rateScale))"
                : "\(record.workload.name), closed loop of \(record.rule.clients.map(quantity.count) ?? "unknown") clients",
            target.map {
                "\($0.history.partitionsInWords(quantity)), \(quantity.count($0.history.rows)) rows, "
                    + quantity.bytes($0.history.bytes)
            } ?? "history not known",
            "profile \(record.profile?.name ?? "none, the host as it is")",
            "PostgreSQL \(versions.isEmpty ? "unknown" : versions.joined(separator: " and "))",
            record.rule.mode == .offline
                ? "trials run apart" : "\(quantity.count(blocks)) \(record.rule.mode.rawValue) blocks",
            report.measuredSeconds.map { quantity.time($0 * 1_000) } ?? "length not recorded", record.startedAt,
        ].joined(separator: " · ")
    }

    /// One row a candidate.
    private static func overview(_ pairs: [PairPage], _ quantity: Quantity) -> ReportTable {
        ReportTable(
            [.init("candidate", .name), .init("answer", .text)] + Verdict.allCases.map { .init($0.rawValue, .number) },
            pairs.map { page in
                [.init(page.pair.candidate), .init(page.answer.headline, page.answer.tone)]
                    + Verdict.allCases.map { .init(quantity.count(page.pair.metrics($0).count)) }
            })
    }
}

/// What could make a comparison wrong, as far as its record tells.
struct ComparisonThreats {
    let all: [String]

    init(_ report: ComparisonReport, _ quantity: Quantity) {
        let record = report.record
        var threats = record.threats.map(TrialAnswer.sentence)
        if record.rule.mode == .offline {
            threats.append(
                "The sides were run apart, so whatever changed on the host between them is part of the effect.")
        } else {
            threats.append(
                "One host and one history: another machine, or another mix of requests, may answer otherwise.")
        }
        if record.rule.mode == .short {
            threats.append(
                "Short blocks see steady effects of single operations; what builds up over hours (bloat, vacuum, retention, cache turnover) is not in them."
            )
        }
        if record.calibration?.isEmpty != false {
            threats.append(
                "This host’s rate of false verdicts was not measured, so the stated error is that of the method, not of the host."
            )
        }
        let excluded = record.pairs.flatMap(\.excluded.values).reduce(0, +)
        if excluded > 0 {
            threats.append(
                "\(quantity.count(excluded)) blocks were left out by rules fixed beforehand; what they show is not in the effects."
            )
        }
        for side in record.sides {
            threats += (side.server?.notes ?? []).map { "\(side.name): \($0)" }.map(TrialAnswer.sentence)
        }
        if record.profile?.notEnforced.isEmpty == false {
            threats.append("Hardware limits listed as not enforced: the servers may have had more than was asked for.")
        }
        all = threats
    }
}
