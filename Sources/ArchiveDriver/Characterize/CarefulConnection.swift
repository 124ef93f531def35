import LinuxSystem
import PostgresClient

/// A connection that reads and does nothing else: each statement is a read-only transaction of its own with a time-out, so
/// that no snapshot and no lock outlives it, and after each one it keeps still for long enough.
///
/// Settings hold for their transaction only: behind a pool of connections they would stay for others.
final class CarefulConnection {
    /// As `pg_stat_activity` shows it.
    static let name = "archivebench characterize"

    private let connection: Connection
    private let manners: ReadingManners
    private var prologue: String
    private let started = Clock.now()
    private(set) var statements = 0
    private(set) var timedOut = 0
    /// Nanoseconds from sending to the last byte, all statements together.
    private(set) var spent: Nanoseconds = 0

    /// - Throws: `PostgresError` when the server cannot be reached.
    init(_ parameters: ConnectionParameters, _ manners: ReadingManners) throws(PostgresError) {
        var parameters = parameters
        parameters.applicationName = Self.name
        connection = try Connection.open(parameters)
        self.manners = manners
        prologue = """
            BEGIN READ ONLY; SET LOCAL statement_timeout = \(max(1, manners.statementTimeout / 1_000_000)); \
            SET LOCAL search_path = pg_catalog; SET LOCAL jit = off; SET LOCAL max_parallel_workers_per_gather = 0
            """
        let isSuperuser = try rows("SELECT r.rolsuper FROM pg_roles r WHERE r.rolname = current_user")
        // Who may, keeps his own statements out of the statistics that he came to read.
        if isSuperuser.first?.first == "t" { prologue += "; SET LOCAL pg_stat_statements.track = 'none'" }
    }

    /// Nanoseconds since it was opened.
    var elapsed: Nanoseconds { Clock.now() - started }

    /// Runs one statement, and keeps still afterwards.
    ///
    /// - Returns: its rows as text; `nil` for NULL.
    /// - Throws: `PostgresError` of the server, `time-out`, or `connection-lost`.
    func rows(_ sql: String) throws(PostgresError) -> [[String?]] {
        let begun = Clock.now()
        defer {
            let took = Clock.now() - begun
            statements += 1
            spent += took
            Clock.pause(Nanoseconds(Double(took) * (1 / manners.share - 1)))
        }
        do throws(PostgresError) {
            return try connection.run(
                "\(prologue); \(sql); COMMIT", limit: manners.statementTimeout + Self.grace)
        } catch {
            if error.code == .sqlState("57014") { timedOut += 1 }
            if connection.isAlive { _ = try? connection.run("ROLLBACK", limit: Self.grace) }
            throw error
        }
    }

    /// What network and planning may take on top of a statement's time-out.
    private static let grace: Nanoseconds = 10_000_000_000
}
