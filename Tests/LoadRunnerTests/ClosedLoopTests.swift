import LinuxSystem
import LoadRunner
import Measurement
import Synchronization
import TestSupport
import Testing
import WakuModel
import Workload

/// Clients that begin when they have been answered. Simulated time, but for the last.
@Suite struct ClosedLoopTests {
    private static let millisecond: UInt64 = 1_000_000
    private let millisecond = Self.millisecond

    private typealias Diary = DiaryTarget<SimulatedTarget>

    private func run(
        _ spec: WorkloadSpec, clients: Int, connections: Int = 100, service: @escaping (Operation) -> UInt64,
        counts: @escaping (Operation) -> Bool = { _ in true }
    ) throws -> (LoadResult, Diary) {
        var made: Diary?
        let result = LoadRunner.simulate(spec, seed: 1, pacing: .closed(clients: clients)) { _ in
            let target = DiaryTarget(
                SimulatedTarget(connections: connections, serviceTime: service), counts: counts)
            made = target
            return target
        }
        return (result, try #require(made))
    }

    /// Four clients, answered after a millisecond: four a millisecond, whatever the schedule says.
    @Test func throughputIsClientsOverServiceTime() throws {
        var spec = try TestWorkloads.clockwork(rate: "9000/s", measure: "2s")
        spec.phases.warmUp = 1_000 * millisecond
        let (result, target) = try run(spec, clients: 4) { _ in Self.millisecond }
        let put = result.results[0]
        #expect(put.warmUp.scheduled == 4_000 && put.measure.scheduled == 8_000)
        #expect(put.measure.completed == 8_000 && put.inPhase == 8_000)
        #expect(put.measure.backlog == 0 && put.measure.identityHolds && put.warmUp.identityHolds)
        #expect(target.mostInFlight == 4 && target.diary.count == 12_000)
        #expect(result.measured == 2_000 * millisecond && result.sequenceEnded == nil)
        // In the order of the sequence, each exactly once.
        #expect(target.diary.map(\.operation.number) == Array(0..<12_000))
        #expect(result.generatorLag.max == 0)
        let median = Double(put.response.value(at: 0.5) ?? 0)
        #expect(abs(median - 1e6) < 2_000)
    }

    /// Half of the clients wait for a connection, as long as they are served.
    @Test func moreClientsThanConnectionsWaitForOne() throws {
        let spec = try TestWorkloads.clockwork(rate: "9000/s", measure: "1s")
        let (result, target) = try run(spec, clients: 4, connections: 2) { _ in Self.millisecond }
        let put = result.results[0]
        // Begun at 0 and each millisecond, or two at a time: the last two wait when the phase ends, and are no backlog.
        #expect(put.inPhase == 2_000 && put.measure.scheduled == 2_002)
        #expect(put.measure.backlog == 0 && put.measure.identityHolds)
        #expect(target.mostInFlight == 4)
        #expect(abs(Double(put.connectionWait.value(at: 0.5) ?? 0) - 1e6) < 2_000)
        #expect(abs(Double(put.firstByteWait.value(at: 0.5) ?? 0) - 1e6) < 2_000)
    }

    @Test(arguments: [Pacing.open, .closed(clients: 7)]) func theWaitsMakeTheResponseTime(_ pacing: Pacing) throws {
        let spec = try TestWorkloads.everything(warmUp: "0s", measure: "5s")
        var made: Diary?
        let result = LoadRunner.simulate(spec, seed: 3, pacing: pacing) { _ in
            let target = DiaryTarget(
                SimulatedTarget(
                    connections: 3, stalls: [.init(start: 700 * millisecond, length: 50 * millisecond)]
                ) { UInt64($0.number % 7 + 1) * Self.millisecond })
            made = target
            return target
        }
        let diary = try #require(made).diary
        for entry in diary {
            let completion = try #require(entry.completion)
            let waits = completion.waits
            let schedule = entry.begun - entry.operation.due
            #expect(
                schedule + waits.connection + waits.firstByte + waits.transfer == completion.done - entry.operation.due)
        }
        #expect(diary.count > 300 && diary.contains { $0.completion?.waits.connection ?? 0 > 0 })
        #expect(result.results.reduce(0) { $0 + $1.measure.completed } == diary.count)
        // What the worker keeps of them says the same, as finely as its histograms tell.
        for seen in result.results {
            guard let response = seen.response.mean else { continue }
            let parts = [seen.scheduleWait, seen.connectionWait, seen.firstByteWait, seen.transfer]
            let sum = parts.compactMap(\.mean).reduce(0, +)
            #expect(abs(sum - response) < 0.002 * response + 4_000)
        }
    }

