import RunRecord

/// Writes the report of a comparison in one format. A new format is one new type in a file of its own, named in
/// ``ComparisonExporters/files``.
public protocol ComparisonExporter: Sendable {
    /// The comparison's file that it fills.
    var file: ComparisonFolder.File { get }
    /// The whole text of the file.
    func export(_ report: ComparisonReport) throws -> String
}

/// The formats that a comparison's folder gets.
public enum ComparisonExporters {
    /// One exporter a file.
    public static let files: [any ComparisonExporter] = [
        ComparisonHTML(), ComparisonMarkdown(), ComparisonCSV(), ComparisonJSON(), ComparisonJUnit(),
    ]

    /// Writes all report files of a comparison.
    ///
    /// - Throws: `ComparisonFolder.Problem` when the record cannot be read or a file cannot be written.
    public static func writeAll(_ folder: ComparisonFolder) throws {
        let report = try ComparisonReport(folder: folder)
        for exporter in files { try folder.write(exporter.export(report), to: exporter.file) }
    }
}
