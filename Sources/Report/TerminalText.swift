/// Lines for a terminal: cells of a set width, wrapped text, and colour only where allowed.
struct TerminalText {
    /// Columns that no line is longer than, apart from paths and commands.
    let width: Int
    let colour: Bool

    /// Colours of the basic palette, which every terminal has in a shade of its owner's choice.
    enum Paint: String {
        case bold = "1"
        case dim = "2"
        case good = "1;32"
        case bad = "1;31"
        case notable = "33"
    }

    func paint(_ text: String, _ paint: Paint) -> String {
        colour ? "\u{1B}[\(paint.rawValue)m\(text)\u{1B}[0m" : text
    }

    /// Text from a record made harmless: no control characters, so no escape sequences and no line breaks.
    static func clean(_ text: String) -> String {
        String(
            text.map { character in
                character.unicodeScalars.contains { $0.properties.generalCategory == .control } ? "?" : character
            })
    }

    /// A table of cells, numbers set right, the first column cut so that a row fits.
    ///
    /// - Returns: head and rows as lines of the same length, nothing painted yet.
    func table(_ head: [String], _ rows: [[String]]) -> [String] {
        let all = [head] + rows.map { $0.map(Self.clean) }
        let widths = head.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        let others = widths.dropFirst().reduce(0) { $0 + $1 + 2 }
        let first = max(8, min(widths.first ?? 0, width - others))
        return all.map { row in
            row.enumerated().map { index, cell in
                guard index > 0 else { return pad(SVG.shortened(cell, to: first), first) }
                return String(repeating: " ", count: widths[index] - cell.count + 2) + cell
            }
            .joined()
        }
    }

    /// A name and what belongs to it, wrapped with the text aligned behind the name.
    func entry(_ name: String, _ text: String) -> [String] {
        let indent = 11
        let lines = wrap(Self.clean(text), to: width - indent)
        return lines.enumerated().map { index, line in pad(index == 0 ? name : "", indent) + line }
    }

    private func pad(_ text: String, _ length: Int) -> String {
        text + String(repeating: " ", count: max(0, length - text.count))
    }

    /// Words over lines; a word longer than a line is cut into pieces.
    func wrap(_ text: String, to width: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            var rest = word
            if !line.isEmpty, line.count + 1 + rest.count > width {
                lines.append(line)
                line = ""
            }
            while rest.count > width {
                lines.append(String(rest.prefix(width)))
                rest = rest.dropFirst(width)
            }
            line += (line.isEmpty ? "" : " ") + rest
        }
        return line.isEmpty && !lines.isEmpty ? lines : lines + [line]
    }
}
