import ArchiveDriver
import LoadRunner
import PostgresClient
import SpecReader
import Testbed
import Workload

/// Everything a trial is made from, resolved: nothing below reads the environment or guesses.
public struct TrialRequest: Sendable {
    /// The workload with all wishes of the command line in it, rates not yet scaled.
    public var workload: WorkloadSpec
    /// What was laid over the workload's file, in order; already part of ``workload``.
    public var overlays: [Overlay]
    public var variant: Variant
    public var schemaVersion: Int
    /// How the node's driver works.
    public var driver: DriverBehaviour
    /// How the loaded history is left.
    public var historyState: HistoryState
    /// Whether a filled cluster is taken from the cache and put there.
    public var usesCache: Bool
    public var seed: UInt64
    public var rateScale: Double
    /// Clients of a closed loop; `nil` for the open one, which runs to the workload's schedule.
    public var closedClients: Int?
    /// The machine to run on, as it fits the host; `nil` for the host as it is.
    public var profile: HardwareProfile?
    /// Path of the tool's own program, which runs the probes of the machine; `nil` leaves them out.
    public var tool: String?
    public var installation: PostgresInstallation
    public var registry: ClusterRegistry
    /// Where the server's data goes; `nil` for the registry's own folder.
    public var dataDirectory: String?
    /// Folder of the schema scripts.
    public var schemaFolder: String
    /// The run's folder.
    public var recordFolder: String
    public var runID: String
    public var keepCluster: Bool
    /// Somebody's server to run on; `nil` for a cluster of the trial's own.
    public var external: ExternalTrial?
    /// Whether server and host are looked at while the load runs; changes how a managed server is started.
    public var telemetry = false
    public var toolVersion: String
    /// The command line that makes the run again.
    public var command: String
    /// Wall-clock now, seconds since 1970; only for names and headings.
    public var wallClock: @Sendable () -> Int

    public init(
        workload: WorkloadSpec, overlays: [Overlay] = [], variant: Variant, schemaVersion: Int,
        driver: DriverBehaviour = .faithful, historyState: HistoryState = .asFound, usesCache: Bool = true,
        seed: UInt64, rateScale: Double, closedClients: Int? = nil, profile: HardwareProfile? = nil,
        tool: String? = nil, installation: PostgresInstallation, registry: ClusterRegistry, dataDirectory: String?,
        schemaFolder: String,
        recordFolder: String, runID: String, keepCluster: Bool, toolVersion: String, command: String,
        wallClock: @escaping @Sendable () -> Int
    ) {
        self.workload = workload
        self.overlays = overlays
        self.variant = variant
        self.schemaVersion = schemaVersion
        self.driver = driver
        self.historyState = historyState
        self.usesCache = usesCache
        self.seed = seed
        self.rateScale = rateScale
        self.closedClients = closedClients
        self.profile = profile
        self.tool = tool
        self.installation = installation
        self.registry = registry
        self.dataDirectory = dataDirectory
        self.schemaFolder = schemaFolder
        self.recordFolder = recordFolder
        self.runID = runID
        self.keepCluster = keepCluster
        self.toolVersion = toolVersion
        self.command = command
        self.wallClock = wallClock
    }

    /// The workload at the rates that are offered; in a closed loop at such that its sequence lasts.
    public var offered: WorkloadSpec {
        let scaled = workload.scaled(by: rateScale)
        return closedClients == nil ? scaled : ClosedLoop.lasting(scaled, factor: ClosedLoop.factor(workload))
    }

    /// Factor on all arrival rates of the workload as it was written.
    public var offeredScale: Double { closedClients == nil ? rateScale : rateScale * ClosedLoop.factor(workload) }

    /// How the load is offered.
    var loadPlan: LoadPlan {
        LoadPlan(offered, pacing: closedClients.map { .closed(clients: $0) } ?? .open)
    }
}

/// Where a trial stands, for a person who watches.
public struct TrialProgress: Sendable {
    /// Stages in their order.
    public enum Stage: String, Sendable, CaseIterable {
        case planning
        case cluster = "making the cluster"
        case history = "loading history"
        case warmUp = "warm-up"
        case measure
        case drain
        case finishing
    }

    public var stage: Stage
    /// Estimate of the time to the end of the trial, seconds.
    public var secondsLeft: Double
    /// Rows loaded and rows wanted, while loading history.
    public var rows: (done: Int, total: Int)?
    /// Operations offered and completed in the last second, once there is load; a closed loop offers nothing.
    public var rates: (offered: Int?, achieved: Int)?
    /// 99th percentile of the response times so far, nanoseconds.
    public var p99: UInt64?
    public var failed: Int

    public init(
        stage: Stage, secondsLeft: Double, rows: (done: Int, total: Int)? = nil,
        rates: (offered: Int?, achieved: Int)? = nil, p99: UInt64? = nil, failed: Int = 0
    ) {
        self.stage = stage
        self.secondsLeft = secondsLeft
        self.rows = rows
        self.rates = rates
        self.p99 = p99
        self.failed = failed
    }
}

/// Told how a trial goes. Calls come from one task at a time.
public protocol TrialObserver: Sendable {
    func report(_ progress: TrialProgress)
}

/// Thrown when a trial or an archive was ended before there was anything to record.
public struct TrialInterrupted: Error, CustomStringConvertible {
    /// One line for the terminal.
    public let description = "ended before there was a result; nothing was left behind"

    /// The one there is.
    public init() {}
}

/// The wish to end a trial early, from a signal or a person.
public final class TrialControl: Sendable {
    let load = LoadControl()
    /// Statements that nobody measures, on somebody's server.
    let cancellations = Cancellations()

    public init() {}

    /// Ends the trial at the next chance with what has been measured; the record is finished and kept.
    public func stop() {
        load.stop()
        cancellations.cancel()
    }

    /// Whether an end was asked for.
    public var isStopping: Bool { load.isStopping }
}
