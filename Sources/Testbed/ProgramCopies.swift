import FoundationEssentials
import Glibc
import LinuxSystem

/// Copies of PostgreSQL's programs that lie where the server's user may not read, such as below a home folder.
///
/// A copy is a folder named by what is in it, so the same programs are copied once, wherever they lie. Its inside
/// repeats the original's path from `/` on, because programs find their libraries by the way from where they are.
public struct ProgramCopies: Sendable {
    /// One copy.
    public struct Copy: Codable, Sendable, Equatable {
        /// 64 hexadecimal digits over names, kinds and content.
        public let key: String
        /// Holds the copies, one folder each.
        public let folder: String
        /// Disk taken up.
        public let bytes: Int
        /// Where it was copied from.
        public let origin: String
    }

    /// Below the registry's home; there only while something is in it.
    public let folder: String
    private let registry: ClusterRegistry

    /// Those of a registry.
    public init(registry: ClusterRegistry) {
        folder = "\(registry.home)/programs"
        self.registry = registry
    }

    /// More than any build of PostgreSQL; what is larger is not one.
    private static let largest = 2_000_000_000

    /// The installation itself when a user can run it, else its copy, made now if need be.
    ///
    /// - Parameters:
    ///   - installation: as it was found.
    ///   - user: the account the server runs as; `nil` for our own, which can run it.
    /// - Returns: an installation that the user can run.
    /// - Throws: ``TestbedProblem`` when it cannot be copied; nothing is left behind then.
    func reachable(_ installation: PostgresInstallation, by user: UserAccount?) async throws -> PostgresInstallation {
        guard user != nil, let obstacle = Self.obstacle(of: installation) else { return installation }
        try registry.prepare()
        let files = try await ProgramFiles(installation)
        guard files.bytes <= Self.largest else {
            throw TestbedProblem(
                "\(obstacle): the server's user may not pass through it, and \(files.root) is too large to be copied; install PostgreSQL where everybody may read it"
            )
        }
        let place: String
        do {
            place = "\(folder)/\(try files.key())"
        } catch {
            throw TestbedProblem(
                "\(files.root): cannot be read (\(error)); install PostgreSQL where everybody may read it")
        }
        if !Self.isWhole(place) { try make(files, at: place) }
        do {
            return try await PostgresInstallation(folder: place + (Host.read("\(place)/\(Self.note)") ?? ""))
        } catch {
            throw TestbedProblem(
                "\(obstacle): the server's user may not pass through it, and a copy of the programs does not run; install PostgreSQL where everybody may read it"
            )
        }
    }

    /// What keeps other users from running an installation; `nil` when nothing does.
    public static func obstacle(of installation: PostgresInstallation) -> String? {
        ["postgres", "initdb"].lazy.compactMap { Ownership.obstacle(on: "\(installation.folder)/\($0)") }.first
    }

    /// All copies, by key.
    public func list() -> [Copy] {
        names().filter { DatasetKey.isKey($0) && Self.isWhole("\(folder)/\($0)") }.map { name in
            let place = "\(folder)/\(name)"
            return Copy(
                key: name, folder: place, bytes: FolderCopy.bytes(of: place),
                origin: Host.read("\(place)/\(Self.note)") ?? "")
        }
    }

    /// Removes a copy.
    ///
    /// - Returns: `false` when there is none, or a cluster runs on it.
    @discardableResult
    public func remove(_ key: String) -> Bool {
        let place = "\(folder)/\(key)"
        guard names().contains(key), DatasetKey.isKey(key),
            !registry.clusters().contains(where: { $0.binaries.hasPrefix(place + "/") })
        else { return false }
        let passing = "\(folder)/\(DatasetCache.passingName("old"))"
        guard rename(place, passing) == 0 else { return false }
        discard(passing)
        return true
    }

    /// Removes what killed processes left half done.
    ///
    /// - Returns: the names of the folders that were removed.
    @discardableResult
    public func sweep() -> [String] { sweep { !$0.isAlive } }

    /// As ``sweep()``, with a say in whose work is over.
    @discardableResult
    func sweep(_ isOver: (ProcessIdentity) -> Bool) -> [String] {
        names().filter { name in
            guard let owner = DatasetCache.owner(ofPassing: name), isOver(owner) else { return false }
            discard("\(folder)/\(name)")
            return true
        }
    }

    // MARK: Folders

    /// Holds the path that was copied; written last, so a copy with it is whole.
    private static let note = "origin"

    private static func isWhole(_ place: String) -> Bool {
        Ownership.isFolder(place, ownedBy: UserAccount.effective.uid) && Ownership.isClosed(place)
            && FileManager.default.fileExists(atPath: "\(place)/\(note)")
    }

    private func names() -> [String] {
        let isOurs = [registry.home, folder].allSatisfy {
            Ownership.isFolder($0, ownedBy: UserAccount.effective.uid) && Ownership.isClosed($0)
        }
        return isOurs ? ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted() : []
    }

    private func make(_ files: ProgramFiles, at place: String) throws {
        let passing = "\(folder)/\(DatasetCache.passingName("new"))"
        defer { discard(passing) }
        do {
            try registry.whileOpen {
                // Another process may make or remove the folder at the same time: only what is there now counts.
                try? Ownership.makeFolder(folder, mode: 0o755, owner: nil)
                try Ownership.makeFolder(passing, mode: 0o755, owner: nil)
            }
            try files.copy(into: passing)
            try Data(files.programs.utf8).write(to: URL(filePath: "\(passing)/\(Self.note)"))
            guard rename(passing, place) == 0 || Self.isWhole(place) else { throw SystemError("rename to \(place)") }
        } catch {
            if error is CancellationError { throw error }
            throw TestbedProblem("\(folder): cannot take a copy of \(files.root) (\(error)); check its disk")
        }
    }

    private func discard(_ place: String) {
        try? FileManager.default.removeItem(atPath: place)
        // Succeeds when it was the last.
        rmdir(folder)
    }
}
