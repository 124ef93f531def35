import LinuxSystem
import LoadRunner
import Measurement
import TestSupport
import Testing
import Workload

/// A warm-up that goes on while the load runs, in simulated time.
@Suite struct WarmUpTests {
    private let millisecond: UInt64 = 1_000_000
    private let second: UInt64 = 1_000_000_000

    /// Puts each 10 ms, a warm-up of 2 s, a measure phase of 1 s.
    private func spec() throws -> WorkloadSpec {
        var spec = try TestWorkloads.clockwork(rate: "100/s", measure: "1s")
        spec.phases.warmUp = 2 * second
        return spec
    }

    /// Moves the end of the warm-up when the put with a number is served.
    private func run(
        _ spec: WorkloadSpec, moves: [Int64: Nanoseconds], control: LoadControl = LoadControl(),
        service: Nanoseconds = 1_000_000, connections: Int = 1
    ) -> (result: LoadResult, moved: [Bool]) {
        var moved: [Bool] = []
        let result = LoadRunner.simulate(spec, seed: 1, control: control) { _ in
            SimulatedTarget(connections: connections) { operation in
                if let extra = moves[operation.number] { moved.append(control.warmUp.move(to: extra)) }
                return service
            }
        }
        return (result, moved)
    }

    @Test func withoutAWordThePhasesAreAsPlanned() throws {
        let result = try run(spec(), moves: [:]).result
        #expect(result.warmedUp == 2 * second && result.measured == second)
        #expect(result.results[0].warmUp.scheduled == 199 && result.results[0].measure.scheduled == 100)
    }

    /// The puts due from 10 to 2 990 ms are of the warm-up, those from 3 000 to 3 990 ms are measured; all others come
    /// at the same moments as without.
    @Test func everythingAfterShifts() throws {
        let control = LoadControl()
        let (result, moved) = try run(spec(), moves: [150: second], control: control)
        #expect(moved == [true])
        #expect(result.warmedUp == 3 * second && result.measured == second)
        let put = result.results[0]
        #expect(put.warmUp.scheduled == 299 && put.warmUp.identityHolds)
        #expect(put.measure.scheduled == 100 && put.measure.completed == 100 && put.response.count == 100)
        #expect(try #require(put.response.max) < 1_001_000)
        let seconds = control.takeSeconds()
        #expect(seconds.map(\.phase) == [.warmUp, .warmUp, .warmUp, .measure, .drain])
        #expect(seconds.map { $0.labels[0].scheduled } == [99, 100, 100, 100, 0])
        #expect(try #require(result.arrived).entries.flatMap { $0 }.reduce(0) { $0 + $1.messages } == 100)
    }

    @Test func severalStepsAddUp() throws {
        let (result, moved) = try run(spec(), moves: [150: second, 250: 3 * second])
        #expect(moved == [true, true])
        #expect(result.warmedUp == 5 * second && result.results[0].warmUp.scheduled == 499)
    }

    /// Once the measure phase has begun, or backwards, nothing moves.
    @Test func whatIsTooLateIsRefused() throws {
        let late = try run(spec(), moves: [250: second])
        #expect(late.moved == [false] && late.result.warmedUp == 2 * second)
        let back = try run(spec(), moves: [100: 2 * second, 150: second])
        #expect(back.moved == [true, false] && back.result.warmedUp == 4 * second)
    }

    /// A worker that slept through the old end, 1 900 to 2 500 ms, still finds the new one.
    @Test func aLateWorkerSeesTheNewEnd() throws {
        let control = LoadControl()
        let result = LoadRunner.simulate(try spec(), seed: 1, control: control) { _ in
            let inner = SimulatedTarget(connections: 1_000) { operation in
                if operation.number == 185 { _ = control.warmUp.move(to: second) }
                return millisecond
            }
            return OversleepingTarget(inner, from: 1_900 * millisecond, until: 2_500 * millisecond)
        }
        #expect(result.warmedUp == 3 * second)
        #expect(result.results[0].warmUp.scheduled == 299 && result.results[0].measure.scheduled == 100)
    }

