/// Why the testbed cannot be made or used: one line that says what, where, and the remedy.
public struct TestbedProblem: Error, CustomStringConvertible, Sendable {
    /// One line: what, where, and the remedy.
    public let description: String
    /// The end of the server's log, some lines, for a server that did not start; `nil` for all else.
    public let log: String?

    /// A problem in these words.
    ///
    /// - Parameters:
    ///   - description: one line.
    ///   - log: the end of the server's log.
    public init(_ description: String, log: String? = nil) {
        self.description = description
        self.log = log
    }
}
