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
    /// As the running server reports them; empty before ``startAnew()``.
    private(set) var settings: [SettingRow] = []
    /// How each part of the side's suggestion was put in force.
    let applied: [String]
    let counters: SideCounters
    private(set) var load: SideLoad

    /// The server does not take over what the variant says.
    struct Refusal: Error {
        /// From applying it.
        let reason: any Error
    }

    var name: String { side.name }

    // MARK: Making

    /// Builds a side's archive and puts in force what it suggests. Nothing is left behind when it throws.
    ///
    /// - Parameters:
    ///   - side: which.
    ///   - control: ends it while history is loaded.
    ///   - purpose: said in the cluster's record.
    ///   - readsDisk: whether each slice tells the growth of the database.
    ///   - progress: called with the rows loaded so far.
    /// - Returns: the side; nothing is asked of it yet.
    /// - Throws: `TestbedProblem`, `PostgresError`, ``TrialInterrupted``, ``Refusal`` for what the server does not take over.
    static func make(
        _ side: ComparisonRequest.Side, control: TrialControl, purpose: String, readsDisk: Bool = false,
        progress: @escaping @Sendable (Int) -> Void
    ) async throws -> SideServer {
        let trial = side.trial
        let (variant, adaptations) = trial.variant.fitted(toMemory: trial.serverMemory)
        var archive = try await ArchiveBuilder(trial, variant: variant, control: control).build(
            purpose: purpose, progress: progress)
        do {
            let live = variant.patch == nil ? 0 : try await archive.livePartitions()
            var applied: [String]
            do { applied = try await SuggestionApplication.apply(variant, to: archive.cluster) } catch {
                throw Refusal(reason: error)
            }
            if variant.patch != nil { applied += try await archive.settledAgain(trial, live: live) }
            let load = SideLoad(try loadPlan(side, archive, trial.offered))
            return SideServer(
                side: side, variant: variant, adaptations: adaptations, archive: archive, applied: applied,
                counters: SideCounters(archive.cluster, readsDisk: readsDisk), load: load)
        } catch {
            await archive.remove()
            throw error
        }
    }

    /// Starts the server once more, and reads its settings.
    ///
    /// - Throws: `TestbedProblem`, `PostgresError`.
    mutating func startAnew() async throws {
        try await archive.startAnew()
        try await HashCheck.check(side.trial.driver, at: archive.cluster.record.archiveParameters[0])
        settings = try await Self.settings(archive.cluster.record.parameters(), variant)
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
    /// - Returns: rates by request class, and messages that were stored meanwhile.
    /// - Throws: ``SideLost``, ``SideLoad/Ended``, ``TrialInterrupted``.
    func probe(
        _ spec: WorkloadSpec, clients: Int, seconds: Int, control: TrialControl
    ) async throws -> (rates: [String: Double], messages: Int) {
        var plan = try Self.loadPlan(side, archive, spec)
        // Other messages than those of the comparison, which must not be there yet.
        plan.seed &+= 1
        plan.clients = clients
        let load = SideLoad(plan)
        try await load.start()
        do {
            let found = try await Self.settledRates(load, seconds) { try await goOn(control) }
            _ = await load.end()
            return found
        } catch {
            _ = await load.end()
            throw error
        }
    }

    /// Turns of a probe, at most.
    private static let mostProbeTurns = 10
    /// A turn that is faster than the one before by more than this is still warming up: a connection's first statements
    /// over hundreds of partitions take seconds.
    private static let settledGrowth = 1.2

    /// The rates of the first turn that was not much faster than the one before.
    private static func settledRates(
        _ load: SideLoad, _ seconds: Int, goOn: @Sendable () async throws -> Void
    ) async throws -> (rates: [String: Double], messages: Int) {
        let limit = Nanoseconds(ComparisonPlan.drainSeconds * 1e9)
        var (rates, messages): ([String: Double], Int) = ([:], 0)
        for _ in 0..<mostProbeTurns {
            let before = rates.values.reduce(0, +)
            let turn = try await load.turn(seconds: seconds, drainLimit: limit, goOn: goOn)
            messages += turn.classes["put"]?.response.count ?? 0
            guard let first = turn.account.firstBegun, let last = turn.account.lastEnded, last > first else { continue }
            rates = turn.classes.mapValues { Double($0.response.count) / (Double(last - first) / 1e9) }
            if before > 0, rates.values.reduce(0, +) <= settledGrowth * before { break }
        }
        return (rates, messages)
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

    /// Memory of all its processes now, shared memory once, bytes; `nil` when it is gone.
    var memory: Int? {
        get async { await archive.cluster.postmaster.flatMap { ProcessTable.memoryOfFamily(of: $0.pid) } }
    }

    /// Throws when the server is gone or a person wants an end.
    func goOn(_ control: TrialControl) async throws {
        if control.isStopping { throw TrialInterrupted() }
        guard await archive.cluster.isRunning else { throw lost }
    }

    private var lost: SideLost {
        let log = (Host.read(archive.cluster.record.logFile) ?? "").split(separator: "\n")
        return SideLost(side: name, lastWords: log.suffix(SideLost.lines).joined(separator: "\n"))
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
            guard await archive.cluster.isRunning else { throw lost }
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
    /// The end of its log.
    let lastWords: String

    /// Lines of the log that are told.
    static let lines = 5

    var description: String {
        "\(side): the database server ended during the comparison; its log ends with:\n\(lastWords)"
    }
}
