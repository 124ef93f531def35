import Report
import RunRecord

/// Calls the report module.
enum Reporting {
    /// Writes both report files.
    ///
    /// - Returns: the path of the page.
    static func write(_ folder: RecordFolder) throws -> String { folder.path(of: .page) }

    /// The table at the end of a run.
    static func closingTable(_ folder: RecordFolder, _ record: RunRecord) -> String { "\(record.valid)" }

    /// A run in full, for the terminal.
    static func details(_ folder: RecordFolder, _ record: RunRecord) -> String { "\(record.valid)" }
}
