import RunRecord

/// `report.md`: the same facts for a merge request, a ticket or a terminal.
public struct ComparisonMarkdown: ComparisonExporter {
    /// `report.md`.
    public let file = ComparisonFolder.File.text

    /// An exporter without choices.
    public init() {}

    /// The whole text, one part after the other in the order of the page.
    public func export(_ report: ComparisonReport) -> String {
        let tables = ComparisonTables(report: report, quantity: .page)
        var parts = head(report)
        for pair in report.record.pairs { parts += self.pair(pair, report) }
        return (parts + foot(report, tables)).joined(separator: "\n\n") + "\n"
    }

    private func head(_ report: ComparisonReport) -> [String] {
        let record = report.record
        let answers = record.pairs.map { ComparisonAnswer(report, $0, .page) }
        let answer = answers.first?.headline ?? ComparisonPage.nothing(record)
        let several = answers.count > 1 ? "" : ": \(Markdown.escape(answer))"
        return [
            "# \(Markdown.escape(ComparisonPage.title(record)))\(several)",
            answers.lazy.compactMap(\.warning).first.map { "**\(Markdown.escape($0))**" },
            record.rule.isAA ? "**An A/A comparison: base and candidate are the same on purpose.**" : nil,
            Markdown.escape(ComparisonPage.subtitle(report, .page)),
        ].compactMap { $0 }
    }

    private func pair(_ pair: ComparedPair, _ report: ComparisonReport) -> [String] {
        let answer = ComparisonAnswer(report, pair, .page)
        let words = ComparisonWords(report, pair, .page)
        let tables = PairTables(report: report, pair: pair, quantity: .page)
        var parts: [String] = []
        if report.record.pairs.count > 1 {
            parts.append("## \(Markdown.escape(pair.candidate)): \(Markdown.escape(answer.headline))")
        }
        func checked(_ result: CheckResult?) -> String {
            result.map { "\($0.holds ? "yes" : "no"). \($0.detail)" } ?? "not checked."
        }
        let cost = words.cost
        parts += [
            Markdown.list(
                answer.details + [
                    "How sure: \(words.certainty.joined(separator: " "))",
                    "What it costs: \(cost.value). \(cost.text)", "Same answers: \(checked(pair.equivalence))",
                    "Nothing lost: \(checked(pair.safety))", "Stopped because: \(pair.stopped)",
                ] + [words.behind].compactMap { $0 }),
            "## What moved", Markdown.table(tables.metrics(pair.judged), none: "No metric carries a verdict."),
        ]
        let others = pair.metrics.filter { $0.verdict == nil }
        if !others.isEmpty {
            parts += ["### Metrics without verdict", Markdown.table(tables.metrics(others), none: "None.")]
        }
        for curve in pair.curves {
            parts += [
                "### Response time of \(Markdown.code(curve.requestClass)) by percentile",
                Markdown.table(tables.curve(curve), none: "Too few completed."),
            ]
        }
        return parts + causes(pair, report) + sides(pair, report, tables)
    }

    private func causes(_ pair: ComparedPair, _ report: ComparisonReport) -> [String] {
        let chains = CauseChain(report, pair, .page)?.chains ?? []
        guard !chains.isEmpty else {
            return [
                "## Why", "No quantile of a response time was judged better or worse, so there is none to explain.",
            ]
        }
        return ["## Why"]
            + chains.flatMap { chain in
                [
                    "**\(Markdown.escape(chain.head))**",
                    Markdown.list(chain.steps.map { "\($0.what): \($0.found)" }),
                ]
            }
    }

    private func sides(_ pair: ComparedPair, _ report: ComparisonReport, _ tables: PairTables) -> [String] {
        guard let base = report.base, let candidate = report.side(pair.candidate) else { return [] }
        let variant = VariantDifference(base, candidate, .page)
        let server = ServerDifference(base: base, candidate: candidate, quantity: .page)
        let plans = PlanDifference(base, candidate, .page)
        let missing = "Not collected."
        let sections: [(String, ReportTable, String)] = [
            ("What differs between the variants", variant.table, "No setting that was reported differs."),
            ("The suggestion", variant.suggestion, "The candidate is no suggestion."),
            ("The servers, side by side", server.totals, "Not looked at."),
            ("What clients waited for", server.waits, missing), ("Statements", server.statements, missing),
            ("Sizes at the end", server.sizes, missing), ("Accounting", tables.accounting, missing),
            ("Blocks left out", tables.excluded, "None."), ("The noise behind the intervals", tables.noise, missing),
        ]
        let head = ["### Plans, side by side", Markdown.table(plans.table, none: missing)] + trees(plans)
        return head + sections.flatMap { ["### \($0.0)", Markdown.table($0.1, none: $0.2)] }
            + ["### How it was put in force", Markdown.list(candidate.applied, none: "Not recorded.")]
    }

    /// Plans that changed, line by line.
    private func trees(_ plans: PlanDifference) -> [String] {
        let changed = plans.pairs.filter { $0.isSame == false }
        guard !changed.isEmpty else { return [] }
        return ["Behind − and + are lines that the other side’s plan does not have."]
            + changed.flatMap { ["**\(Markdown.escape($0.name))**", Markdown.block(plans.text(of: $0))] }
    }

    private func foot(_ report: ComparisonReport, _ tables: ComparisonTables) -> [String] {
        let record = report.record
        return [
            "## What was compared, and how", Markdown.table(tables.facts, none: "Not collected."),
            Markdown.table(tables.calibration, none: "The statistics were not calibrated on this host."),
            "## What was enforced, and what was valid",
            Markdown.table(tables.profile, none: "Hardware: the host as it is; nothing was asked for."),
            Markdown.table(tables.validity, none: "No rule was checked."), "## Make it again, and doubt it",
            Markdown.block(record.command), Markdown.table(tables.identity, none: "Not collected."),
            Markdown.list(
                ComparisonThreats(report, .page).all + record.notCollected.map { "Not collected: \($0)" }),
        ]
    }
}
