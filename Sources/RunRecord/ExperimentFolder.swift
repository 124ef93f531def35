import FoundationEssentials

/// The folder of one experiment: `Reports/<experiment-id>/`, with a folder for each trial below it.
public struct ExperimentFolder: Sendable {
    /// Name of the record's file.
    public static let recordName = "experiment.json"
    /// Name of the specification's copy.
    public static let specName = "experiment.yaml"

    /// Why a folder cannot be read or written; the text is one line for people.
    public struct Problem: Error, CustomStringConvertible {
        /// What, and what to do about it.
        public let description: String
    }

    /// Where it is.
    public let path: String

    /// Names an experiment's folder; touches nothing.
    public init(path: String) { self.path = path }

    /// Path of the record.
    public var recordPath: String { "\(path)/\(Self.recordName)" }

    /// Whether there is a record.
    public var exists: Bool { FileManager.default.fileExists(atPath: recordPath) }

    /// The folder of one of its trials.
    public func folder(of trial: ExperimentTrial) -> RecordFolder { RecordFolder(path: "\(path)/\(trial.folder)") }

    /// Makes the folder with its first record and the specification.
    ///
    /// - Throws: ``Problem`` when it cannot be written, or holds an experiment already.
    public static func create(path: String, _ record: ExperimentRecord, spec: String) throws -> ExperimentFolder {
        let folder = ExperimentFolder(path: path)
        if folder.exists {
            throw Problem(
                description:
                    "\(path): holds an experiment already; go on with it by 'archivebench experiment resume \(path)', or choose another folder with --output"
            )
        }
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            try Data(spec.utf8).write(to: URL(filePath: "\(path)/\(specName)"), options: .atomic)
        } catch {
            throw Problem(description: "\(path): cannot write here; choose a writable folder with --output")
        }
        try folder.write(record)
        return folder
    }

    /// Replaces the record in one step.
    ///
    /// - Throws: ``Problem`` when it cannot be written.
    public func write(_ record: ExperimentRecord) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            try (encoder.encode(record) + Data("\n".utf8)).write(to: URL(filePath: recordPath), options: .atomic)
        } catch {
            throw Problem(description: "\(recordPath): cannot be written (is the disk full?)")
        }
    }

    /// Reads the record.
    ///
    /// - Throws: ``Problem`` when there is none, it is not JSON, or it was written by another format.
    public func readRecord() throws -> ExperimentRecord {
        guard let data = FileManager.default.contents(atPath: recordPath) else {
            throw Problem(
                description: "\(recordPath): no such record; 'archivebench experiment run SPEC' makes an experiment")
        }
        struct Version: Decodable { var formatVersion: Int }
        guard let version = try? JSONDecoder().decode(Version.self, from: data).formatVersion else {
            throw Problem(description: "\(recordPath): not an experiment's record of ArchiveBench")
        }
        guard version == ExperimentRecord.currentFormat else {
            throw Problem(
                description:
                    "\(recordPath): format \(version), this version reads \(ExperimentRecord.currentFormat); use the version that wrote it"
            )
        }
        do {
            return try JSONDecoder().decode(ExperimentRecord.self, from: data)
        } catch {
            throw Problem(description: "\(recordPath): damaged record of an experiment (\(error))")
        }
    }

    /// The specification as it was when the experiment began; `nil` when somebody took it away.
    public func readSpec() -> String? {
        FileManager.default.contents(atPath: "\(path)/\(Self.specName)").map { String(decoding: $0, as: UTF8.self) }
    }
}
