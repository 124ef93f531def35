import CAllocationCount
import Experiment
import LinuxSystem
import LoadRunner
import Measurement
import PostgresClient
import TestSupport
import Testing
import Workload

/// An operation in steady state allocates nothing of ours: not for its schedule, its accounting or its histograms, and
/// not on its way through the hub.
@Suite(.ownThreads) struct EngineAllocationTests {
    /// A simulation that counts what the worker allocates between two waits, once everything has found its size. Turns in
    /// which a second ends are counted apart: the second's histograms are handed over then.
    private final class CountingTarget: LoadTarget {
        private let inner: SimulatedTarget
        private let control: LoadControl
        private let settled: Nanoseconds
        private var now: Nanoseconds = 0
        private var counts = false
        private var endsSecond = false
        private(set) var operations = 0
        private(set) var withinSeconds = 0
        private(set) var atSecondEnds: [Int] = []

        init(_ inner: SimulatedTarget, _ control: LoadControl, settled: Nanoseconds) {
            self.inner = inner
            self.control = control
            self.settled = settled
            atSecondEnds.reserveCapacity(1_000)
        }

        func wait(until deadline: Nanoseconds) -> Nanoseconds {
            let found = callocation_stop()
            if counts && endsSecond {
                atSecondEnds.append(found)
            } else if counts {
                withinSeconds += found
            }
            _ = control.takeSeconds()
            let before = now
            now = inner.wait(until: deadline)
            endsSecond = now / 1_000_000_000 > before / 1_000_000_000
            counts = now >= settled
            callocation_start()
            return now
        }

        func begin(_ operation: Operation, ticket: Int, now: Nanoseconds) {
            if counts { operations += 1 }
            inner.begin(operation, ticket: ticket, now: now)
        }
        func clock() -> Nanoseconds { inner.clock() }
        func takeCompletion() -> Completion? { inner.takeCompletion() }
        func hasStarted(_ ticket: Int) -> Bool { inner.hasStarted(ticket) }
        func takeEvents() -> [TargetEvent] { inner.takeEvents() }
        func end() { inner.end() }
    }

    @Test(arguments: [Pacing.open, .closed(clients: 20)])
    func aWorkerAllocatesNothingPerOperation(_ pacing: Pacing) {
        let control = LoadControl()
        let target = CountingTarget(
            SimulatedTarget(connections: 20) { _ in 5_000_000 }, control, settled: 5_000_000_000)
        let plan = LoadPlan(
            phases: PhaseSpec(warmUp: 1_000_000_000, measure: 20_000_000_000, drainLimit: 10_000_000_000), nodes: 1,
            pacing: pacing)
        let result = LoadRunner.runHere(
            plan, control: control,
            source: StatementSource(name: "one", rate: pacing == .open ? 1_000 : nil, seed: 1), target: target)
        _ = callocation_stop()
        #expect(result.results[0].measure.identityHolds && result.results[0].response.count > 10_000)
        #expect(target.operations > 10_000)
        // More arrivals at once than ever before make a buffer grow now and then; that is all.
        #expect(target.withinSeconds <= 4, "\(target.withinSeconds) in \(target.operations) operations")
        // One label: its second's histogram and what carries it.
        #expect(target.atSecondEnds.count >= 15 && (target.atSecondEnds.max() ?? 0) <= 16, "\(target.atSecondEnds)")
    }

    /// Puts from two nodes and six kinds of requests, with schedules of their own.
    @Test func aWorkloadsTrafficAllocatesNothingPerOperation() throws {
        let spec = try TestWorkloads.everything(warmUp: "5s", measure: "60s")
        let control = LoadControl()
        var made: CountingTarget?
        let result = LoadRunner.simulate(spec, seed: 1, control: control) { _ in
            let target = CountingTarget(
                SimulatedTarget(connections: 50) { _ in 2_000_000 }, control, settled: 30_000_000_000)
            made = target
            return target
        }
        _ = callocation_stop()
        let target = try #require(made)
        #expect(result.results.allSatisfy { $0.measure.identityHolds })
        #expect(target.operations > 3_000)
        #expect(target.withinSeconds == 0, "\(target.withinSeconds) in \(target.operations) operations")
        let most = 16 * result.labels.count
        #expect((target.atSecondEnds.max() ?? 0) <= most, "\(target.atSecondEnds)")
    }

    /// Against a server: nothing is allocated for an operation.
    @Test(arguments: [nil, 100]) func throughTheHubNothingIsAllocated(_ syncEvery: Int?) async throws {
        let parameters = try await TestServers.database()
        let (few, many) = (4_000, 12_000)
        func ours(_ count: Int) throws -> Int {
            let window = syncEvery.map { 2 * $0 } ?? 1
            let target = try StatementTarget(
                parameters, .selectOne, PoolPlan(limit: 4, window: window, syncEvery: syncEvery), seed: 1)
            let plan = LoadPlan(
                phases: PhaseSpec(warmUp: 0, measure: 600_000_000_000, drainLimit: 60_000_000_000), nodes: 1,
                pacing: .closed(clients: 4 * window))
            let source = StatementSource(name: "one", rate: nil, limit: Int64(count), seed: 1)
            callocation_start()
            let result = LoadRunner.runHere(plan, source: source, target: target)
            let found = callocation_stop()
            #expect(result.results[0].measure.completed == count)
            return found
        }
        // For 8 000 operations more: seconds that end in between, and buffers that grew in one of the runs.
        let more = try ours(many) - ours(few)
        #expect(abs(more) <= 100, "\(more) for \(many - few) operations")
    }
}
