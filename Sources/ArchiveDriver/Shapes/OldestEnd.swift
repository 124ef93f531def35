import PostgresClient

/// The oldest end of the archive's tables, as the planner knows it.
///
/// To see how many rows a limit near the least value of its statistics leaves, PostgreSQL's planner asks the index for the
/// least value there is (`get_actual_variable_range` in `selfuncs.c`), and reads past the entries of deleted rows on its
/// way. It marks those that nobody can see any more, which spares the next one. Deleting the oldest rows makes such entries,
/// dropping a partition does not.
public struct OldestEnd: Sendable {
    /// A table, or a partition of one.
    public let table: String
    /// The oldest timestamp that its statistics know.
    public let oldest: Int64
    /// One in the middle, about which no index is asked.
    public let middle: Int64

    /// A statement whose planning asks the index.
    public var asking: String { "SELECT 1 FROM \(table) WHERE timestamp < \(oldest)" }
    /// The same statement without that; it loads what planning needs of the catalogs.
    public var plain: String { "SELECT 1 FROM \(table) WHERE timestamp < \(middle)" }

    /// Partitions and tables that are looked at; entries of deleted rows lie in the oldest ones.
    private static let most = 4

    /// Asks the statistics for them.
    package static let statement = """
        SELECT e.name, e.bounds[1], e.bounds[(array_length(e.bounds, 1) + 1) / 2]
        FROM (SELECT format('%I.%I', s.schemaname, s.tablename) AS name,
                     s.histogram_bounds::text::bigint[] AS bounds
              FROM pg_stats AS s
              WHERE s.attname = 'timestamp' AND NOT s.inherited
                AND (s.tablename = 'messages_lookup'
                     OR to_regclass(format('%I.%I', s.schemaname, s.tablename)) IN
                        (SELECT i.inhrelid FROM pg_inherits AS i WHERE i.inhparent = to_regclass('messages')))
             ) AS e
        WHERE array_length(e.bounds, 1) > 4 ORDER BY e.bounds[1], e.name LIMIT \(most)
        """

    /// The oldest partitions, and a look-up table that has none; those that were analysed.
    ///
    /// - Parameter connection: to the archive.
    /// - Returns: them, the oldest first.
    /// - Throws: `PostgresError` of the server.
    public static func find(on connection: Connection) throws(PostgresError) -> [OldestEnd] {
        try connection.run(statement).compactMap { row in
            guard let table = row[0], let oldest = row[1].flatMap({ Int64($0) }),
                let middle = row[2].flatMap({ Int64($0) })
            else { return nil }
            return OldestEnd(table: table, oldest: oldest, middle: middle)
        }
    }
}
