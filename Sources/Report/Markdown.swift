/// Pieces of Markdown. What comes from a record must neither end a table nor become markup.
enum Markdown {
    /// Text that reads as itself.
    static func escape(_ text: String) -> String {
        text.replacing("\r\n", with: "\n").rewritten { scalar in
            switch scalar {
            case "\\", "`", "*", "[", "]", "|", "#", "~", "!": "\\\(scalar)"
            case "&": "&amp;"
            case "<": "&lt;"
            case ">": "&gt;"
            case _ where scalar.isLineBreak || scalar.isControl: " "
            default: nil
            }
        }
    }

    /// An identifier in the typewriter face. A code span knows no escapes but that of a table's bar.
    static func code(_ text: String) -> String {
        let safe = text.replacing("\r\n", with: "\n").rewritten { scalar in
            switch scalar {
            case "`": "'"
            case "\\": "/"
            case "|": "\\|"
            case _ where scalar.isLineBreak || scalar.isControl: " "
            default: nil
            }
        }
        return safe.isEmpty ? "" : "`\(safe)`"
    }

    /// A command or file as it is, in a fence longer than any in it.
    static func block(_ text: String) -> String {
        var (longest, run) = (2, 0)
        for scalar in text.unicodeScalars {
            run = scalar == "`" ? run + 1 : 0
            longest = max(longest, run)
        }
        let fence = String(repeating: "`", count: longest + 1)
        return "\(fence)\n\(text)\n\(fence)"
    }

    /// Points of a list, or a sentence where there are none.
    static func list(_ points: [String], none: String = "None.") -> String {
        points.isEmpty ? none : points.map { "- \(escape($0))" }.joined(separator: "\n")
    }

    /// A table, or a sentence where it would be empty.
    static func table(_ table: ReportTable, none: String) -> String {
        guard !table.rows.isEmpty else { return none }
        let head = table.columns.map { $0.title.isEmpty ? " " : escape($0.title) }
        let rule = table.columns.map { $0.kind == .number ? "---:" : "---" }
        let rows = table.rows.map { row in
            zip(table.columns, row.cells).map { column, cell in text(cell, in: column, row: row) }
        }
        return ([head, rule] + rows).map { "| " + $0.joined(separator: " | ") + " |" }.joined(separator: "\n")
    }

    private static func text(_ cell: ReportTable.Cell, in column: ReportTable.Column, row: ReportTable.Row) -> String {
        let text = column.kind == .name && cell.tone == nil && !row.isTotal ? code(cell.text) : escape(cell.text)
        return cell.tone == .worse || row.isTotal && !text.isEmpty ? "**\(text)**" : text
    }
}
