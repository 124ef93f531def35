import FoundationEssentials
import LinuxSystem
import PostgresClient
import RunRecord
import SpecReader
import Statistics
import Synchronization
import Telemetry
import Testbed

/// What telemetry costs: slices of load with it and without it, in turns on one server.
///
/// Slices are closed loops that keep the processors busy, with telemetry's own thread among them, on a modelled disk whose
/// flush ends in protected memory: its share is larger than in a trial that keeps to a schedule, and neither the disk nor
/// idle processors hide it. What telemetry does once,
/// before a load, is done before the slice: over the seconds of a slice it would weigh more than over a trial.
public struct TelemetryCalibration: Sendable {
    private enum SideName {
        static let on = "with telemetry"
        static let off = "without"
    }

    /// Throughput with telemetry, of that without.
    public static let leastThroughput = 0.98

    /// What is run, and how many pairs of slices at most: a put has more statements for its time, so more to pay.
    private static let phases: [(script: CalibrationScript, blocks: Int)] = [(.put, 60), (.page, 20)]
    private static let connections = 8
    /// Seconds of load in one slice.
    private static let slice = 3.0
    /// Transactions that tell how many make a slice; the first ones, on empty tables, are faster than the rest.
    private static let probed = 20_000
    /// Time for what telemetry does once, before the load of a slice begins.
    private static let preparation = Duration.milliseconds(300)
    /// Time of a flush, nanoseconds: protected disks take 12 to 58 µs (M. Callaghan, "SSDs, power loss protection and fsync
    /// latency", 2026), and this is the shortest that the model was seen to keep.
    private static let flush: Nanoseconds = 50_000
    /// All of it ends within this, nanoseconds.
    private static let budget: Nanoseconds = 720_000_000_000
    private static let database = "calibration"

    private let request: TrialRequest
    private let control: TrialControl
    private let progress: @Sendable (String) -> Void

    /// - Parameters:
    ///   - request: says which server, variant and seed.
    ///   - control: ends it between two slices.
    ///   - progress: told what is going on.
    public init(_ request: TrialRequest, control: TrialControl, progress: @escaping @Sendable (String) -> Void) {
        var request = request
        request.telemetry = true
        self.request = request
        self.control = control
        self.progress = progress
    }

    /// Runs the suite. Nothing is left behind.
    ///
    /// - Returns: ratios of throughput, and what telemetry's queries took.
    /// - Throws: `TestbedProblem`, `PostgresError`, ``PairedSlices/Problem``, ``TrialInterrupted``.
    public func run() async throws -> [CalibrationRow] {
        try request.registry.prepare()
        progress("making the cluster")
        let storage = try storage()
        defer { storage.remove() }
        let cluster = try await ManagedCluster.create(
            .init(
                installation: request.installation, variant: variant(), dataDirectory: storage.dataDirectory,
                purpose: "calibrate telemetry", createdAt: UTCTime(seconds: request.wallClock()).iso8601,
                surroundings: storage.surroundings), in: request.registry)
        do {
            try await cluster.start()
            try storage.verify(await cluster.postmaster)
            let rows = try await measure(cluster)
            await cluster.remove()
            return rows
        } catch {
            await cluster.remove()
            throw error
        }
    }

    /// A disk with power-loss protection.
    private func storage() throws -> ModelledStorage {
        var device = StorageDevice()
        device.flushLatency = .constant(Self.flush)
        let storage = try ModelledStorage.create(
            ModelledStorage.Plan(
                device: device, cacheBytes: 512 << 20, expectedBytes: 6 << 30, seed: request.seed,
                library: try ModelledStorage.library(beside: FlushProbe.program())), in: request.registry)
        if let fallback = storage.place.fallback { progress(fallback) }
        return storage
    }

    private func variant() -> Variant {
        TrialTelemetry.variant(request.variant.fitted(toMemory: Host.memoryBytes).variant, request)
    }

    // MARK: Slices

    private func measure(_ cluster: ManagedCluster) async throws -> [CalibrationRow] {
        try await cluster.createDatabase(named: Self.database)
        let parameters = cluster.record.parameters(database: Self.database)
        progress("making the tables")
        let connection = try Connection.open(parameters)
        for statement in Self.phases.flatMap(\.script.setUp) { try connection.run(statement) }
        var rows: [CalibrationRow] = []
        let costs = SliceCosts()
        for (number, (script, blocks)) in Self.phases.enumerated() {
            if control.isStopping { throw TrialInterrupted() }
            let result = try await measure(script, blocks, number, cluster.record, costs)
            guard let ratio = result.ratio(of: EngineMetric.throughput, SideName.on, to: SideName.off) else { continue }
            let name = "\(script.name), \(Self.connections) connections: throughput, with telemetry / without"
            rows.append(CalibrationRow(name, ratio, atLeast: Self.leastThroughput))
        }
        let shares = costs.all.map(\.share)
        if let most = shares.max(), let least = shares.min() {
            var row = CalibrationRow(told: "telemetry's queries, share of the time", value: Sample.median(shares))
            (row.low, row.high) = (least, most)
            rows.append(row)
        }
        return rows
    }

