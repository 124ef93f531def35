import LinuxSystem
import LoadRunner
import Measurement
import PostgresClient
import Statistics
import Testbed
import Workload

/// The engine of this tool as a side of its calibration: one worker thread with schedule, histograms and accounting on, as
/// in any trial.
enum OurEngine {
    /// Runs one slice.
    ///
    /// - Returns: values by ``EngineMetric``; CPU and throughput are those of the worker from its first operation to its
    ///   last completion, connections open and statements prepared before.
    /// - Throws: what kept it from running, or `TestbedProblem` when an operation failed.
    static func run(_ slice: EngineSlice, _ parameters: ConnectionParameters) async throws -> PairedSlices.Metrics {
        let result = try await load(slice, parameters)
        let seen = result.results[0]
        guard seen.measure.failed == 0 && seen.measure.completed > 0 && seen.measure.identityHolds else {
            throw TestbedProblem(
                "our engine: \(seen.measure.failed) of \(seen.measure.scheduled) operations failed: \(seen.measure.failures)"
            )
        }
        let completed = Double(seen.measure.completed)
        let seconds = Double(result.measured + (slice.isOpen ? 0 : result.drained)) / 1e9
        var metrics = [
            EngineMetric.throughput: Double(slice.isOpen ? seen.inPhase : seen.measure.completed) / seconds,
            EngineMetric.cpu: Double(result.cpu) / completed,
        ]
        if slice.isOpen {
            // Never nothing: an operation cannot be sent before it is due, and the clock has gone on by then.
            metrics[EngineMetric.meanLag] = max(0.001, (seen.lag.mean ?? 0) / 1e3)
            metrics[EngineMetric.p99Lag] = max(0.001, Double(seen.lag.value(at: 0.99) ?? 0) / 1e3)
            let own = (seen.scheduleWait.mean ?? 0) + Double(result.cpu) / completed
            metrics[EngineMetric.ownShare] = own / max(1, seen.response.mean ?? 1)
        }
        return metrics
    }

    private static func load(_ slice: EngineSlice, _ parameters: ConnectionParameters) async throws -> LoadResult {
        let pool = PoolPlan(limit: slice.connections, window: slice.window, syncEvery: slice.syncEvery)
        let (rate, limit, length): (Double?, Int64, Double)
        switch slice.amount {
        case .transactions(let count): (rate, limit, length) = (nil, Int64(count), 600)
        case .rate(let perSecond, let seconds): (rate, limit, length) = (perSecond, .max, seconds)
        }
        let phases = PhaseSpec(
            warmUp: 0, measure: UInt64(length * 1e9), drainLimit: 60_000_000_000)
        // Clients that keep the windows full: one statement of each is in flight.
        let plan = LoadPlan(
            phases: phases, nodes: 1, pacing: slice.isOpen ? .open : .closed(clients: slice.connections * slice.window))
        let (script, seed) = (slice.script, slice.seed)
        return try await LoadRunner.run(
            plan, control: LoadControl(),
            makeSource: { StatementSource(name: script.name, rate: rate, limit: limit, seed: seed) },
            makeTarget: { _ in try StatementTarget(parameters, script, pool, seed: seed) })
    }
}

extension EngineSlice {
    var isOpen: Bool {
        if case .rate = amount { return true }
        return false
    }
}
