import Mustache
import RunRecord

/// `report.html`: one file that works from a mail attachment, without network and without script.
public struct HTMLExporter: Exporter {
    /// `report.html`.
    public let file = RecordFolder.File.page

    /// An exporter without choices.
    public init() {}

    /// The page.
    ///
    /// - Throws: a parser error when a template is broken, which a test would have met.
    public func export(_ report: TrialReport) throws -> String {
        let library = MustacheLibrary(templates: [
            "trial": try Self.template(PackageResources.trial_mustache),
            "strip": try Self.template(PackageResources.strip_mustache),
            "table": try Self.template(PackageResources.table_mustache),
            "traffic": try Self.template(PackageResources.traffic_mustache),
            "server": try Self.template(PackageResources.server_mustache),
            "aspects": try Self.template(PackageResources.aspects_mustache),
            "imported": try Self.template(PackageResources.imported_mustache),
            "fit": try Self.template(PackageResources.fit_mustache),
        ])
        let imported = ImportedPage(report)
        var page = imported?.context ?? TrialPage(report).context
        page["style"] = String(decoding: PackageResources.style_css, as: UTF8.self)
        return library.render(page, withTemplate: imported == nil ? "trial" : "imported") ?? ""
    }

    private static func template(_ bytes: [UInt8]) throws -> MustacheTemplate {
        try PageTemplates.template(bytes)
    }
}
