import ArgumentParser
import Experiment
import FoundationEssentials
import LinuxSystem
import Report
import RunRecord
import SpecReader
import Testbed

/// `archivebench experiment`
struct ExperimentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "experiment",
        abstract: "Run many trials by a plan: factors, levels, repeats; resumable after any ending.",
        discussion: """
            An experiment's file says what is varied and how; Workloads/README.md has every key. The record is saved after
            each trial, so that nothing finished is run again.

            Examples:
              archivebench experiment run hardware-ladder --plan-only      what it would do, and for how long
              archivebench experiment run my-experiment.yaml --budget 2h
              archivebench experiment status latest
              archivebench experiment resume latest
            """,
        subcommands: [Run.self, Status.self, Resume.self])

    enum FailOn: String, ExpressibleByArgument, CaseIterable { case objectives }

    /// `archivebench experiment run`
    struct Run: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Begin an experiment.",
            discussion: """
                Exits with 1 when a trial could not be run or may not be used as evidence, with 4 when it was ended early.

                Examples:
                  archivebench experiment run schema-by-history --plan-only
                  archivebench experiment run my-experiment.yaml --output /data/my-experiment
                  archivebench experiment run settings-screening --json | jq '.results[0].effects'
                """)

        @Argument(
            help: "An experiment's file, or the name of a shipped one.", completion: .file(extensions: ["yaml"]))
        var spec: String

        @OptionGroup var options: ExperimentOptions

        @Option(
            help: ArgumentHelp(
                "The experiment's own folder; Reports/<experiment-id> when not given.", valueName: "folder"),
            completion: .directory)
        var output: String?

        @Flag(name: [.customLong("plan-only"), .customLong("dry-run")], help: "Say what would be done, and stop.")
        var planOnly = false

        func run() async throws {
            let path = try Project.file(spec, in: "experiments")
            let plan = try ExperimentSession.plan(path)
            let budget = options.budget ?? plan.spec.budget
            let id = TrialOptions.newRunID(plan.spec.name)
            let place = ExperimentFolder(path: try output ?? RunFolders.newFolder(id))
            if !planOnly { try Project.registry.prepare() }
            var record = plan.record(
                id: ExperimentSession.name(of: place), budget: budget,
                host: .here(options.dataDir ?? Project.registry.home), toolVersion: Version.recorded,
                command: TrialOptions.commandLine(CommandLine.arguments), now: Clock.wallSeconds())
            if planOnly {
                ExperimentSession.show(record, json: options.json) { $0.plan() + "\nNothing was started." }
                return try plan.checkBudget(budget)
            }
            try plan.checkBudget(budget)
            let session = try await ExperimentSession(plan, options, folder: place)
            record.conditions = session.conditions
            Terminal.error(TerminalExperiment(record, colour: false).plan())
            _ = try ExperimentFolder.create(path: place.path, record, spec: plan.spec.text)
            try await session.run()
        }
    }

    /// `archivebench experiment status`
    struct Status: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say how far an experiment is, and what it found so far.",
            discussion: """
                Examples:
                  archivebench experiment status latest
                  archivebench experiment status Reports/my-experiment --json | jq '.trials[] | .state'
                """)

        @Argument(help: "An experiment: its folder, its name, the beginning of it, or 'latest'.")
        var folder: String

        @Flag(help: "Print the record as JSON.")
        var json = false

        func run() throws {
            let place = try ExperimentSession.find(folder)
            let record = try place.readRecord()
            ExperimentSession.show(record, json: json) { terminal in
                let left = record.trials.count - record.finished
                let time =
                    left == 0
                    ? ""
                    : "left       \(left) of \(record.trials.count) trials, about \(ExperimentPlan.time(record.secondsLeft))\n"
                return time + terminal.results(folder: place.path)
            }
        }
    }

    /// `archivebench experiment resume`
    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Go on with an experiment that was ended, killed or ran out of time.",
            discussion: """
                Finished trials are not run again unless --retry-failed, --retry-invalid or --retry asks for it; the one that
                was running is. It goes on with the options that it was begun with. A specification that was changed meanwhile
                is refused, and so are another PostgreSQL, another disk and another machine.

                Examples:
                  archivebench experiment resume latest
                  archivebench experiment resume Reports/my-experiment --budget 4h
                  archivebench experiment resume latest --retry-invalid
                  archivebench experiment resume latest --retry 07-base --because 'a backup ran beside it'
                """)

        @Argument(help: "An experiment: its folder, its name, the beginning of it, or 'latest'.")
        var folder: String

        @OptionGroup var options: ExperimentOptions

        @Flag(help: "Run trials again that could not be run, such as those whose server did not start.")
        var retryFailed = false

        @Flag(
            help: """
                Run trials again that are no evidence, such as those during which the host changed its speed. What they \
                came to is kept beside the new trial, and every report names them.
                """)
        var retryInvalid = false

        @Option(
            help: ArgumentHelp(
                "A finished trial to run again for a reason that the tool could not see; needs --because; may be given several times.",
                valueName: "folder"))
        var retry: [String] = []

        @Option(
            help: ArgumentHelp(
                "Why the trials of --retry do not count; every report tells it.", valueName: "reason"))
        var because: String?

        func validate() throws {
            let isTold = because?.contains { !$0.isWhitespace } == true
            if retry.isEmpty != !isTold {
                throw ValidationError(
                    "--retry and --because: give both; which trials count is a choice that needs a reason")
            }
        }

        func run() async throws {
            let place = try ExperimentSession.find(folder)
            let record = try place.readRecord()
            let options = try ExperimentSession.options(of: record, options)
            let plan = try ExperimentSession.plan(of: record, in: place)
            let session = try await ExperimentSession(plan, options, folder: place)
            try session.checkServers(of: record)
            try await session.run(
                retrying: TrialRetry(
                    states: Set((retryFailed ? [.failed] : []) + (retryInvalid ? [.invalid] : [])), folders: retry,
                    reason: because ?? ""))
        }
    }
}

