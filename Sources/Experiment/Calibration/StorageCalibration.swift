import FoundationEssentials
import Glibc
import LinuxSystem
import PostgresClient
import SpecReader
import Statistics
import Testbed

/// Modelled storage against what it stands for: its delays as a program sees them, its throughput against a disk with the
/// same limits, and its noise against that of this host's disk.
public struct StorageCalibration: Sendable {
    private let request: TrialRequest
    private let control: TrialControl
    private let progress: @Sendable (String) -> Void

    /// - Parameters:
    ///   - request: says which server and seed.
    ///   - control: ends it between two slices.
    ///   - progress: told what is going on.
    public init(_ request: TrialRequest, control: TrialControl, progress: @escaping @Sendable (String) -> Void) {
        self.request = request
        self.control = control
        self.progress = progress
    }

    /// Flush latencies that the probe is asked to see, nanoseconds.
    private static let latencies: [Nanoseconds] = [50_000, 100_000, 200_000, 500_000, 1_000_000, 2_000_000, 5_000_000]
    private static let flushes = 300
    /// From here up an observed delay is held to its bound.
    private static let held: Nanoseconds = 1_000_000
    /// Writes a second of the limited disk and of its model.
    private static let writes = 400
    private static let connections = 4
    private static let seconds = 2.0
    private static let bounds = (delay: 0.05, throughput: 0.15, noise: 0.1)
    /// Of each of the two comparisons, blocks and nanoseconds at most.
    private static let limits = (
        throughput: (blocks: 10, budget: Nanoseconds(150_000_000_000)),
        noise: (blocks: 20, budget: Nanoseconds(250_000_000_000))
    )

    /// Runs the suite. Nothing is left behind.
    ///
    /// - Throws: `TestbedProblem`, `PostgresError`, ``PairedSlices/Problem``, ``TrialInterrupted``.
    public func run() async throws -> [CalibrationRow] {
        try request.registry.prepare()
        return try delays() + (try await throughput()) + (try await noise())
    }

    private func storage(_ device: StorageDevice) throws -> ModelledStorage {
        let storage = try ModelledStorage.create(
            ModelledStorage.Plan(
                device: device, cacheBytes: 512 << 20, expectedBytes: 2 << 30, seed: request.seed,
                library: try ModelledStorage.library(beside: FlushProbe.program())), in: request.registry)
        if let fallback = storage.place.fallback { progress(fallback) }
        return storage
    }

    // MARK: Delays

    private func delays() throws -> [CalibrationRow] {
        let storage = try storage(StorageDevice())
        defer { storage.remove() }
        var rows: [CalibrationRow] = []
        var floor: Nanoseconds?
        for latency in Self.latencies.reversed() {
            if control.isStopping { throw TrialInterrupted() }
            let name = "flush of \(Double(latency) / 1e6) ms"
            progress(name)
            var device = StorageDevice()
            device.flushLatency = .constant(latency)
            storage.change(device)
            let ratios = try FlushProbe.run(under: storage, count: Self.flushes)
                .map { Double($0) / Double(latency) }.sorted()
            var row = CalibrationRow(told: "\(name): observed / requested, p50", value: Sample.median(ratios))
            (row.low, row.high) = Self.medianInterval(ratios)
            if row.high <= 1 + Self.bounds.delay, floor == nil || floor == previous(latency) { floor = latency }
            if latency >= Self.held {
                row.bound = "within \(Self.bounds.delay)"
                row.holds = row.low >= 1 - Self.bounds.delay && row.high <= 1 + Self.bounds.delay
            }
            rows.append(row)
            rows.append(
                CalibrationRow(told: "\(name): observed / requested, p99", value: Sample.quantile(ratios, 0.99)))
        }
        if let floor {
            rows.append(
                CalibrationRow(
                    told: "shortest delay from which p50 keeps within \(Self.bounds.delay), milliseconds",
                    value: Double(floor) / 1e6))
        }
        return rows
    }

    /// The next longer latency.
    private func previous(_ latency: Nanoseconds) -> Nanoseconds? { Self.latencies.first { $0 > latency } }

    /// 95 % interval of the median by order statistics (Hollander & Wolfe, "Nonparametric Statistical Methods", 3.6).
    private static func medianInterval(_ sorted: [Double]) -> (low: Double, high: Double) {
        let (count, half) = (Double(sorted.count), 0.98 * Double(sorted.count).squareRoot())
        let (low, high) = (Int(count / 2 - half), Int(count / 2 + half))
        return (sorted[max(0, low)], sorted[min(sorted.count - 1, high)])
    }

    // MARK: Throughput against a limited disk

