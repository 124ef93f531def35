import Comparison
import FoundationEssentials
import LinuxSystem
import LoadRunner
import Measurement
import RunRecord
import Statistics
import Testbed
import WakuModel
import Workload

/// Runs one comparison side by side, from an empty folder to a finished record.
public struct ComparisonRunner: Sendable {
    /// A finished comparison.
    public struct Outcome: Sendable {
        /// As it is on disk.
        public let record: ComparisonRecord
        /// Where it lies.
        public let folder: ComparisonFolder
        /// Whether a person ended it early.
        public let wasInterrupted: Bool
    }

    let request: ComparisonRequest
    let observer: any ComparisonObserver
    let control: TrialControl

    /// - Parameters:
    ///   - request: what is compared.
    ///   - observer: told how it goes.
    ///   - control: ends it early; the record is finished and kept.
    public init(_ request: ComparisonRequest, observer: any ComparisonObserver, control: TrialControl) {
        self.request = request
        self.observer = observer
        self.control = control
    }

    /// Runs the comparison. The record on disk is complete JSON at any moment, and no cluster outlives the call.
    ///
    /// - Returns: the outcome; an invalid, interrupted or broken-off comparison is one.
    /// - Throws: ``SideFailure``, `TestbedProblem`, `PostgresError`, `ComparisonFolder.Problem`, ``TrialInterrupted``: what
    ///   kept the comparison from taking its first slice.
    public func run() async throws -> Outcome {
        #if DEBUG
            throw TestbedProblem("this is a debug build, which measures itself; build with -c release")
        #else
            return try await measured()
        #endif
    }

    private func measured() async throws -> Outcome {
        let plan = try ComparisonPlan(request)
        let (request, observer) = (request.lasting(plan.phases), observer)
        try request.base.trial.registry.prepare()
        try ComparisonPlan.check(request)
        observer.report(ComparisonProgress(stage: "planning", secondsLeft: plan.seconds))
        var offer = request.rate == .probed ? nil : try await Offer.asGiven(request, control)
        var sides = try await SideSet.make(request, control) { stage, left in
            observer.report(ComparisonProgress(stage: stage, secondsLeft: left + request.budgetSeconds))
        }
        do {
            if offer == nil {
                observer.report(ComparisonProgress(stage: "probing the rate", secondsLeft: request.budgetSeconds))
                offer = try await Offer.probed(sides, request, control)
            }
            guard let offer else { preconditionFailure("a rate is given or probed") }
            try sides.offer(offer.spec)
            let outcome = try await run(sides, plan, offer)
            await sides.remove()
            return outcome
        } catch {
            await sides.remove()
            throw error
        }
    }

    // MARK: Slices

    private func run(_ sides: SideSet, _ plan: ComparisonPlan, _ offered: Offer) async throws -> Outcome {
        let wall = Clock.wallMilliseconds()
        let folder = try ComparisonFolder.create(
            path: request.folder, startedAt: wall, date: UTCTime(seconds: wall / 1_000).iso8601)
        var record = newRecord(sides, plan, offered)
        try copyInputs(to: folder)
        try folder.write(record)
        for side in sides.servers { try await side.checkpoint() }
        var evidence: [SideEvidence] = []
        do {
            for side in sides.servers {
                evidence.append(try await SideEvidence(side, record, seconds: 2 * request.budgetSeconds, in: folder))
            }
        } catch {
            for one in evidence { await one.stop() }
            throw error
        }
        let begun = Clock.now()
        var course = ComparisonCourse(request, plan, sides, folder, control, observer)
        let everywhere = ProcessorSet.allowed
        do {
            try sides.keepGeneratorApart()
            for side in sides.servers { try await side.load.start() }
            try await course.run(&record)
        } catch {
            for one in evidence { await one.stop() }
            for side in sides.servers { _ = await side.load.end() }
            try? everywhere.confineProcess()
            // There is no slice to tell of.
            try? FileManager.default.removeItem(atPath: folder.path)
            throw error
        }
        try everywhere.confineProcess()
        await close(sides, evidence, &record, &course, seconds: Double(Clock.now() - begun) / 1e9)
        record.endedAt = UTCTime(seconds: request.base.trial.wallClock()).iso8601
        try folder.write(record)
        return Outcome(record: record, folder: folder, wasInterrupted: course.ending == .interrupted)
    }

