import FoundationEssentials
import RunRecord

/// The runs on this machine: `Reports/` of the checkout, or wherever a run was told to go.
enum RunFolders {
    /// The folder that holds them.
    static func home() throws -> String { "\(try Project.root())/Reports" }

    /// The folder of a new run.
    static func newFolder(_ runID: String) throws -> String { "\(try home())/\(runID)" }

    /// All runs, newest first.
    static func all() throws -> [RecordFolder] {
        let home = try home()
        let names = (try? FileManager.default.contentsOfDirectory(atPath: home)) ?? []
        return names.sorted(by: >).map { RecordFolder(path: "\(home)/\($0)") }
            .filter { FileManager.default.fileExists(atPath: $0.path(of: .record)) }
    }

    /// The run that a person means: a folder, a run's name, the beginning of one, or `latest`.
    static func find(_ name: String) throws -> RecordFolder {
        let direct = RecordFolder(path: name.count > 1 && name.hasSuffix("/") ? String(name.dropLast()) : name)
        if FileManager.default.fileExists(atPath: direct.path(of: .record)) { return direct }
        let runs = try all()
        if name == "latest" {
            guard let latest = runs.first else {
                throw UsageProblem("there is no run yet; `archivebench run` makes one")
            }
            return latest
        }
        let exact = runs.filter { Self.name(of: $0) == name }
        let matching = exact.isEmpty ? runs.filter { Self.name(of: $0).hasPrefix(name) } : exact
        guard let found = matching.first, matching.count == 1 else {
            throw UsageProblem(
                matching.isEmpty
                    ? "\(name): no such run; `archivebench runs list` shows those there are"
                    : "\(name): \(matching.count) runs begin so; give more of the name")
        }
        return found
    }

    /// A run's name: that of its folder.
    static func name(of folder: RecordFolder) -> String { String(folder.path.split(separator: "/").last ?? "") }
}
