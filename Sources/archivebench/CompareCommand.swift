import ArgumentParser
import Comparison
import Experiment
import FoundationEssentials
import LinuxSystem
import Report
import RunRecord
import SpecReader
import Testbed
import Workload

/// `archivebench compare`
struct CompareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Hold variants against a base: better, worse, equivalent, or not to be told apart.",
        discussion: """
            Base and candidates run side by side from the same history and take the same operations in slices, in an
            order that a coin decides. The verdict is looked at a few times fixed beforehand; the comparison ends when
            it is settled, or when the budget is spent.

            Examples:
              archivebench compare status-prod my-settings.yaml
              archivebench compare status-prod my-settings.yaml --margin 2% --budget 30min --rate-scale 20
              archivebench compare status-prod sandbox --closed 8      which one does more
              archivebench compare status-prod sandbox --long --slice 5min --budget 2h --time-scale 12
              archivebench compare status-prod --aa                    the same twice: what this host can tell apart
              archivebench compare status-prod --databases-per-shard --workload dedicated-shards-16
              archivebench compare status-prod sandbox --fail-on worse --json

            Exit codes: 0 done; 1 invalid, or what --fail-on names; 2 wrong usage; 3 the environment does not allow it;
            4 interrupted, with a record of the blocks that were run. 'worse' is what fails in junit.xml: a verdict, a
            rate that the base carries and the candidate does not, other answers, something lost. 'inconclusive' is a
            verdict too, or a rate that neither side carries, or perhaps one does not.
            """)

    enum FailOn: String, ExpressibleByArgument, CaseIterable { case worse, inconclusive }

    @Argument(
        help: ArgumentHelp(
            "The base, then one or more candidates: variant files or names of shipped ones; or folders of runs, which are compared as they were recorded.",
            valueName: "base> <candidate"),
        completion: .file(extensions: ["yaml"]))
    var variants: [String]

    @OptionGroup var options: CompareOptions

    @Option(
        help: ArgumentHelp("The difference that matters, such as 3%.", valueName: "share"), transform: Arguments.share)
    var margin = 0.03

    @Option(
        help: ArgumentHelp("Time for warm-up and blocks; history comes on top.", valueName: "time"),
        transform: Arguments.duration)
    var budget: UInt64 = 600_000_000_000

    @Option(
        help: ArgumentHelp(
            "Length of a slice: 2s when not given; with --long at least a checkpoint or an archive hour, 5min when not given.",
            valueName: "time"),
        transform: Arguments.duration)
    var slice: UInt64?

    @Flag(help: "Long slices, for effects of checkpoints, vacuum, retention and bloat.")
    var long = false

    @Option(
        help: ArgumentHelp(
            "Closed loop: so many clients without pause; the verdict is on throughput.", valueName: "clients"),
        transform: Arguments.clients)
    var closed: Int?

    @Option(
        help: ArgumentHelp(
            "Multiplies all arrival rates; 'auto' probes the sides and takes what verdicts need, as far as the slower side carries it. When not given: auto for short slices of an open loop, 1 for --long.",
            valueName: "factor"))
    var rateScale: String?

    @Flag(help: "Compare the base with itself.")
    var aa = false

    @Flag(help: "Compare the base with one database with itself with nodes and a database for each shard.")
    var databasesPerShard = false

    @Option(
        help: ArgumentHelp(
            "A metric that carries a verdict besides those of the pacing, such as server.cpu, wal.bytes, planning.time:store.hashes.presence, response.p90:put, or throughput:put with --closed; may be given several times.",
            valueName: "name"))
    var metric: [String] = []

    @Option(
        help: ArgumentHelp(
            "Exit with 1 when a candidate is worse, or when something is inconclusive; may be given several times.",
            valueName: "verdict"))
    var failOn: [FailOn] = []

    @Option(
        help: ArgumentHelp("The comparison's own folder; Reports/<name> when not given.", valueName: "folder"),
        completion: .directory)
    var output: String?

    @Flag(help: "Say what would be done, and stop.")
    var dryRun = false

    @Flag(help: "Print the record as JSON instead of the closing table.")
    var json = false

    func validate() throws {
        if aa && databasesPerShard {
            throw ValidationError("--aa and --databases-per-shard: choose one")
        } else if aa || databasesPerShard {
            guard variants.count == 1 else {
                throw ValidationError(
                    "\(aa ? "--aa" : "--databases-per-shard"): name the base alone; it is its own candidate")
            }
        } else if variants.count < 2 {
            throw ValidationError("name a base and at least one candidate, or --aa to compare the base with itself")
        }
        guard margin > 0, margin < 1 else { throw ValidationError("--margin: use a share above 0%, such as 3%") }
        if let slice, slice < 1_000_000_000 || slice % 1_000_000_000 != 0 {
            throw ValidationError("--slice: use whole seconds, at least 1s")
        }
        if let closed, !ClosedLoop.clientRange.contains(closed) {
            throw ValidationError("--closed \(closed): use 1 to \(ClosedLoop.clientRange.upperBound)")
        }
        if let rateScale, rateScale != "auto" { _ = try Arguments.factor(rateScale) }
        if rateScale == "auto" && closed != nil {
            throw ValidationError("--rate-scale auto: a closed loop has no rate; leave one of the two out")
        }
        try metric.forEach(check)
        if metric.contains(Self.diskBytes), !long { throw ValidationError("--metric disk.bytes: needs --long") }
    }

    private func check(_ metric: String) throws {
        let (quantity, requestClass) = MetricCatalogue.parts(of: metric)
        let ofClass = (closed == nil ? Self.latencies : [Self.throughput]) + Self.ofStatements
        if requestClass == nil ? Self.metrics.contains(quantity) : ofClass.contains(quantity) { return }
        if let requestClass, !requestClass.isEmpty, quantity == Self.throughput || Self.latencies.contains(quantity) {
            throw ValidationError(
                "--metric \(metric): \(closed == nil ? "an open loop completes what it is offered; use --closed, or a response time" : "clients that wait for the server offer less to a slower one; use throughput:\(requestClass), or leave --closed out")"
            )
        }
        let all = Self.metrics + ofClass.map { "\($0):CLASS" }
        throw ValidationError("--metric \(metric): choose \(all.joined(separator: ", "))")
    }

    /// Metrics that can carry a verdict on demand.
    private static let metrics = [
        "server.cpu", "wal.bytes", "planning.time", "blocks.read", "blocks.temporary", diskBytes,
    ]
    /// The same of a request class: in an open loop, and in a closed one.
    private static let latencies = MetricCatalogue.quantities.filter(\.isLatency).map(\.name)
    private static let throughput = "throughput"
    /// What the server counts for statements, and so for those of a request class.
    private static let ofStatements = ["planning.time", "blocks.read"]
    /// Slices of seconds see a file grow by none of its steps or by one.
    private static let diskBytes = "disk.bytes"

    func run() async throws {
        if let offline = try OfflineComparison(variants) {
            let (record, folder) = try offline.run(
                margin: margin, folder: output, command: TrialOptions.commandLine(CommandLine.arguments))
            return try finish(record, folder)
        }
        let request = try await request()
        do { try request.checkVersions() } catch let problem as ExperimentProblem {
            throw UsageProblem(problem.description)
        }
        let plan: ComparisonPlan
        do { plan = try ComparisonPlan(request) } catch let problem as TestbedProblem {
            throw UsageProblem(problem.description)
        }
        let announcement = CompareText.announcement(request, plan)
        if dryRun { return Terminal.error(announcement) }
        let registry = request.sides[0].trial.registry
        let progress = ProgressLine()
        let control = TrialControl()
        let signals = Interruption.watch(control, progress, registry)
        Terminal.error(announcement)
        for orphan in registry.sweep() {
            Terminal.error("removed cluster \(orphan.id), left behind by \(orphan.purpose)")
        }
        let outcome: ComparisonRunner.Outcome
        do {
            outcome = try await ComparisonRunner(request, observer: progress, control: control).run()
        } catch {
            progress.close()
            guard let failure = error as? SideFailure else { throw error }
            note(failure, request)
            if let problems = failure.problems { throw problems }
            throw failure
        }
        withExtendedLifetime(signals) {}
        progress.close()
        // Of two layouts of one variant none is a suggestion.
        if !databasesPerShard {
            do { try SuggestionLedger(folder: RunFolders.home()).add(outcome.record) } catch {
                Terminal.error("the suggestions' ledger was not written: \(error)")
            }
        }
        try finish(outcome.record, outcome.folder, wasInterrupted: outcome.wasInterrupted)
    }

    /// Adds to the ledger what could not be put in force.
    private func note(_ failure: SideFailure, _ request: ComparisonRequest) {
        guard let trial = request.sides.dropFirst().first(where: { $0.name == failure.side })?.trial,
            let description = SuggestionDescription(trial.variant, driver: trial.driver)
        else { return }
        let row = LedgerRow(
            failed: trial.variant.name, description, base: request.sides[0].trial.variant.name,
            workload: trial.workload.name, host: .here(trial.dataDirectory ?? trial.registry.home),
            comparisonId: request.comparisonID, endedAt: UTCTime(seconds: Clock.wallSeconds()).iso8601,
            margin: request.margin, reason: failure.reason)
        do { try SuggestionLedger(folder: RunFolders.home()).add(row) } catch {
            Terminal.error("the suggestions' ledger was not written: \(error)")
        }
    }

    /// Says what came of it, and decides how the process ends.
    private func finish(
        _ record: ComparisonRecord, _ folder: ComparisonFolder, wasInterrupted: Bool = false
    ) throws {
        do { try ComparisonExporters.writeAll(folder) } catch { Terminal.error("\(folder.path): no report (\(error))") }
        Terminal.out(json ? folder.readText(.record) ?? "" : CompareText.closing(record, folder: folder))
        if wasInterrupted { throw ExitStatus.interrupted }
        if !record.valid { throw ExitStatus.invalid }
        if failOn.contains(.worse), record.pairs.contains(where: \.isWorse) { throw ExitStatus.invalid }
        if failOn.contains(.inconclusive), record.pairs.contains(where: \.isInconclusive) {
            throw ExitStatus.invalid
        }
    }

    // MARK: Request

    /// Whether the sides are asked what they carry. Few workloads bring enough requests for a slice of seconds.
    private var isProbed: Bool { rateScale.map { $0 == "auto" } ?? (closed == nil && !long) }

    private func request() async throws -> ComparisonRequest {
        let machines = try options.profiles()
        let names = aa || databasesPerShard ? [variants[0], variants[0]] : variants
        var trials: [TrialRequest] = []
        var problems: [SpecProblem] = []
        for name in names {
            do { trials.append(try await trial(name, machines.first)) } catch let error as SpecProblems {
                problems += error.problems
            }
        }
        guard problems.isEmpty else { throw SpecProblems(problems) }
        try checkClasses(trials[0].workload)
        let id = TrialOptions.newRunID("compare-\(trials[0].workload.name)")
        if databasesPerShard { try divide(&trials) }
        let sideNames = ComparisonRequest.sideNames(
            databasesPerShard ? [trials[0].variant.name, "databases-per-shard"] : trials.map(\.variant.name))
        let sides = zip(sideNames, trials).map { ComparisonRequest.Side(name: $0, trial: $1) }
        var request = ComparisonRequest(
            sides: sides, folder: try output ?? RunFolders.newFolder(id), comparisonID: id)
        (request.margin, request.metrics, request.isAA) = (margin, metric, aa)
        request.budgetSeconds = Double(budget) / 1e9
        request.mode = long ? .long : .short
        request.sliceSeconds = Int((slice ?? (long ? 300 : 2) * 1_000_000_000) / 1_000_000_000)
        if long { request.warmUpSlices = 2 }
        if isProbed { request.rate = .probed }
        return request
    }

    private func checkClasses(_ workload: WorkloadSpec) throws {
        let known = Set(RequestLabel.all(of: workload).map(\.requestClass))
        for name in metric {
            guard let requestClass = MetricCatalogue.parts(of: name).requestClass, !known.contains(requestClass)
            else { continue }
            throw UsageProblem(
                "--metric \(name): workload \(workload.name) has no requests '\(requestClass)'; it has \(known.sorted().joined(separator: ", "))"
            )
        }
    }

    /// Gives the base one database and the candidate one for each shard.
    private func divide(_ trials: inout [TrialRequest]) throws {
        trials[0].workload.writers.databases = .shared
        trials[1].workload.writers.databases = .perShard
        let (fleet, name) = (trials[1].workload.fleet, trials[1].workload.name)
        guard fleet.isDivided else {
            throw UsageProblem(
                "--databases-per-shard: \(name) has one shard; choose a workload with several, such as dedicated-shards-16"
            )
        }
        guard fleet.nodes <= Fleet.mostNodes else {
            throw UsageProblem(
                "--databases-per-shard: \(name) would have \(fleet.nodes) nodes; use at most \(Fleet.mostNodes): fewer nodes or shards"
            )
        }
    }

    private func trial(_ variant: String, _ machine: HardwareProfile?) async throws -> TrialRequest {
        let trial = try options.trial(variant)
        let subject = try trial.read()
        let factor = try isProbed ? 1 : rateScale.map(Arguments.factor) ?? 1
        var request = try await trial.request(
            subject, rateScale: factor, closedClients: closed, profile: machine, recordFolder: "", runID: "compare",
            keep: false)
        request.telemetry = !options.noTelemetry
        return request
    }
}

