import Report
import RunRecord

/// Calls the report module.
enum Reporting {
    /// Writes all report files of a run.
    ///
    /// - Returns: the path of the page.
    static func write(_ folder: RecordFolder) throws -> String {
        try Exporters.writeAll(folder)
        return folder.path(of: .page)
    }

    /// The table at the end of a run.
    static func closingTable(_ folder: RecordFolder, _ record: RunRecord) -> String {
        terminal(record).closing(page: folder.path(of: .page))
    }

    /// A run in full, for the terminal.
    static func details(_ folder: RecordFolder, _ record: RunRecord) -> String {
        terminal(record).details(page: folder.path(of: .page))
    }

    private static func terminal(_ record: RunRecord) -> TerminalReport {
        TerminalReport(TrialReport(record: record, samples: []), colour: Terminal.colour)
    }
}
