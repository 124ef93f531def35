import FoundationEssentials
import LinuxSystem
import PostgresClient

/// What is known of a managed cluster on disk, so that any later start of the tool can find, use or remove it.
public struct ClusterRecord: Codable, Sendable {
    /// Its name: eight letters and digits.
    public var id: String
    /// The process that made it.
    public var owner: ProcessIdentity
    /// Stays after its owner ended.
    public var kept: Bool
    /// Wall-clock, ISO 8601.
    public var createdAt: String
    /// As the server prints it, such as `15.18 (Debian 15.18-0+deb12u1)`.
    public var serverVersion: String
    /// Folder of the cluster: this record, the socket, the server's log.
    public var folder: String
    /// The data directory; below ``folder`` unless the user chose another disk.
    public var dataFolder: String
    /// Folder of the server's programs.
    public var binaries: String
    /// What the server is started with, so that a kept cluster can be started again.
    public var arguments: [String]
    /// What it was made for, such as `status-prod-steady, schema 8`.
    public var purpose: String
    /// Folders of the control groups that its processes run in; `nil` for none.
    public var controlGroups: [String]?
    /// What the processes of a kept cluster's server run in; `nil` for a cluster that nobody asked to keep.
    public var surroundings: ServerSurroundings?
    /// Names of the archive's databases where it has several; `nil` for the one.
    public var databases: [String]?

    /// What a kept cluster ran with that is no longer there; `nil` when it can be started as it was.
    var gap: String? {
        func isThere(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }
        if !isThere("\(dataFolder)/PG_VERSION") { return "its data are gone" }
        let groups = controlGroups ?? []
        if !groups.isEmpty, surroundings == nil { return "what limited it was not written down" }
        // Of the groups noted beforehand, those count that could be made.
        let joined = groups.filter { group in surroundings?.prefix.contains { $0.contains("'\(group)/") } == true }
        if !joined.allSatisfy(isThere) { return "its control group is gone" }
        let modelled = [StorageHolder.preload, StorageHolder.variable].compactMap { surroundings?.variables[$0] }
        return modelled.allSatisfy(isThere) ? nil : "its modelled storage is gone"
    }

    /// Folder of the Unix socket.
    public var socketFolder: String { "\(folder)/s" }
    /// The server's log.
    public var logFile: String { "\(folder)/server.log" }
    /// The superuser of every managed cluster.
    public static let user = "postgres"
    /// The database that holds the archive, where one does.
    public static let database = "archive"

    /// Names of the databases that hold the archive, one at least.
    public var archives: [String] { databases ?? [Self.database] }

    /// How to connect to one of its databases: the archive's unless named, the first where it has several.
    public func parameters(database: String? = nil) -> ConnectionParameters {
        ConnectionParameters(
            host: socketFolder, port: 5_432, user: Self.user, database: database ?? archives.first ?? Self.database)
    }

    /// How to connect to each of the archive's databases.
    public var archiveParameters: [ConnectionParameters] { archives.map { parameters(database: $0) } }

    /// All processes that run on the data directory: the server, `initdb` or a probe, told by their arguments, and the server's
    /// backends, which write a title over theirs but stay in its folder also when the postmaster was killed.
    public var processes: [ProcessIdentity] {
        let wanted = ["-D\0\(dataFolder)\0", "\(ProbeRun.command)\0\(dataFolder)\0"]
        return ProcessTable.all().compactMap { pid in
            guard let line = Host.read("/proc/\(pid)/cmdline") else { return nil }
            let isBackend = line.hasPrefix("postgres: ") && ProcessTable.workingFolder(of: pid) == dataFolder
            return wanted.contains { line.contains($0) } || isBackend ? ProcessIdentity(pid: pid) : nil
        }
    }

    func write() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try encoder.encode(self).write(to: URL(filePath: "\(folder)/cluster.json"), options: .atomic)
    }

    static func read(folder: String) -> ClusterRecord? {
        FileManager.default.contents(atPath: "\(folder)/cluster.json")
            .flatMap { try? JSONDecoder().decode(ClusterRecord.self, from: $0) }
    }
}
