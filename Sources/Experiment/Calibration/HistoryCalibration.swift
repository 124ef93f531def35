import ArchiveDriver
import CSHA256
import FoundationEssentials
import LinuxSystem
import PostgresClient
import Testbed
import WakuModel
import Workload

/// How fast histories are made, against what anybody could do: psql's `\copy` of the same rows from ready-made files into
/// the same schema, and a bare SHA-256 pass over the same bytes. Everything in one interleaved run.
public struct HistoryCalibration: Sendable {
    private let request: TrialRequest
    private let control: TrialControl
    private let progress: @Sendable (String) -> Void

    /// - Parameters:
    ///   - request: says which server, workload and schema.
    ///   - control: ends it within seconds.
    ///   - progress: told what is going on.
    public init(
        _ request: TrialRequest, control: TrialControl, progress: @escaping @Sendable (String) -> Void
    ) {
        self.request = request
        self.control = control
        self.progress = progress
    }

    /// Rows of one block: a few seconds of COPY.
    private static let rows = 40_000
    /// Ten times that, for memory.
    private static let manyRows = 400_000
    /// Loading speed, generator's speed, growth of memory.
    private static let bounds = (copy: 0.9, generator: 0.5, memory: 1.1)

    /// Runs the suite. Nothing is left behind.
    ///
    /// - Throws: `TestbedProblem`, `PostgresError`, ``TrialInterrupted``.
    public func run() async throws -> [CalibrationRow] {
        try request.registry.prepare()
        progress("making the cluster")
        let cluster = try await ManagedCluster.create(
            .init(
                installation: request.installation, variant: request.variant.fitted(toMemory: Host.memoryBytes).variant,
                dataDirectory: request.dataDirectory, purpose: "calibrate history",
                createdAt: UTCTime(seconds: request.wallClock()).iso8601), in: request.registry)
        do {
            try await cluster.start()
            // Memory comes first, while nothing else has grown the process.
            let memory = try await memory(cluster)
            let copies = try await copies(cluster)
            await cluster.remove()
            progress("generator against SHA-256")
            let (spec, seed, control) = (request.offered, request.seed, control)
            let generator = try await WorkerThread.run {
                Result { () throws(TrialInterrupted) in try Self.generator(spec, seed: seed, control) }
            }.get()
            return [
                CalibrationRow(
                    "history.rows-per-second / psql-copy", ratios: copies, atLeast: Self.bounds.copy),
                CalibrationRow(
                    "generator.messages-per-second / sha256", ratios: generator, atLeast: Self.bounds.generator),
                CalibrationRow(
                    "history.peak-memory of ten times the rows", value: memory, atMost: Self.bounds.memory),
            ]
        } catch {
            await cluster.remove()
            // A load that was asked to stop says so in words of its own.
            throw error is HistoryLoader.Stopped ? TrialInterrupted() : error
        }
    }

    private func goOn() throws(TrialInterrupted) {
        if control.isStopping { throw TrialInterrupted() }
    }

    /// Does some work, and ends it when the calibration is to end.
    private func untilStopped(_ work: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { [control] group in
            group.addTask(operation: work)
            group.addTask {
                while !control.isStopping { try await Task.sleep(for: .milliseconds(50)) }
                throw TrialInterrupted()
            }
            try await group.next()
            group.cancelAll()
        }
    }

    // MARK: COPY

    private func copies(_ cluster: ManagedCluster) async throws -> [Double] {
        let schema = try ArchiveSchema(version: request.schemaVersion, folder: request.schemaFolder)
        let folder = "\(cluster.record.folder)/rows"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let spec = sized(Self.rows)
        let seed = request.seed
        let parameters = cluster.record.parameters(database: "calibration")
        try goOn()
        progress("writing the files for psql")
        try await cluster.createDatabase(named: "calibration")
        let script = try await WorkerThread.run {
            Result {
                let connection = try Connection.open(parameters)
                return try HistoryLoader(Traffic(spec, seed: seed), schema: schema, connection: connection)
                    .writeFiles(in: folder)
            }
        }.get()
        try await cluster.dropDatabase(named: "calibration")
        var ratios: [Double] = []
        // One pair more: the first warms up the file cache and does not count.
        for pair in 0...CalibrationRow.pairs {
            progress("loading, pair \(pair) of \(CalibrationRow.pairs)")
            let oursFirst = pair % 2 == 0
            let first = try await block(cluster, schema, spec, script: oursFirst ? nil : script)
            let second = try await block(cluster, schema, spec, script: oursFirst ? script : nil)
            let (ours, theirs) = oursFirst ? (first, second) : (second, first)
            if pair > 0 { ratios.append(theirs / ours) }
        }
        return ratios
    }

