import FoundationEssentials
import Glibc
import LinuxSystem

/// What a modelled device means for the processes under a profile.
public struct StorageModelInForce: Sendable {
    /// Load the model into them.
    let variables: [String: String]
    /// Memory that they take for data instead of a disk, bytes: what the data are expected to come to, 0 for data on disk.
    let memoryBytes: Int
    /// Why the data do not lie in memory; `nil` when they do.
    let fallback: String?
}

/// A modelled device for one managed cluster: its data directory in memory, and a library loaded into the server that
/// makes every read, write and flush take as long as on the device.
///
/// ```
/// let storage = try ModelledStorage.create(plan, in: registry)
/// let cluster = try await ManagedCluster.create(… dataDirectory: storage.dataDirectory, surroundings: storage.surroundings …)
/// try await cluster.start()
/// try storage.verify(await cluster.postmaster)
/// …
/// await cluster.remove()
/// storage.remove()
/// ```
/// What the tool could not remove, because it was killed, is removed by the registry's next ``ClusterRegistry/sweep()``.
public final class ModelledStorage: Sendable {
    /// What a modelled device is made from.
    public struct Plan: Sendable {
        /// What is modelled.
        public var device: StorageDevice
        /// Bytes of the page cache: ``ModelledStorage/cacheBytes(memory:sharedBuffers:)``.
        public var cacheBytes: Int
        /// Bytes of data and WAL to make room for.
        public var expectedBytes: Int
        /// Bytes of memory that the server's processes take themselves.
        public var serverBytes: Int
        /// Of the delays.
        public var seed: UInt64
        /// Path of the library; ``ModelledStorage/library(beside:)``.
        public var library: String
        /// Filesystems in memory, to be tried in this order.
        public var memoryFolders: [String]
        /// Where the data goes when none of them has room; `nil` takes the registry's home.
        public var diskFolder: String?

        /// As described; nothing is made yet.
        public init(
            device: StorageDevice, cacheBytes: Int, expectedBytes: Int, serverBytes: Int = 0, seed: UInt64,
            library: String, memoryFolders: [String] = ["/dev/shm"], diskFolder: String? = nil
        ) {
            self.device = device
            self.cacheBytes = cacheBytes
            self.expectedBytes = expectedBytes
            self.serverBytes = serverBytes
            self.seed = seed
            self.library = library
            self.memoryFolders = memoryFolders
            self.diskFolder = diskFolder
        }
    }

    /// Where the data lies.
    public let place: StoragePlace
    /// For the cluster's plan.
    public let dataDirectory: String
    /// Memory that the server's group takes beyond the server's own: the data, when they lie in memory and are made inside
    /// the group. The model's tables are allocated, and so charged, outside. Bytes.
    public let memoryBytes: Int
    private let plan: Plan
    private let holder: StorageHolder
    private let segment: StorageSegment

    private init(_ plan: Plan, place: StoragePlace, holder: StorageHolder, segment: StorageSegment) {
        self.plan = plan
        self.place = place
        self.holder = holder
        self.segment = segment
        dataDirectory = holder.dataDirectory
        memoryBytes = place.isMemory ? plan.expectedBytes : 0
    }

    /// Page cache of a machine: what its memory leaves beside the server's shared buffers, 64 MiB at least. The server's
    /// processes take some of that too, which this leaves out.
    ///
    /// - Parameters:
    ///   - memory: of the machine, bytes.
    ///   - sharedBuffers: of the server, bytes.
    /// - Returns: bytes.
    public static func cacheBytes(memory: Int, sharedBuffers: Int) -> Int { max(64 << 20, memory - sharedBuffers) }

    /// The library, which is built into the folder of the executable.
    ///
    /// - Parameter executable: path of the running program.
    /// - Returns: its path.
    /// - Throws: ``TestbedProblem`` when it is not there.
    public static func library(beside executable: String) throws -> String {
        let path =
            executable.prefix(upTo: executable.lastIndex(of: "/") ?? executable.startIndex) + "/libCStorageModel.so"
        guard FileManager.default.isReadableFile(atPath: String(path)) else {
            throw TestbedProblem("\(path): missing; build the tool again (./archivebench), or use real storage")
        }
        return String(path)
    }

    /// Makes the folders, the segment and a copy of the library that the server's user can read. Nothing is left behind
    /// when it throws.
    ///
    /// - Throws: ``TestbedProblem``, `CancellationError` when the registry is closed.
    public static func create(_ plan: Plan, in registry: ClusterRegistry) throws -> ModelledStorage {
        try registry.prepare()
        let user = try ManagedCluster.serverUser()
        let needed = plan.expectedBytes + StorageSegment.bytes(forCache: plan.cacheBytes)
        let place = StoragePlace.find(
            bytes: needed, beside: plan.serverBytes, in: plan.memoryFolders, else: plan.diskFolder ?? registry.home)
        let holder = StorageHolder(home: registry.home, parent: place.folder)
        do {
            try registry.whileOpen { try holder.make() }
            try holder.copyLibrary(plan.library, reachableBy: user)
            let segment = try StorageSegment(
                path: holder.segment, folder: try holder.resolvedDataDirectory(), cache: plan.cacheBytes,
                device: plan.device, seed: plan.seed, owner: user)
            return ModelledStorage(plan, place: place, holder: holder, segment: segment)
        } catch {
            holder.remove()
            if error is CancellationError { throw error }
            throw error as? TestbedProblem ?? TestbedProblem("\(error); modelled storage needs room at \(place.folder)")
        }
    }

    /// For the cluster's plan.
    public var surroundings: ServerSurroundings {
        ServerSurroundings(variables: [
            StorageHolder.preload: holder.library, StorageHolder.variable: holder.segment,
        ])
    }

    /// What a profile says and adds when it is in force.
    public var inForce: StorageModelInForce {
        StorageModelInForce(
            variables: surroundings.variables, memoryBytes: memoryBytes, fallback: place.fallback)
    }

    /// Whether the running server is under the model: a library that cannot be read is left out without a word.
    ///
    /// - Throws: ``TestbedProblem`` when the library or the segment is not among what the process has mapped.
    public func verify(_ postmaster: ProcessIdentity?) throws {
        guard let postmaster, let maps = Host.read("/proc/\(postmaster.pid)/maps") else {
            throw TestbedProblem("storage model: the server does not run")
        }
        for path in [holder.library, holder.segment] where !maps.contains(path) {
            throw TestbedProblem(
                "storage model: \(path) is not in the running server, whose storage is therefore not modelled; check that \(dataDirectory) and its folders are open to the server's user and allow programs (mount option noexec)"
            )
        }
    }

    /// Takes what the data directory holds now as what the device holds. Before a server starts: from then on the model
    /// counts by itself.
    public func measureUse() { segment.setUsed(FolderCopy.bytes(of: dataDirectory)) }

    /// Whether anything waits or is full. Off while a history is loaded: the page cache is followed all the same.
    public var isActive: Bool {
        get { segment.isActive }
        set { segment.isActive = newValue }
    }

    /// Lets go of what the page cache holds; pages that the device does not have yet stay.
    public func emptyCache() { segment.emptyCache() }

    /// Replaces the device while the server runs, such as by one that has become slow.
    public func change(_ device: StorageDevice) {
        segment.set(device, cache: plan.cacheBytes, seed: plan.seed, active: segment.isActive)
    }

    /// What the device and its page cache did so far.
    public func statistics() -> StorageStatistics { segment.statistics() }

    /// Removes all that was made; the cluster is gone by then.
    public func remove() { holder.remove() }
}
