import PostgresClient

/// The settings of a running server that differ from its built-in defaults.
public struct ServerSettings: Sendable {
    /// One of them.
    public struct Row: Sendable {
        /// As `pg_settings` has it.
        public let name: String
        /// With its unit.
        public let value: String
        /// The server's own, with its unit.
        public let defaultValue: String
        /// `variant`, `tool` or `initdb`.
        public let origin: String
        /// The server's description of it.
        public let meaning: String
        /// Whether a change of it waits for a restart of the server.
        public let needsRestart: Bool
    }

    /// By name.
    public let rows: [Row]

    /// Asks the server. Settings that only name a path of this machine are left out.
    public init(_ connection: Connection, variant: Variant) throws(PostgresError) {
        let found = try connection.run(
            """
            SELECT name, current_setting(name),
                   CASE WHEN unit IN ('B', 'kB', '8kB', 'MB') AND boot_val ~ '^[0-9]+$'
                        THEN pg_size_pretty(boot_val::numeric *
                             CASE unit WHEN 'B' THEN 1 WHEN 'kB' THEN 1024 WHEN '8kB' THEN 8192 ELSE 1048576 END)
                        ELSE COALESCE(NULLIF(boot_val, ''), 'empty') || COALESCE(' ' || unit, '') END,
                   source, short_desc, context = 'postmaster'
            FROM pg_settings
            WHERE setting IS DISTINCT FROM boot_val AND context <> 'internal' AND source <> 'client'
              AND name NOT IN ('data_directory', 'config_file', 'hba_file', 'ident_file', 'external_pid_file',
                               'unix_socket_directories', 'application_name', 'client_encoding', 'cluster_name')
            ORDER BY name
            """)
        let asked = Set(variant.settings.map(\.name))
        rows = found.compactMap { row in
            guard row.count == 6, let name = row[0], let value = row[1], let initial = row[2], let source = row[3]
            else {
                return nil
            }
            let origin = asked.contains(name) ? "variant" : source == "command line" ? "tool" : "initdb"
            return Row(
                name: name, value: value, defaultValue: initial, origin: origin, meaning: row[4] ?? "",
                needsRestart: row[5] == "t")
        }
    }
}
