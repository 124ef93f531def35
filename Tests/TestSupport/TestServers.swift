import ArchiveDriver
import Glibc
import LinuxSystem
import PostgresClient
import SpecReader
import Testbed

/// The servers of the test run: one shared by all tests that only need a database, and private ones.
///
/// All live in a registry of their own; what a killed test run left there is removed by the next one.
public enum TestServers {
    /// The registry of test clusters.
    public static let registry = ClusterRegistry(home: "\(placeOfServers)/abtest-\(getuid())")

    /// A small server: starts fast, and several fit side by side.
    public static func variant(_ settings: [String: String] = [:]) throws -> Variant {
        let own = ["shared_buffers": "32MB", "max_connections": "300", "fsync": "off", "autovacuum": "off"]
        let lines = own.merging(settings) { $1 }.sorted { $0.key < $1.key }.map { "  \($0.key): '\($0.value)'" }
        return try Variant(
            document: SpecDocument(
                text: "archivebench: variant/1\nname: test\nsummary: small\nsettings:\n"
                    + lines.joined(separator: "\n"),
                file: "test.yaml"))
    }

    /// The installation that tests run on.
    public static func installation() async throws -> PostgresInstallation {
        try await PostgresInstallation.choose(
            folder: nil, major: nil, places: PostgresPlaces(searchPath: "/usr/bin:/bin"))
    }

    /// Where tests look for another version: those of the user who runs them.
    public static var places: PostgresPlaces {
        func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
        return PostgresPlaces(searchPath: variable("PATH") ?? "/usr/bin:/bin", home: variable("HOME"))
    }

    /// An installation of PostgreSQL 18, for tests that compare versions: one of the usual places, or the folder in
    /// `ARCHIVEBENCH_TEST_POSTGRES_18`; `nil` skips them.
    public static func postgres18() async -> PostgresInstallation? {
        if let folder = getenv("ARCHIVEBENCH_TEST_POSTGRES_18") {
            return try? await PostgresInstallation(folder: String(cString: folder))
        }
        return await PostgresInstallation.all(places).first { $0.major == 18 }
    }

    /// A started server of its own, with an empty database for an archive. The caller removes it. It may listen on an
    /// address besides its socket, which no variant can ask for.
    public static func privateCluster(
        _ settings: [String: String] = [:], listeningOn address: String? = nil, registry: ClusterRegistry = registry
    ) async throws -> ManagedCluster {
        var variant = try variant(settings)
        if let address, let place = variant.settings.first?.place {
            variant.settings.append(.init(name: "listen_addresses", value: address, file: "test.yaml", place: place))
        }
        let cluster = try await ManagedCluster.create(
            ManagedCluster.Plan(
                installation: try await installation(), variant: variant, dataDirectory: nil,
                purpose: "tests", createdAt: "2026-01-01T00:00:00Z"), in: registry)
        try await cluster.start()
        try await cluster.createDatabase()
        return cluster
    }

    /// A new, empty database on the shared server.
    public static func database() async throws -> ConnectionParameters { try await shared.newDatabase() }

    /// A new database with an archive's tables and partitions around an epoch.
    public static func archive(
        schema version: Int, partitionsFrom start: Int, hours: Int
    ) async throws -> ConnectionParameters {
        let parameters = try await database()
        let connection = try Connection.open(parameters)
        let schema = try ArchiveSchema(version: version, folder: "\(packageRoot)/sql/schema")
        try schema.install(on: connection)
        for partition in HourPartition.hours(hours, from: start) { try partition.create(on: connection, schema) }
        return parameters
    }

    private static let shared = SharedServer()
}

private actor SharedServer {
    private var cluster: Task<ManagedCluster, any Error>?
    private var databases = 0

    func newDatabase() async throws -> ConnectionParameters {
        let starting =
            cluster
            ?? Task {
                ConnectionParameters.forgetEnvironment()
                TestServers.registry.sweep()
                atexit { TestServers.registry.removeAll(of: ProcessTable.current) }
                return try await TestServers.privateCluster()
            }
        cluster = starting
        let record = try await starting.value.record
        databases += 1
        let name = "test\(databases)"
        try Connection.open(record.parameters(database: "postgres")).run("CREATE DATABASE \(name)")
        return record.parameters(database: name)
    }
}

extension TestServers {
    /// Ends all other backends of a server, as an administrator would.
    public static func terminateOthers(_ parameters: ConnectionParameters) throws {
        try Connection.open(parameters).run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
    }

    /// Rows of a table.
    public static func count(_ parameters: ConnectionParameters, _ table: String) throws -> Int {
        Int(try Connection.open(parameters).value("SELECT COUNT(*) FROM \(table)") ?? "") ?? -1
    }
}
