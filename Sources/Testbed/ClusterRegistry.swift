import FoundationEssentials
import Glibc
import LinuxSystem
import Synchronization

/// The folder below which every managed cluster of one user is known, wherever its data lies.
///
/// It survives the tool, so that a start after `kill -9` finds what was left behind. Only clusters with a record of
/// ours, in a folder that belongs to us, are ever touched.
public struct ClusterRegistry: Sendable {
    /// The registry's folder.
    public let home: String
    /// Shared by the copies of one registry, so that whoever clears up is not overtaken by whoever makes.
    private let gate = Gate()

    /// - Parameter home: the registry's folder. It is short, because a socket's path may have 107 bytes at most.
    public init(home: String) { self.home = home }

    /// The registry of a user who chose none: survives a restart of the machine, unlike `/tmp`.
    public static func standardHome(for user: UserAccount = .effective) -> String {
        "/var/tmp/archivebench-\(user.uid)"
    }

    /// Makes the folder if it is missing.
    ///
    /// - Throws: ``TestbedProblem`` when it cannot be made, or belongs to somebody else.
    public func prepare() throws {
        let user = UserAccount.effective
        if !Ownership.isFolder(home, ownedBy: user.uid) {
            do {
                try Ownership.makeFolder(home, mode: 0o755, owner: nil)
            } catch {
                throw TestbedProblem("\(home): cannot be used for clusters (\(error)); remove it, or free the name")
            }
        }
        guard Ownership.isClosed(home) else {
            throw TestbedProblem("\(home): others may write here; choose a folder of your own for ARCHIVEBENCH_STATE")
        }
        guard home.utf8.count <= 70 else {
            throw TestbedProblem("\(home): too long for a Unix socket below it; choose a shorter folder")
        }
    }

    /// All clusters with a record, by age.
    public func clusters() -> [ClusterRecord] {
        guard Ownership.isFolder(home, ownedBy: UserAccount.effective.uid), Ownership.isClosed(home) else { return [] }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: home)) ?? []
        return names.compactMap(record).sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
    }

    /// The record in one of the home's folders, if everything about it is as we make it: what a record says is acted
    /// upon, so nobody else may have written it.
    private func record(_ name: String) -> ClusterRecord? {
        let folder = "\(home)/\(name)"
        guard ManagedCluster.isIdentifier(name), Ownership.isFolder(folder, ownedBy: UserAccount.effective.uid),
            let record = ClusterRecord.read(folder: folder), record.id == name, record.folder == folder
        else { return nil }
        let holder = String(record.dataFolder.dropLast("/data".count))
        // What lay in memory is gone after a restart of the machine; the rest is to be found and removed all the same.
        var info = stat()
        let isGone = lstat(holder, &info) != 0 && errno == ENOENT
        let elsewhere =
            record.dataFolder.hasSuffix("/archivebench-\(name)/data")
            && (isGone || Ownership.isFolder(holder, ownedBy: UserAccount.effective.uid))
        return record.dataFolder == "\(folder)/data" || elsewhere ? record : nil
    }

    /// Removes the clusters whose owner is gone and that nobody asked to keep, and what such owners left half done in
    /// the cache of datasets.
    ///
    /// - Returns: the clusters that were removed.
    @discardableResult
    public func sweep() -> [ClusterRecord] {
        let orphans = clusters().filter { !$0.kept && !$0.owner.isAlive }
        for orphan in orphans { remove(orphan) }
        DatasetCache(registry: self).sweep()
        ProgramCopies(registry: self).sweep()
        StorageHolder.sweep(home: home, sparing: clusters()) { !$0.isAlive }
        return orphans
    }

    /// Removes the clusters that one process made and did not ask to keep: the way out when there is no time.
    ///
    /// Afterwards this registry, and every copy of it, makes no more clusters.
    public func removeAll(of owner: ProcessIdentity) {
        gate.close()
        let own = clusters().filter { !$0.kept && $0.owner == owner }
        // A program that was being started when the gate closed is seen a moment later; so look twice, and again while
        // there is anything.
        for pass in 0..<40 where !own.isEmpty {
            for cluster in own { remove(cluster) }
            if pass > 0, own.allSatisfy({ !FileManager.default.fileExists(atPath: $0.folder) && $0.processes.isEmpty })
            {
                break
            }
            Clock.pause(50_000_000)
        }
        DatasetCache(registry: self).sweep { $0 == owner }
        ProgramCopies(registry: self).sweep { $0 == owner }
        StorageHolder.sweep(home: home, sparing: clusters()) { $0 == owner }
    }

    /// Makes a cluster's folders in one go, or not at all once ``removeAll(of:)`` was called.
    ///
    /// - Throws: what `making` throws, or `CancellationError`.
    func whileOpen(_ making: () throws -> Void) throws { try gate.pass(making) }

    private final class Gate: Sendable {
        private let isClosed = Mutex(false)

        func close() { isClosed.withLock { $0 = true } }

        func pass(_ body: () throws -> Void) throws {
            try isClosed.withLock { isClosed in
                if isClosed { throw CancellationError() }
                try body()
            }
        }
    }

    /// Stops a cluster's processes at once and removes its folders and shared memory.
    ///
    /// - Returns: `false` when a process would not end.
    @discardableResult
    public func remove(_ record: ClusterRecord) -> Bool {
        FolderCopy.end(into: record.dataFolder)
        let segments = SharedMemory.mapped(by: record.processes)
        // A killed postmaster's backends are found once it is gone, and again until none is left.
        var gone = Self.end(record.processes)
        if gone, !record.processes.isEmpty { gone = Self.end(record.processes) }
        let groups = (record.controlGroups ?? []).filter { $0.hasSuffix("/\(Enforcement.groupName(record.id))") }
        if !ControlGroup.remove(groups) { gone = false }
        if let (postmaster, segment) = Self.sharedMemory(of: record) {
            SharedMemory.removeLeftovers(ofSegment: segment, postmaster: postmaster, dataFolder: record.dataFolder)
        }
        if gone { SharedMemory.remove(segments) }
        try? FileManager.default.removeItem(atPath: record.dataFolder)
        if !record.dataFolder.hasPrefix(record.folder + "/") {
            // The folder made for it on the disk that the user chose.
            let parent = record.dataFolder.dropLast("/data".count)
            if parent.hasSuffix("/archivebench-\(record.id)") { rmdir(String(parent)) }
        }
        try? FileManager.default.removeItem(atPath: record.folder)
        return gone
    }

    private static func end(_ processes: [ProcessIdentity]) -> Bool {
        // SIGQUIT is PostgreSQL's immediate shutdown; what does not heed it is killed.
        for process in processes { process.send(signal: SIGQUIT) }
        for process in processes where !process.waitForEnd(limit: 5_000_000_000) { process.send(signal: SIGKILL) }
        return processes.allSatisfy { $0.waitForEnd(limit: 5_000_000_000) }
    }

    /// Of `postmaster.pid`: the process number in line 1, the identifier of the System V segment behind its key in line 7.
    private static func sharedMemory(of record: ClusterRecord) -> (postmaster: Int32, segment: Int32)? {
        let lines = (Host.read("\(record.dataFolder)/postmaster.pid") ?? "")
            .split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count > 6, let postmaster = Int32(lines[0]),
            let segment = lines[6].split(separator: " ").last.flatMap({ Int32($0) })
        else { return nil }
        return (postmaster, segment)
    }
}
