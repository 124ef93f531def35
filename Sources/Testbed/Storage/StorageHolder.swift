import FoundationEssentials
import Glibc
import LinuxSystem

/// The folders of one modelled device, and the note by which a later start of the tool finds them.
struct StorageHolder: Sendable {
    /// What the note says.
    private struct Note: Codable {
        let owner: ProcessIdentity
        let folder: String
    }

    /// Below the registry's home: the note and the library.
    private let noteFolder: String
    /// Where the data lies: the segment, and the folder in which the cluster makes its own.
    private let folder: String

    /// Variables by which a program is put under the model: its libraries (ld.so(8)), and the model's segment.
    static let (preload, variable) = ("LD_PRELOAD", "ARCHIVEBENCH_STORAGE_MODEL")

    private static let prefix = "storage-"
    private static let folderPrefix = "archivebench-storage-"

    /// - Parameters:
    ///   - home: of the registry.
    ///   - parent: an existing folder, in memory if possible.
    init(home: String, parent: String) {
        let id = ManagedCluster.newIdentifier()
        noteFolder = "\(home)/\(Self.prefix)\(id)"
        folder = "\(parent)/\(Self.folderPrefix)\(id)"
    }

    private init(noteFolder: String, folder: String) {
        self.noteFolder = noteFolder
        self.folder = folder
    }

    var segment: String { "\(folder)/model" }
    var library: String { "\(noteFolder)/libCStorageModel.so" }
    var dataDirectory: String { "\(folder)/device" }

    /// Makes the folders; the note comes first.
    func make() throws {
        try Ownership.makeFolder(noteFolder, mode: 0o755, owner: nil)
        let note = try JSONEncoder().encode(Note(owner: ProcessTable.current, folder: folder))
        try note.write(to: URL(filePath: "\(noteFolder)/storage.json"), options: .atomic)
        try Ownership.makeFolder(folder, mode: 0o755, owner: nil)
        try Ownership.makeFolder(dataDirectory, mode: 0o755, owner: nil)
    }

    /// Copies the library to where the server's user can read it.
    func copyLibrary(_ source: String, reachableBy user: UserAccount?) throws {
        do {
            try FileManager.default.copyItem(atPath: source, toPath: library)
        } catch {
            throw TestbedProblem("\(source): cannot be copied to \(library) (\(error)); build the tool again")
        }
        guard chmod(library, 0o755) == 0 else { throw SystemError("chmod \(library)") }
        guard let user else { return }
        for path in [noteFolder, dataDirectory] {
            if let obstacle = Ownership.obstacle(on: path) {
                throw TestbedProblem(
                    "\(obstacle): the server's user '\(user.name)' may not pass through it; open the folder to others")
            }
        }
    }

    /// The data directory without links, as the kernel names the files below it.
    func resolvedDataDirectory() throws(SystemError) -> String {
        guard let resolved = realpath(dataDirectory, nil) else { throw SystemError("realpath \(dataDirectory)") }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    func remove() {
        try? FileManager.default.removeItem(atPath: folder)
        try? FileManager.default.removeItem(atPath: noteFolder)
    }

    // MARK: Sweeping

    /// Removes the devices whose owner is chosen and on which no cluster lies.
    ///
    /// - Parameters:
    ///   - home: of the registry, which is ours.
    ///   - clusters: that are left.
    ///   - isGone: whether an owner needs its devices no more.
    static func sweep(home: String, sparing clusters: [ClusterRecord], where isGone: (ProcessIdentity) -> Bool) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: home)) ?? []
        for name in names where name.hasPrefix(prefix) {
            guard let holder = read("\(home)/\(name)", id: String(name.dropFirst(prefix.count)), isGone),
                !clusters.contains(where: { $0.dataFolder.hasPrefix(holder.folder + "/") })
            else { continue }
            holder.remove()
        }
    }

    /// The device of a note, if everything about it is as we make it: what a note says is removed.
    private static func read(_ noteFolder: String, id: String, _ isGone: (ProcessIdentity) -> Bool) -> StorageHolder? {
        let user = UserAccount.effective.uid
        guard ManagedCluster.isIdentifier(id), Ownership.isFolder(noteFolder, ownedBy: user),
            let data = FileManager.default.contents(atPath: "\(noteFolder)/storage.json"),
            let note = try? JSONDecoder().decode(Note.self, from: data), isGone(note.owner),
            note.folder.hasSuffix("/\(folderPrefix)\(id)")
        else { return nil }
        var info = stat()
        let isThere = lstat(note.folder, &info) == 0
        guard !isThere || Ownership.isFolder(note.folder, ownedBy: user) else { return nil }
        return StorageHolder(noteFolder: noteFolder, folder: note.folder)
    }
}