    /// A client goes on with its next page before it takes anything new.
    @Test func nextPagesComeBeforeNewArrivals() throws {
        let spec = try TestWorkloads.everything(warmUp: "0s", measure: "60s")
        var made: ScriptedTarget?
        let cursor = MessageHash(words: (1, 2, 3, 4))
        _ = LoadRunner.simulate(spec, seed: 1, pacing: .closed(clients: 1)) { traffic in
            let target = ScriptedTarget(traffic) { _ in .init(after: Self.millisecond, nextCursor: cursor) }
            made = target
            return target
        }
        let diary = try #require(made).diary
        var followed = 0
        for (entry, next) in zip(diary, diary.dropFirst()) {
            #expect(entry.ended == next.begun)
            guard let query = entry.label.query, entry.operation.page + 1 < spec.queries[query].pages else { continue }
            followed += 1
            #expect(next.operation.number == entry.operation.number && next.label.query == query)
            #expect(next.operation.page == entry.operation.page + 1)
        }
        #expect(followed > 100)
    }

    /// 200 operations a second eat a hundredth of the sequence; the node's job comes each second all the same, beside the
    /// clients.
    @Test func jobsKeepTheirTimes() throws {
        let spec = try TestWorkloads.read(
            """
            archivebench: workload/1
            name: jobs
            summary: one job
            archive-epoch: 2026-01-05T18:00:00Z
            topics: [{name: all, shard: 16/32, count: 10}]
            messages:
              streams:
                - name: only
                  arrivals: {process: constant, rate: 20000/s}
                  to: [{topics: all}]
                  classes: [{name: chat, payload: {constant: 100B}}]
            writers: {count: 1}
            clockwork: {message-count: 1s, health-check: off, analyze: off, partition-factory: off}
            history: {partitions: 1, rows: 0}
            phases: {warm-up: 0s, measure: 10s, drain-limit: 10s}
            """)
        let job = try #require(Traffic(spec, seed: 1).labels.firstIndex { $0.job != nil })
        let (result, target) = try run(spec, clients: 2) { _ in
            10 * Self.millisecond
        } counts: {
            $0.label != job
        }
        let jobs = target.diary.filter { $0.operation.label == job }
        #expect(jobs.count == 9 || jobs.count == 10)
        #expect(jobs.allSatisfy { $0.begun == $0.operation.due })
        for (one, next) in zip(jobs, jobs.dropFirst()) { #expect(next.begun - one.begun == 1_010 * millisecond) }
        #expect(target.mostInFlight == 2 && result.results[0].measure.scheduled == 2_000)
        #expect(result.results[job].measure.completed == jobs.count)
    }

    /// 999 operations, four each millisecond.
    @Test func theLoadEndsWithItsSequence() throws {
        let spec = try TestWorkloads.clockwork(rate: "100/s", measure: "10s")
        let (result, target) = try run(spec, clients: 4) { _ in Self.millisecond }
        #expect(target.diary.count == 999)
        #expect(result.sequenceEnded == 250 * millisecond && result.measured == 250 * millisecond)
        #expect(result.results[0].measure.completed == 999 && result.results[0].measure.identityHolds)
    }

    @Test func aSequenceThatEndsInWarmUpLeavesNothingToMeasure() throws {
        var spec = try TestWorkloads.clockwork(rate: "100/s", measure: "1s")
        spec.phases.warmUp = 10_000 * millisecond
        spec.phases.statedWarmUpLimit = spec.phases.warmUp
        let (result, _) = try run(spec, clients: 50) { _ in Self.millisecond }
        #expect(result.sequenceEnded == 22 * millisecond && result.measured == 0)
        #expect(result.results[0].warmUp.completed == 1_099 && result.results[0].measure.scheduled == 0)
    }

    @Test func aStoppedLoopIsNoEndOfItsSequence() throws {
        let spec = try TestWorkloads.clockwork(rate: "10000/s", measure: "10s")
        let control = LoadControl()
        let result = LoadRunner.simulate(spec, seed: 1, pacing: .closed(clients: 3), control: control) { _ in
            SimulatedTarget(connections: 10) { operation in
                if operation.number == 500 { control.stop() }
                return Self.millisecond
            }
        }
        #expect(result.sequenceEnded == nil && result.measured < 200 * millisecond)
        #expect(result.results[0].measure.identityHolds && result.results[0].measure.completed > 500)
    }

    @Test func thereIsNoWorkerWithoutAClient() throws {
        var spec = try TestWorkloads.everything()
        spec.writers.count = 4
        #expect(LoadPlan(spec, workers: 3, pacing: .closed(clients: 2)).workers == 2)
        #expect(LoadPlan(spec, workers: 3, pacing: .closed(clients: 5)).workers == 3)
        #expect(LoadPlan(spec, workers: 3).workers == 3)
    }

    // MARK: Two workers

    private func sessions() throws -> WorkloadSpec {
        try TestWorkloads.read(
            """
            archivebench: workload/1
            name: shared
            summary: puts, requests and sessions on two nodes
            archive-epoch: 2026-01-05T18:00:00Z
            topics: [{name: all, shard: 16/32, count: 40}]
            messages:
              streams:
                - name: only
                  arrivals: {process: constant, rate: 500/s}
                  to: [{topics: all}]
                  classes: [{name: chat, payload: {constant: 20B}}]
            queries:
              - {name: presence, ask: presence-by-hashes, arrivals: {process: poisson, rate: 300/s}, hashes: [1, 3]}
            writers: {count: 2, duplicate-gap: [10ms, 20ms]}
            clients:
              - {name: it, kind: history-sync, arrivals: {process: poisson, rate: 20/s}, follows: [{topics: all, count: 25}], outage: 3d}
            clockwork: off
            history: {partitions: 1, rows: 0}
            phases: {warm-up: 0s, measure: 3s, drain-limit: 30s}
            """)
    }

    /// Three clients on two threads take the whole sequence, sessions included, and nothing twice.
    @Test func workersShareClientsAndSessions() async throws {
        let spec = try sessions()
        let single = LoadRunner.simulate(spec, seed: 5, pacing: .closed(clients: 3)) { _ in
            SimulatedTarget(connections: 50) { _ in 100 }
        }
        let most = Mutex<[Int]>([])
        let double = try await LoadRunner.run(
            spec, seed: 5, workers: 2, pacing: .closed(clients: 3), control: LoadControl()
        ) { _ in
            WatchedTarget { count in most.withLock { $0.append(count) } }
        }
        #expect(double.workers == 2 && most.withLock { $0.sorted() } == [1, 2])
        #expect(single.sequenceEnded != nil && double.sequenceEnded != nil)
        #expect(single.results.map(\.measure.scheduled) == double.results.map(\.measure.scheduled))
        #expect(double.results.allSatisfy { $0.measure.identityHolds && $0.measure.completed == $0.measure.scheduled })
        let (one, two) = (single.sessions[0], double.sessions[0])
        #expect((two.started, two.finished, two.requests) == (one.started, one.finished, one.requests))
        #expect(two.finished > 30 && two.finished == two.started)
    }
}

/// Completes everything at once in real time, and tells at the end how many were under way at most.
private final class WatchedTarget: LoadTarget {
    private let target = DiaryTarget(RealTimeTarget())
    private let tell: (Int) -> Void

    init(tell: @escaping (Int) -> Void) { self.tell = tell }

    func begin(_ operation: Operation, ticket: Int, now: Nanoseconds) {
        target.begin(operation, ticket: ticket, now: now)
    }
    func takeCompletion() -> Completion? { target.takeCompletion() }
    func wait(until deadline: Nanoseconds) -> Nanoseconds { target.wait(until: deadline) }
    func clock() -> Nanoseconds { target.clock() }
    func hasStarted(_ ticket: Int) -> Bool { target.hasStarted(ticket) }
    func takeEvents() -> [TargetEvent] { target.takeEvents() }
    func end() { tell(target.mostInFlight) }
}
