import RunRecord

/// `report.md`: the same facts for a merge request, a ticket or a terminal.
public struct ExperimentMarkdown: ExperimentExporter {
    /// `report.md`.
    public let file = "report.md"

    /// An exporter without choices.
    public init() {}

    /// The whole text, one part after the other in the order of the page.
    public func export(_ report: ExperimentReport) -> String {
        let tables = ExperimentTables(report: report, quantity: .page)
        let answer = ExperimentAnswer(report, .page)
        let record = report.record
        var parts = ["# \(Markdown.escape(record.name)): \(Markdown.escape(answer.headline))"]
        parts += [answer.warning].compactMap { $0.map { "**\(Markdown.escape($0))**" } }
        parts += [Markdown.escape(record.summary), Markdown.list(answer.details)]
        let leading = report.leading
        let results = record.results.filter { $0.metric != leading?.metric }
        if let leading { parts += result(leading, report, tables) }
        if let overview = tables.overview {
            parts += [
                "## Every cell in every metric", ExperimentTables.overviewNote, Markdown.table(overview, none: "None."),
            ]
        }
        parts += suggestions(tables)
        for other in results { parts += result(other, report, tables) }
        parts += pareto(report)
        parts += [
            "## What the design mixes up",
            Markdown.table(tables.aliases, none: "Nothing: each effect stands for itself."),
            "## What was run", "### The base, which every cell differs from in its own levels only",
            tables.base.map { Markdown.table($0, none: ExperimentPage.noBase) } ?? ExperimentPage.noBase,
            "### The experiment", Markdown.table(tables.facts, none: "Not collected."), "### Trials",
            Markdown.table(tables.trials, none: "None."), "## Make it again, and doubt it",
            Markdown.block(record.command), Markdown.table(tables.identity, none: "Not collected."),
            Markdown.table(tables.inputs, none: "No input is named."), Markdown.list(ExperimentPage.threats(report)),
        ]
        return parts.joined(separator: "\n\n") + "\n"
    }

    private func result(_ result: ExperimentResult, _ report: ExperimentReport, _ tables: ExperimentTables) -> [String]
    {
        let parts = [
            "## Ranking by \(Markdown.escape(MetricName(result.metric).short))", Markdown.escape(result.method),
            Markdown.table(tables.ranking(result), none: "No cell has a value."), "### What each factor does to it",
            Markdown.table(tables.effects(result), none: "Not estimated: cells that they need have no value."),
        ]
        guard let crossed = CrossedFactors.chosen(report, result), let grid = FactorGrid(report, result, crossed) else {
            return parts + [CrossedFactors.absent]
        }
        return parts + [
            "### \(Markdown.escape(crossed.rows.name)) and \(Markdown.escape(crossed.columns.name))", crossed.note,
            Markdown.table(HeatMap(grid: grid, quantity: .page).table, none: "None."),
        ]
    }

    private func suggestions(_ tables: ExperimentTables) -> [String] {
        let all = tables.suggestions
        guard !all.isEmpty else { return [] }
        return ["## The suggestions: whose they are, and what they risk"]
            + all.flatMap { ["### \(Markdown.escape($0.name))", Markdown.table($0.table, none: "Not described.")] }
    }

    private func pareto(_ report: ExperimentReport) -> [String] {
        let charts = ParetoChart.all(report, .page)
        guard !charts.isEmpty else { return ["## Speed against cost", ExperimentPage.noCost] }
        return ["## Speed against cost"]
            + charts.flatMap {
                [
                    "Cost: \(Markdown.escape($0.costName)). Cells that no other beats in both, by their values: differences that chance makes count, too.",
                    Markdown.table($0.table, none: "None."),
                ]
            }
    }
}
