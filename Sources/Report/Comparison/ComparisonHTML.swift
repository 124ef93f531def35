import RunRecord

/// `report.html`: one file that works from a mail attachment, without network and without script.
public struct ComparisonHTML: ComparisonExporter {
    /// `report.html`.
    public let file = ComparisonFolder.File.page

    /// An exporter without choices.
    public init() {}

    /// The page.
    ///
    /// - Throws: a parser error when a template is broken, which a test would have met.
    public func export(_ report: ComparisonReport) throws -> String {
        try PageTemplates.render("comparison", ComparisonPage(report).context)
    }
}
