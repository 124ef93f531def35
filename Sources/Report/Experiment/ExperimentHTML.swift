/// `report.html`: one file without network and without script; the trials' own pages are linked.
public struct ExperimentHTML: ExperimentExporter {
    /// `report.html`.
    public let file = "report.html"

    /// An exporter without choices.
    public init() {}

    /// The page.
    ///
    /// - Throws: a parser error when a template is broken, which a test would have met.
    public func export(_ report: ExperimentReport) throws -> String {
        try PageTemplates.render("experiment", ExperimentPage(report).context)
    }
}
