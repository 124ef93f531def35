import ArchiveDriver
import FoundationEssentials
import LinuxSystem
import LoadRunner
import PostgresClient
import RunRecord
import Testbed
import WakuModel
import Workload

/// Runs one trial from an empty folder to a finished record.
public struct TrialRunner: Sendable {
    /// A finished trial.
    public struct Outcome: Sendable {
        public let record: RunRecord
        public let folder: RecordFolder
        /// The cluster that was kept, if it was asked for and still works.
        public let kept: ClusterRecord?
    }

    let request: TrialRequest
    let observer: any TrialObserver
    let control: TrialControl

    public init(_ request: TrialRequest, observer: any TrialObserver, control: TrialControl) {
        self.request = request
        self.observer = observer
        self.control = control
    }

    /// Runs the trial. The record on disk is complete JSON at any moment, whatever happens, and no cluster outlives the
    /// call unless it was asked to be kept.
    ///
    /// - Throws: `TestbedProblem`, `PostgresError`, `RecordFolder.Problem`: what kept the trial from being run. An
    ///   invalid, interrupted or broken-off trial is no error but an outcome.
    public func run() async throws -> Outcome {
        #if DEBUG
            throw TestbedProblem("this is a debug build, which measures itself; build with -c release")
        #else
            if let external = request.external { return try await measured(on: external) }
            return try await measured()
        #endif
    }

    private func measured() async throws -> Outcome {
        let plan = try await prepare()
        let (variant, adaptations) = request.variant.fitted(toMemory: request.serverMemory)
        let folder = try RecordFolder.create(path: request.recordFolder)
        var record = newRecord(plan, variant, adaptations)
        try writeSources(folder, &record)
        try folder.write(record)
        do {
            var archive = try await build(variant)
            do {
                record.variant.applied = try await archive.patched(by: variant, for: request)
                try await archive.startAnew()
                let result = try await load(archive, &record, folder)
                let kept = try await close(archive, result, &record, folder)
                return Outcome(record: record, folder: folder, kept: kept)
            } catch {
                await archive.remove()
                throw error
            }
        } catch is TrialInterrupted {
            try finish(&record, .interrupted, "ended while history was being loaded", folder)
            return Outcome(record: record, folder: folder, kept: nil)
        } catch {
            // The first failure is the one to tell, also when the record cannot be written because of it.
            try? finish(&record, .failed, "\(error)", folder)
            throw error
        }
    }

    // MARK: Stages

    private func prepare() async throws -> TrialPlan {
        let (request, control) = (request, control)
        report(.planning, left: nil)
        try request.registry.prepare()
        try TrialPlan.checkDisk(request)
        try TrialPlan.checkDescriptors(request.offered, request.driver)
        try TrialPlan.checkMemory(request)
        let plan = try await WorkerThread.run { TrialPlan(request) { !control.isStopping } }
        if control.isStopping { throw TrialInterrupted() }
        try request.workload.checkTrace()
        return plan
    }

    private func build(_ variant: Variant) async throws -> BuiltArchive {
        report(.cluster, left: nil)
        return try await ArchiveBuilder(request, variant: variant, control: control).build(
            purpose: "run \(request.runID)", progress: historyProgress())
    }

    /// Tells the observer of rows loaded, from now on.
    func historyProgress() -> @Sendable (Int) -> Void {
        let total = request.workload.history.rows
        let (observer, phases, started) = (observer, loadSeconds, Clock.now())
        return { rows in
            let elapsed = Double(Clock.now() - started) / 1e9
            let rate = rows > 5_000 ? Double(rows) / elapsed : TrialPlan.assumedLoadRate
            observer.report(
                TrialProgress(
                    stage: .history, secondsLeft: Double(total - rows) / rate + phases, rows: (rows, total),
                    failed: 0))
        }
    }

    private func load(
        _ archive: BuiltArchive, _ record: inout RunRecord, _ folder: RecordFolder
    ) async throws -> LoadResult {
        record.targets = [target(archive, sizes: [])]
        if let note = archive.note { record.notCollected.append("the filled cluster for the next run: \(note)") }
        record.variant.settings = archive.settings
        try folder.write(record)
        var parameters = archive.cluster.record.parameters()
        parameters.roundTrip = request.profile?.roundTrip ?? 0
        return try await load(
            TrialSite(
                parameters: parameters, databases: archive.cluster.record.archives,
                telemetry: TelemetryPlace(archive, request), isServerThere: { await archive.cluster.isRunning },
                generator: archive.cluster.limits?.generator, machine: MachineWatch(request, archive)),
            &record, folder)
    }

