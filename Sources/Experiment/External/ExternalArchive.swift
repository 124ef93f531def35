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

    /// The database is this trial's as long as this is held: a session that every other trial sees when it looks whether it
    /// is alone. Nothing else is sent on it, so that no cancellation of a statement reaches it late.
    ///
    /// `@unchecked Sendable`, because its connection is private and sends something in ``isHeld`` alone, which a trial asks
    /// once, after all its other steps have ended.
    final class Claim: @unchecked Sendable {
        private let connection: Connection
        fileprivate init(_ connection: Connection) { self.connection = connection }

        /// Whether the session is still there.
        fileprivate var isHeld: Bool { (try? connection.run("SELECT 1")) != nil }
    }

    /// Takes the database for this trial. What is refused here is not touched, nor tidied up.
    ///
    /// - Throws: `TestbedProblem` when others use it, `PostgresError`.
    func claim() throws -> Claim {
        let connection = try Connection.open(external.preparing)
        // Of two trials that begin together one gets the lock, and waits in `checkAlone` until the other has gone.
        guard try connection.value(Self.claiming) == "t" else { throw inUse("another trial") }
        try checkAlone(connection)
        return Claim(connection)
    }

    /// Any number that no node uses.
    static let claiming = "SELECT pg_try_advisory_lock(1634886504, 1)"

    /// Empties the database, installs the schema, loads the history.
    ///
    /// - Parameter progress: called with the rows loaded so far.
    /// - Returns: what is there now.
    /// - Throws: `TestbedProblem`, `PostgresError`, ``TrialInterrupted``.
    func build(_ progress: (Int) -> Void) throws -> ExternalArchive {
        let connection = try Connection.open(external.preparing)
        do {
            return try control.cancellations.watching(connection) { try fill(connection, progress) }
        } catch {
            throw control.isStopping ? TrialInterrupted() : error
        }
    }

    /// Leaves the database as `target prepare` made it, but for the extension of statement statistics: with the archive's
    /// tables, and nothing in them. A claim that was lost with its session is taken again first.
    ///
    /// - Throws: `TestbedProblem`, `PostgresError`.
    func empty(_ claim: Claim) throws {
        try external.target.checkMarked(forReading: false)
        let held = claim.isHeld ? claim : try self.claim()
        defer { withExtendedLifetime(held) {} }
        let connection = try Connection.open(external.preparing)
        _ = try Self.cancelLeftovers(connection, of: external.measured)
        try ArchiveSchema.drop(from: connection) { true }
        try schema.install(on: connection)
    }

    /// Ends what statements of the load are still running, whose connections are gone.
    ///
    /// - Returns: how many there were.
    static func cancelLeftovers(_ connection: Connection, of parameters: ConnectionParameters) throws -> Int {
        try connection.value(cancelling(parameters)).flatMap { Int($0) } ?? 0
    }

    /// What ``cancelLeftovers(_:of:)`` sends.
    static func cancelling(_ parameters: ConnectionParameters) -> String {
        """
        SELECT count(*) FROM (
            SELECT pg_cancel_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND usename = current_user AND application_name = \(SQLLiteral.of(parameters.applicationName))
              AND state = 'active' AND pid <> pg_backend_pid() OFFSET 0) ended
        """
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

    /// Sessions of others in the database.
    static let others = """
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND usesysid IS NOT NULL AND pid <> pg_backend_pid()
        """

    /// Connections that the server takes, and those that are left.
    static let room = """
        SELECT current_setting('max_connections')::int,
               current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
                 - (SELECT count(*) FROM pg_stat_activity WHERE usesysid IS NOT NULL)
        """

    /// Two trials in one database would measure each other, and one would take the other's tables away. A session that
    /// has just ended is still seen for a moment.
    private func checkAlone(_ connection: Connection) throws {
        var others: String?
        for _ in 0..<20 {
            others = try connection.value(Self.others)
            if others == "0" { return }
            Clock.pause(100_000_000)
        }
        throw inUse("sessions: \(others ?? "not known")")
    }

    private func inUse(_ whom: String) -> TestbedProblem {
        TestbedProblem(
            "\(external.target.parameters.shown): others use the database (\(whom)); end them, or wait until they have ended"
        )
    }

    /// A load that takes a server's last connections keeps its owners out.
    private func checkRoom(_ connection: Connection) throws {
        let row = try connection.run(Self.room).first
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
        let checksums = try connection.value("SHOW data_checksums") == "on"
        let wanted = request.variant.dataChecksums
        let settings = try settingDifferences(connection)
        guard checksums != wanted else { return settings }
        return ["data checksums: the server has them \(checksums ? "on" : "off"), the variant \(wanted ? "on" : "off")"]
            + settings
    }

    private func settingDifferences(_ connection: Connection) throws -> [String] {
        try request.variant.settings.compactMap { setting in
            let value = try connection.value("SELECT current_setting(\(SQLLiteral.of(setting.name)), true)")
            if let value, SettingValue(value) == SettingValue(setting.value) { return nil }
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
