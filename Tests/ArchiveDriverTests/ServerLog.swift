/// The log of a server that was told to write down every statement, taken apart.
struct ServerLog {
    /// One entry: who, what kind, and the text with its lines joined again.
    struct Entry {
        let pid: Int
        let severity: String
        let text: String
    }

    /// A simple statement, or one step of a prepared one.
    struct Statement {
        enum Step: Equatable {
            case simple
            case parse(String)
            case execute(String)
        }

        let pid: Int
        let step: Step
        let text: String
        /// `$1`, `$2`, … in order; of executions only.
        var parameters: [String] = []
    }

    let statements: [Statement]

    /// - Parameter text: written with `log_line_prefix = '#%p#'`.
    init(_ text: String) {
        var statements: [Statement] = []
        // A detail belongs to the entry that the same backend wrote before it, if that was a statement.
        var latest: [Int: Int] = [:]
        for entry in Self.entries(text) {
            if entry.severity == "DETAIL", entry.text.hasPrefix("parameters: ") {
                guard let index = latest[entry.pid] else { continue }
                statements[index].parameters = Self.parameters(entry.text.dropFirst("parameters: ".count))
            } else if entry.severity == "LOG" {
                latest[entry.pid] = nil
                guard let statement = Self.statement(entry) else { continue }
                latest[entry.pid] = statements.count
                statements.append(statement)
            }
        }
        self.statements = statements
    }

    private static func entries(_ text: String) -> [Entry] {
        var entries: [Entry] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let parts = line.split(separator: "#", maxSplits: 2, omittingEmptySubsequences: false)
            if parts.count == 3, parts[0].isEmpty, let pid = Int(parts[1]) {
                let colon = parts[2].firstIndex(of: ":") ?? parts[2].endIndex
                entries.append(
                    Entry(pid: pid, severity: String(parts[2][..<colon]), text: String(parts[2][colon...].dropFirst(3)))
                )
            } else if let last = entries.popLast() {
                // The server puts a tab in front of every further line of an entry.
                let more = line.hasPrefix("\t") ? line.dropFirst() : line
                entries.append(Entry(pid: last.pid, severity: last.severity, text: last.text + "\n" + more))
            }
        }
        return entries
    }

    private static func statement(_ entry: Entry) -> Statement? {
        var text = entry.text[...]
        if text.hasPrefix("statement: ") {
            return Statement(pid: entry.pid, step: .simple, text: String(text.dropFirst("statement: ".count)))
        }
        if text.hasPrefix("duration: "), let end = text.firstRange(of: " ms  ")?.upperBound { text = text[end...] }
        for (word, make) in [("parse ", Statement.Step.parse), ("execute ", Statement.Step.execute)]
        where text.hasPrefix(word) {
            guard let colon = text.firstRange(of: ": ") else { return nil }
            let name = text[text.index(text.startIndex, offsetBy: word.count)..<colon.lowerBound]
            return Statement(pid: entry.pid, step: make(String(name)), text: String(text[colon.upperBound...]))
        }
        return nil
    }

    private static func parameters(_ text: Substring) -> [String] {
        text.split(separator: ", $").map { part in
            let value = part.split(separator: "= ", maxSplits: 1).last ?? ""
            return value.hasPrefix("'") ? String(value.dropFirst().dropLast()) : String(value)
        }
    }
}
