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
        // Asked before, too, for those who plan; here for all who build.
        try StorageRefusals.check(variant)
        guard let tool = request.tool else {
            throw TestbedProblem("modelled storage: this program does not know where it lies, and so not its library")
        }
        let cache = ModelledStorage.cacheBytes(
            memory: request.serverMemory, sharedBuffers: variant.sharedBuffers)
        let plan = ModelledStorage.Plan(
            device: device, cacheBytes: cache, expectedBytes: TrialPlan.diskNeed(request.offered, variant),
            serverBytes: variant.serverBytes(connections: TrialPlan.connections(request.offered, request.driver)),
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

    /// From here on the device takes its time, and nothing is in the page cache.
    func activate() {
        model.emptyCache()
        model.isActive = true
    }

    /// Replaces the device while the server runs.
    func change(_ device: StorageDevice) { model.change(device) }

    /// What it did since it was made.
    var statistics: StorageStatistics { model.statistics() }

    /// What a device did between two looks, in a sentence. Times are those that the server's processes waited.
    static func account(_ from: StorageStatistics, _ to: StorageStatistics) -> String {
        func milliseconds(_ nanoseconds: Double) -> String { "\((nanoseconds / 1e5).rounded() / 10) ms" }
        let flushes = StorageStatistics.Kind(to.flushes, since: from.flushes)
        let (writes, reads) = (
            to.writes.operations - from.writes.operations, to.reads.operations - from.reads.operations
        )
        let (hits, misses) = (to.hits - from.hits, to.misses - from.misses)
        var words = ["\(flushes.operations) flushes"]
        if flushes.waits > 0 {
            let late = Double(flushes.late) / Double(flushes.waits)
            words[0] +=
                " (waited p50 \(milliseconds(flushes.waitP50)), p99 \(milliseconds(flushes.waitP99)), on average \(ProfileText.time(UInt64(late.rounded()))) longer than asked)"
        }
        words.append("\(writes) writes and \(reads) reads of the device")
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
