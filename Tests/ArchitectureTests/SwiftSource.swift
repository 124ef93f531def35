/// A Swift file reduced to its code: comments and the text of literals are blanks, so that a word found is a word used.
///
/// Not a parser. It knows nested comments, raw and multi-line strings, what is interpolated into them (which is code) and
/// regex literals where an expression can begin. It does not know which branch of an `#if` is compiled: all count.
struct SwiftSource {
    let module: String
    let path: String
    /// The code, line by line, columns kept.
    let lines: [String]
    /// The text as it stands, line by line.
    let written: [String]

    init(module: String, path: String, text: String) {
        self.module = module
        self.path = path
        written = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        var blanker = Blanker(text)
        lines = blanker.blanked().split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    /// How many lines a person sees in an editor.
    var lineCount: Int { lines.last == "" ? lines.count - 1 : lines.count }

    /// Modules imported, with the line of each; submodules and single declarations count as their module.
    var imports: [(module: String, line: Int)] {
        var found: [(String, Int)] = []
        let kinds: Set<Substring> = ["class", "enum", "func", "let", "protocol", "struct", "typealias", "var"]
        for (index, line) in lines.enumerated() {
            let words = line.split { $0 == " " || $0 == "\t" || $0 == ";" }
            guard let place = words.firstIndex(of: "import") else { continue }
            let before = words[..<place]
            guard before.allSatisfy({ $0.hasPrefix("@") || Self.accessLevels.contains($0) }) else { continue }
            guard let name = words[(place + 1)...].first(where: { !kinds.contains($0) }) else { continue }
            found.append((String(name.prefix { $0 != "." }), index + 1))
        }
        return found
    }

    /// A name, a number or a single sign of the code.
    struct Word {
        let text: String
        let line: Int
    }

    /// The code's words in their order.
    var words: [Word] {
        var words: [Word] = []
        for (index, line) in lines.enumerated() {
            var rest = line[...]
            while let first = rest.first {
                let length = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" }.count
                let text = rest.prefix(max(length, 1))
                if first != " " && first != "\t" { words.append(Word(text: String(text), line: index + 1)) }
                rest = rest[text.endIndex...]
            }
        }
        return words
    }

    private static let accessLevels: Set<Substring> = ["public", "package", "internal", "fileprivate", "private"]
}

/// Replaces comments and literal text by blanks.
private struct Blanker {
    private let input: [UInt8]
    private var output: [UInt8]
    private var place = 0

    init(_ text: String) {
        input = Array(text.utf8)
        output = input
    }

    mutating func blanked() -> String {
        code(untilParenthesis: false)
        return String(decoding: output, as: UTF8.self)
    }

    /// Walks over code, to the end or to the parenthesis that closes an interpolation.
    private mutating func code(untilParenthesis: Bool) {
        var depth = 0
        while place < input.count {
            if at("//") {
                while place < input.count && input[place] != newline { blank() }
            } else if at("/*") {
                comment()
            } else if let hashes = stringStart() {
                string(hashes: hashes)
            } else if at("/") && regexStarts() {
                regex(hashes: 0)
            } else if let hashes = extendedRegexStart() {
                regex(hashes: hashes)
            } else {
                if input[place] == UInt8(ascii: "(") { depth += 1 }
                if input[place] == UInt8(ascii: ")") {
                    if untilParenthesis && depth == 0 { return }
                    depth -= 1
                }
                place += 1
            }
        }
    }

    private mutating func comment() {
        var depth = 0
        repeat {
            if at("/*") {
                depth += 1
                blank(2)
            } else if at("*/") {
                depth -= 1
                blank(2)
            } else {
                blank()
            }
        } while depth > 0 && place < input.count
    }

    /// The number of hashes before a string that begins here; `nil` when none does.
    private func stringStart() -> Int? {
        let hashes = hashes(at: place)
        return byte(place + hashes) == quote ? hashes : nil
    }

    private mutating func string(hashes: Int) {
        blank(hashes)
        let isLong = at("\"\"\"")
        let end = String(repeating: "\"", count: isLong ? 3 : 1) + String(repeating: "#", count: hashes)
        let escape = "\\" + String(repeating: "#", count: hashes)
        blank(isLong ? 3 : 1)
        while place < input.count {
            if at(end) {
                blank(end.utf8.count)
                return
            } else if at(escape + "(") {
                blank(escape.utf8.count)
                place += 1
                code(untilParenthesis: true)
                place += 1
            } else if at(escape) {
                blank(escape.utf8.count + 1)
            } else if !isLong && input[place] == newline {
                return
            } else {
                blank()
            }
        }
    }

    /// Whether a slash here begins a regex: no operand before it, no blank after it, and another slash in the line.
    private func regexStarts() -> Bool {
        guard let after = byte(place + 1), after != UInt8(ascii: " "), after != UInt8(ascii: "=") else { return false }
        let before = input[..<place].last { $0 != UInt8(ascii: " ") && $0 != newline }
        guard before.map({ "(,=:[{;!&|?".utf8.contains($0) }) ?? true else { return false }
        return input[(place + 1)...].prefix { $0 != newline }.contains(UInt8(ascii: "/"))
    }

    private func extendedRegexStart() -> Int? {
        let hashes = hashes(at: place)
        return hashes > 0 && byte(place + hashes) == UInt8(ascii: "/") ? hashes : nil
    }

    private mutating func regex(hashes: Int) {
        let end = "/" + String(repeating: "#", count: hashes)
        blank(hashes + 1)
        while place < input.count && !at(end) {
            if hashes == 0 && input[place] == newline { return }
            blank(at("\\") ? 2 : 1)
        }
        blank(end.utf8.count)
    }

    private var quote: UInt8 { UInt8(ascii: "\"") }
    private var newline: UInt8 { UInt8(ascii: "\n") }

    private func byte(_ index: Int) -> UInt8? { index < input.count ? input[index] : nil }

    private func hashes(at start: Int) -> Int { input[start...].prefix { $0 == UInt8(ascii: "#") }.count }

    private func at(_ text: String) -> Bool { input[place...].starts(with: text.utf8) }

    private mutating func blank(_ count: Int = 1) {
        for _ in 0..<count where place < input.count {
            if input[place] != newline { output[place] = UInt8(ascii: " ") }
            place += 1
        }
    }
}
