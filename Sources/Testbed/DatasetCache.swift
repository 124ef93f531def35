import FoundationEssentials
import Glibc
import LinuxSystem

/// Why a dataset was not kept although nothing went wrong; a note for people, not a failure.
public struct DatasetNotCached: Error, CustomStringConvertible, Sendable {
    /// For people, beginning with `not cached: `.
    public let description: String

    init(_ reason: String) { description = "not cached: \(reason)" }
}

/// Filled data directories, kept so that the same history is not loaded twice.
///
/// An entry is a folder named by its key, with `data/`, the directory of a server stopped in order, and `entry.json`. It
/// comes and goes by one rename, so half an entry is never seen. What is under way lies in a folder that names its
/// process, for others to sweep should that process be killed.
public struct DatasetCache: Sendable {
    /// Size of all entries together, bytes, above which those used longest ago go.
    public static let standardLimit = 40_000_000_000

    /// Below the registry's home; there only while something is in it.
    public let folder: String
    /// Bytes of all entries together.
    public let limit: Int
    private let registry: ClusterRegistry
    private let disk: @Sendable (_ path: String) -> (freeBytes: Int, totalBytes: Int)?

    /// The cache beside a registry's clusters.
    public init(registry: ClusterRegistry) {
        self.init(registry: registry, limit: Self.standardLimit) { path in
            guard let free = Host.storage(at: path)?.freeBytes, let total = Host.filesystemBytes(at: path) else {
                return nil
            }
            return (free, total)
        }
    }

    /// With another limit, and a disk of the caller's invention.
    package init(
        registry: ClusterRegistry, limit: Int,
        disk: @escaping @Sendable (_ path: String) -> (freeBytes: Int, totalBytes: Int)?
    ) {
        folder = "\(registry.home)/cache"
        self.registry = registry
        self.limit = limit
        self.disk = disk
    }

    // MARK: Finding

    /// The entry of a key; `nil` when there is none that is whole and ours.
    public func find(_ key: String) -> DatasetEntry? {
        guard isOurs, DatasetKey.isKey(key) else { return nil }
        let place = place(key)
        guard Self.isOurs(place), let entry = DatasetEntry.read(folder: place), entry.key == key,
            Self.isStoppedServer("\(place)/data")
        else { return nil }
        return entry
    }

    /// All entries; those used longest ago come first.
    public func list() -> [DatasetEntry] {
        names().compactMap(find).sorted {
            ($0.lastUsedAt, $0.createdAt, $0.key) < ($1.lastUsedAt, $1.createdAt, $1.key)
        }
    }

    // MARK: Storing and using

    /// Whether there is room for one more entry: it fits the limit, and a tenth of the filesystem stays free.
    ///
    /// - Throws: ``DatasetNotCached``.
    public func checkRoom(for bytes: Int) throws {
        func gigabytes(_ bytes: Int) -> String { "\((Double(bytes) / 1e8).rounded() / 10) GB" }
        guard bytes <= limit else {
            throw DatasetNotCached("\(gigabytes(bytes)) are more than the cache's limit of \(gigabytes(limit))")
        }
        guard let disk = disk(registry.home) else {
            throw DatasetNotCached("disk: \(registry.home) cannot be looked at")
        }
        guard disk.freeBytes - bytes >= disk.totalBytes / 10 else {
            throw DatasetNotCached(
                "disk: \(gigabytes(bytes)) are needed and \(gigabytes(disk.totalBytes / 10)) must stay free, but \(registry.home) has only \(gigabytes(disk.freeBytes)) free"
            )
        }
    }

    /// Keeps a copy of a stopped server's data directory, then prunes others down to the limit. An entry that is there
    /// already, also by another process at the same time, stays as it is.
    ///
    /// - Parameters:
    ///   - entry: its `bytes` are measured here.
    ///   - dataFolder: the data directory.
    ///   - owner: the account the server runs as; `nil` for our own.
    /// - Throws: ``DatasetNotCached`` when there is no room, ``TestbedProblem`` when it cannot be copied,
    ///   `CancellationError`. Nothing is left behind then.
    public func store(_ entry: DatasetEntry, copying dataFolder: String, owner: UserAccount?) async throws {
        guard DatasetKey.isKey(entry.key) else { throw TestbedProblem("\(entry.key): is not the key of a dataset") }
        try registry.prepare()
        sweep()
        if find(entry.key) != nil { return }
        guard Self.isStoppedServer(dataFolder) else {
            throw TestbedProblem("\(dataFolder): is not the data of a stopped server; stop it before it is stored")
        }
        try checkRoom(for: FolderCopy.bytes(of: dataFolder))
        let (passing, place) = ("\(folder)/\(Self.passingName("new"))", place(entry.key))
        defer { discard(passing) }
        do {
            try makeFolders(passing, owner)
            try await FolderCopy.copy(dataFolder, into: "\(passing)/data")
            try Self.checkOwner(of: "\(passing)/data", owner)
            var stored = entry
            stored.bytes = FolderCopy.bytes(of: passing)
            try stored.write(folder: passing)
            guard rename(passing, place) == 0 || find(entry.key) != nil else { throw SystemError("rename to \(place)") }
        } catch {
            if error is CancellationError || error is TestbedProblem { throw error }
            throw TestbedProblem("\(folder): cannot be written (\(error)); check its disk and permissions")
        }
        prune(keeping: limit, sparing: entry.key)
    }