    /// Offers the load to an archive that is ready for it, and fills the record.
    func load(_ site: TrialSite, _ record: inout RunRecord, _ folder: RecordFolder) async throws -> LoadResult {
        let (parameters, databases) = (site.parameters, site.databases)
        let schema = try ArchiveSchema(version: request.schemaVersion, folder: request.schemaFolder)
        try await HashCheck.check(request.driver, at: site.telemetry.archives[0])
        let plan = request.loadPlan
        let telemetry = await TrialTelemetry.begin(request, at: site.telemetry, plan, control.load, folder)
        let watch = LoadWatch(
            plan: plan, labels: Traffic(request.offered, seed: request.seed).labels, control: control,
            isServerThere: site.isServerThere, observer: observer, folder: folder)
        var machine = site.machine
        await machine?.look()
        let everywhere = ProcessorSet.allowed
        try site.generator?.confineProcess()
        async let watched = watch.follow()
        let result: LoadResult
        do {
            let (offered, seed, driver) = (request.offered, request.seed, request.driver)
            result = try await LoadRunner.run(
                plan, control: control.load, makeSource: { Traffic(offered, seed: seed, walk: .extendable) }
            ) { traffic in
                try ArchiveTarget(
                    parameters, databases: databases, traffic: traffic, schema: schema, behaviour: driver)
            }
        } catch {
            watch.loadEnded()
            _ = await watched
            await telemetry.stop()
            try? everywhere.confineProcess()
            throw error
        }
        watch.loadEnded()
        let sight = await watched
        try everywhere.confineProcess()
        await machine?.look()
        fill(&record, result)
        record.note(sight.stalls)
        await telemetry.finish(&record, folder)
        if let failure = sight.failure { throw failure }
        try request.workload.checkTrace()
        if sight.serverLost {
            record.ending = .serverLost
            record.endingDetail = "the database server ended during the trial"
        } else {
            (record.ending, record.endingDetail) = ClosedLoop.ending(result, planned: plan.phases.measure)
        }
        let (findings, gaps) = ValidityRules.judge(record.ending, result, sight, plan.pacing)
        record.validity = findings + ServerRules.judge(record.server, measuredFrom: record.phases.measureStartSeconds)
        record.notCollected += gaps
        machine?.fill(&record)
        record.valid = record.validity.allSatisfy(\.holds)
        noteWarmUp(&record, sight)
        return result
    }

    private func close(
        _ archive: BuiltArchive, _ result: LoadResult, _ record: inout RunRecord, _ folder: RecordFolder
    ) async throws -> ClusterRecord? {
        report(.finishing, left: 2)
        let running = await archive.cluster.isRunning
        let inspector = FleetInspector(archive.cluster.record.archiveParameters)
        if running, let sizes = try? inspector.sizes() {
            record.targets = [target(archive, sizes: sizes.map { SizeRow(name: $0.name, bytes: $0.bytes) })]
            let shape = try? inspector.shape()
            let checks = TrafficAssembly.selfChecks(request.offered, shape, result)
            record.traffic?.selfChecks = checks
        } else {
            record.notCollected.append("relation sizes at the end: the server was gone")
        }
        var kept: ClusterRecord?
        if request.keepCluster && running {
            kept = try await archive.cluster.keep()
        } else {
            await archive.cluster.stop(running ? .fast : .immediate)
        }
        if let log = FileManager.default.contents(atPath: archive.cluster.record.logFile) {
            do {
                try folder.write(String(decoding: log.suffix(Self.longestLog), as: UTF8.self), to: .serverLog)
            } catch {
                record.notCollected.append("the server's log: \(error)")
            }
        }
        if kept == nil { await archive.remove() }
        try finish(&record, record.ending, record.endingDetail, folder)
        return kept
    }

    /// A longer server log is kept by its end, bytes.
    private static let longestLog = 20_000_000

    // MARK: The record

    /// Copies of the files that the trial was made from; what could not be copied is noted.
    func writeSources(_ folder: RecordFolder, _ record: inout RunRecord) throws {
        try folder.write(request.workload.text, to: .workload)
        for overlay in request.overlays { try folder.write(overlay.text, overlay: overlay.name) }
        try folder.write(request.variant.text, to: .variant)
        if let profile = request.profile { try folder.write(profile.text, to: .profile) }
        if let gap = try FitCopy.copy(request.workload.fit, to: folder) { record.notCollected.append(gap) }
    }

    func finish(
        _ record: inout RunRecord, _ ending: RunRecord.Ending, _ detail: String?, _ folder: RecordFolder
    ) throws {
        record.ending = ending
        record.endingDetail = detail
        record.endedAt = UTCTime(seconds: request.wallClock()).iso8601
        if ending != .completed { record.valid = false }
        if record.validity.isEmpty {
            record.validity = [
                ValidityFinding(
                    rule: "ran-to-plan", holds: false, observed: ending.rawValue, threshold: "completed",
                    reason: "a trial cut short has seen only a part of its workload")
            ]
        }
        try folder.append(record.events, to: .events)
        try folder.write(record)
    }

