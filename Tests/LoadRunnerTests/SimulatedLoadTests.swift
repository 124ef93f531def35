import LoadRunner
import Measurement
import TestSupport
import Testing
import Workload

/// Everything here runs in simulated time and is computed by hand.
@Suite struct SimulatedLoadTests {
    private let millisecond: UInt64 = 1_000_000

    /// The k-th smallest of all, in milliseconds.
    private func sorted(_ histogram: LatencyHistogram) -> [Double] {
        (1...histogram.count).map { rank in
            Double(histogram.value(at: (Double(rank) - 0.5) / Double(histogram.count)) ?? 0) / 1e6
        }
    }

    private func close(_ found: [Double], _ expected: [Double]) -> Bool {
        found.count == expected.count && zip(found, expected).allSatisfy { abs($0 - $1) <= $1 * 0.001 + 0.0015 }
    }

    /// A put each 10 ms, served in 1 ms by one connection. From 500 ms on nothing is served for 100 ms:
    /// the put due at 500 ends at 601 (101 ms), the next at 602 (92 ms), … until the backlog is gone at 611.
    @Test func stallShowsInResponseTimeAndNotInServiceTime() throws {
        let spec = try TestWorkloads.clockwork(rate: "100/s", measure: "1s")
        let result = LoadRunner.simulate(spec, seed: 1) { _ in
            SimulatedTarget(
                connections: 1,
                stalls: [.init(start: 500 * millisecond, length: 100 * millisecond)]
            ) { _ in millisecond }
        }
        let put = result.results[0]
        let late: [Double] = [2, 11, 20, 29, 38, 47, 56, 65, 74, 83, 92, 101]
        #expect(put.measure.scheduled == 99 && put.measure.completed == 99)
        #expect(close(sorted(put.response), [Double](repeating: 1, count: 87) + late))
        #expect(close(sorted(put.service), [Double](repeating: 1, count: 99)))
        #expect(close(sorted(put.lag), [Double](repeating: 0, count: 87) + late.map { $0 - 1 }))
    }

    /// Served in 20 ms, due each 10 ms: the k-th starts at 20k − 10 and ends at 20k + 10 ms. At 1 000 ms fifty have
    /// been started; at the drain limit, 1 100 ms, fifty-four have ended.
    @Test func overloadIsAccountedForToTheLastOperation() throws {
        let spec = try TestWorkloads.clockwork(rate: "100/s", measure: "1s", drain: "100ms")
        let result = LoadRunner.simulate(spec, seed: 1) { _ in
            SimulatedTarget(connections: 1) { _ in 20 * millisecond }
        }
        let tally = result.results[0].measure
        #expect(tally.scheduled == 99)
        #expect(tally.completed == 54)
        #expect(tally.abandoned == 45)
        #expect(tally.backlog == 49)
        // The forty-ninth ends at 990 ms; what ends later is completed, but not achieved by the end of the phase.
        #expect(result.results[0].inPhase == 49)
        #expect(tally.identityHolds)
        #expect(result.drained == 100 * millisecond)
    }

    @Test func failuresAreCountedByCodeAndHaveNoLatency() throws {
        let spec = try TestWorkloads.clockwork(rate: "100/s", measure: "1s")
        let result = LoadRunner.simulate(spec, seed: 1) { _ in
            SimulatedTarget(connections: 2, serviceTime: { _ in millisecond }) { operation in
                operation.number % 3 == 0 ? "57P01" : operation.number % 10 == 1 ? "connection-lost" : nil
            }
        }
        let tally = result.results[0].measure
        #expect(tally.failures == ["57P01": 33, "connection-lost": 7])
        #expect(tally.completed == 59 && tally.identityHolds)
        #expect(result.results[0].response.count == 59)
    }

    @Test func samplesBelongToThePhaseOfTheirIntendedStart() throws {
        var spec = try TestWorkloads.clockwork(rate: "10/s", measure: "1s")
        spec.phases.warmUp = 1_000_000_000
        // The put due at 900 ms, in warm-up, ends at 1 050 ms, in the measure phase.
        let result = LoadRunner.simulate(spec, seed: 1) { _ in
            SimulatedTarget(connections: 1) { _ in 150 * millisecond }
        }
        #expect(result.results[0].warmUp.scheduled == 9 && result.results[0].warmUp.completed == 9)
        #expect(result.results[0].measure.scheduled == 10 && result.results[0].measure.completed == 10)
        #expect(result.results[0].response.count == 10)
        #expect(result.measured == 1_000_000_000)
    }

