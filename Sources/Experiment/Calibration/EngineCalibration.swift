import FoundationEssentials
import LinuxSystem
import PostgresClient
import Statistics
import Testbed

/// Load generators against each other in one interleaved run on one server: pgbench, the bare loop in C, and ours.
public struct EngineCalibration: Sendable {
    /// Measures one slice with our engine, on tables that are there: ``EngineMetric`` names and values.
    typealias OurSide = @Sendable (EngineSlice, ConnectionParameters) async throws -> PairedSlices.Metrics

    private let request: TrialRequest
    private let phases: [EnginePhase]
    private let control: TrialControl
    private let progress: @Sendable (String) -> Void

    /// - Parameters:
    ///   - request: says which server, variant and seed.
    ///   - only: phases whose name contains this, of ``phaseNames`` at least one; all when `nil`.
    ///   - control: ends it between two slices.
    ///   - progress: told what is going on.
    public init(
        _ request: TrialRequest, only: String? = nil, control: TrialControl,
        progress: @escaping @Sendable (String) -> Void
    ) {
        self.request = request
        let chosen = EnginePhase.all.indices.filter { index in
            only.map { EnginePhase.all[index].name.contains($0) } ?? true
        }
        precondition(!chosen.isEmpty, "a calibration needs a phase")
        var phases = chosen.map { EnginePhase.all[$0] }
        // Rates are shares of what the first phase reaches.
        if chosen[0] > 0, phases.contains(where: \.isOpen) { phases.insert(EnginePhase.all[0], at: 0) }
        self.phases = phases
        self.control = control
        self.progress = progress
    }

    /// Names of all phases, in the order in which they are run.
    public static var phaseNames: [String] { EnginePhase.all.map(\.name) }

    /// Names of the sides.
    enum SideName {
        static let ours = "ours"
        static let pgbench = "pgbench"
        static let unpipelined = "pgbench not pipelined"
        static let bare = "bare loop"
    }

    /// All of it ends within this, nanoseconds: phases are cut to the fewest blocks when the host is slow.
    private static let budget: Nanoseconds = 570_000_000_000
    private static let database = "calibration"
    /// 512 of a side that starts, beside those of the last one that have not ended yet.
    private static let maxConnections = 1_200

    /// Runs the suite. Nothing is left behind.
    ///
    /// - Throws: `TestbedProblem`, `PostgresError`, ``PairedSlices/Problem``, ``TrialInterrupted``.
    public func run() async throws -> [CalibrationRow] {
        try request.registry.prepare()
        progress("making the cluster")
        let cluster = try await ManagedCluster.create(
            .init(
                installation: request.installation, variant: variant(), dataDirectory: request.dataDirectory,
                purpose: "calibrate engine", createdAt: UTCTime(seconds: request.wallClock()).iso8601),
            in: request.registry)
        do {
            try await cluster.start()
            let rows = try await measure(cluster)
            await cluster.remove()
            return rows
        } catch {
            await cluster.remove()
            throw error
        }
    }

    private func variant() -> Variant {
        var variant = request.variant.fitted(toMemory: Host.memoryBytes).variant
        for index in variant.settings.indices where variant.settings[index].name == "max_connections" {
            variant.settings[index].value = String(Self.maxConnections)
        }
        return variant
    }

    private func measure(_ cluster: ManagedCluster) async throws -> [CalibrationRow] {
        try await cluster.createDatabase(named: Self.database)
        let parameters = cluster.record.parameters(database: Self.database)
        let folder = "\(cluster.record.folder)/pgbench"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let sides = EngineSides(
            pgbench: try Pgbench(request.installation, parameters, folder: folder), ours: OurEngine.run,
            parameters: parameters,
            control: control, seed: request.seed)
        progress("making the tables")
        let connection = try Connection.open(parameters)
        for statement in CalibrationScript.all.flatMap(\.setUp) { try connection.run(statement) }
        var rows: [CalibrationRow] = []
        var fastest = 0.0
        let started = Clock.now()
        for (number, phase) in phases.enumerated() {
            if control.isStopping { throw TrialInterrupted() }
            let result = try await measure(phase, number, sides, fastest: fastest, started: started)
            if number == 0 { fastest = Sample.median(result.values(of: EngineMetric.throughput, SideName.pgbench)) }
            rows += self.rows(phase, result)
        }
        if let peak = ProcessTable.peakMemory() {
            rows.append(CalibrationRow(told: "peak memory of this process, megabytes", value: Double(peak) / 1e6))
        }
        return rows
    }

