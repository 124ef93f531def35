import ArchiveDriver
import LinuxSystem
import PostgresClient
import RunRecord
import Testbed
import Workload

/// The archive of a trial in a marked database, ready for load, and what was found on its server.
struct ExternalArchive: Sendable {
    let history: HistoryDescription
    let settings: [SettingRow]
    /// As the server reports it.
    let serverVersion: String
    let dataChecksums: Bool
    /// Whether `pg_stat_statements` can be read in the database.
    let countsStatements: Bool
    /// The last digits of the server's own number (`pg_control_system`), by which its records are told from those of other
    /// servers; `nil` where it does not tell.
    let identity: String?
    /// Settings of the variant that the server has not, one sentence each.
    let differences: [String]
    /// Median time of a statement that does nothing, nanoseconds.
    let roundTrip: Nanoseconds

    /// Statements behind ``roundTrip``.
    static let roundTrips = 21
}

/// Makes the archive and takes it away. Blocking; on a thread of its own.
struct ExternalArchiveBuilder: Sendable {
    let request: TrialRequest
    let external: ExternalTrial
    let control: TrialControl

    /// Checks, by reading alone, that the database is ours, that nobody else uses it, and that the server has room for the
    /// load's connections. What is refused here is not touched, nor tidied up.
    ///
    /// - Throws: `TestbedProblem`, `PostgresError`.
    func check() throws {
        try external.target.checkOurs(known: ArchiveSchema.tableNames)
        let connection = try Connection.open(external.preparing)
        try checkAlone(connection)
        try checkRoom(connection)
    }

    /// Others came in between: the database is theirs, and there is nothing to be tidied up.
    struct Occupied: Error {
        let problem: TestbedProblem
    }

    /// Empties the database, installs the schema, loads the history.
    ///
    /// - Parameter progress: called with the rows loaded so far.
    /// - Returns: what is there now.
    /// - Throws: ``Occupied`` before anything was touched, `TestbedProblem`, `PostgresError`, ``TrialInterrupted``.
    func build(_ progress: (Int) -> Void) throws -> ExternalArchive {
        let connection = try Connection.open(external.preparing)
        // Of two trials that begin together both are connected before either looks, so that one goes on at most.
        do { try checkAlone(connection) } catch let problem as TestbedProblem { throw Occupied(problem: problem) }
        do {
            return try control.cancellations.watching(connection) { try fill(connection, progress) }
        } catch {
            throw control.isStopping ? TrialInterrupted() : error
        }
    }

    /// Leaves the database as `target prepare` made it: with the archive's tables, and nothing in them.
    ///
    /// - Throws: `TestbedProblem`, `PostgresError`.
    func empty() throws {
        try external.target.checkMarked(forReading: false)
        let connection = try Connection.open(external.preparing)
        try ArchiveSchema.drop(from: connection) { true }
        try schema.install(on: connection)
    }

    /// Ends what statements of the load are still running, whose connections are gone.
    ///
    /// - Returns: how many there were.
    static func cancelLeftovers(_ connection: Connection, of parameters: ConnectionParameters) throws -> Int {
        let name = parameters.applicationName.split(separator: "'", omittingEmptySubsequences: false)
            .joined(separator: "''")
        let count = try connection.value(
            """
            SELECT count(*) FROM (
                SELECT pg_cancel_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND usename = current_user AND application_name = '\(name)'
                  AND state = 'active' AND pid <> pg_backend_pid() OFFSET 0) ended
            """)
        return count.flatMap { Int($0) } ?? 0
    }

    private var schema: ArchiveSchema {
        get throws { try ArchiveSchema(version: request.schemaVersion, folder: request.schemaFolder) }
    }

