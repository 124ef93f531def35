import FoundationEssentials
import Glibc
import LinuxSystem
import Subprocess
import SystemPackage

/// Copies folders with owners, modes and times, and shares their blocks where the filesystem can.
enum FolderCopy {
    private static let program = "/bin/cp"
    private static let options = ["-a", "--reflink=auto", "--"]

    /// Copies what is in one folder, and the folder's own owner and mode, into another, which exists and is empty.
    ///
    /// The target is empty again when it throws, and no copying process is left.
    ///
    /// - Throws: ``TestbedProblem`` when it fails, such as on a full disk; `CancellationError` when the task ends first.
    static func copy(
        _ source: String, into target: String, within surroundings: ServerSurroundings = .host
    ) async throws {
        do {
            try await call(surroundings.prefix + [program] + options + ["\(source)/.", target], about: target)
            // Else the copy's dirty pages are written while something is measured, and an entry of the cache could have
            // holes after a power cut.
            try await call(["/bin/sync", "-f", target], about: target)
        } catch {
            end(into: target)
            let names = (try? FileManager.default.contentsOfDirectory(atPath: target)) ?? []
            for name in names { try? FileManager.default.removeItem(atPath: "\(target)/\(name)") }
            throw error
        }
    }

    /// Ends a copy that another process, or this one, has going into a folder.
    static func end(into target: String) {
        let opening = ([program] + options).joined(separator: "\0") + "\0"
        let copies = ProcessTable.all().compactMap { pid -> ProcessIdentity? in
            guard let line = Host.read("/proc/\(pid)/cmdline"), line.hasPrefix(opening),
                line.hasSuffix("/.\0\(target)\0")
            else { return nil }
            return ProcessIdentity(pid: pid)
        }
        for copy in copies { copy.send(signal: SIGKILL) }
        for copy in copies { _ = copy.waitForEnd(limit: 10_000_000_000) }
    }

    /// Disk taken up by a folder and all below it, bytes.
    static func bytes(of folder: String) -> Int {
        var info = Glibc.stat()
        guard lstat(folder, &info) == 0 else { return 0 }
        let own = Int(info.st_blocks) * 512
        guard info.st_mode & S_IFMT == S_IFDIR else { return own }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.reduce(own) { $0 + bytes(of: "\(folder)/\($1)") }
    }

    private static func call(_ words: [String], about target: String) async throws {
        let failure: String
        do {
            try Task.checkCancellation()
            let result = try await run(
                .path(FilePath(words[0])), arguments: Arguments(Array(words.dropFirst())),
                environment: ManagedCluster.environment,
                workingDirectory: "/", platformOptions: ManagedCluster.ownSession, input: .none, output: .discarded,
                error: .string(limit: 16 << 20))
            try Task.checkCancellation()
            if result.terminationStatus.isSuccess { return }
            failure = result.standardError
        } catch {
            try Task.checkCancellation()
            failure = "\(error)"
        }
        if failure.contains("No space left on device") || failure.contains("Disk quota exceeded") {
            throw TestbedProblem(
                "\(target): the disk is full; free some, such as with 'archivebench cache prune', or choose another disk"
            )
        }
        let first = failure.split(whereSeparator: \.isNewline).first.map(String.init) ?? "it was ended"
        throw TestbedProblem("\(target): cannot be copied to (\(first)); check that folder's disk and permissions")
    }
}
