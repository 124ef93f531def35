import PostgresClient

/// What is asked of a server, by its version. Column names of the result are the same for all versions; a counter that a
/// version does not have is NULL.
///
/// Sources: PostgreSQL documentation of versions 15 to 18, chapter "The Cumulative Statistics System" and appendix
/// "pg_stat_statements"; their release notes for what moved.
package struct ServerQueries {
    /// First number of the version.
    package let major: Int

    package init(major: Int) { self.major = major }

    /// Versions whose views are known. A later one is asked as the last of them.
    static let known = 15...18

    /// Everything that is asked again and again while a load runs; the first of them twice as often.
    ///
    /// - Parameter databases: names of the archive's.
    /// - Returns: queries.
    package func sampled(of databases: [String]) -> [String] {
        [Self.activity, Self.counters(of: databases), wal, writing, Self.locks, Self.tuples] + (io.map { [$0] } ?? [])
    }

    // MARK: Levels

    /// Backends by kind, state, what they wait for, and the statement of those that execute one. The text, because a
    /// backend that plans a prepared statement has no `query_id` yet.
    static let activity = """
        SELECT COALESCE(backend_type, 'unknown') AS backend, COALESCE(state, '') AS state,
               COALESCE(wait_event_type, 'CPU') AS type, COALESCE(wait_event, 'CPU') AS event,
               CASE WHEN state = 'active' AND backend_type IN ('client backend', 'parallel worker')
                    THEN left(query, 1000) END AS statement, count(*) AS n,
               count(*) FILTER (WHERE state = 'active' AND backend_type = 'client backend' AND clock_timestamp()
                   > query_start + interval '\(TelemetrySettings.slowMilliseconds) ms') AS slow
        FROM pg_stat_activity WHERE application_name <> '\(TelemetryConnection.name)' GROUP BY 1, 2, 3, 4, 5
        """

    /// `pg_locks` has a row for each object, backend and mode; the lock table a place for each object, and one for each
    /// backend that holds or wants it (src/backend/storage/lmgr/README). Predicate locks are kept elsewhere.
    package static let locks = """
        SELECT count(*) FILTER (WHERE holders > 0) AS in_table, COALESCE(sum(holders), 0) AS holders,
               COALESCE(sum(fast_path), 0) AS fast_path, COALESCE(sum(waiting), 0) AS waiting
        FROM (SELECT count(*) FILTER (WHERE is_in_table) AS holders, sum(fast_path) AS fast_path,
                     sum(waiting) AS waiting
              FROM (SELECT \(lockedObject), bool_or(NOT fastpath) AS is_in_table,
                           count(*) FILTER (WHERE fastpath) AS fast_path, count(*) FILTER (WHERE NOT granted) AS waiting
                    FROM pg_locks WHERE pid IS DISTINCT FROM pg_backend_pid() AND mode <> 'SIReadLock'
                    GROUP BY \(lockedObject), pid, virtualtransaction) holder
              GROUP BY \(lockedObject)) object
        """

    private static let lockedObject =
        "locktype, database, relation, page, tuple, virtualxid, transactionid, classid, objid, objsubid"

    /// By the functions behind `pg_stat_user_tables`, whose view costs milliseconds with hundreds of partitions.
    static let tuples = """
        SELECT sum(pg_stat_get_live_tuples(oid)) AS live, sum(pg_stat_get_dead_tuples(oid)) AS dead
        FROM pg_class WHERE relkind = 'r' AND oid >= 16384
        """

    /// The size of the lock table is that of NLOCKENTS (src/backend/storage/lmgr/lock.c), its number of backends that of
    /// InitializeMaxBackends (src/backend/utils/init/postinit.c): with the autovacuum launcher, from 18 on with the worker
    /// that synchronises replication slots, too.
    package var limits: String {
        """
        SELECT current_setting('max_connections')::int AS connections,
               current_setting('max_locks_per_transaction')::int
                 * (current_setting('max_connections')::int + current_setting('max_prepared_transactions')::int
                    + current_setting('\(major >= 18 ? "autovacuum_worker_slots" : "autovacuum_max_workers")')::int
                    + current_setting('max_worker_processes')::int + current_setting('max_wal_senders')::int
                    + \(major >= 18 ? 2 : 1)) AS locks,
               (SELECT setting::int FROM pg_settings WHERE name = 'checkpoint_timeout') AS checkpoint_seconds,
               pg_size_bytes(current_setting('max_wal_size')) AS wal_limit
        """
    }

    // MARK: Counters

    // The views give 0 for times that are not tracked.
    private static let tracksBlocks = "current_setting('track_io_timing')::bool"
    private static let tracksWal = "current_setting('track_wal_io_timing')::bool"

    /// Columns that are NULL where a condition does not hold.
    private static func times(_ columns: [String], when condition: String) -> String {
        columns.map { "CASE WHEN \(condition) THEN \($0) END AS \($0)" }.joined(separator: ", ")
    }

    private static let countsOfDatabase = [
        "xact_commit", "xact_rollback", "blks_hit", "blks_read", "temp_files", "temp_bytes", "deadlocks",
        "tup_inserted", "tup_deleted", "active_time",
    ]
    private static let timesOfDatabase = ["blk_read_time", "blk_write_time"]

    /// Counters of a server's databases together.
    ///
    /// - Parameter databases: their names.
    /// - Returns: a query with one row.
    package static func counters(of databases: [String]) -> String {
        let sums = (countsOfDatabase + timesOfDatabase).map { "sum(\($0)) AS \($0)" }.joined(separator: ", ")
        return """
            SELECT \(countsOfDatabase.joined(separator: ", ")), \(times(timesOfDatabase, when: tracksBlocks))
            FROM (SELECT \(sums) FROM pg_stat_database WHERE datname IN (\(list(databases)))) d
            """
    }

    private static func list(_ names: [String]) -> String {
        names.map { SQLLiteral.of($0) }.joined(separator: ", ")
    }

    /// Writes and syncs of the log moved to `pg_stat_io` in 18. There the context `init` is the filling of new segments,
    /// which the versions before do not count.
    package var wal: String {
        let times = Self.times(["wal_write_time", "wal_sync_time"], when: Self.tracksWal)
        return major >= 18
            ? """
            SELECT wal_records, wal_fpi, wal_bytes, wal_buffers_full, wal_write, wal_sync, \(times)
            FROM pg_stat_wal, (SELECT sum(writes) AS wal_write, sum(fsyncs) AS wal_sync, sum(write_time) AS wal_write_time,
                                      sum(fsync_time) AS wal_sync_time
                               FROM pg_stat_io WHERE object = 'wal' AND context = 'normal') i
            """
            : """
            SELECT wal_records, wal_fpi, wal_bytes, wal_buffers_full, wal_write, wal_sync, \(times)
            FROM pg_stat_wal
            """
    }

    /// Checkpoints have a view of their own from 17 on, and backends' writes are in `pg_stat_io`.
    package var writing: String {
        major >= 17
            ? """
            SELECT c.num_timed, c.num_requested, c.write_time, c.sync_time, c.buffers_written, b.buffers_clean,
                   NULL::bigint AS buffers_backend, b.buffers_alloc
            FROM pg_stat_checkpointer c, pg_stat_bgwriter b
            """
            : """
            SELECT checkpoints_timed AS num_timed, checkpoints_req AS num_requested,
                   checkpoint_write_time AS write_time, checkpoint_sync_time AS sync_time,
                   buffers_checkpoint AS buffers_written, buffers_clean, buffers_backend, buffers_alloc
            FROM pg_stat_bgwriter
            """
    }

    /// From 16 on; bytes in place of a block size from 18 on.
    package var io: String? {
        guard major >= 16 else { return nil }
        let bytes =
            major >= 18
            ? "read_bytes, write_bytes, extend_bytes"
            : "reads * op_bytes AS read_bytes, writes * op_bytes AS write_bytes, extends * op_bytes AS extend_bytes"
        let times = Self.times(
            ["read_time", "write_time", "extend_time", "fsync_time"],
            when: "CASE object WHEN 'wal' THEN \(Self.tracksWal) ELSE \(Self.tracksBlocks) END")
        return """
            SELECT backend_type, object, context, reads, \(bytes), writes, extends, hits, evictions, fsyncs, \(times)
            FROM pg_stat_io WHERE reads > 0 OR writes > 0 OR extends > 0 OR hits > 0 OR fsyncs > 0
            """
    }

    // MARK: Statements

    /// All that was counted for some databases, but for the statement by which telemetry's sessions hide themselves. Times of blocks were split by kind of block in 17.
    ///
    /// - Parameter databases: their names.
    /// - Returns: a query.
    package func statements(of databases: [String]) -> String {
        let times =
            major >= 17
            ? "shared_blk_read_time + local_blk_read_time AS blk_read_time, shared_blk_write_time + local_blk_write_time AS blk_write_time"
            : "blk_read_time, blk_write_time"
        return """
            SELECT dbid || ' ' || userid || ' ' || queryid || ' ' || toplevel AS key, left(query, 1000) AS query, calls, plans,
                   total_plan_time, total_exec_time, max_exec_time, rows, shared_blks_hit, shared_blks_read,
                   shared_blks_dirtied, shared_blks_written, local_blks_hit, local_blks_read, local_blks_dirtied,
                   local_blks_written, temp_blks_read, temp_blks_written, \(times), wal_records, wal_fpi, wal_bytes
            FROM public.pg_stat_statements
            WHERE dbid IN (SELECT oid FROM pg_database WHERE datname IN (\(Self.list(databases))))
              AND queryid IS NOT NULL AND query NOT LIKE 'SET pg_stat_statements.track%'
            """
    }

    static let statementsInfo = """
        SELECT dealloc, (current_setting('pg_stat_statements.track_planning') = 'on')::int AS planning,
               (current_setting('track_io_timing') = 'on')::int AS block_times
        FROM public.pg_stat_statements_info
        """

    // MARK: Relations

    /// Tables, TOAST and indexes that are no system's, with how often their blocks were asked for.
    static let relations = """
        SELECT c.oid, pg_relation_filenode(c.oid) AS node, pg_relation_filepath(c.oid) AS path,
               pg_relation_size(c.oid) AS bytes, pg_stat_get_blocks_fetched(c.oid) AS fetched, c.relname AS name,
               c.relkind AS kind
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'i', 't') AND c.relpersistence = 'p' AND c.oid >= 16384
          AND n.nspname NOT IN ('pg_catalog', 'information_schema')
        """

    static let buffers = """
        SELECT COALESCE(relfilenode, 0) AS node, (reldatabase = (SELECT oid FROM pg_database
               WHERE datname = current_database()))::int AS ours, count(*) AS n
        FROM public.pg_buffercache GROUP BY 1, 2
        """
}
