import FoundationEssentials

/// The folder of one run: `Reports/<run-id>/`.
///
/// Written as the run goes. `run.json` is replaced in one step (a reader never sees half of it), lines are appended to
/// `samples.jsonl`, `events.jsonl` and `latency.hlog` and are complete at any moment.
public struct RecordFolder: Sendable {
    /// Files of a run, by their role.
    public enum File: String, CaseIterable, Sendable {
        case record = "run.json"
        case samples = "samples.jsonl"
        case events = "events.jsonl"
        case latencies = "latency.hlog"
        case workload = "workload.yaml"
        case variant = "variant.yaml"
        case profile = "profile.yaml"
        case fit = "fit.json"
        case serverLog = "server.log"
        case statements = "statements.json"
        case serverSamples = "server.jsonl"
        case plans = "plans/summary.json"
        case page = "report.html"
        case text = "report.md"
    }

    /// Why a folder cannot be read or written; the text is one line for people.
    public struct Problem: Error, CustomStringConvertible {
        public let description: String
    }

    public let path: String

    /// Names a run's folder; touches nothing.
    public init(path: String) {
        self.path = path
    }

    /// Makes the folder and every folder above it, and proves that it can be written.
    ///
    /// - Throws: ``Problem`` when that is not possible or a record is there already.
    public static func create(path: String) throws -> RecordFolder {
        let folder = RecordFolder(path: path)
        if FileManager.default.fileExists(atPath: folder.path(of: .record)) {
            throw Problem(description: "\(path): holds a run already; choose another folder with --output")
        }
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            try Data().write(to: URL(filePath: folder.path(of: .samples)))
            try Data().write(to: URL(filePath: folder.path(of: .events)))
        } catch {
            throw Problem(description: "\(path): cannot write here; choose a writable folder with --output")
        }
        return folder
    }

    /// The path of one of the run's files.
    public func path(of file: File) -> String { "\(path)/\(file.rawValue)" }

    /// Replaces a file's text in one step.
    public func write(_ text: String, to file: File) throws {
        do {
            try Data(text.utf8).write(to: URL(filePath: path(of: file)), options: .atomic)
        } catch {
            throw Problem(description: "\(path(of: file)): cannot be written")
        }
    }

    /// Writes the verbatim copy of an overlay.
    public func write(_ text: String, overlay name: String) throws {
        let safe = String(name.map { $0.isLetter || $0.isNumber || "-_.".contains($0) ? $0 : "-" })
        let file = "\(path)/overlay-\(safe).yaml"
        do { try Data(text.utf8).write(to: URL(filePath: file), options: .atomic) } catch {
            throw Problem(description: "\(file): cannot be written")
        }
    }

    /// Replaces `run.json`.
    public func write(_ record: RunRecord) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try write(String(decoding: encoder.encode(record), as: UTF8.self) + "\n", to: .record)
    }

    /// Appends values to a JSON-lines file, one line each.
    public func append(_ values: [some Encodable], to file: File) throws {
        guard !values.isEmpty else { return }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var lines = Data()
        for value in values {
            lines.append(try encoder.encode(value))
            lines.append(UInt8(ascii: "\n"))
        }
        try append([UInt8](lines), to: file)
    }

    /// Appends whole lines, each with its line break.
    ///
    /// - Throws: ``Problem`` when the file cannot take them.
    public func append(lines: String, to file: File) throws {
        if !lines.isEmpty { try append([UInt8](lines.utf8), to: file) }
    }

    private func append(_ bytes: [UInt8], to file: File) throws {
        guard let handle = LineAppender(path: path(of: file)), handle.append(bytes) else {
            throw Problem(description: "\(path(of: file)): cannot be written (is the disk full?)")
        }
    }

    /// Reads the record.
    ///
    /// - Throws: ``Problem`` when there is none, it is not JSON, or it was written by a newer format.
    public func readRecord() throws -> RunRecord {
        let file = path(of: .record)
        guard let data = FileManager.default.contents(atPath: file) else {
            throw Problem(description: "\(file): no such record; `archivebench runs list` shows those there are")
        }
        struct Version: Decodable { var formatVersion: Int }
        guard let version = try? JSONDecoder().decode(Version.self, from: data).formatVersion else {
            throw Problem(description: "\(file): not a run record of ArchiveBench")
        }
        guard version == RunRecord.currentFormat else {
            throw Problem(
                description:
                    "\(file): format \(version), this version reads \(RunRecord.currentFormat); use the version that wrote it"
            )
        }
        do {
            return try JSONDecoder().decode(RunRecord.self, from: data)
        } catch {
            throw Problem(description: "\(file): damaged run record (\(error))")
        }
    }

    /// Reads `samples.jsonl`; a last line cut short by a killed run is left out.
    public func readSamples() throws -> [SecondSample] {
        guard let data = FileManager.default.contents(atPath: path(of: .samples)) else { return [] }
        let decoder = JSONDecoder()
        var lines = data.split(separator: UInt8(ascii: "\n"))
        if let last = lines.last, data.last != UInt8(ascii: "\n"),
            (try? decoder.decode(SecondSample.self, from: last)) == nil
        {
            lines.removeLast()
        }
        return try lines.map { try decoder.decode(SecondSample.self, from: $0) }
    }

    /// The text of one of the verbatim copies, if there.
    public func readText(_ file: File) -> String? {
        FileManager.default.contents(atPath: path(of: file)).map { String(decoding: $0, as: UTF8.self) }
    }
}
