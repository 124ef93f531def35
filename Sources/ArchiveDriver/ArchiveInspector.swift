import PostgresClient

/// Reads what an archive holds, for the record.
public struct ArchiveInspector {
    let connection: Connection

    public init(_ connection: Connection) { self.connection = connection }

    /// Size of the whole database, bytes.
    public func databaseBytes() throws(PostgresError) -> Int {
        Int(try connection.value("SELECT pg_database_size(current_database())") ?? "") ?? 0
    }

    /// Bytes by family of relations, largest first: heap, TOAST and indexes of the messages and of the look-up table.
    public func sizes() throws(PostgresError) -> [(name: String, bytes: Int)] {
        let rows = try connection.run(
            """
            WITH tables AS (
                SELECT oid, reltoastrelid,
                       CASE WHEN relname LIKE 'messages\\_lookup%' OR relname LIKE 'lookup\\_%'
                            THEN 'messages_lookup' ELSE 'messages' END AS family
                FROM pg_class
                WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
                  AND (relname LIKE 'messages%' OR relname LIKE 'lookup\\_%')
            ), parts AS (
                SELECT family AS name, pg_relation_size(oid) AS bytes FROM tables
                UNION ALL
                SELECT family || ' TOAST', pg_total_relation_size(reltoastrelid) FROM tables WHERE reltoastrelid <> 0
                UNION ALL
                SELECT family || ' index on ' || regexp_replace(pg_get_indexdef(i.indexrelid), '^.* USING \\w+ ', ''),
                       pg_relation_size(i.indexrelid)
                FROM tables t JOIN pg_index i ON i.indrelid = t.oid
            )
            SELECT name, SUM(bytes) FROM parts GROUP BY name HAVING SUM(bytes) > 0 ORDER BY 2 DESC, 1
            """)
        return rows.compactMap { row in
            guard row.count == 2, let name = row[0], let bytes = row[1].flatMap({ Int($0) }) else { return nil }
            return (name, bytes)
        }
    }

    /// Attached partitions of `messages`.
    public func partitionCount() throws(PostgresError) -> Int {
        Int(try connection.value("SELECT COUNT(*) FROM pg_inherits WHERE inhparent = 'messages'::regclass") ?? "") ?? 0
    }
}
