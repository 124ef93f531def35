import LinuxSystem
import PostgresClient

/// Everything that the sampling of one trial is told.
public struct TelemetryPlan: Sendable {
    /// Of the archive's database.
    public var archive: ConnectionParameters
    /// Further databases of the archive on the same server: what is counted by database is summed over all of them.
    public var others: [ConnectionParameters]
    /// Of a database in which extensions may be created without getting in the archive's way.
    public var maintenance: ConnectionParameters
    /// The server's data directory.
    public var dataFolder: String
    /// The server's log.
    public var logFile: String
    /// Folder of the server's control group that holds `cpu.stat`; `nil` when it has none of its own.
    public var controlGroup: String?
    /// Whether the server is somebody else's: then nothing is made on it, and what is told of it counts all of its work.
    public var isForeign = false
    /// Libraries that the server was told to load.
    public var libraries: Set<String>
    /// Whether the first slow statement turns on the logging of slow plans, which costs every statement after it. Servers that
    /// are compared with each other do without, or one of them would pay alone.
    public var logsSlowPlans = true
    /// Start of warm-up and the measure phase as far as they are known; `nil` before the start.
    public var moments: @Sendable () -> (started: Nanoseconds, measure: Range<Nanoseconds>)?
    /// Names a statement's shape by its text; `nil` for one that is none of the load's.
    public var shape: @Sendable (String) -> String?

    /// What to look at, with nothing opened yet.
    public init(
        archive: ConnectionParameters, others: [ConnectionParameters] = [], maintenance: ConnectionParameters,
        dataFolder: String, logFile: String, controlGroup: String?, libraries: Set<String>,
        moments: @escaping @Sendable () -> (started: Nanoseconds, measure: Range<Nanoseconds>)?,
        shape: @escaping @Sendable (String) -> String?
    ) {
        self.archive = archive
        self.others = others
        self.maintenance = maintenance
        self.dataFolder = dataFolder
        self.logFile = logFile
        self.controlGroup = controlGroup
        self.libraries = libraries
        self.moments = moments
        self.shape = shape
    }

    /// Names of the archive's databases.
    var databases: [String] { [archive.database] + others.map(\.database) }
}