    private func throughput() async throws -> [CalibrationRow] {
        let name = "puts a second, modelled / disk, both with \(Self.writes) writes a second"
        var device = StorageDevice()
        device.iops = Double(Self.writes)
        let (result, told): (PairedResult, StorageDevice)
        do {
            (result, told) = try await compare(
                device, try limitedDisk(), limits: Self.limits.throughput, name: "throughput"
            ) { try await writesPerFlush($0) }
        } catch let problem as NotLimited {
            var row = CalibrationRow(told: "\(name): not measured, \(problem.reason)", value: 0)
            row.holds = false
            row.bound = "within \(Self.bounds.throughput)"
            return [row]
        }
        guard let ratio = result.ratio(of: EngineMetric.throughput, Side.modelled, to: Side.real) else { return [] }
        var row = CalibrationRow(told: name, ratio)
        row.bound = "within \(Self.bounds.throughput)"
        row.holds = ratio.low >= 1 - Self.bounds.throughput && ratio.high <= 1 + Self.bounds.throughput
        let counted = CalibrationRow(
            told: "writes that a flush counts as besides its data, as the kernel counted them and the model was told",
            value: told.flushOperations)
        return [row, counted] + figures(result, "limited alike")
    }

    /// This host's disk does not take the limit.
    private struct NotLimited: Error {
        let reason: String
    }

    /// The whole host, with a disk of so many operations a second. It is limited as any profile's disk is.
    private func limitedDisk() throws -> Enforcement {
        let host = HostCapacity.here
        let profile = try HardwareProfile(
            document: SpecDocument(
                text: """
                    archivebench: \(HardwareProfile.format)
                    name: limited
                    summary: this host with a limited disk
                    cpus: {count: \(host.processors.count), own: false, generator: shared}
                    storage: {kind: real, read-iops: \(Self.writes)/s, write-iops: \(Self.writes)/s}
                    """, file: "calibrate storage"))
        return Enforcement(profile, dataFolder: request.dataDirectory ?? request.registry.home)
    }

    /// Sees that the limit is in force.
    private func checkLimit(_ cluster: ManagedCluster) throws {
        guard let limits = cluster.limits, limits.enforced[.storage] == nil else { return }
        throw NotLimited(reason: limits.notEnforced.joined(separator: "; "))
    }

    /// Writes of the server to the disk so far, as the kernel counts them: with the filesystem's journal and the flushes.
    private func countedWrites(_ cluster: ManagedCluster) async throws -> Double {
        guard let writes = cluster.limits?.usage(of: await cluster.postmaster)?.writes else {
            throw NotLimited(reason: "the kernel does not count the limited server's writes")
        }
        return Double(writes)
    }

    /// Writes that the kernel counts for one flush of the limited server's log, besides the one of its data: the
    /// filesystem's journal and the flush itself. It is counted, not fitted to the throughput that is compared.
    private func writesPerFlush(_ cluster: ManagedCluster) async throws -> Double {
        let parameters = cluster.record.parameters(database: "postgres")
        func flushes() throws -> Double {
            let query =
                request.installation.major >= 18
                ? "SELECT sum(fsyncs) FROM pg_stat_io WHERE object = 'wal'" : "SELECT wal_sync FROM pg_stat_wal"
            return Double(try Connection.open(parameters).value(query) ?? "") ?? 0
        }
        let (writes, before) = (try await countedWrites(cluster), try flushes())
        _ = try await slice(400, parameters, seed: request.seed)
        // Backends report their counts as they end.
        Clock.pause(1_500_000_000)
        let (counted, flushed) = (try await countedWrites(cluster) - writes, try flushes() - before)
        guard flushed > 0, counted >= flushed else {
            throw TestbedProblem("the kernel counted \(counted) writes for \(flushed) flushes of the limited server")
        }
        return counted / flushed - 1
    }

    // MARK: Noise

    private func noise() async throws -> [CalibrationRow] {
        var device = StorageDevice()
        device.flushLatency = .constant(2_000_000)
        let result = try await compare(device, nil, limits: Self.limits.noise, name: "noise").result
        var rows: [CalibrationRow] = []
        for side in [Side.modelled, Side.real] {
            let ratios = result.blocks.compactMap { block -> Double? in
                let values = block.filter { $0.side == side }.compactMap { $0.metrics[EngineMetric.throughput] }
                return values.count == 2 ? log(values[0] / values[1]) : nil
            }
            let name = "standard deviation of the log ratio of two \(Int(Self.seconds))-s slices of puts, \(side)"
            var row = CalibrationRow(told: name, value: Sample.standardDeviation(ratios))
            (row.low, row.high) = Self.deviationInterval(row.value, count: ratios.count)
            if side == Side.modelled {
                row.bound = "at most \(Self.bounds.noise)"
                row.holds = row.high <= Self.bounds.noise
            }
            rows.append(row)
        }
        return rows + figures(result, "unlimited disk, flush of 2 ms modelled")
    }