    @Test func secondsCountArrivalsWhereTheyWereDue() throws {
        let control = LoadControl()
        let spec = try TestWorkloads.clockwork(rate: "100/s", measure: "3s")
        _ = LoadRunner.simulate(spec, seed: 1, control: control) { _ in
            SimulatedTarget(
                connections: 1,
                stalls: [.init(start: 500 * millisecond, length: 1_700 * millisecond)]
            ) { _ in millisecond }
        }
        let seconds = control.takeSeconds()
        #expect(seconds.map(\.second) == [0, 1, 2, 3])
        #expect(seconds.map { $0.labels[0].scheduled } == [99, 100, 100, 0])
        // Served up to 500 ms; nothing in the second after; the rest from 2 200 ms on.
        #expect(seconds.map { $0.labels[0].response.count } == [49, 0, 250, 0])
    }

    @Test func aStoppedLoadKeepsItsAccounts() throws {
        let control = LoadControl()
        control.stop()
        let spec = try TestWorkloads.clockwork(rate: "100/s", measure: "1s")
        let result = LoadRunner.simulate(spec, seed: 1, control: control) { _ in
            SimulatedTarget(connections: 1) { _ in millisecond }
        }
        #expect(result.results[0].measure.identityHolds)
        #expect(result.measured < 20 * millisecond)
    }

    @Test func aLoadStoppedInWarmUpHasNoMeasurePhase() throws {
        var spec = try TestWorkloads.clockwork(rate: "100/s", measure: "1s")
        spec.phases.warmUp = 60_000_000_000
        let control = LoadControl()
        let result = LoadRunner.simulate(spec, seed: 1, control: control) { _ in
            SimulatedTarget(connections: 1) { operation in
                if operation.number == 200 { control.stop() }
                return millisecond
            }
        }
        #expect(result.measured == 0 && result.cpu == 0)
        #expect(result.results[0].measure.scheduled == 0)
        #expect(result.results[0].warmUp.scheduled >= 200 && result.results[0].warmUp.identityHolds)
    }

    /// The worker sleeps from 900 ms to 2 450 ms, across two ends of a second. The 156 puts due meanwhile are all begun
    /// when it wakes: the first 1 550 ms late, the last on time. Their lateness is the generator's, and it is seen.
    @Test func aLateWorkerHidesNothing() throws {
        let control = LoadControl()
        let spec = try TestWorkloads.clockwork(rate: "100/s", measure: "3s")
        let result = LoadRunner.simulate(spec, seed: 1, control: control) { _ in
            OversleepingTarget(
                SimulatedTarget(connections: 1_000) { _ in millisecond }, from: 900 * millisecond,
                until: 2_450 * millisecond)
        }
        let late = (0..<156).map { Double($0) * 10 }
        #expect(close(sorted(result.generatorLag), [Double](repeating: 0, count: 143) + late))
        #expect(close(sorted(result.results[0].response), [Double](repeating: 1, count: 143) + late.map { $0 + 1 }))
        #expect(close(sorted(result.results[0].service), [Double](repeating: 1, count: 299)))
        #expect(control.takeSeconds().map { $0.labels[0].scheduled } == [99, 100, 100, 0])
    }

    /// Two workers share the nodes of one sequence; together they do all of it.
    @Test func workersShareTheSequence() async throws {
        let spec = try TestWorkloads.everything(warmUp: "0s", measure: "1s")
        let single = LoadRunner.simulate(spec, seed: 5) { _ in
            SimulatedTarget(connections: 50) { _ in 100 }
        }
        let double = try await LoadRunner.run(spec, seed: 5, workers: 2, control: LoadControl()) { _ in
            RealTimeTarget()
        }
        #expect(double.workers == 2)
        #expect(single.results.map(\.measure.scheduled) == double.results.map(\.measure.scheduled))
        #expect(double.results.allSatisfy { $0.measure.identityHolds && $0.measure.abandoned == 0 })
    }
}