    private func measure(
        _ script: CalibrationScript, _ blocks: Int, _ number: Int, _ cluster: ClusterRecord, _ costs: SliceCosts
    ) async throws -> PairedResult {
        let (seed, name) = (request.seed &+ UInt64(number), script.name)
        let parameters = cluster.parameters(database: Self.database)
        progress("\(name): looking how fast it goes")
        let probe = try await load(script, Self.probed, parameters, seed)
        let count = Int((probe[EngineMetric.throughput] ?? 1_000) * Self.slice)
        let slices = PairedSlices(
            [
                .init(SideName.off) { slice in
                    try Self.switchTracking(off: true, parameters)
                    try? await Task.sleep(for: Self.preparation)
                    return try await load(script, count, parameters, seed &+ UInt64(slice))
                },
                .init(SideName.on) { slice in
                    try Self.switchTracking(off: false, parameters)
                    return try await watched(cluster, "\(number)-\(slice)", costs) {
                        try await load(script, count, parameters, seed &+ UInt64(slice))
                    }
                },
            ],
            limits: .init(
                budget: Self.budget * Nanoseconds(blocks) / Nanoseconds(Self.phases.reduce(0) { $0 + $1.blocks }),
                minimum: Estimate.fewest, maximum: blocks),
            control: control,
            prepare: { for statement in script.reset { try Connection.open(parameters).run(statement) } },
            progress: { [progress] now in
                progress("\(name): block \(now.blocks) of \(now.expected), \(now.left / 1_000_000_000) s left")
            })
        return try await slices.run(seed: seed)
    }

    private func load(
        _ script: CalibrationScript, _ count: Int, _ parameters: ConnectionParameters, _ seed: UInt64
    ) async throws -> PairedSlices.Metrics {
        let slice = EngineSlice(
            script: script, connections: Self.connections, amount: .transactions(count), window: 1, syncEvery: nil,
            seed: seed)
        let metrics = try await OurEngine.run(slice, parameters)
        return metrics.filter { $0.key == EngineMetric.throughput }
    }

    /// What a server does for telemetry in each new session. A database's own settings go before the command line's.
    private static func switchTracking(off: Bool, _ parameters: ConnectionParameters) throws {
        let connection = try Connection.open(parameters)
        let settings = [
            ("pg_stat_statements.track", "none"), ("track_io_timing", "off"), ("track_wal_io_timing", "off"),
            ("auto_explain.log_min_duration", "-1"),
        ]
        for (name, value) in settings {
            let change = off ? "SET \(name) = '\(value)'" : "RESET \(name)"
            try connection.run("ALTER DATABASE \(database) \(change)")
        }
    }

    /// Runs a load with the sampling of a trial beside it.
    private func watched(
        _ cluster: ClusterRecord, _ name: String, _ costs: SliceCosts,
        _ body: () async throws -> PairedSlices.Metrics
    ) async throws -> PairedSlices.Metrics {
        let folder = try RecordFolder.create(path: "\(cluster.folder)/telemetry-\(name)")
        let begun = Clock.now()
        let plan = TelemetryPlan(
            archive: cluster.parameters(database: Self.database), maintenance: cluster.parameters(database: "postgres"),
            dataFolder: cluster.dataFolder, logFile: cluster.logFile, controlGroup: nil,
            libraries: Set(TrialTelemetry.libraries(request.variant, request)),
            moments: { (begun, begun..<begun + 3_600_000_000_000) }, shape: { _ in nil })
        let sampler = try await WorkerThread.run { TelemetrySampler.prepare(plan, folder: folder) }
        let sampling = Task.detached { await sampler.follow() }
        try? await Task.sleep(for: Self.preparation)
        let result: Result<PairedSlices.Metrics, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        sampler.end()
        let sight = await sampling.value
        if sight.cost.failures > 0 || sight.cost.queries == 0 {
            throw TestbedProblem("telemetry did not work in a slice: \(sight.gaps.joined(separator: "; "))")
        }
        costs.add(sight.cost)
        return try result.get()
    }
}

/// What telemetry cost in each slice.
private final class SliceCosts: Sendable {
    private let costs = Mutex<[TelemetryCost]>([])

    func add(_ cost: TelemetryCost) { costs.withLock { $0.append(cost) } }

    var all: [TelemetryCost] { costs.withLock { $0 } }
}