    /// 95 % interval of a standard deviation: √((n − 1) s² / χ²), with the quantiles of χ² as Wilson & Hilferty (1931)
    /// approximate them.
    private static func deviationInterval(_ deviation: Double, count: Int) -> (low: Double, high: Double) {
        let degrees = Double(count - 1)
        func quantile(_ z: Double) -> Double {
            let spread = 2 / (9 * degrees)
            return degrees * pow(1 - spread + z * spread.squareRoot(), 3)
        }
        let z = Normal.quantile(confidence: 0.95)
        return (deviation * (degrees / quantile(z)).squareRoot(), deviation * (degrees / quantile(-z)).squareRoot())
    }

    // MARK: Two servers

    private enum Side {
        static let modelled = "modelled storage"
        static let real = "disk"
    }

    /// Slices of puts on a server with modelled storage and on one with the host's disk, in turns.
    private func compare(
        _ device: StorageDevice, _ enforcement: Enforcement?, limits: (blocks: Int, budget: Nanoseconds),
        name: String, flushOperations: ((ManagedCluster) async throws -> Double)? = nil
    ) async throws -> (result: PairedResult, told: StorageDevice) {
        progress("\(name): making two servers")
        let storage = try storage(device)
        defer { storage.remove() }
        // Tables are made at full speed.
        storage.isActive = false
        let modelled = try await server(storage.dataDirectory, storage.surroundings, nil)
        do {
            try storage.verify(await modelled.postmaster)
            let real = try await server(request.dataDirectory, .host, enforcement)
            do {
                try checkLimit(real)
                var device = device
                if let flushOperations { device.flushOperations = try await flushOperations(real) }
                storage.change(device)
                storage.isActive = true
                let sides = try await [side(Side.modelled, modelled), side(Side.real, real)]
                let result = try await PairedSlices(
                    sides, limits: .init(budget: limits.budget, minimum: Estimate.fewest, maximum: limits.blocks),
                    control: control,
                    progress: { [progress] in progress("\(name): block \($0.blocks) of \($0.expected)") }
                ).run(seed: request.seed)
                await real.remove()
                await modelled.remove()
                return (result, device)
            } catch {
                await real.remove()
                throw error
            }
        } catch {
            await modelled.remove()
            throw error
        }
    }

    /// Commits are flushed; nothing else writes.
    private static let settings = [
        "fsync": "on", "synchronous_commit": "on", "shared_buffers": "256MB", "max_connections": "50",
        "autovacuum": "off", "checkpoint_timeout": "1h", "max_wal_size": "8GB", "bgwriter_lru_maxpages": "0",
    ]

    private func server(
        _ folder: String?, _ surroundings: ServerSurroundings, _ enforcement: Enforcement?
    ) async throws -> ManagedCluster {
        var variant = request.variant
        let place = variant.settings.first?.place
        variant.settings = Self.settings.sorted { $0.key < $1.key }.compactMap { name, value in
            place.map { Variant.Setting(name: name, value: value, file: "calibrate storage", place: $0) }
        }
        let cluster = try await ManagedCluster.create(
            .init(
                installation: request.installation, variant: variant, dataDirectory: folder,
                purpose: "calibrate storage", createdAt: UTCTime(seconds: request.wallClock()).iso8601,
                surroundings: surroundings, enforcement: enforcement), in: request.registry)
        do {
            try await cluster.start()
            let connection = try Connection.open(cluster.record.parameters(database: "postgres"))
            for statement in CalibrationScript.put.setUp { try connection.run(statement) }
            return cluster
        } catch {
            await cluster.remove()
            throw error
        }
    }

    private func side(_ name: String, _ cluster: ManagedCluster) async throws -> PairedSlices.Side {
        let parameters = cluster.record.parameters(database: "postgres")
        // Once to warm up, once to see how many fill a slice.
        let seed = request.seed
        _ = try await slice(50, parameters, seed: seed)
        let pace = try await slice(200, parameters, seed: seed &+ 1)[EngineMetric.throughput] ?? 1
        let count = max(20, Int(pace * Self.seconds))
        return PairedSlices.Side(name) { number in
            let metrics = try await slice(count, parameters, seed: seed &+ UInt64(number) &+ 100)
            return metrics.filter { $0.key == EngineMetric.throughput }
        }
    }

    /// Puts as fast as they go.
    private func slice(
        _ count: Int, _ parameters: ConnectionParameters, seed: UInt64
    ) async throws -> PairedSlices.Metrics {
        try await OurEngine.run(
            EngineSlice(
                script: .put, connections: Self.connections, amount: .transactions(count), window: 1, syncEvery: nil,
                seed: seed), parameters)
    }

    private func figures(_ result: PairedResult, _ name: String) -> [CalibrationRow] {
        [Side.modelled, Side.real].map { side in
            let values = result.values(of: EngineMetric.throughput, side).sorted()
            var row = CalibrationRow(told: "puts a second, \(side), \(name)", value: Sample.median(values))
            (row.low, row.high) = (values.first ?? 0, values.last ?? 0)
            return row
        }
    }
}
