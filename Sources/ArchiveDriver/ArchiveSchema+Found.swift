import PostgresClient

/// The archive's tables as they are found in a database.
extension ArchiveSchema {
    /// Names of the archive's tables in schema `public`, as a regular expression of PostgreSQL.
    public static let tableNames = "^(messages|messages_lookup|version|(messages|lookup)_[0-9]+_[0-9]+)$"

    /// Tables dropped in one transaction: each holds a dozen locks with its indexes and TOAST, and the lock table of a
    /// server with default settings has 6 400 places.
    private static let droppedAtOnce = 50

    /// The version of the archive in a database.
    ///
    /// - Parameter connection: to the database.
    /// - Returns: what its table `version` says; `nil` when there is no archive.
    /// - Throws: `PostgresError` of the server.
    public static func version(of connection: Connection) throws(PostgresError) -> Int? {
        let isThere = try connection.value(
            "SELECT to_regclass('public.version') IS NOT NULL AND to_regclass('public.messages') IS NOT NULL")
        guard isThere == "t" else { return nil }
        return try connection.value("SELECT version FROM public.version").flatMap { Int($0) }
    }

    /// Asks for the type of the archive's hashes.
    package static let typeOfHashes = """
        SELECT a.atttypid::regtype FROM pg_attribute AS a
        WHERE a.attrelid = to_regclass('public.messages') AND a.attname = 'messagehash' AND NOT a.attisdropped
        """

    /// The type of the archive's hashes.
    ///
    /// - Parameter connection: to the database.
    /// - Returns: `nil` when there is no archive.
    /// - Throws: `PostgresError` of the server.
    public static func hashes(on connection: Connection) throws(PostgresError) -> DriverBehaviour.Hashes? {
        let type = try connection.value(typeOfHashes)
        return type.map { $0 == "bytea" ? .bytea : .hex }
    }

    /// Drops the archive's tables, oldest partitions first, and nothing else.
    ///
    /// - Parameters:
    ///   - connection: to a database of ours.
    ///   - goOn: asked before each transaction; `false` stops.
    /// - Returns: whether all are gone.
    /// - Throws: `PostgresError` of the server.
    @discardableResult
    public static func drop(from connection: Connection, while goOn: () -> Bool) throws(PostgresError) -> Bool {
        let tables = try connection.run(found).compactMap { $0.first ?? nil }
        for start in stride(from: 0, to: tables.count, by: droppedAtOnce) {
            guard goOn() else { return false }
            let some = tables[start..<min(start + droppedAtOnce, tables.count)]
            try connection.run(dropping(some.joined(separator: ", ")))
        }
        return true
    }

    /// The statement that drops tables.
    public static func dropping(_ tables: String) -> String { "DROP TABLE IF EXISTS \(tables)" }

    /// Partitions before the tables they belong to.
    private static let found = """
        SELECT format('public.%I', relname) FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relname ~ '\(tableNames)'
        ORDER BY relkind DESC, relname
        """
}
