import PostgresClient

/// A database on somebody's server, which is treated as production until it proves otherwise: looked at by reading alone,
/// and written to only when it bears the ``TargetMarker``.
public struct ExternalTarget: Sendable {
    /// How to connect to the database.
    public let parameters: ConnectionParameters

    /// A target as named; nothing is opened.
    public init(_ parameters: ConnectionParameters) { self.parameters = parameters }

    /// Oldest version whose statements and views are known.
    public static let oldestMajor = 15

    /// What a statement may take that only looks, and what it may wait for a lock, milliseconds.
    private static let looking = (statement: 10_000, lock: 2_000)
    /// The same of one that makes or drops a database.
    private static let changing = (statement: 300_000, lock: 10_000)

    /// What a server said of itself and of the database.
    public struct Standing: Sendable {
        /// As `server_version` has it.
        public var version: String
        /// Version as a number, such as 150018.
        public var versionNumber: Int
        /// Whether it follows another server.
        public var isReplica: Bool
        /// Whether transactions take no writes.
        public var isReadOnly: Bool
        /// Whether our role may make databases.
        public var mayCreate: Bool
        /// Whether there is a database of the name.
        public var exists: Bool
        /// Whether our role owns it, or is a member of the role that does.
        public var isOwner: Bool
        /// `nil` for a database that is not ours.
        public var marker: TargetMarker?
    }

    // MARK: Checks

    /// Checks that the database may be worked on: it bears the marker, its server is new enough, no replica, and takes
    /// writes.
    ///
    /// - Parameter forReading: whether nothing will be written; a server that takes no writes will do then.
    /// - Returns: what the server said.
    /// - Throws: ``TestbedProblem``, one line with what is wrong and the remedy. Nothing is written in any case.
    @discardableResult
    public func checkMarked(forReading: Bool) throws -> Standing {
        let connection = try open(parameters, Self.looking)
        let standing = try look(connection)
        try check(standing, forReading: forReading)
        guard standing.marker != nil else { throw problem(Self.unmarked) }
        guard forReading || standing.isOwner else {
            throw problem("\(parameters.user) does not own the database; connect as the role that made it")
        }
        return standing
    }

    /// Checks that the database bears the marker and holds nothing but known tables: others are somebody's, and a node's
    /// own statements look at tables by their names, whatever schema they are in.
    ///
    /// - Parameter known: names of tables of ours in schema `public`, as a regular expression of PostgreSQL.
    /// - Returns: what the server said.
    /// - Throws: ``TestbedProblem`` as ``checkMarked(forReading:)``, and for tables of others.
    @discardableResult
    public func checkOurs(known: String) throws -> Standing {
        let standing = try checkMarked(forReading: false)
        let connection = try open(parameters, Self.looking)
        let others = try answered { () throws(PostgresError) in
            try connection.run(Self.others(besides: known)).compactMap { $0.first ?? nil }
        }
        guard others.isEmpty else {
            let more = others.count > 3 ? " and more" : ""
            throw problem(
                "holds what ArchiveBench did not make: \(others.prefix(3).joined(separator: ", "))\(more); move it elsewhere, or take another database"
            )
        }
        return standing
    }

    /// What the checks send, all of it reading.
    ///
    /// - Parameter known: as ``checkOurs(known:)`` takes it.
    /// - Returns: statements in their order.
    public func looks(known: String) -> [String] {
        [Self.question(SQLLiteral.of(parameters.database)), Self.others(besides: known)]
    }

    private static let unmarked =
        "the database does not bear ArchiveBench's marker, so it is not touched; name one that does not exist yet, and `archivebench target prepare` makes it"

    private func check(_ standing: Standing, forReading: Bool) throws {
        guard standing.versionNumber / 10_000 >= Self.oldestMajor else {
            throw problem("PostgreSQL \(standing.version) is too old; \(Self.oldestMajor) or newer is supported")
        }
        guard !standing.isReplica else {
            throw problem("the server is a replica, which is not touched; name its primary")
        }
        guard forReading || !standing.isReadOnly else {
            throw problem(
                "the server takes no writes (default_transaction_read_only is on for this role, database or server); name one that does"
            )
        }
    }

    // MARK: Making

    /// What ``create(at:)`` sends.
    public func creation(at createdAt: String) throws -> [String] {
        let name = try quotedName
        let comment = TargetMarker(database: parameters.database, createdAt: createdAt).comment
        return [
            "CREATE DATABASE \(name) TEMPLATE template0 ENCODING 'UTF8'",
            "COMMENT ON DATABASE \(name) IS '\(comment)'",
        ]
    }

    /// Looks whether the database can be made; writes nothing.
    ///
    /// - Returns: what the server said; its marker is not `nil` for a database that was made before.
    /// - Throws: ``TestbedProblem``: a database of that name that is not ours, no right to make one, a replica, a server
    ///   that takes no writes.
    public func checkCreation() throws -> Standing {
        _ = try quotedName
        let standing = try look(openMaintenance(Self.looking))
        try check(standing, forReading: false)
        guard !standing.exists || standing.marker != nil else { throw problem(Self.unmarked) }
        guard standing.exists || standing.mayCreate else {
            throw problem(
                "\(parameters.user) may not make databases; an administrator allows it with 'ALTER ROLE \(parameters.user) CREATEDB'"
            )
        }
        return standing
    }

