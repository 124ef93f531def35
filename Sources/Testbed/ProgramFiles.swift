import FoundationEssentials
import Glibc
import LinuxSystem
import Subprocess
import SystemPackage

/// The files that PostgreSQL's programs of one installation need, for copying them.
struct ProgramFiles {
    /// The installation: the folder above `bin`.
    let root: String
    /// The programs' folder, without links.
    let programs: String
    /// Absolute paths of files and links, by name.
    private let paths: [String]
    let bytes: Int

    /// Looks at an installation.
    ///
    /// - Throws: ``TestbedProblem`` when it is not laid out as installations are.
    init(_ installation: PostgresInstallation) async throws {
        programs = PostgresPlaces.resolved(installation.folder)
        guard programs.hasSuffix("/bin") else {
            throw TestbedProblem(
                "\(programs): the server's user may not read it, and it is not the bin folder of an installation; install PostgreSQL where everybody may read it"
            )
        }
        root = String(programs.dropLast("/bin".count))
        let libraries = await Self.libraries(of: programs, outside: root)
        let root = root
        // What lies beside these, such as headers, no program reads.
        let own = ["bin", "lib", "lib64", "share"].flatMap { Self.files("\(root)/\($0)") }
        paths = (own + libraries).sorted()
        bytes = paths.reduce(0) { $0 + Self.size($1) }
    }

    /// What is in the files: the same for the same programs, wherever they lie.
    ///
    /// - Throws: when a file cannot be read.
    func key() throws -> String {
        var parts: [(label: String, value: String)] = []
        for path in paths {
            let name = path.hasPrefix(root + "/") ? String(path.dropFirst(root.count)) : path
            if let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path) {
                parts.append(("link \(name)", target))
            } else {
                let digest = DatasetKey.digest(try Data(contentsOf: URL(filePath: path)))
                parts.append((Self.isProgram(path) ? "program \(name)" : "file \(name)", digest))
            }
        }
        return DatasetKey(parts).text
    }

    /// Copies all files to their own paths below a folder, readable to everybody.
    ///
    /// - Throws: what the filesystem says.
    func copy(into folder: String) throws {
        let files = FileManager.default
        for path in paths {
            try Task.checkCancellation()
            let target = folder + path
            try makeFolders(above: target, from: folder)
            if let link = try? files.destinationOfSymbolicLink(atPath: path) {
                try files.createSymbolicLink(atPath: target, withDestinationPath: link)
            } else {
                try files.copyItem(atPath: path, toPath: target)
                guard chmod(target, Self.isProgram(path) ? 0o755 : 0o644) == 0 else {
                    throw SystemError("chmod \(target)")
                }
            }
        }
    }

    private func makeFolders(above target: String, from folder: String) throws {
        var current = folder
        for part in target.dropFirst(folder.count).split(separator: "/").dropLast() {
            current += "/\(part)"
            if mkdir(current, 0o755) == 0 {
                guard chmod(current, 0o755) == 0 else { throw SystemError("chmod \(current)") }
            } else if errno != EEXIST {
                throw SystemError("mkdir \(current)")
            }
        }
    }

    /// Libraries outside the installation that other users cannot read either, as the loader finds them.
    private static func libraries(of programs: String, outside root: String) async -> [String] {
        var found: Set<String> = []
        for program in ["postgres", "initdb", "psql", "pg_controldata", "pgbench"] {
            let result = try? await run(
                .path("/usr/bin/ldd"), arguments: ["\(programs)/\(program)"], environment: ManagedCluster.environment,
                output: .string(limit: 1 << 20), error: .discarded)
            // "	libpq.so.5 => /home/me/…/libpq.so.5 (0x00007f61…)"
            for line in (result?.standardOutput ?? "").split(separator: "\n") {
                guard let path = line.split(separator: " ").first(where: { $0.hasPrefix("/") }) else { continue }
                let plain = URL(filePath: String(path)).standardizedFileURL.path
                for file in [plain, PostgresPlaces.resolved(plain)] where !file.hasPrefix(root + "/") {
                    let folder = file.split(separator: "/").dropLast().joined(separator: "/")
                    if Ownership.obstacle(on: "/\(folder)") != nil { found.insert(file) }
                }
            }
        }
        return Array(found)
    }

    /// Files and links below a folder.
    private static func files(_ folder: String) -> [String] {
        let names = (try? FileManager.default.subpathsOfDirectory(atPath: folder)) ?? []
        return names.map { "\(folder)/\($0)" }.filter { kind($0) != S_IFDIR }
    }

    private static func kind(_ path: String) -> mode_t {
        var info = Glibc.stat()
        return lstat(path, &info) == 0 ? info.st_mode & S_IFMT : 0
    }

    private static func size(_ path: String) -> Int {
        var info = Glibc.stat()
        return lstat(path, &info) == 0 ? Int(info.st_size) : 0
    }

    private static func isProgram(_ path: String) -> Bool {
        var info = Glibc.stat()
        return lstat(path, &info) == 0 && info.st_mode & S_IXUSR != 0
    }
}
