import PostgresClient

/// What a database's tables look like, down to indexes, constraints and storage, one line a thing: what an undone patch
/// must have left as it was. Rows, statistics and identifiers are no part of it.
public struct SchemaFingerprint: Sendable, Equatable {
    /// Sorted.
    public let lines: [String]

    /// Reads it.
    ///
    /// - Parameter connection: to the database.
    /// - Throws: `PostgresError`.
    public init(_ connection: Connection) throws(PostgresError) {
        lines = try connection.run(Self.query).compactMap { $0.first ?? nil }.sorted()
    }

    /// The tables of several databases; those of one as they are.
    init(_ parts: [(database: String, tables: SchemaFingerprint)]) {
        lines = parts.flatMap { database, tables in
            parts.count == 1 ? tables.lines : tables.lines.map { "\(database): \($0)" }
        }
        .sorted()
    }

    /// The first thing that only one of the two has, in words; `nil` when they are equal.
    public func firstDifference(to other: SchemaFingerprint) -> String? {
        let (own, others) = (Set(lines), Set(other.lines))
        if let gone = lines.first(where: { !others.contains($0) }) { return "gone: \(gone)" }
        if let come = other.lines.first(where: { !own.contains($0) }) { return "new: \(come)" }
        return lines == other.lines ? nil : "one of them is there twice"
    }

    private static let query = """
        WITH own AS (
            SELECT c.* FROM pg_class c
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
        )
        SELECT concat_ws(' ', 'table', relname, relkind, relpersistence, pg_get_expr(relpartbound, oid),
                         reloptions::text, CASE WHEN relkind = 'p' THEN pg_get_partkeydef(oid) END)
        FROM own
        UNION ALL
        SELECT concat_ws(' ', 'column', relname, row_number() OVER (PARTITION BY c.oid ORDER BY attnum), attname,
                         format_type(atttypid, atttypmod), attnotnull, attstorage, attcompression,
                         NULLIF(attstattarget, -1), attoptions::text, attgenerated, attidentity,
                         pg_get_expr(d.adbin, d.adrelid))
        FROM own c JOIN pg_attribute a ON a.attrelid = c.oid
             LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE attnum > 0 AND NOT attisdropped
        UNION ALL
        SELECT concat_ws(' ', 'index', pg_get_indexdef(i.indexrelid), i.indisvalid, x.reloptions::text)
        FROM own c JOIN pg_index i ON i.indrelid = c.oid JOIN pg_class x ON x.oid = i.indexrelid
        UNION ALL
        SELECT concat_ws(' ', 'constraint', relname, conname, pg_get_constraintdef(k.oid))
        FROM own c JOIN pg_constraint k ON k.conrelid = c.oid
        UNION ALL
        SELECT concat_ws(' ', 'inherits', c.relname, p.relname)
        FROM (SELECT c.relname, h.inhparent FROM own c JOIN pg_inherits h ON h.inhrelid = c.oid) c
             JOIN pg_class p ON p.oid = c.inhparent
        UNION ALL
        SELECT concat_ws(' ', 'trigger', relname, pg_get_triggerdef(t.oid))
        FROM own c JOIN pg_trigger t ON t.tgrelid = c.oid WHERE NOT tgisinternal
        UNION ALL
        SELECT concat_ws(' ', 'statistics', pg_get_statisticsobjdef(oid)) FROM pg_statistic_ext
        UNION ALL
        SELECT concat_ws(' ', 'function', oid::regprocedure, md5(prosrc))
        FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        UNION ALL
        SELECT concat_ws(' ', 'type', oid::regtype, typtype)
        FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typtype IN ('d', 'e', 'b') AND typrelid = 0
              AND typelem = 0
        UNION ALL
        SELECT concat_ws(' ', 'extension', extname, extversion) FROM pg_extension
        """
}