    private func fill(_ connection: Connection, _ progress: (Int) -> Void) throws -> ExternalArchive {
        let (spec, schema, control) = (request.offered, try schema, control)
        let started = Clock.now()
        guard try ArchiveSchema.drop(from: connection, while: { !control.isStopping }) else {
            throw TrialInterrupted()
        }
        try schema.install(on: connection)
        let loader = HistoryLoader(Traffic(spec, seed: request.seed), schema: schema, connection: connection)
        let state = try loader.load(state: request.historyState, isGuest: true) { rows in
            progress(rows)
            return !control.isStopping
        }
        let seconds = Double(Clock.now() - started) / 1e9
        return ExternalArchive(
            history: HistoryDescription(
                rows: spec.history.rows, bytes: try ArchiveInspector(connection).databaseBytes(),
                partitions: spec.history.partitions, loadSeconds: seconds, state: state),
            settings: try settings(connection),
            serverVersion: connection.reportedSetting("server_version") ?? "unknown",
            dataChecksums: try connection.value("SHOW data_checksums") == "on",
            countsStatements: request.telemetry && countStatements(connection),
            identity: (try? connection.value("SELECT system_identifier FROM pg_control_system()")).map {
                String($0.suffix(8))
            }, differences: try differences(connection), roundTrip: try roundTrip(connection))
    }

    /// Sessions in the database, and room for more on the server.
    static let looks = [
        """
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND usesysid IS NOT NULL AND pid <> pg_backend_pid()
        """,
        """
        SELECT current_setting('max_connections')::int,
               current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
                 - (SELECT count(*) FROM pg_stat_activity WHERE usesysid IS NOT NULL)
        """,
    ]

    /// Two trials in one database would measure each other, and one would take the other's tables away. A session that
    /// has just ended is still seen for a moment.
    private func checkAlone(_ connection: Connection) throws {
        var others: String?
        for _ in 0..<20 {
            others = try connection.value(Self.looks[0])
            if others == "0" { return }
            Clock.pause(100_000_000)
        }
        throw TestbedProblem(
            "\(external.target.parameters.shown): others use the database (sessions: \(others ?? "not known")); end them, or wait until they have ended"
        )
    }

    /// A load that takes a server's last connections keeps its owners out.
    private func checkRoom(_ connection: Connection) throws {
        let row = try connection.run(Self.looks[1]).first
        guard let row, let limit = row[0], let left = row[1].flatMap({ Int($0) }) else { return }
        let need = TrialPlan.connections(request.offered, request.driver) + Self.ownConnections
        guard need <= left else {
            throw TestbedProblem(
                "\(external.target.parameters.shown): the load may open \(need) connections, the server has \(left) left of \(limit); lower write-connections, read-connections or count under 'writers'"
            )
        }
    }

    /// For looking on while the load runs, besides the one that prepares it.
    private static let ownConnections = 3

    /// In our own database only; on many servers nobody but an administrator may.
    private func countStatements(_ connection: Connection) -> Bool {
        do {
            try connection.run("CREATE EXTENSION IF NOT EXISTS pg_stat_statements SCHEMA public")
            try connection.run("SELECT 1 FROM public.pg_stat_statements LIMIT 1")
            return true
        } catch {
            return false
        }
    }

    /// Texts are left out, which may hold a secret (`archive_command`, `primary_conninfo`); only the libraries are named.
    private func settings(_ connection: Connection) throws -> [SettingRow] {
        let telling = Set(
            try connection.run(
                "SELECT name FROM pg_settings WHERE vartype <> 'string' OR name = 'shared_preload_libraries'"
            ).compactMap { $0.first ?? nil })
        return try ServerSettings(connection, variant: request.variant).rows.filter { telling.contains($0.name) }.map {
            SettingRow(
                name: $0.name, value: $0.value, defaultValue: $0.defaultValue, origin: "server", meaning: $0.meaning,
                needsRestart: $0.needsRestart)
        }
    }

    private func differences(_ connection: Connection) throws -> [String] {
        try request.variant.settings.compactMap { setting in
            let name = setting.name.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''")
            let value = try connection.value("SELECT current_setting('\(name)', true)")
            guard value?.lowercased() != setting.value.lowercased() else { return nil }
            return
                "\(setting.name): the server has \(value ?? "no such setting"), the variant \(setting.value); settings are changed on managed clusters only"
        }
    }

    private func roundTrip(_ connection: Connection) throws -> Nanoseconds {
        var times: [Nanoseconds] = []
        for _ in 0..<ExternalArchive.roundTrips {
            let begin = Clock.now()
            try connection.run("SELECT 1")
            times.append(Clock.now() - begin)
        }
        return times.sorted()[times.count / 2]
    }
}
