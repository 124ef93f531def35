/// A table before it becomes HTML, Markdown or text. All of it is plain text; whoever writes it out escapes it.
struct ReportTable {
    /// What a column holds, which decides how it is set.
    enum Kind: String {
        /// An identifier, in the typewriter face.
        case name
        /// Set right, in figures of one width.
        case number = "n"
        /// Runs on over several lines.
        case text = "wide"
        /// A word or two.
        case word
    }

    struct Column {
        let title: String
        let kind: Kind

        init(_ title: String, _ kind: Kind) {
            self.title = title
            self.kind = kind
        }
    }

    struct Cell: ExpressibleByStringInterpolation {
        var text: String
        var tone: Tone?
        /// Length of a bar in percent of the longest.
        var bar: Double?

        init(_ text: String, _ tone: Tone? = nil, bar: Double? = nil) {
            self.text = text
            self.tone = tone
            self.bar = bar
        }

        init(stringLiteral text: String) { self.init(text) }

        /// The word for a number that there is none of.
        static func unknown(_ word: String) -> Cell { Cell(word, .unknown) }
    }

    struct Row {
        var cells: [Cell]
        /// A word behind the first cell, such as "slowest".
        var mark: String?
        /// The sum of the rows above.
        var isTotal = false
    }

    let columns: [Column]
    var rows: [Row]

    init(_ columns: [Column], _ rows: [Row]) {
        self.columns = columns
        self.rows = rows
    }

    init(_ columns: [Column], _ rows: [[Cell]]) {
        self.init(columns, rows.map { Row(cells: $0) })
    }

    /// Fields for the template `table`; `nil` without rows, so that the section around it falls away.
    var context: [String: Any]? {
        guard !rows.isEmpty else { return nil }
        return [
            "hasHead": columns.contains { !$0.title.isEmpty },
            "columns": columns.map { ["title": $0.title, "style": $0.kind.rawValue] },
            "rows": rows.map { row in
                ["style": row.isTotal ? "total" : "", "cells": cells(of: row)] as [String: Any]
            },
        ]
    }

    private func cells(of row: Row) -> [[String: Any]] {
        zip(columns, row.cells).enumerated().map { index, pair in
            let (column, cell) = pair
            var fields: [String: Any] = [
                "style": [column.kind.rawValue, cell.tone?.rawValue].compactMap { $0 }.joined(separator: " "),
                "text": cell.text,
            ]
            if index == 0, let mark = row.mark { fields["mark"] = mark }
            if let bar = cell.bar { fields["bar"] = SVG.number(min(max(bar, 0.5), 100)) }
            return fields
        }
    }
}

/// How a word or a number is meant; also the name of its colour.
enum Tone: String {
    case better
    case worse
    case neutral
    case open
    /// Surely no difference that matters.
    case equivalent
    /// Stands where a number would.
    case unknown = "missing"
}
