import FoundationEssentials
import RunRecord

/// One archive to hand over: reports, raw records, plans, settings, schema and fingerprints, without secret and payload.
/// `index.html` opens in a plain browser.
public struct ReportBundle {
    /// What was packed.
    public struct Summary: Sendable, Equatable {
        /// Files in the archive.
        public var files: Int
        /// Their bytes before they were compressed.
        public var bytes: Int
        /// Files of the folder that stayed out.
        public var leftOut: [String]
    }

    private let folder: String
    private let name: String
    private let schemas: [String: String]

    /// - Parameters:
    ///   - folder: path of a run, a comparison or an experiment, with its reports written.
    ///   - name: of the folder within the archive.
    ///   - schemas: SQL by file name, for the archive's folder `schema`.
    public init(folder: String, name: String, schemas: [String: String]) {
        (self.folder, self.name, self.schemas) = (folder, name, schemas)
    }

    /// Writes the archive.
    ///
    /// - Parameter output: path of the new `.tar.gz`; it is there when it is complete, or not at all.
    /// - Returns: what was packed.
    /// - Throws: ``BundleProblem`` when the folder holds no report, or `TarArchive.Problem` when it cannot be written.
    public func write(to output: String) throws -> Summary {
        let files = try BundleFiles(folder)
        guard files.kept.contains(where: { $0.name == "report.html" }) else {
            throw BundleProblem(description: "\(folder): holds no report.html; `archivebench report` writes it")
        }
        var archive = Packer(archive: try TarArchive(path: output), folder: name)
        for file in files.kept where file.name != "index.html" {
            guard let data = FileManager.default.contents(atPath: "\(folder)/\(file.name)") else {
                throw BundleProblem(description: "\(folder)/\(file.name): cannot be read")
            }
            let isMarkup = file.name.hasSuffix(".html") || file.name.hasSuffix(".xml")
            let bytes = file.isText ? Redaction.clean([UInt8](data), isMarkup: isMarkup) : [UInt8](data)
            try archive.add(file.name, bytes)
            if file.name == "report.html" { try archive.add("index.html", bytes) }
        }
        for (file, sql) in schemas.sorted(by: { $0.key < $1.key }) {
            try archive.add("schema/\(file)", [UInt8](sql.utf8))
        }
        let evidence = BundleEvidence(folder)
        for (file, rows) in evidence.tables { try archive.add(file, Redaction.clean([UInt8](CSV.text(rows).utf8))) }
        try archive.add("CONTENTS.md", [UInt8](contents(archive.packed, files.leftOut).utf8))
        let packed = archive.packed
        try archive.finish()
        return Summary(
            files: packed.count, bytes: packed.reduce(0) { $0 + $1.bytes }, leftOut: files.leftOut.map(\.name))
    }

    /// An archive and what it holds so far.
    private struct Packer: ~Copyable {
        var archive: TarArchive
        let folder: String
        var packed: [(name: String, bytes: Int)] = []

        init(archive: consuming TarArchive, folder: String) {
            self.archive = archive
            self.folder = folder
        }

        mutating func add(_ file: String, _ bytes: [UInt8]) throws {
            try archive.add("\(folder)/\(file)", bytes)
            packed.append((file, bytes.count))
        }

        consuming func finish() throws { try archive.finish() }
    }

    private func contents(_ packed: [(name: String, bytes: Int)], _ leftOut: [(name: String, reason: String)]) -> String
    {
        let quantity = Quantity.page
        let table = ReportTable(
            [.init("file", .name), .init("size", .number)],
            packed.map { [.init($0.name), .init(quantity.bytes($0.bytes))] })
        return [
            "# \(Markdown.escape(name))",
            "Open `index.html` in a browser; it needs no network. `settings.csv` has every server setting, `fingerprints.csv` the shapes of plans and what probes of the machine got, `schema` the SQL of the archive.",
            "Passwords, parameters of logged queries, and literals as long as payloads are replaced in every text file.",
            "## Files", Markdown.table(table, none: "None."), "## Left out",
            Markdown.list(leftOut.map { "\($0.name): \($0.reason)" }, none: "Nothing."),
        ].joined(separator: "\n\n") + "\n"
    }
}