    /// Fills an empty data folder from an entry, and notes that it was used.
    ///
    /// - Parameters:
    ///   - entry: as it was found.
    ///   - dataFolder: exists and is empty; it is empty again when this throws.
    ///   - owner: the account the server runs as; `nil` for our own.
    ///   - usedAt: wall clock, ISO 8601.
    ///   - surroundings: what the copying program runs in.
    /// - Throws: ``TestbedProblem`` when the entry is gone or cannot be copied, `CancellationError`.
    public func copy(
        _ entry: DatasetEntry, to dataFolder: String, owner: UserAccount?, usedAt: String,
        within surroundings: ServerSurroundings = .host
    ) async throws {
        let place = place(entry.key)
        let lock = try? FolderLock(place, shared: true)
        defer { withExtendedLifetime(lock) {} }
        guard lock != nil, var used = find(entry.key) else {
            throw TestbedProblem("\(entry.key.prefix(12)): is no longer in the cache; run again to load it anew")
        }
        guard let present = try? FileManager.default.contentsOfDirectory(atPath: dataFolder), present.isEmpty else {
            throw TestbedProblem("\(dataFolder): is not an empty folder; choose another for the copy")
        }
        try Self.checkOwner(of: "\(place)/data", owner)
        try await FolderCopy.copy("\(place)/data", into: dataFolder, within: surroundings)
        used.lastUsedAt = usedAt
        // A use that cannot be noted makes the entry look older, no more.
        try? used.write(folder: place)
    }

    // MARK: Removing

    /// Removes entries, those used longest ago first, until the others take up no more than so many bytes. One that is
    /// being copied stays.
    ///
    /// - Returns: what was removed.
    @discardableResult
    public func prune(keeping bytes: Int) -> [DatasetEntry] { prune(keeping: bytes, sparing: nil) }

    @discardableResult
    private func prune(keeping bytes: Int, sparing spared: String?) -> [DatasetEntry] {
        let entries = list()
        var total = entries.reduce(0) { $0 + $1.bytes }
        var removed: [DatasetEntry] = []
        for entry in entries where total > bytes && entry.key != spared && remove(entry.key) {
            total -= entry.bytes
            removed.append(entry)
        }
        return removed
    }

    /// Removes one entry.
    ///
    /// - Returns: `false` when there is none, or it is being copied.
    @discardableResult
    public func remove(_ key: String) -> Bool {
        let place = place(key)
        guard isOurs, DatasetKey.isKey(key), Self.isOurs(place), let lock = try? FolderLock(place) else {
            return false
        }
        defer { withExtendedLifetime(lock) {} }
        let passing = "\(folder)/\(Self.passingName("old"))"
        guard rename(place, passing) == 0 else { return false }
        discard(passing)
        return true
    }

    /// Removes what killed processes left half done, and entries that are not whole.
    ///
    /// - Returns: the names of the folders that were removed.
    @discardableResult
    public func sweep() -> [String] { sweep { !$0.isAlive } }

    /// As ``sweep()``, with a say in whose work is over.
    @discardableResult
    func sweep(_ isOver: (ProcessIdentity) -> Bool) -> [String] {
        names().filter { name in
            if let owner = Self.owner(ofPassing: name) {
                let place = "\(folder)/\(name)"
                guard isOver(owner), Self.isOurs(place) else { return false }
                FolderCopy.end(into: "\(place)/data")
                discard(place)
                return true
            }
            return DatasetKey.isKey(name) && find(name) == nil && remove(name)
        }
    }

    // MARK: Folders

    private var isOurs: Bool { Self.isOurs(registry.home) && Self.isOurs(folder) }

    private func place(_ key: String) -> String { "\(folder)/\(key)" }

    private func names() -> [String] {
        isOurs ? ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted() : []
    }

    private func makeFolders(_ passing: String, _ owner: UserAccount?) throws {
        // Another process may make or remove the cache's folder at the same time: only what is there now counts.
        try? Ownership.makeFolder(folder, mode: 0o700, owner: nil)
        guard isOurs else { throw TestbedProblem("\(folder): is not a folder of our own; remove it") }
        try Ownership.makeFolder(passing, mode: 0o700, owner: nil)
        try Ownership.makeFolder("\(passing)/data", mode: 0o700, owner: owner)
    }

    private func discard(_ place: String) {
        try? FileManager.default.removeItem(atPath: place)
        // Succeeds when it was the last.
        rmdir(folder)
    }

    /// What others may write in could make us copy or remove anything.
    private static func isOurs(_ path: String) -> Bool {
        Ownership.isFolder(path, ownedBy: UserAccount.effective.uid) && Ownership.isClosed(path)
    }

    private static func isStoppedServer(_ dataFolder: String) -> Bool {
        var info = Glibc.stat()
        guard lstat(dataFolder, &info) == 0, info.st_mode & S_IFMT == S_IFDIR else { return false }
        return lstat("\(dataFolder)/PG_VERSION", &info) == 0 && lstat("\(dataFolder)/postmaster.pid", &info) != 0
    }

    private static func checkOwner(of dataFolder: String, _ owner: UserAccount?) throws {
        let owner = owner ?? .effective
        guard Ownership.isFolder(dataFolder, ownedBy: owner.uid) else {
            throw TestbedProblem(
                "\(dataFolder): does not belong to '\(owner.name)'; remove the dataset with 'archivebench cache prune'")
        }
    }

    /// The name of a folder on its way in or out, with the process that works on it.
    static func passingName(_ way: String) -> String {
        let owner = ProcessTable.current
        return ".\(way)-\(owner.pid)-\(owner.startTicks)-\(UInt32.random(in: 0 ... .max))"
    }

    /// The process that works on such a folder; `nil` for other names.
    static func owner(ofPassing name: String) -> ProcessIdentity? {
        let parts = name.split(separator: "-")
        guard parts.count == 4, [".new", ".old"].contains(parts[0]), let pid = Int32(parts[1]),
            let ticks = UInt64(parts[2])
        else { return nil }
        return ProcessIdentity(pid: pid, startTicks: ticks)
    }
}
