import ArchiveDriver
import LinuxSystem
import PostgresClient
import Testbed
import WakuModel
import Workload

/// What a trial would do, worked out before anything is touched.
public struct TrialPlan: Sendable {
    public let digest: String
    /// Independent operations by request class, warm-up included.
    public let operations: [String: Int]
    public let historyRows: Int
    public let historyPartitions: Int
    /// Disk the cluster will need at most, bytes; an estimate on the safe side.
    public let diskBytes: Int
    /// Time from start to end, seconds; an estimate.
    public let seconds: Double
    public let adaptations: [String]
    /// Pubsub topics of the workload.
    public let shards: [String]

    /// Rows a second that loading is assumed to reach before it has shown its own speed.
    public static let assumedLoadRate = 25_000.0

    /// Walks through the whole sequence once, as long as `goOn` says so; a plan broken off is of no use.
    public init(_ request: TrialRequest, while goOn: () -> Bool = { true }) {
        let spec = request.offered
        let digest = SequenceDigest(of: spec, seed: request.seed, while: goOn)
        self.digest = digest.text
        operations = digest.operations
        historyRows = spec.history.rows
        historyPartitions = spec.history.partitions
        diskBytes = Self.diskNeed(spec, request.variant)
        seconds = Self.estimate(spec)
        shards = Traffic(spec, seed: request.seed).topics.shards.map(\.pubsubTopic.text)
        adaptations = request.variant.fitted(toMemory: request.serverMemory).adaptations
    }

    /// Time from start to end, seconds, before anything is known of this host.
    public static func estimate(_ spec: WorkloadSpec) -> Double {
        // Each partition costs more than the one before: the server looks at all there are in the database.
        let (partitions, databases) = (Double(spec.history.partitions), Double(spec.fleet.databases))
        let making = databases * (partitions * 0.005 + partitions * partitions * 7e-6) + (databases - 1) * 0.5
        return 14 + Double(spec.history.rows) / assumedLoadRate + making + Double(spec.phases.offered) / 1e9 + 2
    }

    /// Checks that the disk a trial would use holds it, before anything long is begun.
    ///
    /// - Throws: `TestbedProblem` when the disk is too small or not there.
    public static func checkDisk(_ request: TrialRequest) throws {
        let diskBytes = diskNeed(request.offered, request.variant)
        let path = request.dataDirectory ?? request.registry.home
        guard let storage = Host.storage(at: path) else {
            throw TestbedProblem("\(path): no such folder; create it, or choose another with --data-dir")
        }
        guard storage.freeBytes > diskBytes else {
            throw TestbedProblem(
                "\(path): \(storage.freeBytes / 1_000_000) MB free, the trial needs up to \(diskBytes / 1_000_000) MB; free some, choose another disk with --data-dir, or less history with --history"
            )
        }
    }

    /// Checks that the process may have as many connections open as the nodes' pools hold, before anything is begun.
    ///
    /// - Parameters:
    ///   - spec: says how many nodes there are, and the sizes of their pools.
    ///   - driver: may have sizes of its own.
    /// - Throws: `TestbedProblem` with limit, need and remedy.
    public static func checkDescriptors(_ spec: WorkloadSpec, _ driver: DriverBehaviour = .faithful) throws {
        let (limit, nodes) = (DescriptorLimit.current, spec.fleet.nodes)
        let connections = connections(spec, driver)
        let need = connections + reservedDescriptors
        guard need > limit.soft else { return }
        throw TestbedProblem(
            "this process may open \(limit.soft) files, \(nodes) nodes with \(connections) connections need up to \(need); \(remedy(limit, need)), or lower write-connections, read-connections or count under 'writers'\(driver.hasPoolSizes ? ", or the pool sizes under the variant's 'driver'" : "")"
        )
    }

    /// Checks that the server's memory fits into the profile's.
    ///
    /// - Throws: `TestbedProblem` with the numbers.
    public static func checkMemory(_ request: TrialRequest) throws {
        let variant = request.variant.fitted(toMemory: request.serverMemory).variant
        try request.profile?.checkMemory(variant, connections: connections(request.offered, request.driver))
        if case .modelled = request.profile?.storage { try StorageRefusals.check(variant) }
    }

    /// Connections that the nodes' pools hold at most, all together.
    static func connections(_ spec: WorkloadSpec, _ driver: DriverBehaviour) -> Int {
        let writers = spec.writers
        return spec.fleet.nodes
            * (driver.plan(.write, connections: writers.writeConnections).limit
                + driver.plan(.read, connections: writers.readConnections).limit)
    }

    private static func remedy(_ limit: DescriptorLimit, _ need: Int) -> String {
        limit.hard >= need
            ? "run 'ulimit -n \(need)' before" : "as root run 'ulimit -Hn \(need)' and 'ulimit -n \(need)' before"
    }

    /// For files, pipes, event loops and the connections that look after a trial.
    static let reservedDescriptors = 128

    /// Rows as ``StorageModel`` has them, a fifth on top; the log holds up to twice `max_wal_size` while a checkpoint
    /// runs, and never more than was written.
    static func diskNeed(_ spec: WorkloadSpec, _ variant: Variant) -> Int {
        let row = 1.2 * spec.databaseBytesPerMessage
        let live = spec.expectedMessages(from: 0, to: Int64(spec.phases.longest))
        let past = 1.2 * spec.historyMessages.mean(spec.calendar) { StorageModel.databaseBytes(payload: $0) }
        let data = Double(spec.history.rows) * past + live * row
        let walSetting = variant.settings.first { $0.name == "max_wal_size" }.flatMap { Variant.memoryBytes($0.value) }
        let wal = min(2 * Double(walSetting ?? 1 << 30), 1.5 * data)
        // Partitions, and a new database's own tables.
        let databases = spec.fleet.databases
        let empty = databases * spec.history.partitions * 100_000 + (databases - 1) * 10_000_000
        return Int(min(data + wal, 1e18)) + empty + 150_000_000
    }
}
