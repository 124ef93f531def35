/// Why the testbed cannot be made or used: one line that says what, where, and the remedy.
public struct TestbedProblem: Error, CustomStringConvertible, Sendable {
    /// One line: what, where, and the remedy.
    public let description: String

    /// A problem in these words.
    public init(_ description: String) { self.description = description }
}
