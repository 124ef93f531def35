/// What a managed server is started with so that its side can be told.
public enum TelemetrySettings {
    /// The setting that names libraries to load.
    public static let libraries = "shared_preload_libraries"
    /// Counts statements.
    public static let statements = "pg_stat_statements"
    /// Logs plans of slow statements.
    public static let slowPlans = "auto_explain"

    /// Milliseconds from which `auto_explain` logs a statement's plan.
    public static let slowMilliseconds = 250
    /// Once so many plans were logged it is turned off: a plan over hundreds of partitions is long, and a server that
    /// falls behind is slow in every statement.
    static let mostSlowPlans = 30

    /// Settings besides ``libraries``.
    ///
    /// - Parameter loaded: the libraries that the server loads.
    /// - Returns: names and values; a variant that sets one itself keeps its own value.
    public static func settings(loaded: Set<String>) -> [(name: String, value: String)] {
        var settings = [
            ("track_io_timing", "on"), ("track_wal_io_timing", "on"), ("log_checkpoints", "on"),
            ("log_autovacuum_min_duration", "0"), ("log_lock_waits", "on"), ("deadlock_timeout", "1s"),
        ]
        if loaded.contains(statements) {
            settings += [("compute_query_id", "auto"), ("pg_stat_statements.track_planning", "on")]
        }
        return settings
    }

    /// Statements that turn the logging of slow plans on and off while the server runs: on when the first slow statement
    /// is seen, because counting rows and blocks costs every statement some percent, slow or not. Reading the clock at
    /// every row would cost far more.
    static let slowPlansOn = [
        "ALTER SYSTEM SET auto_explain.log_analyze = on", "ALTER SYSTEM SET auto_explain.log_timing = off",
        "ALTER SYSTEM SET auto_explain.log_buffers = on", "ALTER SYSTEM SET auto_explain.log_wal = on",
        "ALTER SYSTEM SET auto_explain.log_settings = on", "ALTER SYSTEM SET auto_explain.log_format = json",
        "ALTER SYSTEM SET auto_explain.log_min_duration = \(slowMilliseconds)", "SELECT pg_reload_conf()",
    ]
    static let slowPlansOff = [
        "ALTER SYSTEM SET auto_explain.log_min_duration = -1", "ALTER SYSTEM SET auto_explain.log_analyze = off",
        "SELECT pg_reload_conf()",
    ]
}
