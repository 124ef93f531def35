import FoundationEssentials

/// SQL of a file, cut into statements that are sent one by one: what may stand in no transaction can then be in it.
public struct SQLScript: Sendable, Equatable {
    /// One statement.
    public struct Statement: Sendable, Equatable {
        /// Without the comments before it and without the semicolon.
        public let text: String
        /// Where it begins, from 1.
        public let line: Int

        /// Its first words, for messages.
        public var beginning: String {
            let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            return words.count > 70 ? words.prefix(69) + "…" : words
        }
    }

    /// Name of the file without `.sql`.
    public let name: String
    /// Path of the file.
    public let file: String
    /// The whole file.
    public let text: String
    /// In the file's order.
    public let statements: [Statement]
    /// What it does, as the comment at the head of the file says.
    public let summary: String

    /// Cuts a text.
    ///
    /// - Parameters:
    ///   - name: of the file without `.sql`.
    ///   - file: its path, for messages.
    ///   - text: what it says.
    public init(name: String, file: String, text: String) {
        self.name = name
        self.file = file
        self.text = text
        var cutter = SQLCutter(text)
        statements = cutter.statements()
        let head = text.split(separator: "\n", omittingEmptySubsequences: false).prefix { $0.hasPrefix("--") }
        summary = head.map { $0.drop { $0 == "-" || $0 == " " } }.joined(separator: " ")
    }
}

/// Finds where statements end, by the lexical rules of PostgreSQL (documentation, 4.1): strings, quoted names, comments
/// and dollar quotes hide semicolons. Backslash escapes (`E'…'`) are told like plain strings.
private struct SQLCutter {
    private let characters: [Character]
    private var position = 0
    private var line = 1

    init(_ text: String) { characters = Array(text) }

    mutating func statements() -> [SQLScript.Statement] {
        var found: [SQLScript.Statement] = []
        while let statement = next() { found.append(statement) }
        return found
    }

    /// The next one with anything in it; `nil` at the end.
    private mutating func next() -> SQLScript.Statement? {
        while true {
            skipBlanks()
            guard position < characters.count else { return nil }
            let (start, first) = (position, line)
            while position < characters.count && characters[position] != ";" { skipPart() }
            let end = position
            if position < characters.count { position += 1 }
            if end > start {
                let text = String(characters[start..<end])
                return SQLScript.Statement(text: Self.trimmed(text), line: first)
            }
        }
    }

    private static func trimmed(_ text: String) -> String {
        String(text.reversed().drop { $0.isWhitespace }.reversed())
    }

    private mutating func skipBlanks() {
        while position < characters.count {
            if characters[position].isWhitespace {
                advance()
            } else if !skipComment() {
                return
            }
        }
    }

    /// A string, a quoted name, a comment, a dollar quote, or one character.
    private mutating func skipPart() {
        switch characters[position] {
        case "'", "\"": skipQuoted(characters[position])
        case "$": skipDollarQuote()
        default: if !skipComment() { advance() }
        }
    }

    /// A doubled quote ends one quoted part and begins the next, which comes to the same.
    private mutating func skipQuoted(_ quote: Character) {
        advance()
        while position < characters.count && characters[position] != quote { advance() }
        advance()
    }

    private mutating func skipComment() -> Bool {
        if sees("--") {
            while position < characters.count && !characters[position].isNewline { advance() }
            return true
        }
        guard sees("/*") else { return false }
        var depth = 0
        repeat {
            if sees("/*") {
                depth += 1
                advance()
            } else if sees("*/") {
                depth -= 1
                advance()
            }
            advance()
        } while depth > 0 && position < characters.count
        return true
    }

    private mutating func skipDollarQuote() {
        let tag = characters[(position + 1)...].prefix { $0.isLetter || $0.isNumber || $0 == "_" }
        let isParameter = tag.first?.isNumber ?? false
        guard !isParameter, tag.endIndex < characters.count, characters[tag.endIndex] == "$" else { return advance() }
        let mark = "$" + String(tag) + "$"
        for _ in mark { advance() }
        while position < characters.count && !sees(mark) { advance() }
        for _ in mark { advance() }
    }

    private func sees(_ text: String) -> Bool { characters[position...].starts(with: text) }

    private mutating func advance() {
        guard position < characters.count else { return }
        if characters[position].isNewline { line += 1 }
        position += 1
    }
}