    /// The share of the budget that is left for a phase, by the slices that are still to come.
    private func budget(_ number: Int, started: Nanoseconds) -> Nanoseconds {
        func weight(_ phase: EnginePhase) -> Double {
            Double(phase.blocks * phase.slice) * (phase.connections > 64 ? 4 : 1)
        }
        let passed = Clock.now() - started
        let left = Double(Self.budget - min(passed, Self.budget))
        return UInt64(left * weight(phases[number]) / phases[number...].reduce(0) { $0 + weight($1) })
    }

    private func measure(
        _ phase: EnginePhase, _ number: Int, _ sides: EngineSides, fastest: Double, started: Nanoseconds
    ) async throws -> PairedResult {
        progress("\(phase.name): looking how fast it goes")
        let (name, parameters) = (phase.name, sides.parameters)
        let slices = PairedSlices(
            try await sides.sides(phase, fastest: fastest),
            limits: .init(
                budget: budget(number, started: started), minimum: Estimate.fewest, maximum: phase.blocks),
            control: control,
            prepare: {
                for statement in phase.script.reset { try Connection.open(parameters).run(statement) }
            },
            progress: { [progress] now in
                progress("\(name): block \(now.blocks) of \(now.expected), \(now.left / 1_000_000_000) s left")
            })
        return try await slices.run(seed: request.seed &+ UInt64(number))
    }

    // MARK: Rows

    private func rows(_ phase: EnginePhase, _ result: PairedResult) -> [CalibrationRow] {
        let pairs = [
            (SideName.ours, SideName.pgbench), (SideName.ours, SideName.unpipelined), (SideName.ours, SideName.bare),
            (SideName.bare, SideName.pgbench),
        ]
        var rows: [CalibrationRow] = []
        for metric in [EngineMetric.throughput, EngineMetric.cpu, EngineMetric.meanLag, EngineMetric.p99Lag] {
            for (side, other) in pairs {
                guard let ratio = result.ratio(of: metric, side, to: other) else { continue }
                let name = "\(phase.name): \(metric), \(side) / \(other)"
                let bound = phase.bounds.first { $0.metric == metric && $0.side == side && $0.other == other }
                rows.append(Self.row(name, ratio, bound))
            }
        }
        return rows + figures(phase, result)
    }

    private static func row(_ name: String, _ ratio: Estimate, _ bound: EnginePhase.Bound?) -> CalibrationRow {
        guard let bound else { return CalibrationRow(told: name, ratio) }
        return bound.isLeast
            ? CalibrationRow(name, ratio, atLeast: bound.limit) : CalibrationRow(name, ratio, atMost: bound.limit)
    }

    /// Medians of the slices with their span, for what is no ratio.
    private func figures(_ phase: EnginePhase, _ result: PairedResult) -> [CalibrationRow] {
        let wanted = [
            (EngineMetric.ownShare, SideName.ours, "\(EngineMetric.ownShare)"),
            (EngineMetric.cpu, SideName.ours, "cpu, ours, nanoseconds"),
            (EngineMetric.cpu, SideName.pgbench, "cpu, pgbench, nanoseconds"),
            (EngineMetric.p99Lag, SideName.ours, "p99 lag, ours, microseconds"),
            (EngineMetric.p99Lag, SideName.pgbench, "p99 lag, pgbench's log, microseconds"),
            (EngineMetric.peakMemory, SideName.pgbench, "peak memory, pgbench, megabytes"),
        ]
        return wanted.compactMap { metric, side, name in
            let values = result.values(of: metric, side).sorted()
            guard let low = values.first, let high = values.last else { return nil }
            var row = CalibrationRow(told: "\(phase.name): \(name)", value: Sample.median(values))
            (row.low, row.high) = (low, high)
            return row
        }
    }
}
