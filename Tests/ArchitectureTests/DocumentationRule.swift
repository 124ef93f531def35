/// Every public declaration says what it means: in a comment right above it, or in that of the protocol requirement it
/// carries out.
///
/// It reads lines as the formatter leaves them: a declaration begins its line, and what encloses it is indented less.
struct DocumentationRule {
    /// Public declarations without a comment, in the modules named.
    static func breaches(_ sources: [SwiftSource], in modules: Set<String>) -> [Breach] {
        let declarations = sources.map { ($0, Declaration.all(in: $0)) }
        let rule = DocumentationRule(declarations.flatMap(\.1))
        return declarations.filter { modules.contains($0.0.module) }.flatMap { source, found in
            found.filter { $0.isPublic && !$0.hasComment && !rule.isWitness($0) }.map {
                Breach(path: source.path, line: $0.line, reason: "\($0.name) - a public declaration says what it means")
            }
        }
    }

    /// Requirements that say what they mean, by protocol; of the standard library only what we carry out.
    private var requirements: [String: Set<String>] = [
        "CustomStringConvertible": ["description"], "Equatable": ["=="], "Hashable": ["==", "hash"],
        "OptionSet": ["init", "rawValue"],
    ]
    /// Protocols by the type that has them.
    private var conformances: [String: Set<String>] = [:]

    private init(_ declarations: [Declaration]) {
        for declaration in declarations {
            conformances[declaration.name, default: []].formUnion(declaration.inherits)
            guard let enclosing = declaration.enclosing else { continue }
            if enclosing.kind == "protocol" && declaration.hasComment {
                requirements[enclosing.name, default: []].insert(declaration.name)
            }
        }
    }

    private func isWitness(_ declaration: Declaration) -> Bool {
        guard let type = declaration.enclosing?.name else { return false }
        return (conformances[type] ?? []).union([type]).contains {
            requirements[$0]?.contains(declaration.name) == true
        }
    }
}

/// A declaration as far as its first line and the comment above tell.
private struct Declaration {
    struct Enclosing {
        let kind: String
        let name: String
    }

    let line: Int
    let indent: Int
    let kind: String
    let name: String
    let isPublic: Bool
    let hasComment: Bool
    /// What a type, a protocol or an extension names after its colon.
    let inherits: [String]
    var enclosing: Enclosing?

    private static let containers: Set<String> = ["actor", "class", "enum", "extension", "protocol", "struct"]
    private static let kinds = containers.union(["func", "init", "let", "subscript", "typealias", "var"])

    /// In the order of the lines, each told what encloses it.
    static func all(in source: SwiftSource) -> [Declaration] {
        var found: [Declaration] = []
        var open: [Declaration] = []
        for index in source.lines.indices {
            guard var declaration = Declaration(source, index) else { continue }
            while let last = open.last, last.indent >= declaration.indent { open.removeLast() }
            declaration.enclosing = open.last.map { Enclosing(kind: $0.kind, name: $0.name) }
            if containers.contains(declaration.kind) { open.append(declaration) }
            found.append(declaration)
        }
        return found
    }

    /// `nil` for a line that begins no declaration.
    private init?(_ source: SwiftSource, _ index: Int) {
        let text = source.lines[index]
        let words = text.split(separator: " ")
        func kind(_ word: Substring) -> String { String(word.prefix { $0.isLetter }) }
        guard let place = words.firstIndex(where: { Self.kinds.contains(kind($0)) }) else { return nil }
        line = index + 1
        indent = text.prefix { $0 == " " }.count
        self.kind = kind(words[place])
        let rest = place + 1 < words.count ? words[place + 1] : ""
        let isNamed = self.kind != "init" && self.kind != "subscript"
        name = isNamed ? String(rest.prefix { !"(:<,{".contains($0) }) : self.kind
        isPublic = words[..<place].contains("public") && self.kind != "extension"
        hasComment = Self.hasComment(above: index, source.written)
        inherits = Self.containers.contains(self.kind) ? Self.inherited(source.lines[index...]) : []
    }

    /// Attributes may stand between the comment and the declaration.
    private static func hasComment(above index: Int, _ lines: [String]) -> Bool {
        let above = lines[..<index].reversed().lazy.map { $0.drop { $0 == " " } }
        return above.first { !$0.hasPrefix("@") }?.hasPrefix("///") == true
    }

    /// The names between the colon and the brace of a header, which may take several lines.
    private static func inherited(_ lines: ArraySlice<String>) -> [String] {
        var header = ""
        for line in lines {
            header += line.prefix { $0 != "{" } + " "
            if line.contains("{") { break }
        }
        guard let colon = header.lastIndex(of: ":") else { return [] }
        return header[header.index(after: colon)...].split { ", ".contains($0) }.map(String.init)
    }
}
