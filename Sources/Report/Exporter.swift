import RunRecord

/// Writes a report in one format. A new format is one new type in a file of its own, named in ``Exporters/files``.
public protocol Exporter: Sendable {
    /// The run's file that it fills.
    var file: RecordFolder.File { get }
    /// The whole text of the file.
    func export(_ report: TrialReport) throws -> String
}

/// The formats that a run's folder gets.
public enum Exporters {
    /// One exporter a file.
    public static let files: [any Exporter] = [HTMLExporter(), MarkdownExporter()]

    /// Writes all report files of a run.
    ///
    /// - Throws: `RecordFolder.Problem`.
    public static func writeAll(_ folder: RecordFolder) throws {
        let report = try TrialReport(folder: folder)
        for exporter in files { try folder.write(exporter.export(report), to: exporter.file) }
    }
}
