import FoundationEssentials
import Yams

/// A YAML file on its way to becoming values.
///
/// Reading never stops at the first mistake: readers note problems and carry on with a stand-in, and
/// ``finish()`` throws all of them at once. Keys nobody asked for are problems too.
public final class SpecDocument {
    /// The path as the user wrote it, for messages.
    public let file: String
    /// The file's text, for the verbatim copy in a run record.
    public let text: String
    private var problems: [SpecProblem] = []
    private var root: Node?

    /// Reads a file.
    ///
    /// - Throws: ``SpecProblems`` when the file cannot be read, is not YAML, or is not a mapping.
    public convenience init(path: String) throws {
        guard let data = FileManager.default.contents(atPath: path) else {
            let isFolder = (try? FileManager.default.contentsOfDirectory(atPath: path)) != nil
            throw SpecProblems([
                SpecProblem(
                    file: path, line: nil, column: nil,
                    what: isFolder ? "is a folder" : "no such file, or not readable",
                    remedy: "check the path; shipped files are in Workloads/")
            ])
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw SpecProblems([
                SpecProblem(file: path, line: nil, column: nil, what: "is not UTF-8 text", remedy: "save it as UTF-8")
            ])
        }
        try self.init(text: text, file: path)
    }

    /// Reads a text that came from `file`.
    ///
    /// - Throws: ``SpecProblems`` when the text is not YAML or not a mapping.
    public init(text: String, file: String) throws {
        self.file = file
        self.text = text
        if let problem = Self.controlCharacter(text, file) { throw SpecProblems([problem]) }
        do {
            // What a scalar means is the asker's to say; guessing at it takes half of the time.
            root = try Yams.compose(yaml: text, .basic)
        } catch let error as YamlError {
            throw SpecProblems([Self.problem(of: error, text, file)])
        }
        guard let root, root.scalar?.string != "" else {
            throw SpecProblems([
                SpecProblem(
                    file: file, line: 1, column: 1, what: "is empty",
                    remedy: "start with lines such as 'name: my-workload'")
            ])
        }
        guard root.mapping != nil else {
            throw SpecProblems([
                SpecProblem(
                    file: file, line: root.mark?.line ?? 1, column: root.mark?.column ?? 1,
                    what: "is not a mapping", remedy: "start with lines such as 'name: my-workload'")
            ])
        }
    }

    /// The top mapping.
    public var top: SpecMap {
        SpecMap(document: self, node: root ?? Node(""), path: "")
    }

    /// Notes a problem at a place of the file.
    @discardableResult
    public func note(at node: SpecPlace, _ what: String, remedy: String) -> SpecProblem {
        let problem = SpecProblem(
            file: file, line: node.line, column: node.column, what: Self.oneLine(what), remedy: Self.oneLine(remedy))
        problems.append(problem)
        return problem
    }

    /// Takes a problem back that turned out to be a part of another one.
    func retract(_ problem: SpecProblem) {
        if let index = problems.lastIndex(of: problem) { problems.remove(at: index) }
    }

    /// What a file quotes may be long and may hold line breaks; a message has one line.
    private static func oneLine(_ text: String) -> String {
        let line = text.unicodeScalars.map { $0.value < 32 || $0.value == 127 ? $0.escaped(asASCII: true) : String($0) }
        let whole = line.joined()
        return whole.count <= 400 ? whole : whole.prefix(400) + "…"
    }

    /// The first character that YAML does not allow.
    private static func controlCharacter(_ text: String, _ file: String) -> SpecProblem? {
        var (line, column) = (1, 1)
        for scalar in text.unicodeScalars {
            if scalar.value < 32 && !["\n", "\r", "\t"].contains(scalar) || (127...159).contains(scalar.value) {
                return SpecProblem(
                    file: file, line: line, column: column,
                    what: "is not YAML: there is a control character (code \(scalar.value))", remedy: "take it out")
            }
            (line, column) = scalar == "\n" ? (line + 1, 1) : (line, column + 1)
        }
        return nil
    }

    /// Whether any problem was noted so far.
    public var hasProblems: Bool { !problems.isEmpty }

    /// - Throws: ``SpecProblems`` when any problem was noted.
    public func finish() throws {
        if !problems.isEmpty { throw SpecProblems(problems) }
    }

    private static func problem(of error: YamlError, _ text: String, _ file: String) -> SpecProblem {
        let standard = "mend the YAML; lists start with '- ', keys end with ': '"
        switch error {
        case .scanner(_, let what, let mark, _), .parser(_, let what, let mark, _), .composer(_, let what, let mark, _):
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            let hasTab = lines.indices.contains(mark.line - 1) && lines[mark.line - 1].contains("\t")
            let remedy = hasTab ? "indent with spaces, never with tabs" : standard
            return SpecProblem(
                file: file, line: mark.line, column: mark.column, what: "is not YAML: \(what)", remedy: remedy)
        case .duplicatedKeysInMapping(let duplicates, let context):
            let names = duplicates.map { "\($0)" }.sorted().joined(separator: ", ")
            let mark = context.mark
            return SpecProblem(
                file: file, line: mark.line, column: mark.column, what: "key given twice: \(names)",
                remedy: "keep one of them")
        default:
            return SpecProblem(file: file, line: 1, column: 1, what: oneLine("is not YAML: \(error)"), remedy: standard)
        }
    }
}

/// A place in a file, 1-based.
public struct SpecPlace: Sendable, Equatable {
    /// The line, from 1.
    public let line: Int
    /// The column in characters, from 1.
    public let column: Int

    /// - Parameters:
    ///   - line: from 1.
    ///   - column: from 1.
    public init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    init(_ node: Node, or fallback: SpecPlace? = nil) {
        line = node.mark?.line ?? fallback?.line ?? 1
        column = node.mark?.column ?? fallback?.column ?? 1
    }
}
