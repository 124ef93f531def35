import LinuxSystem
import PostgresClient

/// One row of a reading, by the names of its columns.
package typealias Row = [String: String]

/// A connection of telemetry's own, which keeps account of what it costs and never waits for long.
final class TelemetryConnection {
    /// As `application_name`, by which readings leave their own connections out.
    static let name = "archivebench telemetry"
    /// The server ends a statement of the sampling after this.
    static let limit: Nanoseconds = 2_000_000_000

    /// Keeps a session's own statements out of the statistics and out of the log of slow plans. Where a library is not
    /// loaded its setting is a word without meaning.
    private static let unseen = "SET pg_stat_statements.track = 'none'; SET auto_explain.log_min_duration = -1"

    /// Puts that in force, as far as the role may: where only a superuser may, what is looked at is counted.
    static func hide(_ connection: Connection, limit: Nanoseconds = TelemetryConnection.limit) throws(PostgresError) {
        do throws(PostgresError) {
            try connection.run(unseen, limit: limit)
        } catch {
            guard error.code == .sqlState("42501") else { throw error }
        }
    }

    private let connection: Connection
    private(set) var queries = 0
    /// Nanoseconds from sending to the last byte.
    private(set) var spent: Nanoseconds = 0
    private(set) var longest: Nanoseconds = 0

    /// Opens it. Its own statements are not counted in `pg_stat_statements`.
    ///
    /// - Throws: `PostgresError` when the server cannot be reached.
    init(_ parameters: ConnectionParameters, limit: Nanoseconds = TelemetryConnection.limit) throws(PostgresError) {
        var parameters = parameters
        parameters.applicationName = Self.name
        connection = try Connection.open(parameters, limit: limit)
        try Self.hide(connection, limit: limit)
        try connection.run(
            """
            SET statement_timeout = \(limit / 1_000_000); SET lock_timeout = 500; SET jit = off;
            SET max_parallel_workers_per_gather = 0; SET search_path = pg_catalog, public
            """, limit: limit)
    }

    /// First number of the server's version, such as 15.
    var major: Int { Int(connection.serverVersionNumber) / 10_000 }

    /// Runs a statement that gives nothing back.
    func run(_ sql: String) throws(PostgresError) {
        try timed { () throws(PostgresError) in
            _ = try connection.run(sql, limit: Self.limit)
        }
    }

    /// Names of the queries that were asked before. Planning takes the server several times as long as answering.
    private var prepared: [String: String] = [:]

    /// Runs a query, which the server plans only once.
    ///
    /// - Returns: its rows; NULL is left out of a row.
    /// - Throws: `PostgresError` of the server, `time-out`, or `connection-lost`.
    func rows(_ sql: String, limit: Nanoseconds = TelemetryConnection.limit) throws(PostgresError) -> [Row] {
        try timed { () throws(PostgresError) in
            let name = try prepare(sql, limit)
            try connection.sendPrepared(name: name, BoundParameters())
            return try answer(limit)
        }
    }

    private func prepare(_ sql: String, _ limit: Nanoseconds) throws(PostgresError) -> String {
        if let name = prepared[sql] { return name }
        let name = "reading\(prepared.count)"
        try connection.sendPrepare(name: name, text: sql)
        _ = try answer(limit)
        prepared[sql] = name
        return name
    }

    private func answer(_ limit: Nanoseconds) throws(PostgresError) -> [Row] {
        var found: [Row] = []
        try connection.collect(statement: "telemetry", until: Clock.now() + limit + 1_000_000_000) {
            result throws(PostgresError) in
            guard result.kind == .rows else { return }
            let names = (0..<result.columnCount).map { result.columnName($0) }
            for row in 0..<result.rowCount {
                var values: Row = [:]
                for (column, name) in names.enumerated() { values[name] = result.text(row, column) }
                found.append(values)
            }
        }
        return found
    }

    private func timed<Value>(_ body: () throws(PostgresError) -> Value) throws(PostgresError) -> Value {
        let start = Clock.now()
        defer {
            queries += 1
            spent += Clock.now() - start
            longest = max(longest, Clock.now() - start)
        }
        return try body()
    }
}

extension Row {
    /// A whole number; 0 where there is none.
    func count(_ name: String) -> Int { self[name].flatMap { Int($0) } ?? 0 }

    /// A number; `nil` where there is none.
    func number(_ name: String) -> Double? { self[name].flatMap { Double($0) } }
}
