import ArchiveDriver
import FoundationEssentials
import LinuxSystem
import LoadRunner
import RunRecord
import Testbed
import WakuModel
import Workload

/// What is told of a side besides its slices: the server over all of them, statements, plans, sizes, accounts.
struct SideEvidence: Sendable {
    private let telemetry: TrialTelemetry
    private let folder: RecordFolder
    private let subfolder: String
    /// A trial's record, for what telemetry puts into one.
    private var carrier: RunRecord

    /// Begins to look at a side whose load has not started yet.
    ///
    /// - Parameters:
    ///   - server: the side.
    ///   - record: of the comparison, for what both have in common.
    ///   - seconds: that it may take at most, warm-up included.
    ///   - comparison: the folder that takes the files, in one of the side's own.
    /// - Throws: `RecordFolder.Problem` when the files cannot be written.
    init(_ server: SideServer, _ record: ComparisonRecord, seconds: Double, in comparison: ComparisonFolder)
        async throws
    {
        subfolder = "sides/\(Self.plain(server.name))"
        folder = try RecordFolder.create(path: "\(comparison.path)/\(subfolder)")
        // What is looked at is all of the load, warm-up included: a side's slices are spread over all of it.
        let phases = PhaseSpec(warmUp: 0, measure: UInt64(seconds * 1e9), drainLimit: 0)
        carrier = RunRecord(
            runId: "\(record.comparisonId)/\(server.name)", toolVersion: record.toolVersion,
            startedAt: record.startedAt, digest: record.digest, seed: record.seed,
            variant: server.description, profile: server.side.trial.describeProfile(record.host), host: record.host,
            workload: record.workload,
            phases: PhaseDescription(warmUpSeconds: 0, measureSeconds: seconds, drainLimitSeconds: 0),
            command: record.command)
        telemetry = await TrialTelemetry.begin(
            server.side.trial, server.archive, LoadPlan(phases: phases, nodes: 1), server.load.control, folder,
            isCompared: true)
    }

    /// Ends the looking without a word.
    func stop() async { await telemetry.stop() }

    /// Ends it, and puts what was seen into the record of the side.
    ///
    /// - Parameters:
    ///   - side: is filled.
    ///   - server: the side, its load over, its server still up.
    ///   - result: of the load; `nil` when that failed.
    ///   - seconds: that the load ran.
    /// - Returns: what could not be collected, one sentence each.
    func finish(
        _ side: inout ComparedSide, _ server: SideServer, _ result: LoadResult?, seconds: Double
    ) async -> [String] {
        var seen = carrier
        seen.phases.measuredSeconds = seconds
        await telemetry.finish(&seen, folder)
        side.server = seen.server
        side.statements = try? folder.readStatements()
        side.plans = ((try? folder.readPlans()) ?? []).map { plan in
            var plan = plan
            plan.file = "\(subfolder)/\(plan.file)"
            return plan
        }
        if let result { side.accounting = RecordAssembly.accounting(result, \.measure) }
        var gaps = seen.notCollected.map { "\(server.name): \($0)" }
        let archives = server.archive.cluster.record.archiveParameters
        let sizes = try? await WorkerThread.run { Result { try FleetInspector(archives).sizes() } }.get()
        if let sizes {
            side.target.sizes = sizes.map { SizeRow(name: $0.name, bytes: $0.bytes) }
        } else {
            gaps.append("\(server.name): sizes at the end: the server was gone")
        }
        if let log = FileManager.default.contents(atPath: server.archive.cluster.record.logFile) {
            do { try folder.write(String(decoding: log.suffix(Self.longestLog), as: UTF8.self), to: .serverLog) } catch
            {
                gaps.append("\(server.name): the server's log: \(error)")
            }
        }
        return gaps
    }

    /// A longer server log is kept by its end, bytes.
    private static let longestLog = 20_000_000

    /// A name as a part of a path.
    static func plain(_ name: String) -> String {
        String(name.map { $0.isLetter || $0.isNumber || "-_+.".contains($0) ? $0 : "-" })
    }
}

extension SideServer {
    /// What is under test on this side.
    var description: VariantDescription {
        VariantDescription(
            name: variant.name, summary: variant.summary, schemaVersion: side.trial.schemaVersion,
            driver: side.trial.driver.name, driverChanges: side.trial.driver.changes, settings: settings,
            adaptations: adaptations)
    }

    /// The side as a record has it before its first slice.
    var compared: ComparedSide {
        var compared = ComparedSide(
            name: name, variant: description,
            target: TargetDescription(
                kind: "managed", serverVersion: archive.serverVersion, schemaVersion: side.trial.schemaVersion,
                history: archive.history, binaries: side.trial.installation.version,
                dataChecksums: side.trial.variant.dataChecksums, sizes: []),
            suggestion: SuggestionDescription(side.trial.variant, driver: side.trial.driver))
        let fleet = side.trial.workload.fleet
        compared.applied =
            applied + (fleet.isDivided ? ["nodes and a database for each of \(fleet.databases) shards"] : [])
        return compared
    }
}
