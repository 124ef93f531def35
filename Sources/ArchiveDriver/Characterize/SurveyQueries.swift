/// What a careful reading asks. None of it begins as a documented statement of a node does, so that it is never taken for
/// one in the server's statistics.
enum SurveyQueries {
    static let identity = """
        SELECT current_setting('server_version') AS v, current_setting('server_version_num'), pg_is_in_recovery(),
               current_setting('data_checksums'), current_setting('block_size')
        """

    /// Client sessions that work, and those whose state is not shown to us or to nobody, beside our own.
    static let activity = """
        SELECT sum((state = 'active')::int) AS active,
               sum(((state IS NULL OR state = 'disabled') AND datid IS NOT NULL)::int) AS hidden
        FROM pg_stat_activity
        WHERE (backend_type = 'client backend' OR backend_type IS NULL AND usesysid IS NOT NULL)
          AND pid <> pg_backend_pid()
        """

    /// The archive's tables and what kind each is.
    static let tables = """
        SELECT c.relname, c.relkind FROM pg_class AS c WHERE c.relnamespace = to_regnamespace('public')
          AND c.relname IN ('messages', 'messages_lookup', 'version') AND c.relkind IN ('r', 'p')
        """

    /// Columns that a sample reads.
    static let columns = """
        SELECT a.attname FROM pg_attribute AS a WHERE a.attrelid = to_regclass('public.messages') AND a.attnum > 0
          AND NOT a.attisdropped
        """

    static let version = "SELECT v.version FROM public.version AS v LIMIT 1"

    static let databaseBytes = "SELECT d.bytes FROM (SELECT pg_database_size(current_database()) AS bytes) AS d"

    /// Name, bounds, bytes of the heap, and the planner's rows and blocks when last analysed.
    static let partitions = partitions(bytes: "pg_relation_size(c.oid)")

    /// The same by the catalogue alone, for when a lock on one partition keeps its size from being asked: bytes are those
    /// when last analysed, and a block at least: one that was empty then may have been filled.
    static let catalogued = partitions(
        bytes: "greatest(c.relpages, 1)::bigint * current_setting('block_size')::int")

    private static func partitions(bytes: String) -> String {
        """
        SELECT c.oid::regclass, pg_get_expr(c.relpartbound, 0), \(bytes), c.reltuples, c.relpages
        FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
        WHERE i.inhparent = to_regclass('public.messages') AND NOT i.inhdetachpending ORDER BY c.relname
        """
    }

    /// Some blocks of a partition. Lengths are read off the rows without fetching what lies in TOAST.
    ///
    /// - Parameters:
    ///   - partition: its name, as the catalogue quotes it; or that of the archive's table.
    ///   - bounds: of time, within that table: the server then opens the one partition.
    ///   - percent: of its blocks.
    ///   - seed: decides which.
    ///   - salt: hexadecimal digits.
    ///   - most: rows at most.
    /// - Returns: the statement.
    static func sample(
        _ partition: String, within bounds: Range<Int64>? = nil, percent: Double, seed: UInt32, salt: String, most: Int
    ) -> String {
        let within = bounds.map { "WHERE s.timestamp >= \($0.lowerBound) AND s.timestamp < \($0.upperBound) " } ?? ""
        return """
            SELECT (s.ctid::text::point)[0]::bigint, s.timestamp, s.pubsubtopic,
                   left(encode(sha256(convert_to('\(salt)' || s.contenttopic, 'UTF8')), 'hex'), 16),
                   octet_length(s.contenttopic), octet_length(s.payload) / 2, COALESCE(octet_length(s.meta) / 2, 0)
            FROM \(partition) AS s TABLESAMPLE SYSTEM (\(percent)) REPEATABLE (\(seed)) \(within)LIMIT \(most)
            """
    }

    /// Values as they are when no session has set them, in the units of a settings file; without those of our role alone.
    static let settings = """
        SELECT name, category, vartype,
               CASE WHEN vartype = 'integer' AND unit IS NOT NULL AND reset_val::bigint > 0
                    THEN CASE WHEN unit ~ '^[0-9]+kB$' THEN (reset_val::bigint * left(unit, -2)::int)::text || 'kB'
                              ELSE reset_val || unit END
                    ELSE reset_val END
        FROM pg_settings
        WHERE reset_val IS DISTINCT FROM boot_val AND context <> 'internal'
          AND source NOT IN ('default', 'override', 'environment variable', 'client')
          AND lower(name) <> ALL (
              SELECT lower(split_part(c, '=', 1)) FROM pg_db_role_setting AS r, unnest(r.setconfig) AS c
              WHERE r.setrole = (SELECT oid FROM pg_roles WHERE rolname = session_user))
        ORDER BY name
        """

    static let indexes = """
        SELECT t.relname, CASE WHEN i.indpred IS NULL AND i.indexprs IS NULL THEN pg_get_indexdef(i.indexrelid) END
        FROM pg_index AS i JOIN pg_class AS t ON t.oid = i.indrelid
        WHERE t.relnamespace = to_regnamespace('public') AND t.relname IN ('messages', 'messages_lookup') ORDER BY 1, 2
        """

    /// Where the extension is, in this database.
    static let statementsHome = """
        SELECT quote_ident(n.nspname) FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace
        WHERE e.extname = 'pg_stat_statements'
        """

    /// Of statements that could be a node's alone: others, kept by the server with their constants, stay there.
    static func statements(in schema: String) -> String {
        """
        SELECT left(s.query, 8000), s.calls, s.rows FROM \(schema).pg_stat_statements AS s
        WHERE s.calls > 0 AND s.dbid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
          AND (s.query = '<insufficient privilege>'
               OR s.query ~* '^[[:space:]]*(/[*].*[*]/[[:space:]]*)?(select|with|insert|delete|drop table|alter table)[[:>:]]')
        """
    }

    static func statementsInfo(in schema: String) -> String {
        """
        SELECT EXTRACT(epoch FROM clock_timestamp() - i.stats_reset), i.dealloc
        FROM \(schema).pg_stat_statements_info AS i
        """
    }

    /// Settings of these categories are what a variant is about; others name files, addresses or people.
    static let variantCategories = [
        "Autovacuum", "Client Connection Defaults / Statement Behavior",
        "Connections and Authentication / Connection Settings", "Lock Management", "Query Tuning", "Resource Usage",
        "Statistics", "Vacuuming", "Write-Ahead Log / Checkpoints", "Write-Ahead Log / Settings",
    ]

    /// Settings of those categories that belong to the server's place in the world.
    static let localSettings: Set = [
        "default_transaction_read_only", "dynamic_shared_memory_type", "port", "shared_memory_type",
        "statement_timeout", "unix_socket_permissions",
    ]
}
