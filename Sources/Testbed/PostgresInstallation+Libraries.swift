import FoundationEssentials

extension PostgresInstallation {
    /// Whether the server can load a library, such as `pg_stat_statements`. A server told to load one that is not there
    /// does not start.
    public func hasLibrary(_ name: String) -> Bool {
        guard !folder.isEmpty else { return false }
        let programs = URL(filePath: folder).resolvingSymlinksInPath().path
        return Self.libraryFolders.contains { FileManager.default.fileExists(atPath: "\(programs)/\($0)/\(name).so") }
    }

    /// Where a server finds its libraries, from the folder of its programs on: as it was built, and as distributions
    /// lay it out.
    private static let libraryFolders = [
        "../lib", "../lib/postgresql", "../lib64", "../lib64/postgresql", "../lib64/pgsql", "../lib/pgsql",
    ]
}

extension PostgresInstallation {
    /// What is known of the programs of a server that runs elsewhere: its version.
    ///
    /// - Parameter version: as the server has it.
    public init(elsewhere version: String) {
        folder = ""
        self.version = version
    }
}
