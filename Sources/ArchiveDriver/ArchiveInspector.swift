import PostgresClient

/// Reads what an archive holds, for the record.
public struct ArchiveInspector {
    let connection: Connection

    public init(_ connection: Connection) { self.connection = connection }

    /// Size of the whole database, bytes.
    public func databaseBytes() throws(PostgresError) -> Int {
        Int(try connection.value("SELECT pg_database_size(current_database())") ?? "") ?? 0
    }

    /// All partitions' tables, TOAST or indexes of one kind together.
    public struct Family: Sendable {
        /// What kind of relation it is.
        public enum Kind: Sendable {
            case table
            case toast
            case index
        }

        /// Such as `messages` or `messages TOAST`.
        public let name: String
        /// What its relations are.
        public let kind: Kind
        /// How many relations belong to it.
        public let relations: Int
        /// Bytes of all of them.
        public let bytes: Int

        package init(name: String, kind: Kind, relations: Int, bytes: Int) {
            self.name = name
            self.kind = kind
            self.relations = relations
            self.bytes = bytes
        }
    }

    /// Bytes by family of relations, largest first: heap, TOAST and indexes of the messages and of the look-up table.
    public func families() throws(PostgresError) -> [Family] {
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
                SELECT family AS name, 'table' AS kind, pg_relation_size(oid) AS bytes FROM tables
                UNION ALL
                SELECT family || ' TOAST', 'toast', pg_total_relation_size(reltoastrelid)
                FROM tables WHERE reltoastrelid <> 0
                UNION ALL
                SELECT family || ' index on ' || regexp_replace(pg_get_indexdef(i.indexrelid), '^.* USING \\w+ ', ''),
                       'index', pg_relation_size(i.indexrelid)
                FROM tables t JOIN pg_index i ON i.indrelid = t.oid
            )
            SELECT name, kind, COUNT(*), SUM(bytes) FROM parts GROUP BY name, kind ORDER BY 4 DESC, 1
            """)
        let kinds: [String: Family.Kind] = ["table": .table, "toast": .toast, "index": .index]
        return rows.compactMap { row in
            guard row.count == 4, let name = row[0], let kind = row[1].flatMap({ kinds[$0] }),
                let relations = row[2].flatMap({ Int($0) }), let bytes = row[3].flatMap({ Int($0) })
            else { return nil }
            return Family(name: name, kind: kind, relations: relations, bytes: bytes)
        }
    }

    /// The families that take any room, by name.
    public func sizes() throws(PostgresError) -> [(name: String, bytes: Int)] {
        try families().filter { $0.bytes > 0 }.map { ($0.name, $0.bytes) }
    }

    /// Attached partitions of `messages`.
    public func partitionCount() throws(PostgresError) -> Int {
        Int(try connection.value("SELECT COUNT(*) FROM pg_inherits WHERE inhparent = 'messages'::regclass") ?? "") ?? 0
    }

    /// What the archive looks like, for comparison with what is known of real ones.
    public struct Shape: Sendable {
        /// Counted; of a database of more than 20 GB the sum of the planner's estimates.
        public var rows: Int
        public var partitions: Int
        /// Heap and TOAST of `messages`, as `\dt+` counts it, bytes.
        public var tableBytes: Int
        /// Everything, bytes.
        public var databaseBytes: Int
        /// Share of the rows whose payload lies in TOAST, of the fullest partition; `nil` when no partition has rows.
        public var toastShare: Double?
    }

    /// Databases beyond this are not counted row by row, bytes.
    private static let countedUpTo = 20_000_000_000

    /// Reads the shape; scans a partition, and all of them in a small database.
    public func shape() throws(PostgresError) -> Shape {
        let row =
            try connection.run(
                """
                SELECT SUM(GREATEST(c.reltuples, 0))::bigint, COUNT(*), SUM(pg_table_size(i.inhrelid) - pg_relation_size(i.inhrelid, 'fsm')
                       - pg_relation_size(i.inhrelid, 'vm')), pg_database_size(current_database())
                FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                WHERE i.inhparent = 'messages'::regclass
                """
            ).first ?? []
        func number(_ index: Int) -> Int { index < row.count ? row[index].flatMap { Int($0) } ?? 0 : 0 }
        let isSmall = number(3) < Self.countedUpTo
        let rows = isSmall ? Int(try connection.value("SELECT COUNT(1) FROM messages") ?? "") ?? 0 : number(0)
        return Shape(
            rows: rows, partitions: number(1), tableBytes: number(2), databaseBytes: number(3),
            toastShare: try toastShare())
    }

    private func toastShare() throws(PostgresError) -> Double? {
        let fullest = try connection.run(
            """
            SELECT c.relname, c.reltoastrelid::regclass
            FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
            WHERE i.inhparent = 'messages'::regclass AND c.relpages BETWEEN 1 AND 100000 AND c.reltoastrelid <> 0
            ORDER BY c.relpages DESC LIMIT 1
            """
        ).first
        guard let fullest, fullest.count == 2, let table = fullest[0], let toast = fullest[1] else { return nil }
        let counts = try connection.run(
            "SELECT (SELECT COUNT(*) FROM \(table)), (SELECT COUNT(*) FROM \(toast) WHERE chunk_seq = 0)"
        ).first
        guard let counts, let rows = counts[0].flatMap({ Double($0) }), rows > 0,
            let toasted = counts[1].flatMap({ Double($0) })
        else { return nil }
        return toasted / rows
    }
}
