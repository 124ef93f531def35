/// One thing wrong in a file: where, what, and what to do about it.
public struct SpecProblem: Error, CustomStringConvertible, Equatable, Sendable {
    public let file: String
    /// 1-based; `nil` when the problem is the file itself.
    public let line: Int?
    /// 1-based; `nil` when the problem is the file itself.
    public let column: Int?
    public let what: String
    public let remedy: String

    public init(file: String, line: Int?, column: Int?, what: String, remedy: String) {
        self.file = file
        self.line = line
        self.column = column
        self.what = what
        self.remedy = remedy
    }

    /// `file:line:column: what; remedy`, as editors and terminals link it.
    public var description: String {
        let position = [line, column].compactMap { $0 }.map { ":\($0)" }.joined()
        return "\(file)\(position): \(what)" + (remedy.isEmpty ? "" : "; \(remedy)")
    }
}

/// All that is wrong in one file, in the order of its lines.
public struct SpecProblems: Error, CustomStringConvertible, Sendable {
    public let problems: [SpecProblem]

    public init(_ problems: [SpecProblem]) {
        self.problems = problems.sorted { ($0.line ?? 0, $0.column ?? 0) < ($1.line ?? 0, $1.column ?? 0) }
    }

    /// One line a problem.
    public var description: String { problems.map(\.description).joined(separator: "\n") }
}
