import ArgumentParser
import Experiment
import FoundationEssentials
import Testbed

/// `archivebench calibrate`
struct Calibrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "calibrate",
        abstract: "Measure the tool itself: ratios from one interleaved run, each held to a bound.",
        discussion: """
            Suites:
              history   loading against psql's \\copy, generating against a bare SHA-256 pass, memory
              engine    this load generator against pgbench and a bare loop in C: throughput, CPU, lag; ten minutes
              storage   modelled storage: its delays, its throughput against a disk with the same limits, its noise
              telemetry load with the server looked at against load without: throughput; twelve minutes
              statistics comparisons whose truth is known: false verdicts, power by effect, coverage; ten minutes,
                        and each further call goes on from the tries that are finished

            Examples:
              archivebench calibrate history
              archivebench calibrate engine
              archivebench calibrate engine --only 'select-1, 8 connections, at'
              archivebench calibrate statistics --tries 40
              archivebench calibrate history --json | jq '.[] | select(.holds | not)'
            """)

    enum Suite: String, ExpressibleByArgument, CaseIterable { case history, engine, storage, telemetry, statistics }

    @Argument(help: "What to measure.")
    var suite: Suite

    @OptionGroup var trial: CalibrationOptions

    @Option(help: ArgumentHelp("engine: phases whose name contains this; all when not given.", valueName: "text"))
    var only: String?

    @Option(
        help: ArgumentHelp(
            "statistics: tries on the real server; what ten minutes hold when not given.", valueName: "n"))
    var tries: Int?

    @Option(
        help: ArgumentHelp(
            "statistics: file of the finished tries; one beside the clusters when not given.", valueName: "file"))
    var output: String?

    @Flag(help: "Print the rows as JSON.")
    var json = false

    func validate() throws {
        if suite != .statistics, tries != nil || output != nil {
            throw ValidationError("--tries, --output: \(suite.rawValue) keeps no tries; leave them out")
        }
        if let tries, tries < 0 { throw ValidationError("--tries \(tries): use 0 or more") }
        guard let only else { return }
        guard suite == .engine else { throw ValidationError("--only: \(suite.rawValue) has no phases; leave it out") }
        let names = EngineCalibration.phaseNames
        guard !only.isEmpty && names.contains(where: { $0.contains(only) }) else {
            throw ValidationError("--only '\(only)': no such phase; there are: \(names.joined(separator: "; "))")
        }
    }

    func run() async throws {
        let request = try await trial.request()
        let progress = ProgressLine()
        let control = TrialControl()
        let signals = Interruption.watch(control, progress, request.registry, hasRecord: false)
        defer { progress.close() }
        let told: @Sendable (String) -> Void = { [suite] in Terminal.error("calibrate \(suite.rawValue) · \($0)") }
        let rows =
            switch suite {
            case .history: try await HistoryCalibration(request, control: control, progress: told).run()
            case .engine: try await engine(request, control, told)
            case .storage: try await StorageCalibration(request, control: control, progress: told).run()
            case .telemetry: try await TelemetryCalibration(request, control: control, progress: told).run()
            case .statistics:
                try await StatisticsCalibration(
                    request, tries: tries, budget: 600, file: output, control: control, progress: told
                ).run()
            }
        withExtendedLifetime(signals) {}
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            Terminal.out(String(decoding: try encoder.encode(rows), as: UTF8.self))
        } else {
            for row in rows {
                Terminal.out(
                    "\(row.holds ? "holds " : "BROKEN")  \(row.name): \(Self.number(row.value)) (\(Self.number(row.low)) to \(Self.number(row.high))), \(row.bound)"
                )
            }
        }
        if rows.contains(where: { !$0.holds }) { throw ExitStatus.invalid }
    }

    private func engine(
        _ request: TrialRequest, _ control: TrialControl, _ told: @escaping @Sendable (String) -> Void
    ) async throws -> [CalibrationRow] {
        let rows = try await EngineCalibration(request, only: only, control: control, progress: told).run()
        // Reports quote a whole calibration only.
        if only == nil { try StoredCalibration(rows, of: request).store(in: request.registry) }
        return rows
    }

    private static func number(_ value: Double) -> String { String((value * 1_000).rounded() / 1_000) }
}

/// `archivebench flush-probe`: run by `calibrate storage` in a process under the model.
struct FlushProbeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: FlushProbe.command, shouldDisplay: false)

    @Argument(help: "A new file.")
    var file: String

    @Argument(help: "Flushes.")
    var count: Int

    func run() throws {
        for time in try FlushProbe.run(file, count: max(1, count)) { Terminal.out("\(time)") }
    }
}

/// Which server and traffic a calibration uses.
struct CalibrationOptions: ParsableArguments {
    @Option(help: ArgumentHelp("A workload file, or the name of a shipped one.", valueName: "file"))
    var workload = "status-prod-steady"

    @Option(help: ArgumentHelp("A variant file, or the name of a shipped one.", valueName: "file"))
    var variant = "status-prod"

    @Option(help: ArgumentHelp("Version of the archive's tables, 7 or 8.", valueName: "n"))
    var schema: Int?

    @Option(help: ArgumentHelp("Folder of the PostgreSQL programs to use.", valueName: "folder"))
    var postgresBin: String?

    func request() async throws -> TrialRequest {
        let words =
            [workload, "--variant", variant] + (schema.map { ["--schema", "\($0)"] } ?? [])
            + (postgresBin.map { ["--postgres-bin", $0] } ?? [])
        let options = try TrialOptions.parse(words)
        return try await options.request(
            options.read(), rateScale: 1, recordFolder: "", runID: "calibrate", keep: false)
    }
}