    /// Seconds to load the rows into a fresh database: with psql where there is a script, else by our loader.
    private func block(
        _ cluster: ManagedCluster, _ schema: ArchiveSchema, _ spec: WorkloadSpec, script: String?
    ) async throws -> Double {
        try goOn()
        try await cluster.createDatabase(named: "calibration")
        let parameters = cluster.record.parameters(database: "calibration")
        try Connection.open(parameters).run("CHECKPOINT")
        try schema.install(on: try Connection.open(parameters))
        let started = Clock.now()
        if let script {
            try await untilStopped { try await cluster.psql(script: script, database: "calibration") }
        } else {
            let (seed, control) = (request.seed, control)
            try await WorkerThread.run {
                Result {
                    let connection = try Connection.open(parameters)
                    try HistoryLoader(Traffic(spec, seed: seed), schema: schema, connection: connection)
                        .copyAll { _ in !control.isStopping }
                }
            }.get()
        }
        let seconds = Double(Clock.now() - started) / 1e9
        guard try Connection.open(parameters).value("SELECT COUNT(1) FROM messages") == String(spec.history.rows) else {
            throw TestbedProblem("the loaded rows are not as many as were to be loaded")
        }
        try await cluster.dropDatabase(named: "calibration")
        return seconds
    }

    private func sized(_ rows: Int) -> WorkloadSpec {
        var spec = request.offered
        spec.history = HistorySpec(partitions: 4, rows: rows)
        return spec
    }

    // MARK: Memory

    /// Peak memory after ten times the rows, against that after the first.
    private func memory(_ cluster: ManagedCluster) async throws -> Double {
        let schema = try ArchiveSchema(version: request.schemaVersion, folder: request.schemaFolder)
        progress("loading once, for memory")
        _ = try await block(cluster, schema, sized(Self.rows), script: nil)
        guard let before = ProcessTable.peakMemory() else { throw TestbedProblem("/proc tells no peak memory") }
        progress("loading ten times the rows")
        _ = try await block(cluster, schema, sized(Self.manyRows), script: nil)
        return Double(ProcessTable.peakMemory() ?? before) / Double(max(before, 1))
    }

    // MARK: Generator

    /// Ratios of CPU time: a bare SHA-256 pass over messages that are there already, to making and hashing them.
    private static func generator(
        _ spec: WorkloadSpec, seed: UInt64, _ control: TrialControl
    ) throws(TrialInterrupted) -> [Double] {
        let count: Int64 = 20_000
        var sized = spec
        sized.history = HistorySpec(partitions: 24, rows: Int(count))
        let traffic = Traffic(sized, seed: seed)
        var messages: [[UInt8]] = []
        for number in 0..<count {
            let (topic, message) = traffic.message(number)
            messages.append(
                Array(topic.text.utf8) + message.payload + Array(message.contentTopic.text.utf8) + message.meta
                    + withUnsafeBytes(of: message.timestamp.bigEndian) { Array($0) })
        }
        var sum: UInt64 = 0
        var ratios: [Double] = []
        for pair in 0...CalibrationRow.pairs {
            if control.isStopping { throw TrialInterrupted() }
            let start = Clock.threadCPU()
            for bytes in messages {
                let digest = bytes.withUnsafeBytes { buffer in
                    var hasher = SHA256()
                    hasher.update(buffer.baseAddress, count: buffer.count)
                    return hasher.finish()
                }
                sum ^= digest.words.0
            }
            let bare = Clock.threadCPU() - start
            for number in 0..<count {
                let (topic, message) = traffic.message(number)
                sum ^= message.hash(on: topic).words.0
            }
            let made = Clock.threadCPU() - start - bare
            // Nobody else reads the sum; without it the passes could be left out. The first pair warms up.
            if pair > 0 { ratios.append(Double(bare) / Double(made) + (sum == 0 ? 1e-12 : 0)) }
        }
        return ratios
    }
}
