import Experiment
import Glibc
import LoadRunner
import RunRecord
import TestSupport
import Testbed
import Testing
import WakuModel
import Workload

/// Closed loops, from the length of their sequence to the finished record.
@Suite(.ownThreads) struct ClosedLoopTests {
    private let second: UInt64 = 1_000_000_000

    private struct Silent: TrialObserver {
        func report(_ progress: TrialProgress) {}
    }

    private func request(
        _ spec: WorkloadSpec, clients: Int?, rateScale: Double = 1, _ folder: TemporaryFolder, _ home: String
    ) async throws -> TrialRequest {
        TrialRequest(
            workload: spec, variant: try TestServers.variant([:]), schemaVersion: 8, seed: 1, rateScale: rateScale,
            closedClients: clients, installation: try await TestServers.installation(),
            registry: ClusterRegistry(home: home), dataDirectory: nil, schemaFolder: "\(packageRoot)/sql/schema",
            recordFolder: "\(folder.path)/run", runID: "test", keepCluster: false, toolVersion: "test",
            command: "archivebench run", wallClock: { 1_767_636_000 })
    }

    private func trial(_ spec: WorkloadSpec, clients: Int?, rateScale: Double = 1) async throws -> RunRecord {
        let (folder, home) = (try TemporaryFolder(), newHome())
        defer { rmdir(home) }
        let request = try await request(spec, clients: clients, rateScale: rateScale, folder, home)
        let outcome = try await TrialRunner(request, observer: Silent(), control: TrialControl()).run()
        #expect(names(in: home).isEmpty)
        return try outcome.folder.readRecord()
    }

    // MARK: The sequence

    /// So many operations a second, by the plan's own count, and twice as many where that is asked for.
    @Test func theSequenceLasts() async throws {
        let folder = try TemporaryFolder()
        let spec = try TestWorkloads.everything(warmUp: "0s", measure: "2s")
        let request = try await request(spec, clients: 4, folder, "/nonexistent")
        let plan = TrialPlan(request)
        let planned = Double(plan.operations.values.reduce(0, +))
        #expect(abs(planned / (2 * ClosedLoop.sequenceRate) - 1) < 0.03, "\(planned)")
        #expect(request.offeredScale == ClosedLoop.factor(spec) && request.offeredScale > 50)
        let double = try await self.request(spec, clients: 4, rateScale: 2, folder, "/nonexistent")
        #expect(double.offeredScale == 2 * request.offeredScale)
        let open = try await self.request(spec, clients: nil, folder, "/nonexistent")
        #expect(open.offeredScale == 1 && TrialPlan(open).digest != plan.digest)
    }

    /// As many messages as before lie between a message and what concerns it, and the history is the one it was.
    @Test func theMixStaysWhatItWas() async throws {
        let folder = try TemporaryFolder()
        let spec = try TestWorkloads.everything()
        let request = try await request(spec, clients: 4, folder, "/nonexistent")
        let (offered, factor) = (request.offered, request.offeredScale)
        #expect(abs(Double(offered.writers.duplicateGap.upperBound) - 50e6 / factor) < 2)
        let ages = offered.queries.compactMap { ($0.shape as? NamedHashes)?.age }
        #expect(ages.count == 3 && abs(Double(ages[0].upperBound) - 2e9 / factor) < 2)
        let (loop, open) = (Traffic(offered, seed: 1), Traffic(spec, seed: 1))
        for number in stride(from: Int64(0), to: 2_000, by: 99) {
            let (one, other) = (loop.message(number), open.message(number))
            #expect(one.1.hash(on: one.0) == other.1.hash(on: other.0))
        }
    }

    @Test func aBusyWorkloadIsLeftAsItIs() throws {
        let spec = try TestWorkloads.clockwork(rate: "50000/s", measure: "1s")
        #expect(ClosedLoop.factor(spec) == 1)
        #expect(ClosedLoop.factor(try TestWorkloads.clockwork(rate: "0/s", measure: "1s")) == 1)
        #expect(ClosedLoop.factor(try TestWorkloads.clockwork(rate: "100/s", measure: "1s")) == 100)
    }

    // MARK: Rules

    private func load(_ pacing: Pacing) throws -> LoadResult {
        let spec = try TestWorkloads.clockwork(rate: "9000/s", measure: "2s", drain: "100ms")
        var result = LoadRunner.simulate(spec, seed: 1, pacing: pacing) { _ in
            SimulatedTarget(connections: 2) { _ in 1_000_000 }
        }
        // Simulated seconds pass in no time, and the thread's processor time has nothing to do with them.
        result.cpu = result.measured / 10
        return result
    }

