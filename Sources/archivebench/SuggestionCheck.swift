import ArgumentParser
import Experiment
import FoundationEssentials
import LinuxSystem
import RunRecord
import SpecReader
import Testbed
import Workload

/// `archivebench suggestions check`
struct SuggestionCheck: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Apply a suggestion to an archive of its own, undo it, and see that the tables are as before.",
        discussion: """
            The archive is made as the suggestion's base wants it and removed at the end. Nothing is compared.

            Examples:
              archivebench suggestions check partitions-daily --history 200k --partitions 48
              archivebench suggestions check huge-pages            says why the server does not start with them
            """)

    @Argument(help: "A variant file with a suggestion, or the name of a shipped one.")
    var name: String

    @OptionGroup var trial: TrialOptions

    @Flag(help: "Print as JSON.")
    var json = false

    private struct Outcome: Encodable {
        let name: String
        let applied: [String]
        let undone: [String]?
    }

    func validate() throws {
        if trial.variant != "status-prod" {
            throw ValidationError("--variant: the archive is made as the suggestion's base wants it; leave it out")
        }
    }

    func run() async throws {
        let variant = try SuggestionFiles.read(name).variant
        var options = trial
        options.variant = SuggestionFiles.base(of: variant)
        var subject = try options.read()
        subject.variant.postgresMajor = variant.postgresMajor
        subject.schema = trial.schema ?? variant.schemaVersion
        let request = try await options.request(
            subject, rateScale: 1, recordFolder: "", runID: "check", keep: false)
        try await SettingsCheck.check(variant, on: request.installation)
        let outcome = try await ArchiveOnce(request, purpose: "check of \(variant.name)").use { archive in
            let application = SuggestionApplication(
                variant.fitted(toMemory: Host.memoryBytes).variant, to: archive.cluster)
            let applied = try await application.apply()
            let undone = variant.patch?.undo == nil ? nil : try await application.undo(applied)
            return Outcome(name: variant.name, applied: applied.lines, undone: undone)
        }
        if json { return try SuggestionFiles.print(outcome) }
        Terminal.out("\(variant.name): applied")
        for line in outcome.applied { Terminal.out("  \(line)") }
        guard let undone = outcome.undone else {
            return Terminal.out(variant.patch == nil ? "no patch to undo" : "undo: \(Variant.notReversible)")
        }
        Terminal.out("undone")
        for line in undone { Terminal.out("  \(line)") }
    }
}

extension SuggestionFiles {
    /// Path of the file of a suggestion's base, which lies beside it.
    static func base(of variant: Variant) -> String {
        let folder = variant.file.lastIndex(of: "/").map { variant.file[...$0] } ?? ""
        return "\(folder)\(variant.baseline?.file ?? variant.name).yaml"
    }
}

/// `archivebench suggestions migration`
struct MigrationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migration",
        abstract: "Migrate an archive from schema 7 to 8 while messages are asked for by hash and new ones are stored.",
        discussion: """
            Says how long it takes, which locks it takes and who waits for them, and for how long queries by hash find
            nothing although the message is there. The record is kept in the folder that is told at the end.

            Examples:
              archivebench suggestions migration --history 2M --partitions 720
              archivebench suggestions migration --queries 200 --puts 0 --json | jq .queries.window
            """)

    @OptionGroup var trial: TrialOptions

    @Option(help: ArgumentHelp("Hash queries a second.", valueName: "rate"), transform: Arguments.factor)
    var queries = 100.0

    @Option(help: ArgumentHelp("New messages a second; 0 for none.", valueName: "rate"))
    var puts = 10.0

    @Option(
        help: ArgumentHelp("The record's own folder; Reports/<name> when not given.", valueName: "folder"),
        completion: .directory)
    var output: String?

    @Flag(help: "Print the report as JSON.")
    var json = false

    func validate() throws {
        if let schema = trial.schema, schema != 7 {
            throw ValidationError("--schema \(schema): the migration begins with 7")
        }
        if !(0...1_000).contains(puts) { throw ValidationError("--puts \(puts): use 0 to 1000") }
        if queries > 1_000 { throw ValidationError("--queries \(queries): use at most 1000") }
    }

    func run() async throws {
        var subject = try trial.read()
        subject.schema = 7
        if subject.workload.history.rows == 0 {
            throw UsageProblem("--history 0: there is nothing to ask for; use 1 or more")
        }
        if subject.workload.fleet.isDivided {
            throw UsageProblem(
                "\(subject.workload.name): has a database for each shard, and the study migrates one; use databases: shared"
            )
        }
        let request = try await trial.request(
            subject, rateScale: 1, recordFolder: "", runID: "migration", keep: false)
        let id = TrialOptions.newRunID("migration-\(subject.workload.name)")
        let folder = try output ?? RunFolders.newFolder(id)
        if FileManager.default.fileExists(atPath: "\(folder)/\(MigrationRecord.file)") {
            throw UsageProblem("--output \(folder): holds a migration's record already; choose another folder")
        }
        let started = Clock.wallSeconds()
        let plan = MigrationStudy.Plan(queryRate: queries, putRate: puts)
        let report = try await ArchiveOnce(request, purpose: "migration of schema 7").use { archive in
            try await MigrationStudy(
                plan, on: archive.cluster.record.parameters(), request.offered, seed: request.seed,
                schemaFolder: request.schemaFolder
            ).run { Terminal.error("migration · \($0)") }
        }
        if json {
            try SuggestionFiles.print(report)
        } else {
            for line in SuggestionText.lines(report) { Terminal.out(line) }
        }
        let name = String(folder.split(separator: "/").last ?? "")
        try MigrationRecord(report, request, id: name, started: started).write(to: folder)
        Terminal.error("folder     \(folder)")
    }
}

/// An archive that is made, used and removed in every way of ending.
struct ArchiveOnce {
    private let request: TrialRequest
    private let purpose: String

    init(_ request: TrialRequest, purpose: String) {
        self.request = request
        self.purpose = purpose
    }

    /// Makes it, hands it out, removes it.
    func use<Value: Sendable>(_ body: (BuiltArchive) async throws -> Value) async throws -> Value {
        request.registry.sweep()
        let (fitted, adaptations) = request.variant.fitted(toMemory: Host.memoryBytes)
        for line in adaptations { Terminal.error(line) }
        try request.registry.prepare()
        try TrialPlan.checkDisk(request)
        let (progress, control) = (ProgressLine(), TrialControl())
        let signals = Interruption.endAtOnce(request.registry)
        defer { progress.close() }
        let total = request.workload.history.rows
        let archive = try await ArchiveBuilder(request, variant: fitted, control: control).build(purpose: purpose) {
            rows in
            progress.report(
                TrialProgress(
                    stage: .history, secondsLeft: Double(total - rows) / TrialPlan.assumedLoadRate,
                    rows: (rows, total), failed: 0))
        }
        progress.close()
        do {
            let value = try await body(archive)
            await archive.remove()
            withExtendedLifetime(signals) {}
            return value
        } catch {
            await archive.remove()
            throw error
        }
    }
}
