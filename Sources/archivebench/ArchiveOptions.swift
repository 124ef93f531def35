import ArchiveDriver
import ArgumentParser
import PostgresClient
import Testbed

/// Which archive to work on by hand: a kept cluster, or a marked database of somebody's server.
struct ArchiveOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A database that `archivebench target prepare` made on somebody's server: a libpq URL or keyword string; what it leaves out comes from service file, PG* environment and password file. Empty for these alone.",
            valueName: "server"))
    var target: String?

    @Option(help: ArgumentHelp("A kept cluster, by id or the beginning of it.", valueName: "id"))
    var cluster: String?

    @Option(
        help: ArgumentHelp(
            "Which database of a cluster whose shards have one each, such as archive_16_32.", valueName: "name"))
    var database: String?

    func validate() throws {
        if target != nil && cluster != nil { throw ValidationError("--target and --cluster: name one of the two") }
        if database != nil && cluster == nil { throw ValidationError("--database: for --cluster only") }
    }

    /// Finds the archive and checks that it may be worked on; leaves no connection open.
    ///
    /// - Parameter forReading: whether nothing will be written: then a server that takes no writes will do.
    /// - Returns: how to connect to it, and what it is.
    /// - Throws: `UsageProblem`, `TestbedProblem` or `PostgresError`, one line each: no such server or cluster, no marker,
    ///   a replica, no archive in it.
    func resolve(forReading: Bool) throws -> ResolvedArchive {
        if target == nil && cluster == nil {
            throw UsageProblem(
                "name the archive: --cluster of a kept cluster (`archivebench up` makes one), or --target of a marked database"
            )
        }
        let parameters: ConnectionParameters
        if let target {
            parameters = try ServerArguments.resolve(target)
            try ExternalTarget(parameters).checkMarked(forReading: forReading)
        } else {
            let record = try ClusterText.find(cluster ?? "")
            guard !record.processes.isEmpty else {
                throw UsageProblem("\(record.id): is stopped; `archivebench up --again \(record.id)` starts it")
            }
            parameters = try self.parameters(of: record)
        }
        let connection = try Connection.open(parameters)
        guard let version = try ArchiveSchema.version(of: connection) else {
            throw TestbedProblem("\(parameters.shown): there is no archive in this database yet; \(remedy)")
        }
        guard ArchiveSchema.supported.contains(version) else {
            throw TestbedProblem(
                "\(parameters.shown): its archive has schema \(version); \(ArchiveSchema.supported.map(String.init).joined(separator: " and ")) are supported"
            )
        }
        var behaviour = DriverBehaviour.faithful
        behaviour.hashes = try ArchiveSchema.hashes(on: connection) ?? .hex
        return ResolvedArchive(parameters: parameters, schemaVersion: version, behaviour: behaviour)
    }

    /// Of the cluster's one database, or of the one that is meant.
    private func parameters(of record: ClusterRecord) throws -> ConnectionParameters {
        let known = record.archives
        guard let database else {
            if known.count == 1 { return record.parameters() }
            throw UsageProblem(
                "\(record.id): its shards have a database each; name one with --database: \(known.joined(separator: ", "))"
            )
        }
        guard known.contains(database) else {
            throw UsageProblem("--database \(database): \(record.id) has \(known.joined(separator: ", "))")
        }
        return record.parameters(database: database)
    }

    private var remedy: String {
        target == nil ? "`archivebench up` makes one that has" : "`archivebench run --keep --target` fills it"
    }
}

/// An archive that was found and may be worked on.
struct ResolvedArchive {
    /// How to connect to its database.
    var parameters: ConnectionParameters
    /// 7 or 8.
    var schemaVersion: Int
    /// The node's, with hashes as the archive's tables have them.
    var behaviour: DriverBehaviour
}