    @Test func rulesOfAScheduleAreLeftOut() throws {
        let pacing = Pacing.closed(clients: 40)
        let result = try load(pacing)
        let (findings, gaps) = ValidityRules.judge(.completed, result, LoadSight(), pacing)
        #expect(
            findings.map(\.rule) == ["ran-to-plan", "accounting-identity", "failures", "generator-cpu"]
                && findings.allSatisfy(\.holds))
        #expect(gaps.contains(ValidityRules.noSchedule))
        // The same rates to a schedule break them.
        let open = ValidityRules.judge(.completed, try load(.open), LoadSight())
        #expect(!open.gaps.contains(ValidityRules.noSchedule))
        #expect(open.findings.contains { $0.rule == "kept-up" && !$0.holds })
        // A generator without a processor to spare is the first to be looked for.
        var saturated = result
        saturated.cpu = result.measured * 9 / 10
        let broken = ValidityRules.judge(.completed, saturated, LoadSight(), pacing).findings.filter { !$0.holds }
        #expect(broken.map(\.rule) == ["generator-cpu"])
    }

    private func series(_ completed: (Int) -> Int, p50: (Int) -> Double = { _ in 5 }) -> LoadSeries {
        var series = LoadSeries()
        for second in 0..<40 {
            let count = completed(second)
            let one = ClassSecond(
                scheduled: count, completed: count, failed: 0, p50Ms: p50(second), p99Ms: nil, maxMs: nil)
            series.add(SecondSample(second: second, phase: "measure", classes: ["put": one]))
        }
        return series
    }

    /// In a schedule all of what was due was done, whatever the rate: no trend. Here the rate is the answer.
    @Test func completionsAreWhatMustBeSteady() throws {
        let rising = series { 100 + 5 * $0 }
        #expect(SteadyState(rising, chance: 0.01).drifts == nil)
        let found = try #require(SteadyState(rising, chance: 0.01, isClosed: true).drifts)
        #expect(found.hasPrefix("completions a second rose by "))
        let flat = SteadyState(series { 100 + $0 % 3 }, chance: 0.01, isClosed: true)
        #expect(flat.drifts == nil && flat.judged == 2 && !flat.followsOffer)
        // Latency that doubles while the rate halves is told beside it.
        let slowing = SteadyState(series({ 200 - 2 * $0 }, p50: { 5 + Double($0) / 8 }), chance: 0.01, isClosed: true)
        #expect(slowing.drifts?.contains("completions a second fell by ") == true)
        #expect(slowing.drifts?.contains("p50 of put rose by ") == true)
    }

    // MARK: On a real server

    @Test func aTrialTakesAsMuchAsItIsAnswered() async throws {
        let record = try await trial(try TestWorkloads.everything(warmUp: "1s", measure: "3s"), clients: 4)
        #expect(record.ending == .completed && record.closedClients == 4 && record.workload.rateScale > 50)
        #expect(record.phases.measuredSeconds == 3 && record.throughput > 0)
        #expect(record.accounting.values.allSatisfy { $0.identityHolds && $0.backlog == 0 && $0.failed == 0 })
        #expect(record.classes.count > 8)
        // What is not judged is not judged, and says so.
        #expect(
            record.objectives.count == 2 && record.objectives.allSatisfy { $0.holds == nil && $0.observedMs == nil })
        #expect(record.classes.values.allSatisfy { $0.goodputPerSecond == nil })
        #expect(record.notCollected.contains(ValidityRules.noSchedule))
        #expect(Set(record.validity.map(\.rule)).isDisjoint(with: ["kept-up", "achieved", "generator-lag"]))
        #expect(record.generator.lagMs?.max == 0)
        // Messages came in at the moment at which they were taken.
        let bandwidth = try #require(record.traffic).bandwidth
        let puts = record.accounting["put"]?.scheduled ?? 0
        let arrived = bandwidth.reduce(0) { $0 + $1.messagesIn }
        #expect(abs(arrived - puts) < 2_000 && arrived > 0, "\(arrived) \(puts)")
        #expect(record.traffic?.distortions.first?.hasPrefix("Closed loop") == true)
        try expectSplit(record)
    }

    @Test func anOpenTrialSaysWhereTheTimeWentToo() async throws {
        let record = try await trial(try TestWorkloads.everything(warmUp: "0s", measure: "3s"), clients: nil)
        #expect(record.pacing == PacingDescription() && record.closedClients == nil)
        try expectSplit(record)
    }

    /// The parts make the whole, but for what a node does between two statements.
    private func expectSplit(_ record: RunRecord) throws {
        var looked = 0
        for (name, summary) in record.classes {
            guard let response = summary.responseMs, response.count >= 20 else { continue }
            let waits = try #require(summary.waitsMs)
            let sum = waits.schedule.mean + waits.connection.mean + waits.firstByte.mean + waits.transfer.mean
            // The histograms tell three digits, and a microsecond, apart.
            #expect(sum <= response.mean * 1.002 + 0.004, "\(name): \(sum) of \(response.mean)")
            #expect(sum >= response.mean * 0.8, "\(name): \(sum) of \(response.mean)")
            #expect(waits.connection.count == response.count && waits.transfer.count == response.count)
            looked += 1
        }
        #expect(looked >= 4)
    }

    /// One operation in a thousand of what the loop could take: it ends early, and nobody interrupted it.
    @Test func aSequenceThatEndsIsNoInterruption() async throws {
        let spec = try TestWorkloads.everything(warmUp: "0s", measure: "20s")
        let record = try await trial(spec, clients: 4, rateScale: 0.001)
        #expect(record.ending == .completed && record.endingDetail == nil)
        let measured = try #require(record.phases.measuredSeconds)
        #expect(measured > 0 && measured < 20)
        let event = try #require(record.events.first { $0.kind == RunRecord.sequenceEndedEvent })
        #expect(event.atSeconds <= measured && event.detail.contains("--rate-scale"))
        #expect(record.accounting.values.allSatisfy { $0.identityHolds && $0.abandoned == 0 })
        let begun = record.accounting.values.reduce(0) { $0 + $1.scheduled }
        #expect(begun >= 150)
    }

    @Test func aSequenceThatEndsInWarmUpIsAFailure() async throws {
        let spec = try TestWorkloads.everything(warmUp: "20s", measure: "1s")
        let record = try await trial(spec, clients: 4, rateScale: 0.000_1)
        #expect(record.ending == .failed && !record.valid)
        #expect(record.endingDetail?.contains("the sequence of operations ended in the warm-up") == true)
    }
}
