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
        let results = [leading].compactMap { $0 } + record.results.filter { $0.metric != leading?.metric }
        for result in results { parts += self.result(result, report, tables) }
        parts += pareto(report)
        parts += [
            "## What the design mixes up",
            Markdown.table(tables.aliases, none: "Nothing: each effect stands for itself."),
            "## What was run", Markdown.table(tables.facts, none: "Not collected."), "### Trials",
            Markdown.table(tables.trials, none: "None."), "## Make it again, and doubt it",
            Markdown.block(record.command), Markdown.table(tables.identity, none: "Not collected."),
            Markdown.table(tables.inputs, none: "No input is named."), Markdown.list(ExperimentPage.threats(report)),
        ]
        return parts.joined(separator: "\n\n") + "\n"
    }

    private func result(_ result: ExperimentResult, _ report: ExperimentReport, _ tables: ExperimentTables) -> [String]
    {
        var parts = [
            "## Ranking by \(Markdown.escape(MetricName(result.metric).short))", Markdown.escape(result.method),
            Markdown.table(tables.ranking(result), none: "No cell has a value."), "### What each factor does to it",
            Markdown.table(tables.effects(result), none: "Not estimated: cells that they need have no value."),
        ]
        if let (rows, columns) = FactorGrid.chosen(report, result), let grid = FactorGrid(report, result, rows, columns)
        {
            parts += [
                "### \(Markdown.escape(rows.name)) and \(Markdown.escape(columns.name))",
                Markdown.table(HeatMap(grid: grid, quantity: .page).table, none: "None."),
            ]
        }
        return parts
    }

    private func pareto(_ report: ExperimentReport) -> [String] {
        guard let chart = ParetoChart(report, .page) else {
            return ["## Speed against cost", "No cost is known that differs between cells."]
        }
        return ["## Speed against cost", Markdown.table(chart.table, none: "None.")]
    }
}
