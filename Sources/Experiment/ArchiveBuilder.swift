import ArchiveDriver
import LinuxSystem
import PostgresClient
import RunRecord
import Testbed
import Workload

/// A managed cluster with an archive in it, ready for load.
public struct BuiltArchive: Sendable {
    /// Its server, running.
    public let cluster: ManagedCluster
    /// What was loaded, and what a variant's patch made of it.
    public internal(set) var history: HistoryDescription
    /// As the server had them after loading.
    public let settings: [SettingRow]
    /// As the server reports it.
    public let serverVersion: String
    /// Its modelled device; `nil` for real storage.
    public var storage: TrialStorage?
    /// Why the filled cluster was not kept for the next trial, if it should have been.
    public var note: String?
}

extension BuiltArchive {
    /// Starts the server once more, with nothing in its buffers, and on the modelled device with nothing in its page cache.
    /// Every trial and each side of a comparison begin so: an archive that was just loaded or patched would else have in
    /// memory what a copy of it has to read.
    ///
    /// - Throws: `TestbedProblem`.
    public func startAnew() async throws {
        try await cluster.restart()
        storage?.activate()
    }
}

/// Makes a managed cluster, installs the schema, loads the history.
public struct ArchiveBuilder: Sendable {
    let request: TrialRequest
    let variant: Variant
    let control: TrialControl

    /// Takes the request's variant as it was fitted to the host.
    public init(_ request: TrialRequest, variant: Variant, control: TrialControl) {
        self.request = request
        self.variant = variant
        self.control = control
    }

    /// Builds it. Nothing is left behind when it throws.
    ///
    /// - Parameters:
    ///   - purpose: said in the cluster's record.
    ///   - progress: called with the rows loaded so far.
    /// - Returns: the running cluster with what was found on it; the caller removes it.
    /// - Throws: `TestbedProblem`, `PostgresError`, ``TrialInterrupted``.
    public func build(purpose: String, progress: @escaping @Sendable (Int) -> Void) async throws -> BuiltArchive {
        let request = request
        let variant = variant
        guard request.usesCache else { return try await buildNew(purpose, key: nil, progress) }
        let key = try await WorkerThread.run { DatasetIdentity.key(request, variant) }
        let cache = DatasetCache(registry: request.registry)
        guard let entry = cache.find(key.text) else { return try await buildNew(purpose, key: key, progress) }
        return try await copy(entry, of: cache, purpose)
    }

    /// Fills a cluster and puts it into the cache, unless it is there: what is built from it afterwards is a copy, and copies
    /// are alike to the byte. Nothing is left running.
    ///
    /// - Parameters:
    ///   - purpose: said in the cluster's record.
    ///   - progress: called with the rows loaded so far.
    /// - Returns: why what is built will not be a copy; `nil` when it will.
    /// - Throws: `TestbedProblem`, `PostgresError`, ``TrialInterrupted``.
    func fillCache(purpose: String, progress: @escaping @Sendable (Int) -> Void) async throws -> String? {
        let (request, variant) = (request, variant)
        guard request.usesCache else { return "the cache is not used" }
        let key = try await WorkerThread.run { DatasetIdentity.key(request, variant) }
        guard DatasetCache(registry: request.registry).find(key.text) == nil else { return nil }
        let archive = try await buildNew(purpose, key: key, always: true, progress)
        await archive.cluster.remove()
        archive.storage?.remove()
        return archive.note
    }

    /// A load that takes less than this is done again as quickly as its result could be copied, seconds.
    private static let worthKeeping = 5.0

    private func buildNew(
        _ purpose: String, key: DatasetKey?, always: Bool = false, _ progress: @escaping @Sendable (Int) -> Void
    ) async throws -> BuiltArchive {
        let schema = try ArchiveSchema(version: request.schemaVersion, folder: request.schemaFolder)
        let (cluster, storage) = try await create(purpose)
        do {
            try await start(cluster, storage)
            try await cluster.createDatabase()
            var archive = try await fill(cluster, schema, progress)
            archive.storage = storage
            if let key, always || archive.history.loadSeconds >= Self.worthKeeping {
                archive.note = try await keep(archive, key)
            }
            return archive
        } catch {
            await cluster.remove()
            storage?.remove()
            throw error is HistoryLoader.Stopped ? TrialInterrupted() : error
        }
    }

    /// Makes the cluster, on its modelled device where there is one.
    private func create(
        _ purpose: String, _ dataset: (cache: DatasetCache, entry: DatasetEntry)? = nil
    ) async throws -> (ManagedCluster, TrialStorage?) {
        let storage = try TrialStorage.make(request, variant)
        var plan = plan(purpose, dataset)
        storage?.extend(&plan)
        do {
            return (try await ManagedCluster.create(plan, in: request.registry), storage)
        } catch {
            storage?.remove()
            throw error
        }
    }

