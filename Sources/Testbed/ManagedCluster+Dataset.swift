import Subprocess
import SystemPackage

extension ManagedCluster {
    /// Takes the place of `initdb` when the plan names a dataset.
    func fill(from dataset: (cache: DatasetCache, entry: DatasetEntry), _ plan: Plan) async throws {
        let made = dataset.entry.serverVersion
        guard Int(made.prefix { $0.isNumber }) == plan.installation.major else {
            throw TestbedProblem(
                "\(dataset.entry.description): was filled by PostgreSQL \(made), which \(plan.installation.version) cannot read; use that version, or load it anew"
            )
        }
        try await dataset.cache.copy(
            dataset.entry, to: record.dataFolder, owner: user, usedAt: plan.createdAt,
            within: limits?.making ?? .host)
    }

    /// Stops the server in order, keeps a copy of its data in the cache, and starts it again.
    ///
    /// Without room in the cache the server is not stopped at all. When storing fails, it runs again too; only when the
    /// task was cancelled it stays stopped.
    ///
    /// - Throws: ``DatasetNotCached`` when there is no room, ``TestbedProblem`` when the copy or the start fails,
    ///   `CancellationError`.
    public func storeDataset(in cache: DatasetCache, entry: DatasetEntry) async throws {
        try cache.checkRoom(for: FolderCopy.bytes(of: record.dataFolder))
        await stop(.fast)
        let outcome: Result<Void, any Error>
        do {
            try await checkStoppedInOrder()
            outcome = .success(try await cache.store(entry, copying: record.dataFolder, owner: user))
        } catch {
            try Task.checkCancellation()
            outcome = .failure(error)
        }
        try await start()
        try outcome.get()
    }

    /// A server that had to be forced would recover at every start of a copy.
    private func checkStoppedInOrder() async throws {
        let command = command("pg_controldata", ["-D", record.dataFolder])
        let result = try? await run(
            command.program, arguments: command.arguments, environment: Self.environment, workingDirectory: "/",
            platformOptions: Self.ownSession, input: .none, output: .string(limit: 1 << 16), error: .discarded)
        try Task.checkCancellation()
        let lines = (result?.standardOutput ?? "").split(separator: "\n")
        guard lines.contains(where: { $0.hasPrefix("Database cluster state:") && $0.hasSuffix(" shut down") }) else {
            throw TestbedProblem("\(record.id): its server did not stop in order, so its data is not cached; run again")
        }
    }
}
