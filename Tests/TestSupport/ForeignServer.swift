import FoundationEssentials
import Glibc
import PostgresClient
import Testbed

/// A real server in the place of somebody else's: it listens on an address of its own, takes nobody without a password
/// there, and has a role that may make databases and nothing more.
public struct ForeignServer: Sendable {
    /// Of the role; a word that stands nowhere else.
    public static let password = "Zq7-never-shown-XK"
    /// The role.
    public static let user = "bench"

    public let cluster: ManagedCluster
    /// Loopback, so that nobody else's server listens there.
    public let address: String

    /// Starts one, with TLS where there is a certificate; the caller removes it.
    public static func start(
        address: String = ForeignServer.newAddress(), certificate: (key: String, file: String)? = nil
    ) async throws -> ForeignServer {
        var settings: [String: String] = [:]
        if let certificate {
            settings = ["ssl": "on", "ssl_key_file": certificate.key, "ssl_cert_file": certificate.file]
        }
        let cluster = try await TestServers.privateCluster(settings, listeningOn: address)
        do {
            let server = ForeignServer(cluster: cluster, address: address)
            try server.write("local all all trust\nhost all all 127.0.0.0/8 scram-sha-256\n", to: "pg_hba.conf")
            let admin = try server.administrator()
            try admin.run("CREATE ROLE \(user) LOGIN CREATEDB PASSWORD '\(password)'; SELECT pg_reload_conf()")
            // The postmaster reads the file a moment later.
            for _ in 0..<100 where (try? Connection.open(server.parameters("postgres"))) == nil {
                try await Task.sleep(for: .milliseconds(50))
            }
            return server
        } catch {
            await cluster.remove()
            throw error
        }
    }

    /// An address of the loopback network that no other test uses.
    public static func newAddress() -> String {
        "127.\(Int.random(in: 30...250)).\(Int.random(in: 1...250)).\(Int.random(in: 2...250))"
    }

    /// Runs something with a server that is gone afterwards.
    public static func with(
        address: String = ForeignServer.newAddress(), certificate: (key: String, file: String)? = nil,
        _ body: (ForeignServer) async throws -> Void
    ) async throws {
        let server = try await start(address: address, certificate: certificate)
        do {
            try await body(server)
        } catch {
            await server.cluster.remove()
            throw error
        }
        await server.cluster.remove()
    }

    /// How the role connects to a database over TCP.
    public func parameters(_ database: String, password: String? = ForeignServer.password) -> ConnectionParameters {
        ConnectionParameters(
            host: address, port: 5_432, user: Self.user, database: database, password: password, connectTimeout: 5)
    }

    /// The superuser, through the socket.
    public func administrator(_ database: String = "postgres") throws -> Connection {
        try Connection.open(cluster.record.parameters(database: database))
    }

    /// The server's log.
    public var logFile: String { cluster.record.logFile }

    /// Runs statements as the superuser.
    ///
    /// - Returns: the first value of the last that has one.
    @discardableResult
    public func administer(_ sql: String, in database: String = "postgres") throws -> String? {
        try administrator(database).value(sql)
    }

    /// Runs something while the superuser has a session in a database.
    public func whileConnected<Value>(to database: String, _ body: () async throws -> Value) async throws -> Value {
        let connection = try administrator(database)
        let value = try await body()
        withExtendedLifetime(connection) {}
        return value
    }

    /// Databases with their comments: what there is to be written to from outside of any.
    public func databases() throws -> [[String?]] {
        try administrator().run(
            "SELECT datname, shobj_description(oid, 'pg_database') FROM pg_database ORDER BY datname")
    }

    /// Makes the server a replica of nobody: it only follows, and takes reads.
    public func becomeReplica() async throws {
        await cluster.stop(.fast)
        try write("", to: "standby.signal")
        try await cluster.start()
    }

    private func write(_ text: String, to name: String) throws {
        let path = "\(cluster.record.dataFolder)/\(name)"
        try Data(text.utf8).write(to: URL(filePath: path))
        // The server, which runs as another user, reads the one and flushes the other.
        chmod(path, 0o666)
    }

    /// A key and a certificate for an address that is its own authority; `nil` without openssl.
    public static func certificate(for address: String, in folder: TemporaryFolder) -> (key: String, file: String)? {
        guard FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl") else { return nil }
        let (key, file) = ("\(folder.path)/server.key", "\(folder.path)/server.crt")
        let words = """
            /usr/bin/openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test -addext subjectAltName=IP:\(address) \
            -keyout \(key) -out \(file) 2> /dev/null; chown postgres \(key) 2> /dev/null; chmod 600 \(key); \
            chmod 755 \(folder.path); chmod 644 \(file)
            """
        return system(words) == 0 ? (key, file) : nil
    }
}
