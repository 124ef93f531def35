import ArchiveDriver
import Experiment
import FoundationEssentials
import LinuxSystem
import Report
import RunRecord
import SpecReader
import Synchronization
import Testbed

/// Runs an experiment's trials as `archivebench run` runs one, and tells how it goes.
struct ExperimentSession {
    private let folder: ExperimentFolder
    private let options: ExperimentOptions
    private let metrics: [ExperimentMetric]
    private let suggestions: [TriedSuggestion]
    private let planned: ExperimentPlan
    /// One a cell; folder and name are filled in for each trial.
    private let requests: [TrialRequest]

    /// Looks at everything that can be looked at before the first trial: servers, settings, memory.
    init(_ plan: ExperimentPlan, _ options: ExperimentOptions, folder: ExperimentFolder) async throws {
        (self.folder, self.options, metrics) = (folder, options, plan.spec.metrics)
        suggestions = plan.suggestions
        planned = plan
        var requests: [TrialRequest] = []
        for subject in plan.subjects { requests.append(try await Self.request(subject, plan.spec.seed, options)) }
        self.requests = requests
        let sides = zip(zip(plan.cells, plan.subjects), requests).map { cell, request in
            cell.1.side("cell \(cell.0.name)", major: request.installation.major)
        }
        try Self.explaining { try VersionCheck.check(sides) }
    }

    /// What trials are run with beside the experiment's files.
    var conditions: ExperimentConditions {
        var conditions = options.conditions
        conditions.servers = requests.map(\.installation.version)
        return conditions
    }

    /// Refuses other servers than those of the trials that were run already.
    func checkServers(of record: ExperimentRecord) throws {
        try Self.explaining { try ConditionChange.check(record, servers: conditions.servers) }
    }

    private static func request(
        _ subject: CellSubject, _ seed: UInt64, _ options: ExperimentOptions
    ) async throws -> TrialRequest {
        let installation = try await PostgresInstallation.choose(
            folder: options.postgresBin, major: subject.variant.postgresMajor, places: Project.postgresPlaces)
        try await SettingsCheck.check(subject.variant, on: installation)
        var request = TrialRequest(
            workload: subject.workload, overlays: subject.overlays, variant: subject.variant,
            schemaVersion: subject.schema, driver: subject.driver, usesCache: !options.noCache, seed: seed,
            rateScale: subject.rateScale, profile: subject.profile, tool: Project.program,
            installation: installation, registry: Project.registry,
            dataDirectory: try options.dataDir.map(TrialOptions.absolute),
            schemaFolder: "\(try Project.root())/sql/schema", recordFolder: "", runID: "", keepCluster: false,
            toolVersion: Version.recorded, command: TrialOptions.commandLine(CommandLine.arguments),
            wallClock: { Clock.wallSeconds() })
        request.telemetry = !options.noTelemetry
        try TrialPlan.checkMemory(request)
        return request
    }

    /// Runs what is left, and tells the end.
    ///
    /// - Parameter retry: trials that are set aside and run again.
    /// - Throws: what the runner throws; `ExitStatus` when it did not end as it should.
    func run(retrying retry: TrialRetry = TrialRetry()) async throws {
        if let begun = try? folder.readRecord() {
            try Self.explaining {
                try SpecChange.checkGoingOn(begun, metrics: metrics, retrying: retry)
            }
        }
        let registry = Project.registry
        for orphan in registry.sweep() {
            Terminal.error("removed cluster \(orphan.id), left behind by \(orphan.purpose)")
        }
        let (control, latest) = (ExperimentControl(), Latest())
        let progress = ProgressLine { "\(latest.text) · \($0)" }
        let signals = Interruption.watch(progress, registry) { control.stop() }
        let runner = ExperimentRunner(
            folder, isStopping: { control.isStopping }, changed: { latest.take($0) }, wallClock: { Clock.wallSeconds() }
        ) { trial, place in
            try await perform(trial, place, control.next(), progress)
        }
        let record: ExperimentRecord
        do {
            record = try await runner.run(retrying: retry) { record in
                if let budget = options.budget { record.budgetSeconds = Double(budget) / 1e9 }
                // What is only written again was not run by this version.
                if retry.leavesWork(in: record) {
                    (record.toolVersion, record.conditions) = (Version.recorded, conditions)
                }
                planned.describe(&record)
            }
        } catch {
            progress.close()
            throw error
        }
        withExtendedLifetime(signals) {}
        progress.close()
        do { try ExperimentExporters.writeAll(folder) } catch { Terminal.error("\(folder.path): no report (\(error))") }
        if record.ending == .completed { note(record) }
        Self.show(record, json: options.json) { $0.results(folder: folder.path) }
        try judge(record)
    }

    /// Adds to the ledger what became of its suggestions.
    private func note(_ record: ExperimentRecord) {
        do { try SuggestionLedger(folder: RunFolders.home()).add(record, suggestions) } catch {
            Terminal.error("the suggestions' ledger was not written: \(error)")
        }
    }

    private func perform(
        _ trial: ExperimentTrial, _ place: RecordFolder, _ control: TrialControl, _ progress: ProgressLine
    ) async throws -> TrialEnding {
        var request = requests[trial.cell]
        // Messages and requests of its own for each repeat, the same for all its cells: what another day's traffic would
        // change is a part of the spread.
        request.seed = ExperimentPlan.seed(request.seed, repetition: trial.repetition)
        request.recordFolder = place.path
        request.runID = "\(Self.name(of: folder))/\(trial.folder)"
        let outcome = try await TrialRunner(request, observer: progress, control: control).run()
        progress.close()
        // The trial counts all the same; `archivebench report` writes its pages again.
        do { _ = try Reporting.write(outcome.folder) } catch { Terminal.error("\(place.path): no report (\(error))") }
        let ending = TrialEnding(outcome.record, metrics)
        Terminal.error("\(trial.folder): \(ending.state.rawValue)\(ending.detail.map { ", \($0)" } ?? "")")
        return ending
    }

