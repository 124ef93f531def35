import Subprocess

/// What a managed server's processes run in: the limits they are put under and the libraries loaded into them.
///
/// Limits and device models each add their part; the cluster itself knows neither.
public struct ServerSurroundings: Codable, Sendable, Equatable {
    /// Words put before the postmaster's command; the first is the absolute path of a program. It is run as our own
    /// user, and must end by becoming the rest of its words (`exec`), so that the process number stays the same.
    public var prefix: [String]
    /// Variables beyond the cluster's own.
    public var variables: [String: String]

    /// Nothing added: the server has the host as it is.
    public static let host = ServerSurroundings()

    /// As described; nothing is checked.
    public init(prefix: [String] = [], variables: [String: String] = [:]) {
        self.prefix = prefix
        self.variables = variables
    }

    /// Both together, these outside.
    func around(_ inner: ServerSurroundings) -> ServerSurroundings {
        ServerSurroundings(
            prefix: prefix + inner.prefix, variables: variables.merging(inner.variables) { _, inner in inner })
    }

    /// The whole environment of the postmaster.
    func environment(over base: [String: String]) -> Environment {
        let all = base.merging(variables) { _, new in new }
        return .custom(Dictionary(uniqueKeysWithValues: all.map { (Environment.Key(stringLiteral: $0.key), $0.value) }))
    }
}
