/// One thing wrong in a file: where, what, and what to do about it.
public struct SpecProblem: Error, CustomStringConvertible, Equatable, Sendable {
    /// Path of the file, as it was given.
    public let file: String
    /// 1-based; `nil` when the problem is the file itself.
    public let line: Int?
    /// 1-based; `nil` when the problem is the file itself.
    public let column: Int?
    /// What is wrong, in a few words.
    public let what: String
    /// What to do about it.
    public let remedy: String

    /// A problem of a file; line and column are `nil` when it is the file itself.
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
    /// At least one, by line and column.
    public let problems: [SpecProblem]

    /// Puts problems in the order of their lines.
    public init(_ problems: [SpecProblem]) {
        self.problems = problems.sorted { ($0.line ?? 0, $0.column ?? 0) < ($1.line ?? 0, $1.column ?? 0) }
    }

    /// One line a problem.
    public var description: String { problems.map(\.description).joined(separator: "\n") }
}
