import SpecReader

/// What is wrong in the lines of one file: each is named until there are too many to read.
struct ImportProblems {
    /// More are counted only.
    private static let most = 20

    private let file: ImportFile
    private var named: [SpecProblem] = []
    private var count = 0

    init(_ file: ImportFile) { self.file = file }

    mutating func add(line: Int, column: Int?, _ what: String, _ remedy: String = "") {
        count += 1
        if named.count < Self.most { named.append(file.problem(line: line, column: column, what, remedy)) }
    }

    /// - Throws: `SpecProblems` when there is any.
    func check() throws {
        guard count > 0 else { return }
        let head =
            count > named.count
            ? [
                SpecProblem(
                    file: file.path, line: nil, column: nil, what: "\(count) lines are wrong", remedy: "the first:")
            ]
            : []
        throw SpecProblems(head + named)
    }
}
