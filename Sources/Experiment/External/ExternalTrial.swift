import PostgresClient
import Testbed

/// A trial in a marked database of somebody's server. The database is emptied, filled with the history, and emptied again
/// after the trial; nothing else on the server is written, and none of its settings is changed.
public struct ExternalTrial: Sendable {
    /// The marked database.
    public let target: ExternalTarget
    /// As the server has it.
    public let serverVersion: String
    /// Longest time of a statement of the load, milliseconds: a limit of our connections alone.
    public let statementTimeout: Int
    /// Whether the filled archive stays when the trial is over.
    public let keepsArchive: Bool

    /// Longest time of a statement that nobody measures, such as the building of an index, milliseconds.
    static let preparationTimeout = 3_600_000
    /// Longest wait for a lock, milliseconds: nobody but this trial takes any in its database.
    static let lockTimeout = 60_000
    /// ``statementTimeout`` where none is asked for, milliseconds.
    public static let usualStatementTimeout = 300_000

    /// A trial on a target that was checked.
    public init(
        _ target: ExternalTarget, serverVersion: String, statementTimeout: Int = ExternalTrial.usualStatementTimeout,
        keepsArchive: Bool = false
    ) {
        self.target = target
        self.serverVersion = serverVersion
        self.statementTimeout = statementTimeout
        self.keepsArchive = keepsArchive
    }

    /// For the load.
    var measured: ConnectionParameters {
        target.parameters.limited(statement: statementTimeout, lock: Self.lockTimeout)
    }

    /// For what comes before and after it.
    var preparing: ConnectionParameters {
        target.parameters.limited(statement: Self.preparationTimeout, lock: Self.lockTimeout)
    }
}
