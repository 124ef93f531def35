import RunRecord

/// An imported record in the terminal.
struct TerminalImport {
    private let record: RunRecord
    private let imported: ImportDescription
    private let tables: ImportedTables
    private let text: TerminalText
    private let quantity: Quantity

    /// `nil` for a trial of this tool.
    init?(report: TrialReport, text: TerminalText, quantity: Quantity) {
        guard let imported = report.record.imported else { return nil }
        record = report.record
        self.imported = imported
        self.text = text
        self.quantity = quantity
        tables = ImportedTables(report: report, imported: imported, quantity: quantity)
    }

    /// Groups of lines for the end of an import.
    var closing: [[String]] { [head, times, limits] }

    /// Groups of lines for all that fits a terminal.
    var details: [[String]] { [head, facts, times, lines(tables.failures), counters, limits, files, gaps] }

    private var head: [String] {
        let word = RunRecord.importedKind.uppercased()
        let lines = text.wrap(
            TerminalText.clean(ImportedWords(record, imported, quantity).headline), to: text.width - word.count - 2)
        return lines.enumerated().map { index, line in
            (index == 0 ? text.paint(word, .notable) : String(repeating: " ", count: word.count)) + "  "
                + text.paint(line, .bold)
        } + text.wrap("\(ImportedWords.notice) \(ImportedWords.refusal)", to: text.width - 2).map { "  \($0)" }
    }

    /// Columns that a hundred characters have room for.
    private static let shown: Set = [
        "request class", "operations", "per second", "failed", "mean", "p50", "p95", "p99", "max",
    ]

    private var times: [String] {
        let table = tables.durations
        let keep = table.columns.indices.filter { Self.shown.contains(table.columns[$0].title) }
        guard !table.rows.isEmpty else { return ["No operation was recorded."] }
        let all = text.table(
            keep.map { table.columns[$0].title }, table.rows.map { row in keep.map { row.cells[$0].text } })
        return [text.paint("times in ms", .dim), text.paint(all[0], .dim)] + all.dropFirst()
    }

    private func lines(_ table: ReportTable) -> [String] {
        guard !table.rows.isEmpty else { return [] }
        let all = text.table(table.columns.map(\.title), table.rows.map { $0.cells.map(\.text) })
        return [text.paint(all[0], .dim)] + all.dropFirst()
    }

    private var counters: [String] {
        imported.counters.flatMap { counter in
            text.entry(
                "counter",
                "\(counter.name): \(quantity.digits(counter.increase))"
                    + (counter.perSecond.map { ", \(quantity.rate($0))" } ?? "") + ", \(counter.meaning)")
        }
    }

    private var limits: [String] { imported.limits.flatMap { text.entry("limit", $0) } }

    private var facts: [String] {
        tables.facts.rows.flatMap { text.entry("", "\($0.cells[0].text): \($0.cells[1].text)") }
    }

    private var files: [String] {
        imported.files.flatMap { text.entry("file", "\($0.name), \(quantity.bytes($0.bytes)), SHA-256 \($0.digest)") }
            + ["command    \(TerminalText.clean(record.command))"]
    }

    private var gaps: [String] { record.notCollected.flatMap { text.entry("missing", $0) } }
}