    private func judge(_ record: ExperimentRecord) throws {
        if record.ending == .interrupted { throw ExitStatus.interrupted }
        if record.ending == .budgetSpent {
            Terminal.error(
                "the budget is spent; go on with 'archivebench experiment resume \(folder.path) --budget …'")
            throw ExitStatus.interrupted
        }
        let isWhole = record.trials.allSatisfy { $0.state == .done }
        let missed = record.trials.contains { $0.missedObjectives?.isEmpty == false }
        if !isWhole || options.failOn == .objectives && missed { throw ExitStatus.invalid }
    }
}

/// Finding, planning, showing.
extension ExperimentSession {
    /// Reads an experiment's file and works it out for this host.
    static func plan(_ path: String) throws -> ExperimentPlan { try plan(SpecDocument(path: path), path) }

    private static func plan(_ document: SpecDocument, _ path: String) throws -> ExperimentPlan {
        try explaining {
            try ExperimentPlan(document, name: recordedName(path), host: .here) { name, folder in
                guard let path = try? Project.file(name, in: folder.rawValue),
                    FileManager.default.fileExists(atPath: path)
                else { return nil }
                return path
            }
        }
    }

    /// The plan of an experiment that was begun, if it is still the same. Without the file the folder's copy is taken.
    static func plan(of record: ExperimentRecord, in folder: ExperimentFolder) throws -> ExperimentPlan {
        let recorded = record.inputs.first { $0.kind == "spec" }?.name ?? ""
        let path = recorded.hasPrefix("/") ? recorded : "\(try Project.root())/\(recorded)"
        let isThere = FileManager.default.fileExists(atPath: path)
        let source = isThere ? path : "\(folder.path)/\(ExperimentFolder.specName)"
        if !isThere { Terminal.error("\(recorded): not there any more; going on with \(source)") }
        let document = try SpecDocument(path: source)
        return try explaining {
            try SpecChange.check(record, stored: folder.readSpec(), current: document.text, folder: folder)
            let plan = try plan(document, path)
            try SpecChange.check(record, against: plan)
            return plan
        }
    }

    /// The options that an experiment goes on with: those that it was begun with, on the machine that it was begun on.
    static func options(of record: ExperimentRecord, _ wanted: ExperimentOptions) throws -> ExperimentOptions {
        var options = wanted
        if record.conditions == nil {
            Terminal.error(
                "\(record.experimentId): begun by a version that kept no options; whether PostgreSQL, disk and telemetry are the same is not checked"
            )
        }
        try explaining {
            options.take(try ConditionChange.resumed(record, wanted: wanted.conditions))
            try ConditionChange.check(record, host: .here(options.dataDir ?? Project.registry.home))
        }
        return options
    }

    /// Wrong words in files are wrong usage.
    private static func explaining<Value>(_ body: () throws -> Value) throws -> Value {
        do { return try body() } catch let problem as CellSubject.Problem {
            throw UsageProblem(problem.description)
        } catch let problem as ExperimentProblem {
            throw UsageProblem(problem.description)
        }
    }

    /// A path within the checkout is told from there, any other in full, so that it is found from every folder.
    private static func recordedName(_ path: String) throws -> String {
        let whole = URL(filePath: path).standardizedFileURL.path
        let root = try Project.root() + "/"
        return whole.hasPrefix(root) ? String(whole.dropFirst(root.count)) : whole
    }

    /// The experiment that a person means: a folder, a name, the beginning of one, or `latest`.
    static func find(_ name: String) throws -> ExperimentFolder {
        let direct = ExperimentFolder(path: name.count > 1 && name.hasSuffix("/") ? String(name.dropLast()) : name)
        if direct.exists { return direct }
        let home = try RunFolders.home()
        let all = ((try? FileManager.default.contentsOfDirectory(atPath: home)) ?? []).sorted(by: >)
            .map { ExperimentFolder(path: "\(home)/\($0)") }.filter(\.exists)
        let matching = name == "latest" ? Array(all.prefix(1)) : all.filter { Self.name(of: $0).hasPrefix(name) }
        let exact = matching.filter { Self.name(of: $0) == name }
        guard let found = exact.first ?? matching.first, exact.count == 1 || matching.count == 1 else {
            throw UsageProblem(
                matching.isEmpty
                    ? "\(name): no such experiment; 'archivebench experiment run SPEC' makes one"
                    : "\(name): \(matching.count) experiments begin so; give more of the name")
        }
        return found
    }

    /// An experiment's name: that of its folder.
    static func name(of folder: ExperimentFolder) -> String { String(folder.path.split(separator: "/").last ?? "") }

    /// Prints a record, for a program or for a person.
    static func show(_ record: ExperimentRecord, json: Bool, _ words: (TerminalExperiment) -> String) {
        guard json else { return Terminal.out(words(TerminalExperiment(record, colour: Terminal.colour))) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        Terminal.out((try? encoder.encode(record)).map { String(decoding: $0, as: UTF8.self) } ?? "{}")
    }
}

/// The record as it was last written, for the line that tells how it goes.
private final class Latest: Sendable {
    private let words = Mutex("")

    var text: String { words.withLock { $0 } }

    func take(_ record: ExperimentRecord) {
        let running = record.trials.first { $0.state == .running }?.folder ?? ""
        let text =
            "\(record.finished) of \(record.trials.count) trials done, about \(ExperimentPlan.time(record.secondsLeft)) left · \(running)"
        words.withLock { $0 = text }
    }
}
