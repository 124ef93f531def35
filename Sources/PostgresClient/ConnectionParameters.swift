import CLibpq
import Glibc

/// Everything libpq is told about a server. Nothing is left for it to guess from its surroundings.
public struct ConnectionParameters: Sendable, Equatable {
    /// Host name, address, or the folder of a Unix socket.
    public var host: String
    /// TCP port, or the number in the Unix socket's name.
    public var port: Int
    /// Role to connect as.
    public var user: String
    /// Name of an existing database.
    public var database: String
    /// Sent only when the server asks; never part of a message.
    public var password: String?
    /// As `sslmode` of libpq; Unix sockets never use TLS.
    public var sslMode: String
    /// Seconds until a connection attempt counts as failed.
    public var connectTimeout: Int
    /// What `pg_stat_activity` shows of our connections.
    public var applicationName: String
    /// Network round trip to the server that is added to the real one, nanoseconds: half of it passes before what is sent
    /// reaches the socket, half before what arrived is seen. Only a ``ConnectionHub`` keeps to it, and opening a
    /// connection takes none.
    public var roundTrip: UInt64 = 0
    /// What else libpq is told, by its keywords, such as `sslrootcert`. May hold secrets, as `sslpassword`.
    var others: [String: String] = [:]

    /// A server as described; nothing is looked up or opened.
    public init(
        host: String, port: Int, user: String, database: String, password: String? = nil, sslMode: String = "disable",
        connectTimeout: Int = 10, applicationName: String = "archivebench"
    ) {
        self.host = host
        self.port = port
        self.user = user
        self.database = database
        self.password = password
        self.sslMode = sslMode
        self.connectTimeout = connectTimeout
        self.applicationName = applicationName
    }

    /// Removes the environment variables that libpq would read behind our back (`PGHOST`, `PGOPTIONS`, `PGSERVICE`, …).
    /// An empty value in a connection string does not override them. Call it once, before any thread is started.
    public static func forgetEnvironment() {
        guard let options = PQconndefaults() else { return }
        defer { PQconninfoFree(options) }
        var option = options
        while option.pointee.keyword != nil {
            if let name = option.pointee.envvar { unsetenv(name) }
            option += 1
        }
        for name in ["PGSERVICE", "PGSERVICEFILE", "PGREQUIRESSL", "PGTZ", "PGDATESTYLE", "PGGEQO"] { unsetenv(name) }
    }

    /// Without the password, for messages.
    public var redacted: String { "host=\(host) port=\(port) user=\(user) dbname=\(database)" }

    /// Keywords and values in libpq's terms; calls `body` with two lists that end with `nil`.
    func withKeywords<Result>(
        _ body: (UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<UnsafePointer<CChar>?>) -> Result
    ) -> Result {
        var words = ["channel_binding": "prefer", "target_session_attrs": "any"]
        words.merge(others) { $1 }
        let own = [
            "host": host, "port": String(port), "user": user, "dbname": database, "sslmode": sslMode,
            "connect_timeout": String(connectTimeout), "application_name": applicationName,
            "client_encoding": "UTF8", "gssencmode": "disable", "passfile": "/nonexistent", "replication": "false",
        ]
        words.merge(own) { $1 }
        words["password"] = password
        return Self.withLists(words.sorted { $0.key < $1.key }, body)
    }

    /// Two lists for libpq that end with `nil`: keywords and their values.
    static func withLists<Result>(
        _ pairs: [(key: String, value: String)],
        _ body: (UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<UnsafePointer<CChar>?>) -> Result
    ) -> Result {
        let keys = pairs.map { UnsafePointer(strdup($0.0)) } + [nil]
        let values = pairs.map { UnsafePointer(strdup($0.1)) } + [nil]
        defer {
            for pointer in keys + values { free(UnsafeMutablePointer(mutating: pointer)) }
        }
        return keys.withUnsafeBufferPointer { keys in
            values.withUnsafeBufferPointer { values in
                guard let keyStart = keys.baseAddress, let valueStart = values.baseAddress else {
                    preconditionFailure("the lists end with nil, so they are never empty")
                }
                return body(keyStart, valueStart)
            }
        }
    }
}
