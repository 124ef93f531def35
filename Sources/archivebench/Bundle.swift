import ArgumentParser
import FoundationEssentials
import Report

/// `archivebench bundle`
struct Bundle: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Pack an experiment, a comparison or a run into one archive to hand over.",
        discussion: """
            The archive holds the report (index.html, for a plain browser without network), the raw records, plans,
            settings, the schema's SQL and fingerprints of plans and machine. Passwords and payload are taken out of every
            text; a server's log, which may quote what clients sent, stays out. CONTENTS.md names everything.

            Examples:
              archivebench bundle latest
              archivebench bundle Reports/20260105-suggestions --output suggestions.tar.gz
              archivebench bundle 20260105 --json | jq .leftOut
            """)

    @Argument(
        help: "An experiment, a comparison or a run: its name, the beginning of it, its folder, or 'latest'.",
        completion: .directory)
    var name: String

    @Option(
        help: ArgumentHelp("The archive; NAME.tar.gz in this folder when not given.", valueName: "file"),
        completion: .file(extensions: ["tar.gz"]))
    var output: String?

    @Flag(help: "Print what was packed as JSON.")
    var json = false

    private struct Packed: Encodable {
        let archive: String
        let files, bytes: Int
        let leftOut: [String]
    }

    func run() throws {
        let record = try StoredRecord.find(name)
        let name = URL(filePath: record.path).standardizedFileURL.lastPathComponent
        let archive = output ?? "\(name).tar.gz"
        _ = try record.writeReports()
        let summary = try ReportBundle(folder: record.path, name: name, schemas: schemas(record)).write(to: archive)
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            let packed = Packed(
                archive: archive, files: summary.files, bytes: summary.bytes, leftOut: summary.leftOut)
            return Terminal.out(String(decoding: try encoder.encode(packed), as: UTF8.self))
        }
        for file in summary.leftOut { Terminal.error("left out: \(file)") }
        Terminal.out("\(archive): \(summary.files) files, \(Quantity.plain.bytes(summary.bytes)) before compression")
    }

    /// The SQL of the schema versions that the records name, by file name.
    private func schemas(_ record: StoredRecord) throws -> [String: String] {
        var found: [String: String] = [:]
        for version in record.schemaVersions {
            let folder = "\(try Project.root())/sql/schema/v\(version)"
            for file in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            where file.hasSuffix(".sql") {
                found["v\(version)-\(file)"] = FileManager.default.contents(atPath: "\(folder)/\(file)")
                    .map { String(decoding: $0, as: UTF8.self) }
            }
        }
        return found
    }
}
