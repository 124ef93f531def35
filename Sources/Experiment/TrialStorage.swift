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

    /// What it did so far, in a sentence.
    var account: String {
        let seen = model.statistics()
        func milliseconds(_ nanoseconds: Double) -> String { "\((nanoseconds / 1e4).rounded() / 100) ms" }
        var words = [
            "\(seen.flushes.operations) flushes (p50 \(milliseconds(seen.flushes.latencyP50)), p99 \(milliseconds(seen.flushes.latencyP99)))",
            "\(seen.writes.operations) writes and \(seen.reads.operations) reads of the device",
        ]
        if let share = seen.hitShare { words.append("page cache had \(Words.percent(share)) of the pages read") }
        if seen.refusals > 0 { words.append("device full \(seen.refusals) times") }
        if seen.unmodelled > 0 { words.append("\(seen.unmodelled) calls went past the model") }
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
