import LinuxSystem
import PostgresClient
import Statistics
import Testbed

/// The sides of one phase, each with an amount of work that fills a slice.
struct EngineSides: Sendable {
    let pgbench: Pgbench
    let ours: EngineCalibration.OurSide?
    let parameters: ConnectionParameters
    let control: TrialControl
    let seed: UInt64

    /// Seconds of the slice from which amounts are chosen.
    private static let probe = 0.3

    /// - Parameters:
    ///   - phase: what is compared.
    ///   - fastest: transactions a second that pgbench reached in the closed loop, for rates.
    /// - Returns: pgbench, then the bare loop where it has a part, then ours if there is one.
    /// - Throws: what a probing slice failed with.
    func sides(_ phase: EnginePhase, fastest: Double) async throws -> [PairedSlices.Side] {
        switch phase.mode {
        case .closed: try await closed(phase, window: 1, depth: nil)
        case .pipelined(let window, let every): try await closed(phase, window: window, depth: every)
        case .open(let share): try await open(phase, rate: fastest * share)
        }
    }

    // MARK: Closed loop

    private func closed(_ phase: EnginePhase, window: Int, depth: Int?) async throws -> [PairedSlices.Side] {
        let mode: BareLoop.Mode = depth.map { .pipelined(window: window, syncEvery: $0) } ?? .plain
        let probed = try await bare(phase, .max, seconds: Self.probe, mode, seed)
        let bareCount = Self.count(probed.throughput * Double(phase.slice), atLeast: phase.connections)
        var sides = [
            PairedSlices.Side(EngineCalibration.SideName.bare) { number in
                let outcome = try await bare(phase, bareCount, seconds: nil, mode, seed &+ UInt64(number))
                return [EngineMetric.throughput: outcome.throughput, EngineMetric.cpu: outcome.cpuPerTransaction]
            }
        ]
        if depth == nil { sides.append(try await pgbenchSide(phase, EngineCalibration.SideName.pgbench, depth: nil)) }
        if let depth, depth > 1 {
            sides.append(try await pgbenchSide(phase, EngineCalibration.SideName.pgbench, depth: depth))
            sides.append(try await pgbenchSide(phase, EngineCalibration.SideName.unpipelined, depth: nil))
        }
        if let ours {
            sides.append(
                PairedSlices.Side(EngineCalibration.SideName.ours) { number in
                    let slice = EngineSlice(
                        script: phase.script, connections: phase.connections, amount: .transactions(bareCount),
                        window: window, syncEvery: depth, seed: seed &+ UInt64(number))
                    return try await ours(slice, parameters)
                })
        }
        return sides
    }

    // With a depth, what pgbench calls a transaction is a whole pipeline.
    private func pgbenchSide(_ phase: EnginePhase, _ name: String, depth: Int?) async throws -> PairedSlices.Side {
        let text = depth.map { phase.script.pipelinedPgbenchText(depth: $0) } ?? phase.script.pgbenchText
        let known = try await pgbench.startUp(text, clients: phase.connections, runs: 3, control: control)
        return PairedSlices.Side(name) { number in
            try await pgbenchSlice(phase, text, unit: depth ?? 1, known, seed &+ UInt64(number))
        }
    }

    private static func count(_ value: Double, atLeast least: Int) -> Int { max(least, Int(value)) }

    private func bare(
        _ phase: EnginePhase, _ transactions: Int, seconds: Double?, _ mode: BareLoop.Mode, _ seed: UInt64
    ) async throws -> BareLoop.Outcome {
        let parameters = parameters
        return try await WorkerThread.run {
            Result { () throws(TestbedProblem) -> BareLoop.Outcome in
                try BareLoop.run(
                    phase.script, parameters, connections: phase.connections, transactions: transactions,
                    seconds: seconds, mode: mode, seed: seed)
            }
        }.get()
    }

    /// Connections up to which pgbench's start is short against a slice.
    private static let quickStart = 64

    /// What pgbench spends on its start is measured beside each slice: its noise then falls on blocks alike, and does not
    /// tilt all of them the same way. Only with many connections, where it takes longer than the slice, it is measured
    /// once (`known`).
    private func pgbenchSlice(
        _ phase: EnginePhase, _ text: String, unit: Int, _ known: Pgbench.StartUp, _ seed: UInt64
    ) async throws -> PairedSlices.Metrics {
        let startUp =
            phase.connections > Self.quickStart
            ? known : try await pgbench.startUp(text, clients: phase.connections, runs: 1, control: control)
        // Connecting is part of the duration, and varies.
        let seconds = phase.slice + Int((known.seconds * 1.5).rounded())
        let outcome = try await pgbench.run(
            text, clients: phase.connections, .duration(seconds: seconds), seed: seed, control: control)
        let cpu = try Self.cpu(outcome, startUp, phase)
        var metrics = [
            EngineMetric.throughput: outcome.report.transactionsPerSecond * Double(unit),
            EngineMetric.cpu: cpu / Double(unit),
        ]
        if let peak = outcome.peakMemory { metrics[EngineMetric.peakMemory] = Double(peak) / 1e6 }
        return metrics
    }

    private static func cpu(
        _ outcome: Pgbench.Outcome, _ startUp: Pgbench.StartUp, _ phase: EnginePhase
    ) throws(TestbedProblem) -> Double {
        guard let cpu = outcome.cpuPerTransaction(startUp: startUp, clients: phase.connections) else {
            throw TestbedProblem("pgbench: a slice of '\(phase.name)' was too short to tell its CPU from its start's")
        }
        return cpu
    }

    // MARK: Open loop

    private func open(_ phase: EnginePhase, rate: Double) async throws -> [PairedSlices.Side] {
        let text = phase.script.pgbenchText
        let seconds = phase.slice
        var sides = [
            PairedSlices.Side(EngineCalibration.SideName.pgbench) { number in
                let startUp = try await pgbench.startUp(text, clients: phase.connections, runs: 1, control: control)
                let outcome = try await pgbench.run(
                    text, clients: phase.connections, .rate(perSecond: rate, seconds: seconds),
                    seed: seed &+ UInt64(number), control: control)
                return [
                    EngineMetric.throughput: outcome.report.transactionsPerSecond,
                    EngineMetric.cpu: try Self.cpu(outcome, startUp, phase),
                    EngineMetric.meanLag: Sample.mean(outcome.lags),
                    EngineMetric.p99Lag: Sample.quantile(outcome.lags, 0.99),
                ]
            }
        ]
        if let ours {
            sides.append(
                PairedSlices.Side(EngineCalibration.SideName.ours) { number in
                    let slice = EngineSlice(
                        script: phase.script, connections: phase.connections,
                        amount: .rate(perSecond: rate, seconds: Double(seconds)), window: 1, syncEvery: nil,
                        seed: seed &+ UInt64(number))
                    return try await ours(slice, parameters)
                })
        }
        return sides
    }
}
