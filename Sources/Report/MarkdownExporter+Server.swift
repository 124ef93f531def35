import RunRecord

/// The server's side and the aspects of requests, with the facts of the page.
extension MarkdownExporter {
    /// Nothing but a sentence when nobody looked.
    func server(_ report: TrialReport) -> [String] {
        let head = "## The server"
        guard let tables = ServerTables(report: report, quantity: .page) else { return [head, "Not looked at."] }
        var parts = [head, Markdown.list(tables.words.findings)]
        if !tables.server.notes.isEmpty {
            parts += ["What limits these figures:", Markdown.list(tables.server.notes.map(TrialAnswer.sentence))]
        }
        parts += [
            "### Statements (times are ms a call; reading and writing lie within planning and execution)",
            Markdown.table(tables.statements, none: "Not collected."),
        ]
        parts += [tables.words.forgotten].compactMap { $0 }
        for (title, table, none) in sections(tables) {
            parts += ["### \(title)", Markdown.table(Self.withoutBars(table), none: none)]
        }
        return parts
    }

    private func sections(_ tables: ServerTables) -> [(String, ReportTable, String)] {
        let missing = "Not collected."
        let sections: [(String, ReportTable, String)] = [
            ("What each statement waited for", tables.statementWaits, "Not collected, or none was seen at work."),
            ("What clients waited for", tables.waits, "Not collected, or no busy client was seen."),
            (
                "p99 of seconds with an event against seconds without (median of them, ms)", tables.effects,
                tables.words.noEffects
            ),
            ("Stalls, and what the server did meanwhile", tables.stalls, "None was found, or none was looked for."),
            ("Checkpoints", tables.checkpoints, "None was seen."), ("Autovacuum", tables.vacuums, "None was seen."),
            ("Table maintenance", tables.maintenance, "None was seen."), ("Disk", tables.diskTable, missing),
            ("Written and read", tables.writing, missing),
            ("What PostgreSQL asked for (pg_stat_io)", tables.io, "Not collected; PostgreSQL 16 and later tell it."),
            ("Growth", tables.growth, missing), ("Dead rows and free space, a sample", tables.bloat, missing),
            ("Limits", tables.limits, missing), ("Locks and connections", tables.limitFacts, missing),
            ("What lay in memory", tables.cache, missing), ("The machine", tables.host, missing),
            ("Plans", tables.plans, missing), ("What looking cost", tables.cost, missing),
        ]
        return sections
    }

    /// Response times by page depth and by age of the data; only a sentence when they were not kept apart.
    func aspects(_ report: TrialReport) -> [String] {
        let head = "## Response time by page depth and by age of the data (ms)"
        guard let page = AspectPage(report: report, quantity: .page) else { return [head, "Not collected."] }
        return [head] + AspectPage.Aspect.allCases.map { Markdown.table(page.table($0), none: "\($0.name): none.") }
    }

    /// Columns of bars hold no text.
    private static func withoutBars(_ table: ReportTable) -> ReportTable {
        guard table.columns.last?.title.isEmpty == true, table.columns.count > 2 else { return table }
        return ReportTable(Array(table.columns.dropLast()), table.rows.map { $0.cells.dropLast() })
    }
}