/// What `run` and `resume` have in common.
struct ExperimentOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Time for all trials together, such as 2h, instead of the file's.", valueName: "time"),
        transform: Arguments.duration)
    var budget: UInt64?

    @Option(
        help: ArgumentHelp(
            "Folder of the PostgreSQL programs to use; the newest installed when not given.", valueName: "folder"),
        completion: .directory)
    var postgresBin: String?

    @Option(
        help: ArgumentHelp("Existing folder, on the disk to measure, for the servers' data.", valueName: "folder"),
        completion: .directory)
    var dataDir: String?

    @Flag(help: "Load each history anew, and do not keep it; see `archivebench cache`.")
    var noCache = false

    @Flag(help: "Do not look at servers and host while loads run.")
    var noTelemetry = false

    @Option(help: ArgumentHelp("Exit with 1 when a trial misses an objective.", valueName: "what"))
    var failOn: ExperimentCommand.FailOn?

    @Flag(help: "Print the experiment's record as JSON instead of the closing table.")
    var json = false
}

extension ExperimentOptions {
    /// What of it decides the trials, with whole paths; the servers are not known yet.
    var conditions: ExperimentConditions {
        func whole(_ path: String) -> String {
            let path = URL(filePath: path).standardizedFileURL.path
            return path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        }
        return ExperimentConditions(
            programs: postgresBin.map(whole), dataFolder: dataDir.map(whole), usesCache: !noCache,
            hasTelemetry: !noTelemetry, servers: [])
    }

    /// Replaces what decides the trials.
    mutating func take(_ conditions: ExperimentConditions) {
        (postgresBin, dataDir) = (conditions.programs, conditions.dataFolder)
        (noCache, noTelemetry) = (!conditions.usesCache, !conditions.hasTelemetry)
    }
}
