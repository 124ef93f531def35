import ArgumentParser
import Experiment
import FoundationEssentials
import LinuxSystem
import Report
import RunRecord
import Testbed
import Workload

/// `archivebench run`
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run one trial: a real server, an archive with a history, a store node's traffic.",
        discussion: """
            Makes a private PostgreSQL server, loads the history, offers the workload, and writes a run record with its
            report. Everything it started is removed at the end.

            Examples:
              archivebench run
              archivebench run --history 2M --partitions 720 --duration 5min
              archivebench run my-workload.yaml --variant my-settings.yaml --schema 7 --seed 7
              archivebench run --profile fleet-1vcpu-2gb --profile fleet-2vcpu-4gb
              archivebench run --closed 8                how much it can do: 8 clients without pause
              archivebench run --dry-run                what would be done, without doing it
              archivebench run --target 'host=db user=bench dbname=bench sslmode=verify-full'
                                                        in a database that `target prepare` made on your own server
              archivebench run --json | jq .valid
            """)

    enum FailOn: String, ExpressibleByArgument, CaseIterable { case objectives }

    @OptionGroup var trial: TrialOptions

    @OptionGroup var profiles: ProfileOptions

    @OptionGroup var external: TargetOptions

    @Option(help: ArgumentHelp("Multiplies all arrival rates.", valueName: "factor"), transform: Arguments.factor)
    var rateScale: Double = 1

    @Option(
        help: ArgumentHelp(
            "Closed loop: so many clients take the workload's operations one after the other, as fast as answers come, instead of keeping to its schedule. For the most a server can do; its latencies mean another thing, and objectives are not judged.",
            valueName: "clients"),
        transform: Arguments.clients)
    var closed: Int?

    @Option(help: ArgumentHelp("Length of the warm-up, such as 15s.", valueName: "time"), transform: Arguments.duration)
    var warmup: UInt64?

    @Option(
        help: ArgumentHelp("Length of the measure phase, such as 60s or 10min.", valueName: "time"),
        transform: Arguments.duration)
    var duration: UInt64?

    @Option(
        help: ArgumentHelp("The run's own folder; Reports/<run-id> when not given.", valueName: "folder"),
        completion: .directory)
    var output: String?

    @Option(help: ArgumentHelp("Exit with 1 when an objective is missed.", valueName: "what"))
    var failOn: FailOn?

    @Option(
        help: ArgumentHelp(
            "With --target: the longest that a statement of the load may take, such as 30s; 5min when not given.",
            valueName: "time"),
        transform: Arguments.duration)
    var statementTimeout: UInt64?

    @Flag(help: "Say what would be done, and stop.")
    var dryRun = false

    @Flag(help: "Leave the cluster running, and say how to connect; with --target leave the filled archive there.")
    var keep = false

    @Flag(help: "Do not look at the server and the host while the load runs: no statement statistics, plans and waits.")
    var noTelemetry = false

    @Flag(help: "Print the run record as JSON instead of the closing table.")
    var json = false

    func validate() throws {
        if let duration, !PhaseSpec.measureRange.contains(duration) {
            throw ValidationError("--duration: use 1s to 7d")
        }
        if let closed, !ClosedLoop.clientRange.contains(closed) {
            throw ValidationError("--closed \(closed): use 1 to \(ClosedLoop.clientRange.upperBound)")
        }
        if let statementTimeout, external.target == nil || !(1_000_000...86_400_000_000_000).contains(statementTimeout)
        {
            throw ValidationError("--statement-timeout: use 1ms to 24h, with --target")
        }
        if let warmup, warmup > 86_400_000_000_000 { throw ValidationError("--warmup: use at most 24h") }
    }

    func run() async throws {
        try refuseForTarget()
        var subject = try trial.read()
        if let warmup { subject.workload.phases.warmUp = warmup }
        if let duration { subject.workload.phases.measure = duration }
        if !subject.workload.endsWithinCalendar {
            throw ValidationError(
                "the time scale takes the archive beyond the year 2250; use less of it, or shorter phases")
        }
        if let target = external.target { return try await run(subject, on: target) }
        let machines = try profiles.read()
        let requests = try await requests(subject, machines)
        if dryRun {
            for request in requests { try DryRun.print(TrialPlan(request), request, json: json) }
            return
        }
        for request in requests { try TrialPlan.checkMemory(request) }
        let swept = requests.first?.registry.sweep() ?? []
        for orphan in swept { Terminal.error("removed cluster \(orphan.id), left behind by \(orphan.purpose)") }
        var worst: ExitStatus?
        for request in requests {
            do {
                try await perform(request)
            } catch let status as ExitStatus {
                if status == .interrupted { throw status }
                worst = worst ?? status
            }
        }
        if let worst { throw worst }
    }

    /// One for each machine, in folders of their own; one for the host when none is named.
    private func requests(
        _ subject: TrialOptions.Subject, _ machines: [HardwareProfile]
    ) async throws -> [TrialRequest] {
        let runID = TrialOptions.newRunID(subject.workload.name)
        var requests: [TrialRequest] = []
        for machine in machines.isEmpty ? [nil] : machines.map(Optional.some) {
            let ending = machines.count > 1 ? machine.map { TrialOptions.plain($0.name) } : nil
            let id = runID + (ending.map { "-\($0)" } ?? "")
            let folder = try output.map { $0 + (ending.map { "/\($0)" } ?? "") } ?? RunFolders.newFolder(id)
            var request = try await trial.request(
                subject, rateScale: rateScale, closedClients: closed, profile: machine, recordFolder: folder,
                runID: id, keep: keep)
            request.telemetry = !noTelemetry
            requests.append(request)
        }
        return requests
    }

    func perform(_ request: TrialRequest) async throws {
        let progress = ProgressLine()
        let control = TrialControl()
        let signals = Interruption.watch(control, progress, request.registry)
        Terminal.error(Self.announcement(request))
        let outcome: TrialRunner.Outcome
        do {
            outcome = try await TrialRunner(request, observer: progress, control: control).run()
        } catch {
            progress.close()
            throw error
        }
        withExtendedLifetime(signals) {}
        progress.close()
        _ = try Reporting.write(outcome.folder)
        if json {
            Terminal.out(outcome.folder.readText(.record) ?? "")
        } else {
            Terminal.out(Reporting.closingTable(outcome.folder, outcome.record))
        }
        if let kept = outcome.kept { Terminal.error(ClusterText.howToConnect(kept)) }
        try Self.judge(outcome.record, failOn)
    }

    private static func announcement(_ request: TrialRequest) -> String {
        let spec = request.offered
        let seconds = Int(TrialPlan.estimate(spec).rounded())
        let pace = request.closedClients.map { "closed loop, \($0) clients, " } ?? ""
        return
            "\(spec.name): \(pace)\(spec.history.rows) rows of history in \(spec.history.partitions) partitions, schema \(request.schemaVersion), PostgreSQL \(request.installation.version), variant \(request.variant.name)\(request.profile.map { ", profile \($0.name)" } ?? ""); about \(seconds) s"
    }

    private static func judge(_ record: RunRecord, _ failOn: FailOn?) throws {
        if record.ending == .interrupted { throw ExitStatus.interrupted }
        if !record.valid { throw ExitStatus.invalid }
        if failOn == .objectives, record.objectives.contains(where: { $0.holds == false }) { throw ExitStatus.invalid }
    }
}
