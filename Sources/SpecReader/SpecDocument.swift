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
        do {
            root = try Yams.compose(yaml: text)
        } catch let error as YamlError {
            throw SpecProblems([Self.problem(of: error, file: file)])
        }
        guard let root, root.mapping != nil else {
            throw SpecProblems([
                SpecProblem(
                    file: file, line: root?.mark?.line ?? 1, column: root?.mark?.column ?? 1,
                    what: "is not a mapping", remedy: "start with lines such as 'name: my-workload'")
            ])
        }
    }

    /// The top mapping.
    public var top: SpecMap {
        SpecMap(document: self, node: root ?? Node(""), path: "")
    }

    /// Notes a problem at a place of the file.
    public func note(at node: SpecPlace, _ what: String, remedy: String) {
        problems.append(SpecProblem(file: file, line: node.line, column: node.column, what: what, remedy: remedy))
    }

    /// Whether any problem was noted so far.
    public var hasProblems: Bool { !problems.isEmpty }

    /// - Throws: ``SpecProblems`` when any problem was noted.
    public func finish() throws {
        if !problems.isEmpty { throw SpecProblems(problems) }
    }

    private static func problem(of error: YamlError, file: String) -> SpecProblem {
        let remedy = "mend the YAML; lists start with '- ', keys end with ': '"
        switch error {
        case .scanner(_, let what, let mark, _), .parser(_, let what, let mark, _), .composer(_, let what, let mark, _):
            return SpecProblem(
                file: file, line: mark.line, column: mark.column, what: "is not YAML: \(what)", remedy: remedy)
        case .duplicatedKeysInMapping(let duplicates, let context):
            let names = duplicates.map { "\($0)" }.sorted().joined(separator: ", ")
            let mark = context.mark
            return SpecProblem(
                file: file, line: mark.line, column: mark.column, what: "key given twice: \(names)",
                remedy: "keep one of them")
        default:
            return SpecProblem(file: file, line: 1, column: 1, what: "is not YAML: \(error)", remedy: remedy)
        }
    }
}

/// A place in a file, 1-based.
public struct SpecPlace: Sendable, Equatable {
    public let line: Int
    public let column: Int

    init(_ node: Node, or fallback: SpecPlace? = nil) {
        line = node.mark?.line ?? fallback?.line ?? 1
        column = node.mark?.column ?? fallback?.column ?? 1
    }
}
