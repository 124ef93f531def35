import ArchiveDriver
import ArgumentParser
import Experiment
import FoundationEssentials
import LinuxSystem
import PostgresClient
import RunRecord
import SpecReader
import Testbed

/// `archivebench characterize`
struct Characterize: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "characterize",
        abstract: "Read a real archive with care, and write a workload that resembles it.",
        discussion: """
            Reads times, shards, sizes and salted hashes of content topics of a sample, and the server's own statistics;
            no payload and no content topic leaves the server. Each statement is a read-only transaction of its own with a
            time-out, the strongest lock is ACCESS SHARE, and after each one nothing is sent for as long as --share asks
            for. A server under load is refused. A replica will do.

            Writes into a folder: workload.yaml (what arrives and what is asked), fit.json (how well that resembles the
            archive; reports of runs show it), variant.yaml (what runs there today) with indexes.sql where indexes differ,
            and profile.yaml (a stub: the server tells little of its machine).

            Examples:
              archivebench characterize --source postgres://reader@db.example:5432/waku --output my-fleet
              archivebench characterize --source "service=archive" --sample 20k --share 2%
              archivebench run my-fleet/workload.yaml --variant my-fleet/variant.yaml --history 2GB
            """)

    @Option(
        help: ArgumentHelp(
            "The archive's database: a libpq URL or keyword string; what it leaves out comes from service file, PG* environment and password file. Empty for these alone.",
            valueName: "server"))
    var source: String

    @Option(
        help: ArgumentHelp("Folder to write into; the name of the workload when not given.", valueName: "folder"),
        completion: .directory)
    var output: String?

    @Option(help: ArgumentHelp("Name of the workload; that of the database when not given.", valueName: "name"))
    var name: String?

    @Option(
        help: ArgumentHelp("Rows to read, about; an archive that has no more is read whole.", valueName: "rows"),
        transform: Arguments.count)
    var sample = 100_000

    @Option(
        help: ArgumentHelp("Largest share of one processor's time of the server that is taken.", valueName: "share"))
    var share = "10%"

    @Option(
        help: ArgumentHelp("The server ends a statement after this, such as 2s.", valueName: "time"),
        transform: Arguments.duration)
    var statementTimeout: UInt64 = 2_000_000_000

    @Option(
        help: ArgumentHelp(
            "A server with more active sessions on average is refused, and left alone when load rises.",
            valueName: "sessions"))
    var mostActive = 4.0

    @Flag(help: "Read also under load.")
    var forceLoad = false

    @Option(help: "Decides which blocks are read.")
    var seed: UInt64 = 1

    @Flag(help: "Print the fit as JSON instead of the closing words.")
    var json = false

    func validate() throws {
        if sample < 100 { throw ValidationError("--sample \(sample): use 100 or more") }
        if !ReadingManners.shares.contains(try Arguments.share(share)) {
            throw ValidationError("--share \(share): use 0.1% to 100%")
        }
        if !ReadingManners.timeouts.contains(statementTimeout) {
            throw ValidationError("--statement-timeout: use 10ms to 60s")
        }
        if !(mostActive >= 0) { throw ValidationError("--most-active \(mostActive): use 0 or more") }
    }

    func run() async throws {
        let server = try ServerArguments.resolve(source, option: "--source")
        let name = TrialOptions.plain(self.name ?? server.database)
        let folder = output ?? name
        try Self.check(folder)
        let signals = Interruption.endAtOnce(Project.registry)
        defer { withExtendedLifetime(signals) {} }
        var manners = ReadingManners(salt: Self.newSalt(), seed: seed)
        manners.sampleRows = sample
        manners.share = try Arguments.share(share)
        manners.statementTimeout = statementTimeout
        manners.mostActive = mostActive
        manners.ignoresLoad = forceLoad
        Terminal.error(CharacterizeText.announcement(server, manners))
        let survey = try await Self.read(server, manners)
        let heading = Characterization.Heading(
            name: name, toolVersion: Version.recorded, readAt: Clock.wallSeconds(), manners: manners)
        let result = try await WorkerThread.run { Result { try Characterization(survey, heading) } }.get()
        try Self.write(result, folder)
        Terminal.out(try json ? result.fit.json() : CharacterizeText.closing(result, folder: folder))
    }

    private static func read(_ server: ConnectionParameters, _ manners: ReadingManners) async throws -> ArchiveSurvey {
        let progress = ProgressLine()
        defer { progress.close() }
        return try await WorkerThread.run {
            Result {
                try Self.open(server, manners).survey { step in
                    progress.show(
                        ["reading", "\(step.done) of \(step.total) partitions"], stage: "reading",
                        left: step.secondsLeft)
                }
            }
        }.get()
    }

    private static func open(_ server: ConnectionParameters, _ manners: ReadingManners) throws -> ArchiveSurveyor {
        do throws(PostgresError) {
            return try ArchiveSurveyor(server, manners: manners)
        } catch {
            throw TestbedProblem(TargetWords.refused(server, error))
        }
    }

    /// Known to nobody: what is compared is compared in this one reading.
    private static func newSalt() -> String {
        (0..<2).map { _ in String(UInt64.random(in: 0 ... .max), radix: 16) }.joined()
    }

    // MARK: Files

    /// Nothing that is there is written over; told before anything is read.
    private static func check(_ folder: String) throws {
        let files = Characterization.fileNames
        if let there = files.first(where: { FileManager.default.fileExists(atPath: "\(folder)/\($0)") }) {
            throw UsageProblem("\(folder)/\(there): is there already; choose another folder with --output")
        }
        var parent = folder
        while !FileManager.default.fileExists(atPath: parent), !parent.isEmpty, parent != "/" {
            parent = parent.contains("/") ? String(parent[..<(parent.lastIndex(of: "/") ?? parent.startIndex)]) : "."
        }
        if !FileManager.default.isWritableFile(atPath: parent.isEmpty ? "/" : parent) {
            throw UsageProblem("\(folder): cannot be made; choose a writable folder with --output")
        }
    }

    private static func write(_ result: Characterization, _ folder: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw UsageProblem("\(folder): cannot be made; choose a writable folder with --output")
        }
        var written: [String] = []
        for file in result.files {
            let path = "\(folder)/\(file.name)"
            do {
                try Data(file.text.utf8).write(to: URL(filePath: path), options: .atomic)
                written.append(path)
            } catch {
                for path in written { try? FileManager.default.removeItem(atPath: path) }
                throw UsageProblem("\(path): cannot be written; choose a writable folder with --output")
            }
        }
    }
}
