/// Why the testbed cannot be made or used: one line that says what, where, and the remedy.
public struct TestbedProblem: Error, CustomStringConvertible, Sendable {
    public let description: String

    public init(_ description: String) { self.description = description }
}
