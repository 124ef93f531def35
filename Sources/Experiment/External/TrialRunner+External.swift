import ArchiveDriver
import LinuxSystem
import LoadRunner
import PostgresClient
import RunRecord
import Testbed
import Workload

extension TrialRunner {
    /// Runs the trial in a marked database. As on a cluster of its own, but for what is not ours there: the server is not
    /// started, limited, set or restarted, and seen only as far as SQL sees it.
    func measured(on external: ExternalTrial) async throws -> Outcome {
        report(.planning, left: nil)
        let (request, control) = (request, control)
        try TrialPlan.checkDescriptors(request.offered, request.driver)
        let builder = ExternalArchiveBuilder(request: request, external: external, control: control)
        try await Self.blocking { try builder.check() }
        let plan = try await WorkerThread.run { TrialPlan(request) { !control.isStopping } }
        if control.isStopping { throw TrialInterrupted() }
        try request.workload.checkTrace()
        let folder = try RecordFolder.create(path: request.recordFolder)
        var record = newRecord(plan, request.variant, [])
        record.host.filesystem = "not known, the data are on another server"
        record.host.device = nil
        record.profile = Self.profile(external)
        try writeSources(folder, &record)
        try folder.write(record)
        let claim: ExternalArchiveBuilder.Claim
        do { claim = try await Self.blocking { try builder.claim() } } catch {
            try? finish(&record, .failed, "\(error)", folder)
            throw error
        }
        do {
            let progress = historyProgress()
            let archive = try await Self.blocking { try builder.build(progress) }
            describe(archive, &record)
            try folder.write(record)
            let site = TrialSite(
                parameters: external.measured,
                telemetry: TelemetryPlace(
                    elsewhere: external.measured, countsStatements: archive.countsStatements),
                isServerThere: { true })
            let result = try await load(site, &record, folder)
            await look(external, result, &record)
            await tidy(builder, claim, &record)
            try finish(&record, record.ending, record.endingDetail, folder)
            return Outcome(record: record, folder: folder, kept: nil)
        } catch is TrialInterrupted {
            await tidy(builder, claim, &record)
            try finish(&record, .interrupted, "ended while history was being loaded", folder)
            return Outcome(record: record, folder: folder, kept: nil)
        } catch {
            await tidy(builder, claim, &record)
            // The first failure is the one to tell, also when the record cannot be written because of it.
            try? finish(&record, .failed, "\(error)", folder)
            throw error
        }
    }

    /// Work with a server that keeps its thread waiting.
    private static func blocking<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value
    {
        try await WorkerThread.run { Result { try body() } }.get()
    }

    // MARK: The record

    private static func profile(_ external: ExternalTrial) -> ProfileDescription {
        ProfileDescription(
            name: "external", requested: [:], enforced: [:], observed: [:],
            notEnforced: [
                "processors, memory and storage: the server is somebody else's (external); it is recorded as it is and never limited"
            ])
    }

    private func describe(_ archive: ExternalArchive, _ record: inout RunRecord) {
        record.targets = [target(archive, sizes: [])]
        record.variant.settings = archive.settings
        record.variant.adaptations = archive.differences
        if let identity = archive.identity { record.profile.name += "-\(identity)" }
        record.profile.observed["network"] =
            "a statement that does nothing took \(Words.milliseconds(archive.roundTrip)) from here and back, the median of \(ExternalArchive.roundTrips)"
    }

    private func target(_ archive: ExternalArchive, sizes: [SizeRow]) -> TargetDescription {
        TargetDescription(
            kind: "external", serverVersion: archive.serverVersion, schemaVersion: request.schemaVersion,
            history: archive.history, binaries: "not known, another server's", dataChecksums: archive.dataChecksums,
            sizes: sizes)
    }

    // MARK: After the load

    /// Ends statements that the load left behind, and looks at the archive.
    private func look(_ external: ExternalTrial, _ result: LoadResult, _ record: inout RunRecord) async {
        report(.finishing, left: 2)
        let seen = await Self.outcome {
            let connection = try Connection.open(external.preparing)
            let ended = try ExternalArchiveBuilder.cancelLeftovers(connection, of: external.measured)
            let inspector = ArchiveInspector(connection)
            return (ended, try inspector.sizes(), try? inspector.shape())
        }
        switch seen {
        case .success(let (ended, sizes, shape)):
            if ended > 0 {
                let end = record.phases.measureStartSeconds + (record.phases.measuredSeconds ?? 0)
                record.events.append(
                    TrialEvent(
                        atSeconds: end + (record.phases.drainedSeconds ?? 0), kind: "statements.cancelled",
                        detail: "\(ended) that were not over at the end of the drain"))
            }
            if !record.targets.isEmpty {
                record.targets[0].sizes = sizes.map { SizeRow(name: $0.name, bytes: $0.bytes) }
            }
            record.traffic?.selfChecks = TrafficAssembly.selfChecks(request.offered, shape, result)
        case .failure(let error):
            record.notCollected.append("relation sizes at the end: \(error)")
            if record.ending == .completed, (error as? PostgresError)?.isConnectionFailure == true {
                record.ending = .serverLost
                record.endingDetail = "the server could not be reached at the end of the trial"
            }
        }
    }

    /// Takes the archive away again, however the trial ended.
    private func tidy(
        _ builder: ExternalArchiveBuilder, _ claim: ExternalArchiveBuilder.Claim, _ record: inout RunRecord
    ) async {
        guard !builder.external.keepsArchive else { return withExtendedLifetime(claim) {} }
        if case .failure(let error) = await Self.outcome({ try builder.empty(claim) }) {
            record.notCollected.append(
                "the archive is still in the marked database, which could not be emptied: \(error)")
        }
    }

    private static func outcome<Value: Sendable>(
        _ body: @escaping @Sendable () throws -> Value
    ) async -> Result<Value, any Error> {
        do {
            return .success(try await blocking(body))
        } catch {
            return .failure(error)
        }
    }
}
