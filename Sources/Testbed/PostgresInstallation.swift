import FoundationEssentials
import LinuxSystem
import Subprocess
import SystemPackage

/// A folder with the programs of one PostgreSQL version.
public struct PostgresInstallation: Sendable, Equatable {
    /// Holds `initdb`, `postgres`, …
    public let folder: String
    /// As the server prints it, such as `15.18 (Debian 15.18-0+deb12u1)`.
    public let version: String

    /// The first number of the version.
    public var major: Int { Int(version.prefix { $0.isNumber }) ?? 0 }

    /// Oldest version whose statements, views and initdb options the testbed knows.
    public static let oldestMajor = 14

    /// Looks at one folder.
    ///
    /// - Throws: ``TestbedProblem`` when there is no usable server in it.
    public init(folder: String) async throws {
        for program in ["initdb", "postgres"]
        where !FileManager.default.isExecutableFile(atPath: "\(folder)/\(program)") {
            throw TestbedProblem(
                "\(folder): holds no '\(program)'; give the folder of the server's programs, such as /usr/lib/postgresql/15/bin"
            )
        }
        let result = try? await run(
            .path(FilePath("\(folder)/postgres")), arguments: ["--version"], output: .string(limit: 4_096),
            error: .discarded)
        // "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"
        let words = (result?.standardOutput ?? "").split(whereSeparator: \.isWhitespace).dropFirst(2)
        guard let first = words.first, first.first?.isNumber == true else {
            throw TestbedProblem("\(folder)/postgres: does not run here")
        }
        self.folder = folder
        self.version = words.joined(separator: " ")
        if major < Self.oldestMajor {
            throw TestbedProblem("\(folder): PostgreSQL \(version) is too old; use \(Self.oldestMajor) or newer")
        }
    }

    /// All installations on the machine, newest first: Debian's folders, and those of a `PATH`.
    public static func all(searchPath: String) async -> [PostgresInstallation] {
        var folders = debianFolders()
        for folder in searchPath.split(separator: ":") {
            if let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/postgres") {
                folders.append(String(target.prefix { _ in true }.dropLast("/postgres".count)))
            } else {
                folders.append(String(folder))
            }
        }
        var found: [PostgresInstallation] = []
        var seen: Set<String> = []
        for folder in folders where FileManager.default.isExecutableFile(atPath: "\(folder)/initdb") {
            guard seen.insert(folder).inserted, let one = try? await PostgresInstallation(folder: folder) else {
                continue
            }
            found.append(one)
        }
        return found.sorted { ($0.major, $0.version) > ($1.major, $1.version) }
    }

    /// The one to use.
    ///
    /// - Parameters:
    ///   - folder: as the user chose it; `nil` takes the newest there is.
    ///   - major: what the variant asks for, if it does.
    ///   - searchPath: the value of `PATH`.
    /// - Returns: an installation that runs here.
    /// - Throws: ``TestbedProblem`` with the command that installs it.
    public static func choose(folder: String?, major: Int?, searchPath: String) async throws -> PostgresInstallation {
        if let folder {
            let chosen = try await PostgresInstallation(folder: folder)
            if let major, chosen.major != major {
                throw TestbedProblem("\(folder): is PostgreSQL \(chosen.version), the variant asks for \(major)")
            }
            return chosen
        }
        let found = await all(searchPath: searchPath)
        guard let chosen = found.first(where: { major == nil || $0.major == major }) else {
            let wanted = major.map { "PostgreSQL \($0)" } ?? "PostgreSQL"
            throw TestbedProblem(
                "\(wanted): no server is installed; run 'apt-get install postgresql', or point --postgres-bin at its programs"
            )
        }
        return chosen
    }

    private static func debianFolders() -> [String] {
        let root = "/usr/lib/postgresql"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        return versions.sorted().map { "\(root)/\($0)/bin" }
    }
}
