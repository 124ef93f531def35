import LinuxSystem
import PostgresClient

/// What one statement of a script did.
public struct RunStatement: Sendable {
    /// Its first words.
    public let text: String
    /// How long it took, its commit included.
    public let seconds: Double
    /// The strongest lock it held at its end on a table or index that was there before; `nil` where that was not seen.
    public let lock: Lock?
    /// Whether it ran in a transaction of its own that could be looked into before its end.
    public let isTransaction: Bool

    /// A lock on a relation.
    public struct Lock: Sendable, Equatable {
        /// As `pg_locks` calls it, such as `AccessExclusiveLock`.
        public let mode: String
        /// One of those that it was held on.
        public let relation: String
        /// On how many it was held in this mode.
        public let count: Int

        /// Modes from the weakest to the strongest (PostgreSQL documentation, 13.3.1).
        public static let modes = [
            "AccessShareLock", "RowShareLock", "RowExclusiveLock", "ShareUpdateExclusiveLock", "ShareLock",
            "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock",
        ]

        fileprivate var strength: Int { Self.modes.firstIndex(of: mode) ?? 0 }
    }

    /// One line for people.
    public var words: String {
        let took = "\(text): \(Self.duration(seconds))"
        guard let lock else {
            return took
                + (isTransaction ? ", no lock on what was there" : ", locks not seen: it runs outside a transaction")
        }
        let more = lock.count > 1 ? " and \(lock.count - 1) more" : ""
        return "\(took), strongest lock \(lock.mode) on \(lock.relation)\(more)"
    }

    static func duration(_ seconds: Double) -> String {
        let tenths = Int((seconds * 1e4).rounded())
        if tenths < 10_000 { return "\(tenths / 10).\(tenths % 10) ms" }
        let hundredths = Int((seconds * 100).rounded())
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest) s"
    }
}

/// Runs a script statement by statement, each in a transaction where it may stand in one.
struct ScriptRun {
    let connection: Connection
    /// Looks at the first one's locks from outside: what a transaction has just made is unseen from there.
    let observer: Connection

    /// - Throws: ``TestbedProblem`` with the statement's place and the server's words; those before it stay done.
    func run(_ script: SQLScript) throws -> [RunStatement] {
        try script.statements.map { statement in
            do {
                return try run(statement)
            } catch let error as PostgresError {
                throw TestbedProblem("\(script.file):\(statement.line):1: \(error); mend the script")
            }
        }
    }

    private func run(_ statement: SQLScript.Statement) throws(PostgresError) -> RunStatement {
        let start = Clock.now()
        do throws(PostgresError) {
            try connection.run("BEGIN")
            try connection.run(statement.text)
            let done = Clock.now()
            let lock = try strongestLock()
            let looked = Clock.now()
            try connection.run("COMMIT")
            return RunStatement(
                text: statement.beginning, seconds: Double(Clock.now() - looked + done - start) / 1e9, lock: lock,
                isTransaction: true)
        } catch {
            guard connection.isAlive else { throw error }
            try connection.run("ROLLBACK")
            guard Self.outsideOnly.contains(error.code) else { throw error }
        }
        let again = Clock.now()
        try connection.run(statement.text)
        return RunStatement(
            text: statement.beginning, seconds: Double(Clock.now() - again) / 1e9, lock: nil, isTransaction: false)
    }

    /// What cannot stand in a transaction, and a block that commits by itself (PostgreSQL documentation, appendix A).
    private static let outsideOnly: [PostgresError.Code] = [.sqlState("25001"), .sqlState("2D000")]

    private func strongestLock() throws(PostgresError) -> RunStatement.Lock? {
        let rows = try observer.run(
            """
            SELECT l.mode, min(c.relname::text), count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
            WHERE l.pid = \(connection.backendPID) AND l.granted AND l.locktype = 'relation'
              AND c.relnamespace = 'public'::regnamespace
            GROUP BY l.mode
            """)
        let locks = rows.compactMap { row -> RunStatement.Lock? in
            guard let mode = row[0], let relation = row[1], let count = row[2].flatMap({ Int($0) }) else { return nil }
            return RunStatement.Lock(mode: mode, relation: relation, count: count)
        }
        return locks.max { $0.strength < $1.strength }
    }
}
