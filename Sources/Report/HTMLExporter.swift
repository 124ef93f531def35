import Mustache
import RunRecord

/// `report.html`: one file that works from a mail attachment, without network and without script.
public struct HTMLExporter: Exporter {
    public let file = RecordFolder.File.page

    public init() {}

    /// - Throws: a parser error when a template is broken, which a test would have met.
    public func export(_ report: TrialReport) throws -> String {
        let template = try MustacheTemplate(string: String(decoding: PackageResources.trial_mustache, as: UTF8.self))
        var page = TrialPage(report).context
        page["style"] = String(decoding: PackageResources.style_css, as: UTF8.self)
        return template.render(page)
    }
}
