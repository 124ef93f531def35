import FoundationEssentials
import LinuxSystem
import PostgresClient
import Statistics
import Testbed

/// Load generators against each other in one interleaved run on one server: pgbench, the bare loop in C, and ours.
public struct EngineCalibration: Sendable {
    /// Measures one slice with our engine, on tables that are there: ``EngineMetric`` names and values.
    public typealias OurSide = @Sendable (EngineSlice, ConnectionParameters) async throws -> PairedSlices.Metrics

    private let request: TrialRequest
    private let ours: OurSide?
    private let control: TrialControl
    private let progress: @Sendable (String) -> Void

    /// - Parameters:
    ///   - request: says which server, variant and seed.
    ///   - ours: our engine; without it the other sides are compared, and open loops are left out and said to be.
    ///   - control: ends it between two slices.
    ///   - progress: told what is going on.
    public init(
        _ request: TrialRequest, ours: OurSide?, control: TrialControl, progress: @escaping @Sendable (String) -> Void
    ) {
        self.request = request
        self.ours = ours
        self.control = control
        self.progress = progress
    }

    /// Names of the sides.
    public static let names = (ours: "ours", pgbench: "pgbench", bare: "bare loop")

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
            pgbench: try Pgbench(request.installation, parameters, folder: folder), ours: ours, parameters: parameters,
            control: control, seed: request.seed)
        progress("making the tables")
        let connection = try Connection.open(parameters)
        for statement in CalibrationScript.all.flatMap(\.setUp) { try connection.run(statement) }
        var rows: [CalibrationRow] = []
        var fastest = 0.0
        for (number, phase) in EnginePhase.all.enumerated() {
            if control.isStopping { throw TrialInterrupted() }
            if case .open = phase.mode, ours == nil {
                progress("\(phase.name): left out, there is nothing to compare pgbench with")
                continue
            }
            let result = try await measure(phase, number, sides, fastest: fastest)
            if number == 0 { fastest = Sample.median(result.values(of: EngineMetric.throughput, Self.names.pgbench)) }
            rows += self.rows(phase, result)
        }
        return rows
    }

    private func measure(
        _ phase: EnginePhase, _ number: Int, _ sides: EngineSides, fastest: Double
    ) async throws -> PairedResult {
        progress("\(phase.name): looking how fast it goes")
        let (name, parameters) = (phase.name, sides.parameters)
        let slices = PairedSlices(
            try await sides.sides(phase, fastest: fastest),
            limits: .init(budget: .max, minimum: phase.blocks, maximum: phase.blocks), control: control,
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
            (Self.names.bare, Self.names.pgbench), (Self.names.ours, Self.names.pgbench),
            (Self.names.ours, Self.names.bare),
        ]
        let metrics = [EngineMetric.throughput, EngineMetric.cpu, EngineMetric.meanLag, EngineMetric.p99Lag]
        var rows: [CalibrationRow] = []
        for metric in metrics {
            for (side, other) in pairs {
                guard let ratio = result.ratio(of: metric, side, to: other) else { continue }
                let name = "\(phase.name): \(metric), \(side) / \(other)"
                progress(Self.telling(name, ratio))
                rows.append(CalibrationRow(told: name, ratio))
            }
        }
        return rows
    }

    /// The figures from which the number of blocks is chosen.
    private static func telling(_ name: String, _ ratio: Estimate) -> String {
        func short(_ value: Double) -> String { String((value * 1_000).rounded() / 1_000) }
        return
            "\(name) = \(short(ratio.value)) (\(short(ratio.low)) to \(short(ratio.high))), \(ratio.count) blocks, standard deviation \(short(ratio.standardDeviation)), autocorrelation \(short(ratio.autocorrelation)); ± 3 % takes \(ratio.pairs(forHalfWidth: 0.03)) blocks"
    }
}