/// Which traffic, history and machine a comparison uses; what `run` has in common with it, by the same names.
struct CompareOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("A workload file, or the name of a shipped one.", valueName: "file"),
        completion: .file(extensions: ["yaml"]))
    var workload = "status-prod-steady"

    @Option(help: ArgumentHelp("An overlay, as for `run`; may be given several times.", valueName: "file"))
    var overlay: [String] = []

    @Option(help: "Fixes all that is random, the order of slices too.")
    var seed: UInt64 = 1

    @Option(help: ArgumentHelp("Archive seconds in one second, as for `run`.", valueName: "factor"))
    var timeScale: String?

    @Option(help: ArgumentHelp("Messages loaded before, as for `run`.", valueName: "rows|size"))
    var history: String?

    @Option(help: ArgumentHelp("Hourly partitions of the history, as for `run`.", valueName: "n"))
    var partitions: String?

    @Option(help: ArgumentHelp("What the nodes keep, as for `run`.", valueName: "policies"))
    var retention: String?

    @Option(
        help: ArgumentHelp(
            "Version of the archive's tables of all sides; the variants' when not given.", valueName: "n"))
    var schema: String?

    @Option(help: ArgumentHelp("How the history is left, as for `run`.", valueName: "state"))
    var historyState: String?

    @Option(
        help: ArgumentHelp("Folder of the PostgreSQL programs to use.", valueName: "folder"), completion: .directory)
    var postgresBin: String?

    @Option(help: ArgumentHelp("Existing folder for the servers' data.", valueName: "folder"), completion: .directory)
    var dataDir: String?

    @Flag(help: "Load the history anew, and do not keep it for the next time.")
    var noCache = false

    @Option(
        help: ArgumentHelp("Machine that every side is held to; the host as it is when not given.", valueName: "file"),
        completion: .file(extensions: ["yaml"]))
    var profile: String?

    @Flag(help: "Run the largest share of the profile that fits this host.")
    var scaleToHost = false

    @Flag(help: "Do not look at the servers while they work: no statement statistics, plans and waits.")
    var noTelemetry = false

    /// The machine asked for; empty for the host as it is.
    func profiles() throws -> [HardwareProfile] {
        let words = (profile.map { ["--profile", $0] } ?? []) + (scaleToHost ? ["--scale-to-host"] : [])
        return try Self.parse(ProfileOptions.self, words).read()
    }

    /// The options of a trial with one of the variants.
    func trial(_ variant: String) throws -> TrialOptions {
        var words = [workload, "--variant", variant, "--seed", "\(seed)"]
        for name in overlay { words += ["--overlay", name] }
        let values = [
            ("--time-scale", timeScale), ("--history", history), ("--partitions", partitions),
            ("--retention", retention), ("--schema", schema), ("--history-state", historyState),
            ("--postgres-bin", postgresBin), ("--data-dir", dataDir),
        ]
        for (name, value) in values { if let value { words += [name, value] } }
        return try Self.parse(TrialOptions.self, words + (noCache ? ["--no-cache"] : []))
    }

    /// Other options from words; what is wrong with them is told as if they were this command's own.
    private static func parse<Options: ParsableArguments>(_ options: Options.Type, _ words: [String]) throws -> Options
    {
        do { return try options.parse(words) } catch { throw ValidationError(options.message(for: error)) }
    }
}
