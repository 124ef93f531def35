import RunRecord

/// Fields of the template `fit`, for the page.
struct FitPage {
    private let tables: FitTables

    /// `nil` for a workload that was not fitted to an archive.
    init?(report: TrialReport, quantity: Quantity) {
        guard let tables = FitTables(report: report, quantity: quantity) else { return nil }
        self.tables = tables
    }

    /// Fields without content are absent.
    var context: [String: Any] {
        let words = tables.words
        var fields: [String: Any] = [
            "answer": words.answer, "source": words.source, "cost": words.cost, "chance": FitWords.chance,
            "notKnown": tables.fit.notKnown.map { TrialAnswer.sentence("not known: \($0)") },
            "assumed": tables.fit.assumed.map { TrialAnswer.sentence("assumed: \($0)") },
        ]
        let pictures = tables.pictured.compactMap { comparison in
            FitChart(comparison: comparison, words: words).svg.map { svg in
                [
                    "name": FitWords.name(comparison.aspect), "note": SVG.shortened(comparison.subject, to: 40),
                    "svg": svg,
                ]
            }
        }
        fields["pictures"] = pictures
        fields["hasPictures"] = pictures.isEmpty ? nil : true
        fields["distances"] = tables.distances.context
        fields["hidden"] = tables.hidden
        fields["shards"] = tables.shards.context
        fields["quantiles"] = tables.quantiles.context
        fields["thisRun"] = tables.thisRun.context
        return fields
    }
}

/// The same for `report.md`.
enum FitMarkdown {
    /// Empty for a workload that was not fitted to an archive.
    static func parts(_ report: TrialReport) -> [String] {
        guard let tables = FitTables(report: report, quantity: .page) else { return [] }
        let words = tables.words
        let parts = [
            "## Does this workload resemble its archive?", Markdown.escape(words.answer), Markdown.escape(words.source),
            Markdown.table(tables.distances, none: "Nothing could be compared."),
            tables.hidden.map(Markdown.escape), Markdown.escape(FitWords.chance),
            "### Real, synthetic, and this run", Markdown.table(tables.thisRun, none: "Nothing to compare."),
            "### Shards", Markdown.table(tables.shards, none: "None."),
            "### Quantiles", Markdown.table(tables.quantiles, none: "None."), Markdown.escape(words.cost),
            Markdown.list(
                tables.fit.notKnown.map { "Not known: \($0)" } + tables.fit.assumed.map { "Assumed: \($0)" }),
        ]
        return parts.compactMap { $0 }
    }
}