    private func start(_ cluster: ManagedCluster, _ storage: TrialStorage?) async throws {
        if let storage { try await storage.start(cluster) } else { try await cluster.start() }
    }

    /// Puts the filled cluster into the cache.
    ///
    /// - Returns: why it was not, if it was not.
    private func keep(_ archive: BuiltArchive, _ key: DatasetKey) async throws -> String? {
        let history = archive.history
        let entry = DatasetEntry(
            key: key.text, createdAt: UTCTime(seconds: request.wallClock()).iso8601, rows: history.rows,
            partitions: history.partitions, serverVersion: request.installation.version,
            schemaVersion: request.schemaVersion,
            description: "\(request.workload.name), schema \(request.schemaVersion), \(request.historyState.text)",
            facts: ["state": history.state, "loadSeconds": String(history.loadSeconds)])
        do {
            try await archive.cluster.storeDataset(in: DatasetCache(registry: request.registry), entry: entry)
            return nil
        } catch let reason as DatasetNotCached {
            return "\(reason)"
        }
    }

    private func copy(_ entry: DatasetEntry, of cache: DatasetCache, _ purpose: String) async throws -> BuiltArchive {
        let (cluster, storage) = try await create(purpose, (cache, entry))
        do {
            if control.isStopping { throw TrialInterrupted() }
            try await start(cluster, storage)
            let (variant, parameters) = (variant, cluster.record.archiveParameters)
            return try await WorkerThread.run {
                Result {
                    let connection = try Connection.open(parameters[0])
                    return BuiltArchive(
                        cluster: cluster,
                        history: HistoryDescription(
                            rows: entry.rows, bytes: try FleetInspector(parameters).databaseBytes(),
                            partitions: entry.partitions,
                            loadSeconds: Double(entry.facts["loadSeconds"] ?? "") ?? 0,
                            state: (entry.facts["state"] ?? "") + ", copied from the cache"),
                        settings: try Self.settings(connection, variant),
                        serverVersion: connection.reportedSetting("server_version") ?? "unknown", storage: storage)
                }
            }.get()
        } catch {
            await cluster.remove()
            storage?.remove()
            throw error
        }
    }

    private func plan(
        _ purpose: String, _ dataset: (cache: DatasetCache, entry: DatasetEntry)? = nil
    ) -> ManagedCluster.Plan {
        var plan = ManagedCluster.Plan(
            installation: request.installation, variant: TrialTelemetry.variant(variant, request),
            dataDirectory: request.dataDirectory, purpose: purpose,
            createdAt: UTCTime(seconds: request.wallClock()).iso8601, dataset: dataset,
            enforcement: request.enforcement)
        plan.databases = ArchiveDatabases.names(of: request.offered)
        return plan
    }

    private func fill(
        _ cluster: ManagedCluster, _ schema: ArchiveSchema, _ progress: @escaping @Sendable (Int) -> Void
    ) async throws -> BuiltArchive {
        let (spec, seed, control, variant) = (request.offered, request.seed, control, variant)
        let historyState = request.historyState
        let parameters = cluster.record.archiveParameters
        // libpq's blocking work keeps a thread busy; it gets its own, not one of the executor's.
        return try await WorkerThread.run {
            Result {
                let connections = try parameters.map { try Connection.open($0) }
                let started = Clock.now()
                for connection in connections { try schema.install(on: connection) }
                let loader = HistoryLoader(
                    Traffic(spec, seed: seed), schema: schema, connections: connections)
                let state = try loader.load(state: historyState) { rows in
                    progress(rows)
                    return !control.isStopping
                }
                let seconds = Double(Clock.now() - started) / 1e9
                return BuiltArchive(
                    cluster: cluster,
                    history: HistoryDescription(
                        rows: spec.history.rows, bytes: try FleetInspector(parameters).databaseBytes(),
                        partitions: spec.history.partitions, loadSeconds: seconds, state: state),
                    settings: try Self.settings(connections[0], variant),
                    serverVersion: connections[0].reportedSetting("server_version") ?? "unknown")
            }
        }.get()
    }

    static func settings(_ connection: Connection, _ variant: Variant) throws -> [SettingRow] {
        try SettingsCheck.checkExtensions(of: variant, on: connection)
        return try ServerSettings(connection, variant: variant).rows.map {
            SettingRow(
                name: $0.name, value: $0.value, defaultValue: $0.defaultValue, origin: $0.origin, meaning: $0.meaning,
                needsRestart: $0.needsRestart)
        }
    }
}
