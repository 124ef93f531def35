import LinuxSystem
import PostgresClient
import Telemetry
import Testbed

/// Where a trial's server can be looked at.
struct TelemetryPlace: Sendable {
    /// Of the archive's databases, one at least.
    var archives: [ConnectionParameters]
    /// Of a database in which statement statistics can be read.
    var maintenance: ConnectionParameters
    /// The server's data directory; `nil` where it is not on this machine.
    var dataFolder: String?
    /// The server's log; `nil` as for ``dataFolder``.
    var logFile: String?
    /// Folder of the server's control group that holds `cpu.stat`.
    var controlGroup: String?
    /// Libraries of telemetry's that the server has loaded.
    var libraries: Set<String> = []
    /// Whether the server is somebody else's.
    var isForeign = false
    /// What cannot be looked at from here, one sentence each.
    var gaps: [String] = []

    /// A managed cluster.
    init(_ archive: BuiltArchive, _ request: TrialRequest) {
        let record = archive.cluster.record
        archives = record.archiveParameters
        maintenance = record.parameters(database: "postgres")
        (dataFolder, logFile) = (record.dataFolder, record.logFile)
        controlGroup = archive.cluster.limits?.group?.folders[.cpu]
        libraries = Set(TrialTelemetry.libraries(request.variant, request))
    }

    /// Somebody's server: what can be asked of it by SQL.
    ///
    /// - Parameters:
    ///   - server: of the archive's database.
    ///   - countsStatements: whether `pg_stat_statements` can be read there.
    init(elsewhere server: ConnectionParameters, countsStatements: Bool) {
        (archives, maintenance, isForeign) = ([server], server, true)
        libraries = countsStatements ? [TelemetrySettings.statements] : []
        gaps = [
            "the server's machine (processors, disk, page cache), its log (checkpoints, autovacuum, lock waits) and bloat: they cannot be looked at from here; what is said of a host is of the one the load came from",
            "the archive's own share of WAL, writing, locks and waits: the server's counters are of all that it did, not of this database alone",
        ]
        if !countsStatements {
            gaps.append(
                "statement statistics of the server: pg_stat_statements is not loaded there, or this role may not use it in the archive's database"
            )
        }
    }
}
