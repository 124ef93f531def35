import RunRecord

/// The report of a record that was imported: what it tells, and before that what it cannot support.
struct ImportedPage {
    private let report: TrialReport
    private let imported: ImportDescription
    private let tables: ImportedTables
    private let quantity = Quantity.page

    private var record: RunRecord { report.record }

    /// `nil` for a trial of this tool.
    init?(_ report: TrialReport) {
        guard let imported = report.record.imported else { return nil }
        self.report = report
        self.imported = imported
        tables = ImportedTables(report: report, imported: imported, quantity: .page)
    }

    private var words: ImportedWords { ImportedWords(record, imported, quantity) }

    /// Fields of the template `imported`. A field without content is absent, so that its section falls away.
    var context: [String: Any] {
        var page: [String: Any] = [
            "title": record.variant.name, "subtitle": words.subtitle, "notice": ImportedWords.notice,
            "limits": imported.limits, "headline": words.headline, "refusal": ImportedWords.refusal,
            "reproduce": record.command, "notCollected": record.notCollected,
        ]
        let shown: [(String, ReportTable)] = [
            ("durations", tables.durations), ("lags", tables.lags), ("failures", tables.failures),
            ("buckets", tables.buckets), ("counters", tables.counters), ("intervals", tables.intervals),
            ("sources", tables.sources), ("facts", tables.facts),
            ("events", TrialTables(report: report, quantity: quantity).events),
        ]
        for (name, table) in shown { page[name] = table.context }
        page["hiddenIntervals"] = tables.hiddenIntervals
        page["percentiles"] = PercentileChart(report: report, quantity: quantity).svg
        let timeline = TimelineChart(report: report, quantity: quantity)
        page["throughput"] = timeline.throughput
        let strips = timeline.strips
        page["strips"] = strips.map { ["name": $0.name, "svg": $0.svg, "note": ""] }
        page["hasStrips"] = strips.isEmpty ? nil : true
        return page
    }

    /// `report.md`.
    var markdown: String {
        let failures = tables.failures
        var parts = [
            "# \(Markdown.escape(record.variant.name)): \(Markdown.escape(words.headline))",
            "**\(Markdown.escape(ImportedWords.notice))** \(Markdown.escape(ImportedWords.refusal))",
            Markdown.list(imported.limits), "## Times", "Rates a second, times in ms.",
            Markdown.table(tables.durations, none: "No operation was recorded."),
        ]
        parts += section("Lag and service time, ms", tables.lags)
        parts += section("Failures", failures)
        parts += section("Counts that the percentiles were estimated from", tables.buckets)
        parts += section("Counters of the source", tables.counters)
        parts += section("Events", TrialTables(report: report, quantity: quantity).eventsInShort)
        parts += section("What it is", tables.facts)
        parts += section("Files that were read", tables.sources)
        parts += [
            "## Make it again", Markdown.block(record.command),
            Markdown.list(record.notCollected.map { "Not collected: \($0)" }),
        ]
        return parts.joined(separator: "\n\n") + "\n"
    }

    private func section(_ title: String, _ table: ReportTable) -> [String] {
        table.rows.isEmpty ? [] : ["## \(title)", Markdown.table(table, none: "")]
    }
}

/// Sentences about an imported record that every report shares.
struct ImportedWords {
    /// Stands before everything else.
    static let notice = "Imported: ArchiveBench did not run this load, and no rule of validity was checked."
    /// What must not be made of it.
    static let refusal = "It is shown and set beside other records, and no verdict is made of it."

    private let record: RunRecord
    private let imported: ImportDescription
    private let quantity: Quantity

    init(_ record: RunRecord, _ imported: ImportDescription, _ quantity: Quantity) {
        (self.record, self.imported, self.quantity) = (record, imported, quantity)
    }

    /// The rate, and the slowest class as far as it is known.
    var headline: String {
        let rate = "\(quantity.digits(record.throughput)) operations a second"
        let times = record.classes.compactMap { name, summary in summary.known.map { (name: name, known: $0) } }
        let known = times.compactMap { one in one.known.p99.map { (one.name, "p99", $0) } }
        let slowest = known.max { ($0.2, $1.0) < ($1.2, $0.0) }
        let mean = times.compactMap { one in one.known.mean.map { (one.name, "mean", $0) } }.max { $0.2 < $1.2 }
        guard let shown = slowest ?? mean else { return "\(rate)." }
        return "\(rate); \(shown.1) of \(shown.0) \(quantity.time(shown.2))."
    }

    var subtitle: String {
        [
            "imported from \(imported.source)", quantity.time((record.phases.measuredSeconds ?? 0) * 1_000),
            "pace \(record.paceInWords)", "started \(record.startedAt)",
        ].joined(separator: " · ")
    }
}
