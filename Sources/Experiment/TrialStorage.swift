import LinuxSystem
import Testbed

/// The modelled device of one trial, where its profile asks for one.
public struct TrialStorage: Sendable {
    private let model: ModelledStorage

    /// Makes it; the data directory does not exist yet.
    ///
    /// - Parameters:
    ///   - request: of the trial.
    ///   - variant: as it was fitted to the machine; its shared buffers are taken off the page cache.
    /// - Returns: `nil` for a trial on real storage.
    /// - Throws: `TestbedProblem` when it cannot be made, `SpecProblems` for settings that it cannot cover.
    static func make(_ request: TrialRequest, _ variant: Variant) throws -> TrialStorage? {
        guard case .modelled(let device) = request.profile?.storage else { return nil }
        try StorageRefusals.check(variant)
        guard let tool = request.tool else {
            throw TestbedProblem("modelled storage: this program does not know where it lies, and so not its library")
        }
        let cache = ModelledStorage.cacheBytes(
            memory: request.serverMemory, sharedBuffers: variant.sharedBuffers)
        let plan = ModelledStorage.Plan(
            device: device, cacheBytes: cache, expectedBytes: TrialPlan.diskNeed(request.offered, variant),
            seed: request.seed, library: try ModelledStorage.library(beside: tool), diskFolder: request.dataDirectory)
        return TrialStorage(model: try ModelledStorage.create(plan, in: request.registry))
    }

    /// What a cluster's plan takes over of it.
    func extend(_ plan: inout ManagedCluster.Plan) {
        plan.dataDirectory = model.dataDirectory
        plan.enforcement?.model = model.inForce
    }

    /// Starts the server under the model, and sees that it is there. The device waits for nobody yet.
    func start(_ cluster: ManagedCluster) async throws {
        model.isActive = false
        model.measureUse()
        try await cluster.start()
        try model.verify(await cluster.postmaster)
    }

    /// From here on the device takes its time.
    func activate() { model.isActive = true }

    /// Replaces the device while the server runs.
    func change(_ device: StorageDevice) { model.change(device) }

    /// What it did since it was made.
    var statistics: StorageStatistics { model.statistics() }

    /// What a device did between two looks, in a sentence. Latencies are those of all operations up to the second.
    static func account(_ from: StorageStatistics, _ to: StorageStatistics) -> String {
        func milliseconds(_ nanoseconds: Double) -> String { "\((nanoseconds / 1e5).rounded() / 10) ms" }
        let (flushes, writes) = (
            to.flushes.operations - from.flushes.operations, to.writes.operations - from.writes.operations
        )
        let (reads, hits, misses) = (
            to.reads.operations - from.reads.operations, to.hits - from.hits, to.misses - from.misses
        )
        var words = [
            "\(flushes) flushes (p50 \(milliseconds(to.flushes.latencyP50)), p99 \(milliseconds(to.flushes.latencyP99)))",
            "\(writes) writes and \(reads) reads of the device",
        ]
        if hits + misses > 0 {
            words.append("page cache had \(Words.percent(Double(hits) / Double(hits + misses))) of the pages read")
        }
        if to.refusals > from.refusals { words.append("device full \(to.refusals - from.refusals) times") }
        if to.unmodelled > from.unmodelled {
            words.append("\(to.unmodelled - from.unmodelled) calls went past the model")
        }
        return "modelled device: " + words.joined(separator: ", ")
    }

    /// Removes what was made for it, when the cluster is gone.
    func remove() { model.remove() }
}

extension BuiltArchive {
    /// Ends the server and removes all that was made for it.
    public func remove() async {
        await cluster.remove()
        storage?.remove()
    }
}

extension Variant {
    /// Bytes of `shared_buffers`; PostgreSQL's own default is 128 MB.
    var sharedBuffers: Int {
        settings.last { $0.name == "shared_buffers" }.flatMap { Variant.memoryBytes($0.value) } ?? 128 << 20
    }
}