    private func close(
        _ sides: SideSet, _ evidence: [SideEvidence], _ record: inout ComparisonRecord,
        _ course: inout ComparisonCourse,
        seconds: Double
    ) async {
        observer.report(ComparisonProgress(stage: "finishing", secondsLeft: Double(sides.servers.count)))
        for (index, side) in sides.servers.enumerated() {
            // Before its connections are closed: what each of them keeps is a part of it.
            record.sides[index].memoryBytes = await side.memory
            if record.sides[index].memoryBytes == nil {
                record.notCollected.append("\(side.name): memory of the server's processes: the kernel does not tell")
            }
            let result = await side.load.end()
            record.notCollected += await evidence[index].finish(
                &record.sides[index], side, result, seconds: seconds)
            if let result { course.note(result) }
        }
        (record.validity, record.valid) = (course.findings(record), false)
        record.valid = record.validity.allSatisfy(\.holds)
        record.notCollected += course.gaps
        record.threats += course.threats(record)
    }

    // MARK: The record

    private func copyInputs(to folder: ComparisonFolder) throws {
        let trial = request.base.trial
        try folder.write(trial.workload.text, to: .workload)
        for overlay in trial.overlays {
            try folder.write(overlay.text, file: "overlay-\(SideEvidence.plain(overlay.name)).yaml")
        }
        if let profile = trial.profile { try folder.write(profile.text, file: "profile.yaml") }
        for side in request.sides {
            try folder.write(side.trial.variant.text, file: "sides/\(SideEvidence.plain(side.name))/variant.yaml")
        }
    }

    private func newRecord(_ sides: SideSet, _ plan: ComparisonPlan, _ offered: Offer) -> ComparisonRecord {
        let trial = request.base.trial
        let spec = offered.spec
        let host = HostDescription.here(trial.dataDirectory ?? trial.registry.home)
        var profile = trial.profile.map { _ in trial.describeProfile(host) }
        if let limits = sides.servers.first?.archive.cluster.limits {
            profile?.enforced = ProfileSight.named(limits.enforced)
            profile?.notEnforced = limits.notEnforced
        }
        var record = ComparisonRecord(
            comparisonId: request.comparisonID, toolVersion: trial.toolVersion,
            startedAt: UTCTime(seconds: trial.wallClock()).iso8601, command: trial.command, seed: trial.seed,
            digest: offered.digest,
            workload: WorkloadDescription(
                name: spec.name, summary: spec.summary, fileDigest: FileDigest.of(spec.text),
                overlays: trial.overlays.map(\.name), rateScale: offered.scale, nodes: spec.fleet.nodes,
                archiveEpoch: UTCTime(seconds: spec.archiveEpoch).iso8601, shards: offered.shards),
            host: host, profile: profile,
            rule: ComparisonRule(
                margin: request.margin, confidence: request.confidence, mode: request.mode,
                isOpenLoop: !request.isClosed, clients: trial.closedClients,
                sliceSeconds: Double(request.sliceSeconds), looks: plan.looks, budgetSeconds: request.budgetSeconds,
                leastPerSlice: request.leastPerSlice, primary: [], isAA: request.isAA),
            sides: sides.servers.map(\.compared))
        record.workload.trace = TraceDescription(of: spec)
        record.workload.databases = spec.fleet.isDivided ? spec.fleet.databases : nil
        record.calibration = StoredStatistics.lines(in: trial.registry)
        if let messages = offered.probeMessages {
            record.threats.append(
                "the rate was probed on the archives themselves, which stored other messages meanwhile: "
                    + messages.map { "\($0.side) \($0.count)" }.joined(separator: ", "))
        }
        return record
    }
}
