/// What decides an experiment's trials beside its files; kept so that it goes on as it began.
public struct ExperimentConditions: Codable, Sendable, Equatable {
    /// Folder of the PostgreSQL programs that was asked for; `nil` for the newest installed.
    public var programs: String?
    /// Folder that was asked for to hold the servers' data; `nil` for the usual one.
    public var dataFolder: String?
    /// Whether filled clusters are taken from the cache and put there.
    public var usesCache: Bool
    /// Whether server and host are looked at while loads run.
    public var hasTelemetry: Bool
    /// Version of each cell's server, in the order of ``ExperimentRecord/cells``.
    public var servers: [String]

    /// Takes each value as it is.
    public init(
        programs: String?, dataFolder: String?, usesCache: Bool, hasTelemetry: Bool, servers: [String]
    ) {
        self.programs = programs
        self.dataFolder = dataFolder
        self.usesCache = usesCache
        self.hasTelemetry = hasTelemetry
        self.servers = servers
    }
}