    /// Makes the database and marks it.
    ///
    /// - Parameter createdAt: wall clock, ISO 8601.
    /// - Returns: `false` when it was there already, with its marker.
    /// - Throws: ``TestbedProblem``; a database that could not be marked is not left behind.
    public func create(at createdAt: String) throws -> Bool {
        guard try checkCreation().marker == nil else { return false }
        let statements = try creation(at: createdAt)
        let connection = try openMaintenance(Self.changing)
        try answered { () throws(PostgresError) in
            try connection.run(statements[0])
            do throws(PostgresError) {
                try connection.run(statements[1])
            } catch {
                // Made a moment ago by this very connection.
                let removal = "DROP DATABASE \(Self.quoted(parameters.database))"
                do throws(PostgresError) { try connection.run(removal) } catch let second {
                    throw PostgresError(
                        second.code,
                        "\(error.message); the database was made and could not be marked: drop it by hand with \(removal)"
                    )
                }
                throw error
            }
        }
        return true
    }

    // MARK: Removing

    /// What ``remove(known:)`` sends.
    public func removal() throws -> [String] { ["DROP DATABASE \(try quotedName)"] }

    /// Drops the database, if it bears the marker and holds nothing but tables of ours. Nobody else's connection to it is
    /// ended: the server refuses while there is one.
    ///
    /// - Parameter known: as ``checkOurs(known:)`` takes it.
    /// - Throws: ``TestbedProblem``.
    public func remove(known: String) throws {
        let statements = try removal()
        try checkOurs(known: known)
        let connection = try openMaintenance(Self.changing)
        // Once more, from the connection that drops it: in between it could have become another database.
        guard try look(connection).marker != nil else { throw problem(Self.unmarked) }
        try answered { () throws(PostgresError) in
            for statement in statements { try connection.run(statement) }
        }
    }

    // MARK: Asking

    private func look(_ connection: Connection) throws -> Standing {
        let name = parameters.database
        let row = try answered { () throws(PostgresError) in
            try connection.run(Self.question(SQLLiteral.of(name))).first ?? []
        }
        guard row.count == 7, let version = row[0] else { throw problem("the server did not say what it is") }
        return Standing(
            version: version, versionNumber: Int(connection.serverVersionNumber), isReplica: row[1] == "t",
            isReadOnly: row[2] == "t", mayCreate: row[3] == "t", exists: row[4] == "t", isOwner: row[5] == "t",
            marker: TargetMarker(comment: row[6], on: name))
    }

    private static func question(_ name: String) -> String {
        """
        SELECT current_setting('server_version'), pg_is_in_recovery(), current_setting('transaction_read_only')::bool,
               r.rolsuper OR r.rolcreatedb, d.oid IS NOT NULL, COALESCE(pg_has_role(d.datdba, 'MEMBER'), false),
               shobj_description(d.oid, 'pg_database')
        FROM pg_roles r LEFT JOIN pg_database d ON d.datname = \(name) WHERE r.rolname = current_user
        """
    }

    private static func others(besides known: String) -> String {
        """
        SELECT format('%s.%s', n.nspname, c.relname)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
          AND NOT (n.nspname = 'public' AND c.relname ~ \(SQLLiteral.of(known)))
          AND NOT EXISTS (SELECT FROM pg_depend d
                          WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
        ORDER BY 1 LIMIT 4
        """
    }

    private func open(_ server: ConnectionParameters, _ limits: (statement: Int, lock: Int)) throws -> Connection {
        do throws(PostgresError) {
            return try Connection.open(server.limited(statement: limits.statement, lock: limits.lock))
        } catch {
            throw TestbedProblem(TargetWords.refused(server, error))
        }
    }

    /// A connection to a database that every server has, for what cannot be said from within the one it is about.
    private func openMaintenance(_ limits: (statement: Int, lock: Int)) throws -> Connection {
        var server = parameters
        server.database = "postgres"
        do throws(PostgresError) {
            return try Connection.open(server.limited(statement: limits.statement, lock: limits.lock))
        } catch {
            guard TargetWords.isMissingDatabase(error) else {
                throw TestbedProblem(TargetWords.refused(server, error))
            }
            server.database = "template1"
            return try open(server, limits)
        }
    }

    /// What the server refuses, with the name of the target in front.
    private func answered<Value>(_ body: () throws(PostgresError) -> Value) throws -> Value {
        do throws(PostgresError) {
            return try body()
        } catch {
            throw problem("\(error.message) (\(error.code))")
        }
    }

    private func problem(_ words: String) -> TestbedProblem { TestbedProblem("\(parameters.shown): \(words)") }

    /// The database's name within a statement. Only plain names, so that none can be mistaken for another.
    private var quotedName: String {
        get throws {
            let name = parameters.database
            let isPlain = name.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                    || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
            }
            guard isPlain, (1...63).contains(name.utf8.count) else {
                throw problem("a database of ours has a name of up to 63 letters, digits, '_' and '-'")
            }
            return Self.quoted(name)
        }
    }

    private static func quoted(_ name: String) -> String { "\"\(name)\"" }
}
