import ArchiveDriver
import LinuxSystem
import LoadRunner
import Measurement
import PostgresClient
import RunRecord
import Testbed
import Workload

/// One side that is up: its server with the archive in it, its load, and what looks at both.
struct SideServer: Sendable {
    let side: ComparisonRequest.Side
    /// As it was fitted to the machine.
    let variant: Variant
    /// How the file's settings were changed for that, one sentence each.
    let adaptations: [String]
    let archive: BuiltArchive
    /// As the running server reports them.
    let settings: [SettingRow]
    /// How each part of the side's suggestion was put in force.
    let applied: [String]
    let counters: SideCounters
    private(set) var load: SideLoad

    var name: String { side.name }

    // MARK: Making

    /// Builds a side's archive and puts in force what it suggests. Nothing is left behind when it throws.
    ///
    /// - Parameters:
    ///   - side: which.
    ///   - control: ends it while history is loaded.
    ///   - purpose: said in the cluster's record.
    ///   - progress: called with the rows loaded so far.
    /// - Returns: the side; nothing is asked of it yet.
    /// - Throws: `TestbedProblem`, `PostgresError`, ``TrialInterrupted``, `SpecProblems` for settings that the server does
    ///   not take over.
    static func make(
        _ side: ComparisonRequest.Side, control: TrialControl, purpose: String,
        progress: @escaping @Sendable (Int) -> Void
    ) async throws -> SideServer {
        let trial = side.trial
        let (variant, adaptations) = trial.variant.fitted(toMemory: trial.serverMemory)
        let archive = try await ArchiveBuilder(trial, variant: variant, control: control).build(
            purpose: purpose, progress: progress)
        do {
            let applied = try await SuggestionApplication.apply(variant, to: archive.cluster)
            // A server that has just loaded its history has it in its buffers, one that was copied has not.
            try await archive.cluster.restart()
            archive.storage?.activate()
            let settings = try await Self.settings(archive.cluster.record.parameters(), variant)
            let load = SideLoad(try loadPlan(side, archive, trial.offered))
            return SideServer(
                side: side, variant: variant, adaptations: adaptations, archive: archive,
                settings: settings, applied: applied,
                counters: SideCounters(archive.cluster), load: load)
        } catch {
            await archive.remove()
            throw error
        }
    }

    private static func loadPlan(
        _ side: ComparisonRequest.Side, _ archive: BuiltArchive, _ spec: WorkloadSpec
    ) throws -> SideLoad.Plan {
        let trial = side.trial
        // The same messages and requests; where they go is the side's own affair.
        var spec = spec
        spec.writers.databases = trial.workload.writers.databases
        var parameters = archive.cluster.record.parameters()
        parameters.roundTrip = trial.profile?.roundTrip ?? 0
        return SideLoad.Plan(
            spec: spec, seed: trial.seed, clients: trial.closedClients, driver: trial.driver,
            schema: try ArchiveSchema(version: trial.schemaVersion, folder: trial.schemaFolder),
            parameters: parameters, databases: archive.cluster.record.archives)
    }

    /// Takes another load in the place of one that has not been started.
    mutating func offer(_ spec: WorkloadSpec) throws {
        load = SideLoad(try Self.loadPlan(side, archive, spec))
    }

    /// What the server can do: operations a second in a closed loop.
    ///
    /// - Parameters:
    ///   - spec: a sequence that lasts.
    ///   - clients: of the closed loop.
    ///   - seconds: of the probe.
    ///   - control: ends it.
    /// - Returns: by request class.
    /// - Throws: ``SideLost``, ``SideLoad/Ended``, ``TrialInterrupted``.
    func probe(
        _ spec: WorkloadSpec, clients: Int, seconds: Int, control: TrialControl
    ) async throws -> [String: Double] {
        var plan = try Self.loadPlan(side, archive, spec)
        // Other messages than those of the comparison, which must not be there yet.
        plan.seed &+= 1
        plan.clients = clients
        let load = SideLoad(plan)
        try await load.start()
        let turn: SideLoad.Turn
        do {
            let limit = Nanoseconds(ComparisonPlan.drainSeconds * 1e9)
            turn = try await load.turn(seconds: seconds, drainLimit: limit) { try await goOn(control) }
        } catch {
            _ = await load.end()
            throw error
        }
        _ = await load.end()
        guard let first = turn.account.firstBegun, let last = turn.account.lastEnded, last > first else { return [:] }
        return turn.classes.mapValues { Double($0.response.count) / (Double(last - first) / 1e9) }
    }

    private static func settings(
        _ parameters: ConnectionParameters, _ variant: Variant
    ) async throws -> [SettingRow] {
        try await WorkerThread.run {
            Result { try ArchiveBuilder.settings(Connection.open(parameters), variant) }
        }.get()
    }

    /// Writes a checkpoint and waits for it, so that all sides are as far from the next.
    func checkpoint() async throws {
        let parameters = archive.cluster.record.parameters()
        try await WorkerThread.run {
            Result { try Connection.open(parameters).run("CHECKPOINT") }.map { _ in () }
        }.get()
    }

    /// Throws when the server is gone or a person wants an end.
    func goOn(_ control: TrialControl) async throws {
        if control.isStopping { throw TrialInterrupted() }
        guard await archive.cluster.isRunning else { throw SideLost(side: name) }
    }

    // MARK: Slices

    /// Takes one turn.
    ///
    /// - Parameters:
    ///   - slice: block, place, side, start and length.
    ///   - control: ends it.
    /// - Returns: the slice with what was measured, and response times by request class.
    /// - Throws: ``SideLost``, ``SideLoad/Ended``, ``TrialInterrupted``.
    func take(
        _ slice: SliceRecord, control: TrialControl
    ) async throws -> (record: SliceRecord, histograms: [String: LatencyHistogram]) {
        var record = slice
        let before = await counters.before()
        let limit = Nanoseconds(ComparisonPlan.drainSeconds * 1e9)
        let turn: SideLoad.Turn
        do {
            turn = try await load.turn(seconds: Int(slice.seconds), drainLimit: limit) { try await goOn(control) }
        } catch let error where !(error is TrialInterrupted) {
            // A load that failed because its server is gone: that is the thing to tell.
            guard await archive.cluster.isRunning else { throw SideLost(side: name) }
            throw error
        }
        let after = await counters.after()
        SliceAssembly(
            classes: turn.classes, account: turn.account, before: before, after: after,
            isClosed: side.trial.closedClients != nil
        ).fill(&record)
        return (record, turn.classes.mapValues(\.response).filter { $0.value.count > 0 })
    }
}

/// The server of a side ended while the comparison ran.
struct SideLost: Error, CustomStringConvertible {
    let side: String

    var description: String { "\(side): the database server ended during the comparison" }
}
