import FoundationEssentials
import LinuxSystem
import RunRecord
import Testbed
import Workload

/// A migration's report with all that is needed to make it again: `migration.json` in a folder of its own.
public struct MigrationRecord: Codable, Sendable {
    /// The version written by this tool. A renamed or removed key is a new one.
    public static let currentFormat = 1
    /// Name of the file.
    public static let file = "migration.json"

    /// See ``currentFormat``.
    public var formatVersion = MigrationRecord.currentFormat
    /// Name of the folder.
    public let migrationId: String
    /// Of the tool that ran it.
    public let toolVersion: String
    /// ISO 8601, UTC.
    public let startedAt: String
    /// ISO 8601, UTC.
    public let endedAt: String
    /// The command line that makes it again.
    public let command: String
    /// Decides history and new messages.
    public let seed: UInt64
    /// Name of the workload whose history was migrated.
    public let workload: String
    /// SHA-256 of the workload's file, lower-case hex.
    public let workloadDigest: String
    /// Name of the variant whose settings the server had.
    public let variant: String
    /// Version of the PostgreSQL programs.
    public let programs: String
    /// The machine.
    public let host: HostDescription
    /// What was seen.
    public let report: MigrationReport

    /// - Parameters:
    ///   - report: what was seen.
    ///   - request: of the archive that was migrated.
    ///   - id: name of the folder.
    ///   - started: wall clock, seconds since 1970.
    public init(_ report: MigrationReport, _ request: TrialRequest, id: String, started: Int) {
        migrationId = id
        toolVersion = request.toolVersion
        startedAt = UTCTime(seconds: started).iso8601
        endedAt = UTCTime(seconds: request.wallClock()).iso8601
        command = request.command
        seed = request.seed
        workload = request.workload.name
        workloadDigest = FileDigest.of(request.workload.text)
        variant = request.variant.name
        programs = request.installation.version
        host = .here(request.dataDirectory ?? request.registry.home)
        self.report = report
    }

    /// Writes it into a folder, which is made where it is missing.
    ///
    /// - Parameter folder: path.
    /// - Throws: `ExperimentProblem` when it cannot be written.
    public func write(to folder: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let data = try encoder.encode(self) + Data("\n".utf8)
            try data.write(to: URL(filePath: "\(folder)/\(Self.file)"), options: .atomic)
        } catch {
            throw ExperimentProblem(
                "\(folder)/\(Self.file): cannot be written; choose a writable folder with --output (\(error))")
        }
    }
}
