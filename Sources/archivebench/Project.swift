import FoundationEssentials
import Glibc
import LinuxSystem
import Testbed

/// Where the project's own files are, and where runs go.
enum Project {
    /// The checkout the program was built in: the nearest folder above it with `Workloads` and `sql`.
    ///
    /// - Throws: `TestbedProblem` when the program was moved away from it.
    static func root() throws -> String {
        var folder = URL(
            filePath: (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "/")
        while folder.path != "/" {
            folder.deleteLastPathComponent()
            let isRoot = ["Workloads/traffic", "sql/schema"].allSatisfy {
                FileManager.default.fileExists(atPath: folder.appending(path: $0).path)
            }
            if isRoot {
                return folder.path.count > 1 && folder.path.hasSuffix("/")
                    ? String(folder.path.dropLast()) : folder.path
            }
        }
        throw TestbedProblem("cannot find the folders Workloads and sql; run the program from its checkout")
    }

    /// Path of this program.
    static var program: String { ProcessTable.executable ?? "" }

    /// The registry of managed clusters.
    static var registry: ClusterRegistry {
        guard let chosen = Terminal.environment("ARCHIVEBENCH_STATE") else {
            return ClusterRegistry(home: ClusterRegistry.standardHome())
        }
        let path = URL(filePath: chosen).standardizedFileURL.path
        return ClusterRegistry(home: path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path)
    }

    /// A file the user named: as a path, or as the name of a shipped one.
    static func file(_ name: String, in shipped: String) throws -> String {
        if FileManager.default.fileExists(atPath: name) { return name }
        let known = "\(try root())/Workloads/\(shipped)/\(name).yaml"
        return FileManager.default.fileExists(atPath: known) ? known : name
    }

    /// Where PostgreSQL is looked for.
    static var postgresPlaces: PostgresPlaces {
        PostgresPlaces(
            searchPath: Terminal.environment("PATH") ?? "/usr/bin:/bin", home: Terminal.environment("HOME"))
    }
}