    /// What is under way when the measure phase ends is waited for without the arrivals beyond it.
    @Test func drainWaitsForNothingBeyondThePhase() throws {
        let (result, _) = try run(spec(), moves: [150: second], service: 1_500 * millisecond, connections: 1_000)
        let tally = result.results[0].measure
        #expect(tally.scheduled == 100 && tally.completed == 100 && tally.identityHolds)
        #expect(result.drained == 1_490 * millisecond)
    }

    /// The health check runs at 0 and five seconds after its end: beyond the phases as planned, within the longer ones.
    @Test(arguments: [(0, 1), (2, 2)]) func whatFollowsIsPlannedForTheLongerPhases(_ extra: UInt64, _ runs: Int) throws
    {
        var spec = try spec()
        spec.phases.measure = 2 * second
        spec.clockwork.jobs = ClockworkSpec.standard.jobs.filter { $0.kind == .healthCheck }
        spec.clockwork.jobs[0].interval = 5 * second
        spec.clockwork.atStart = true
        let control = LoadControl()
        let result = LoadRunner.simulate(spec, seed: 1, control: control) { _ in
            SimulatedTarget(connections: 10) { operation in
                if operation.number == 150 && extra > 0 { _ = control.warmUp.move(to: extra * second) }
                return millisecond
            }
        }
        let job = try #require(result.labels.firstIndex { $0.job != nil })
        #expect(result.results[job].warmUp.scheduled + result.results[job].measure.scheduled == runs)
        #expect(result.results[job].measure.scheduled == runs - 1)
    }

    @Test func anEndInTheWarmUpIsAnEnd() throws {
        let control = LoadControl()
        let result = LoadRunner.simulate(try spec(), seed: 1, control: control) { _ in
            SimulatedTarget(connections: 1) { operation in
                if operation.number == 100 { _ = control.warmUp.move(to: second) }
                if operation.number == 220 { control.stop() }
                return millisecond
            }
        }
        #expect(result.measured == 0 && result.results[0].measure.scheduled == 0)
        #expect(result.warmedUp < 3 * second && result.warmedUp > 2 * second)
    }

    /// Two workers share the nodes, and measure the same operations as one does.
    @Test func allWorkersSeeTheSameEnd() async throws {
        let spec = try TestWorkloads.everything(warmUp: "1s", measure: "1s")
        let (one, two) = (LoadControl(), LoadControl())
        #expect(one.warmUp.move(to: second) && two.warmUp.move(to: second))
        let single = LoadRunner.simulate(spec, seed: 5, control: one) { _ in
            SimulatedTarget(connections: 50) { _ in 100 }
        }
        let double = try await LoadRunner.run(spec, seed: 5, workers: 2, control: two) { _ in
            RealTimeTarget()
        }
        #expect(single.warmedUp == 2 * second && double.warmedUp == 2 * second)
        #expect(single.results.map(\.measure.scheduled) == double.results.map(\.measure.scheduled))
        #expect(single.results.map(\.warmUp.scheduled) == double.results.map(\.warmUp.scheduled))
        #expect(single.arrived?.entries == double.arrived?.entries)
    }

    /// The longer walk begins with the planned one.
    @Test func theSequenceGoesOnUnchanged() throws {
        let spec = try TestWorkloads.everything(warmUp: "2s", measure: "2s")
        func walk(_ walk: Traffic.Walk) -> [String] {
            let traffic = Traffic(spec, seed: 3, walk: walk)
            var all: [String] = []
            while let operation = traffic.next() {
                all.append("\(operation.due) \(operation.label) \(operation.node) \(operation.number)")
            }
            return all
        }
        let (planned, longest) = (walk(.planned), walk(.extendable))
        #expect(planned.count > 300 && longest.count > planned.count * 3 / 2)
        // Puts that a node offers a little later may lie beyond the planned end.
        #expect(Array(longest.prefix(planned.count)) == planned)
    }
}
