import Mustache

/// The templates of all pages, and the one style they share.
enum PageTemplates {
    /// Fills a page.
    ///
    /// - Parameters:
    ///   - name: of the template, which the others are parts of.
    ///   - context: its fields without the style.
    /// - Returns: the page.
    /// - Throws: a parser error when a template is broken, which a test would have met.
    static func render(_ name: String, _ context: [String: Any]) throws -> String {
        let library = MustacheLibrary(templates: try all.mapValues(template))
        var page = context
        page["style"] = String(
            decoding: PackageResources.style_css + PackageResources.comparison_css, as: UTF8.self)
        return library.render(page, withTemplate: name) ?? ""
    }

    /// A template whose fields are escaped as ``SVG/escape(_:)`` does it; the library's own way lets `<` with an accent pass.
    ///
    /// - Parameter bytes: of the template's file.
    /// - Returns: the template.
    /// - Throws: a parser error when it is broken, which a test would have met.
    static func template(_ bytes: [UInt8]) throws -> MustacheTemplate {
        MustacheContentTypes.register(Markup(), named: "MARKUP")
        return try MustacheTemplate(string: "{{% CONTENT_TYPE:MARKUP}}\n" + String(decoding: bytes, as: UTF8.self))
    }

    private struct Markup: MustacheContentType {
        func escapeText(_ text: String) -> String { SVG.escape(text) }
    }

    private static let all: [String: [UInt8]] = [
        "comparison": PackageResources.comparison_mustache, "pair": PackageResources.pair_mustache,
        "effects": PackageResources.effects_mustache, "class": PackageResources.class_mustache,
        "experiment": PackageResources.experiment_mustache, "result": PackageResources.result_mustache,
        "place": PackageResources.place_mustache,
        "table": PackageResources.table_mustache, "tree": PackageResources.tree_mustache,
    ]
}