    private func fill(_ record: inout RunRecord, _ result: LoadResult) {
        let plan = request.loadPlan
        record.accounting = RecordAssembly.accounting(result, \.measure)
        record.warmUpAccounting = RecordAssembly.accounting(result, \.warmUp)
        record.classes = RecordAssembly.classes(result, goodLimits: plan.goodLimits(result.labels))
        record.objectives = RecordAssembly.objectives(result, request.workload.objectives, plan.pacing)
        record.generator = RecordAssembly.generator(result)
        record.aspects = RecordAssembly.aspects(result)
        record.traffic = TrafficAssembly.summary(request.offered, seed: request.seed, result, plan.pacing)
        record.phases.measuredSeconds = Double(result.measured) / 1e9
        record.phases.drainedSeconds = Double(result.drained) / 1e9
        record.phases.warmedUpSeconds = Double(result.warmedUp) / 1e9
        let warmUp = record.phases.measureStartSeconds
        record.events = [
            TrialEvent(atSeconds: 0, kind: "phase.warm-up", detail: "load begins"),
            TrialEvent(atSeconds: warmUp, kind: "phase.measure", detail: "what is due from here on counts"),
            TrialEvent(
                atSeconds: warmUp + Double(result.measured) / 1e9, kind: "phase.drain",
                detail: "nothing new is due; what is under way is waited for"),
        ]
        record.events += result.events.map {
            TrialEvent(
                atSeconds: (Double($0.at) - Double(result.started)) / 1e9, kind: $0.kind, detail: $0.detail)
        }
        record.events += [ClosedLoop.event(result)].compactMap { $0 }
        record.events.sort { $0.atSeconds < $1.atSeconds }
    }

    private func noteWarmUp(_ record: inout RunRecord, _ sight: LoadSight) {
        if let first = sight.extensions.first {
            let times = sight.extensions.count == 1 ? "" : "\(sight.extensions.count) steps, the first because "
            record.phases.warmUpReason = times + first.reason
        }
        record.events += sight.extensions.map {
            TrialEvent(
                atSeconds: $0.at, kind: "phase.warm-up-extended", detail: "by \(Words.seconds($0.by)): \($0.reason)")
        }
        record.events.sort { $0.atSeconds < $1.atSeconds }
    }

    private func target(_ archive: BuiltArchive, sizes: [SizeRow]) -> TargetDescription {
        TargetDescription(
            kind: "managed", serverVersion: archive.serverVersion, schemaVersion: request.schemaVersion,
            history: archive.history, binaries: request.installation.version,
            dataChecksums: request.variant.dataChecksums, sizes: sizes)
    }

    func newRecord(_ plan: TrialPlan, _ variant: Variant, _ adaptations: [String]) -> RunRecord {
        let spec = request.workload
        let host = HostDescription.here(request.dataDirectory ?? request.registry.home)
        var record = RunRecord(
            runId: request.runID, toolVersion: request.toolVersion,
            startedAt: UTCTime(seconds: request.wallClock()).iso8601, digest: plan.digest, seed: request.seed,
            variant: VariantDescription(
                name: variant.name, summary: variant.summary, schemaVersion: request.schemaVersion,
                driver: request.driver.name, driverChanges: request.driver.changes, settings: [],
                adaptations: adaptations),
            profile: request.describeProfile(host),
            host: host,
            workload: WorkloadDescription(
                name: spec.name, summary: spec.summary, fileDigest: FileDigest.of(spec.text),
                overlays: request.overlays.map(\.name), rateScale: request.offeredScale, nodes: spec.fleet.nodes,
                archiveEpoch: UTCTime(seconds: spec.archiveEpoch).iso8601,
                shards: plan.shards),
            phases: PhaseDescription(
                warmUpSeconds: Double(spec.phases.warmUp) / 1e9, measureSeconds: Double(spec.phases.measure) / 1e9,
                drainLimitSeconds: Double(spec.phases.drainLimit) / 1e9),
            command: request.command)
        record.workload.trace = TraceDescription(of: spec)
        record.workload.databases = spec.fleet.isDivided ? spec.fleet.databases : nil
        record.pacing = PacingDescription(clients: request.closedClients)
        record.calibration = StoredCalibration.quote(in: request.registry)
        return record
    }

    // MARK: Progress

    var loadSeconds: Double { Double(request.workload.phases.offered) / 1e9 + 4 }

    func report(_ stage: TrialProgress.Stage, left: Double?) {
        let estimate = left ?? loadSeconds + 4 + Double(request.workload.history.rows) / TrialPlan.assumedLoadRate
        observer.report(TrialProgress(stage: stage, secondsLeft: estimate, failed: 0))
    }
}
