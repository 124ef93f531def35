import LinuxSystem
import PostgresClient

/// Where the load of a trial goes, and who looks after it meanwhile.
struct TrialSite {
    /// Of the archive's database.
    var parameters: ConnectionParameters
    /// Names of the archive's databases, where it has several.
    var databases: [String] = []
    /// Where the server's side can be looked at.
    var telemetry: TelemetryPlace
    /// Asked while the load runs, ten times a second.
    var isServerThere: @Sendable () async -> Bool
    /// Processors that the load generator has to itself; `nil` where it takes any.
    var generator: ProcessorSet?
    /// Looks at the machine before and after; `nil` where it is not ours to look at.
    var machine: MachineWatch?
}
