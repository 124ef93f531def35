import Experiment
import FoundationEssentials
import RunRecord
import SpecReader
import Synchronization
import TestSupport
import Testing

/// The runner with trials that are only pretended: what is run again after any ending, and what never is.
@Suite struct ExperimentRunnerTests {
    /// Which trials were begun, in order; ends like a killed process at one of them.
    private final class Fake: Sendable {
        private let begun = Mutex<[String]>([])
        let killedAt: Int?

        init(killedAt: Int? = nil) { self.killedAt = killedAt }

        var names: [String] { begun.withLock { $0 } }

        func run(_ trial: ExperimentTrial, _ folder: RecordFolder) throws -> TrialEnding {
            let number = begun.withLock { names in
                names.append(trial.folder)
                return names.count - 1
            }
            guard !FileManager.default.fileExists(atPath: folder.path) else { throw ExperimentProblem("not empty") }
            try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
            try Data("half".utf8).write(to: URL(filePath: "\(folder.path)/run.json"))
            if number == killedAt { throw CancellationError() }
            return TrialEnding(.done, values: ["response.p95:put": Double(trial.cell + 1)])
        }
    }

    private static let spec = """
        archivebench: experiment/1
        name: tiny
        summary: two factors
        base: {history: 100, partitions: 1}
        factors:
          - {of: schema, levels: [7, 8]}
          - {of: rate, levels: [1, 2]}
        repeats: 2
        metrics: ['response.p95:put']
        """

    private func begin(_ folder: TemporaryFolder, _ text: String = spec) throws -> (ExperimentFolder, ExperimentRecord)
    {
        let plan = try ExperimentPlans.plan(text)
        let record = plan.record(
            id: "tiny", budget: nil, host: ExperimentPlans.host, toolVersion: "0", command: "c", now: 0)
        return (try ExperimentFolder.create(path: "\(folder.path)/e", record, spec: text), record)
    }

    /// A trial's record with nothing in it.
    private static func run() -> RunRecord {
        RunRecord(
            runId: "r", toolVersion: "0", startedAt: "", digest: "", seed: 1,
            variant: VariantDescription(
                name: "v", summary: "", schemaVersion: 8, driver: "faithful", settings: [], adaptations: []),
            profile: ProfileDescription(name: "host", requested: [:], enforced: [:], observed: [:], notEnforced: []),
            host: ExperimentPlans.host,
            workload: WorkloadDescription(
                name: "w", summary: "", fileDigest: "", rateScale: 1, nodes: 1, archiveEpoch: "", shards: []),
            phases: PhaseDescription(warmUpSeconds: 1, measureSeconds: 1, drainLimitSeconds: 1), command: "")
    }

    private func runner(
        _ folder: ExperimentFolder, _ fake: Fake, isStopping: @escaping @Sendable () -> Bool = { false }
    ) -> ExperimentRunner {
        ExperimentRunner(folder, isStopping: isStopping, wallClock: { 0 }) { try fake.run($0, $1) }
    }

    @Test(arguments: 0..<8) func aKilledExperimentGoesOnWhereItWas(_ index: Int) async throws {
        let place = try TemporaryFolder()
        let (folder, record) = try begin(place)
        let planned = record.trials.map(\.folder)
        #expect(planned.count == 8)
        let killed = Fake(killedAt: index)
        await #expect(throws: CancellationError.self) { _ = try await runner(folder, killed).run() }
        let left = try folder.readRecord()
        #expect(left.ending == .running && left.trials[index].state == .running)
        #expect(left.trials.map(\.isFinished) == (0..<8).map { $0 < index })
        let again = Fake()
        let ended = try await runner(folder, again).run()
        #expect(killed.names == Array(planned[...index]))
        #expect(again.names == Array(planned[index...]))
        #expect(ended.ending == .completed && ended.trials.allSatisfy { $0.state == .done })
        #expect(ended.trials.map(\.attempts) == (0..<8).map { $0 == index ? 2 : 1 })
        #expect(ended.results.first?.completeRepeats == 2)
        #expect(try folder.readRecord().trials == ended.trials)
        let third = Fake()
        _ = try await runner(folder, third).run()
        #expect(third.names.isEmpty)
    }

    @Test func aTrialThatEndedBeforeTheKillIsNotRunAgain() async throws {
        let place = try TemporaryFolder()
        let (folder, record) = try begin(place)
        await #expect(throws: CancellationError.self) { _ = try await runner(folder, Fake(killedAt: 1)).run() }
        // Its record was whole when the tool died.
        var run = Self.run()
        run.ending = .completed
        run.validity = [ValidityFinding(rule: "failures", holds: false, observed: "", threshold: "", reason: "")]
        try folder.folder(of: record.trials[1]).write(run)
        let again = Fake()
        let ended = try await runner(folder, again).run()
        #expect(again.names == record.trials[2...].map(\.folder))
        #expect(ended.trials[1].state == .invalid && ended.trials[1].detail == "not evidence: failures")
    }

    @Test func aTrialThatFailsIsToldAndTheOthersGoOn() async throws {
        let place = try TemporaryFolder()
        let (folder, record) = try begin(place)
        let second = record.trials[1].folder
        let ended = try await ExperimentRunner(folder, isStopping: { false }, wallClock: { 0 }) { trial, _ in
            if trial.folder == second { throw ExperimentProblem("server does not start\nsays the log") }
            return TrialEnding(.done, values: ["response.p95:put": 1])
        }.run()
        #expect(ended.ending == .completed)
        #expect(ended.trials[1].state == .failed && ended.trials[1].detail == "server does not start; says the log")
        #expect(ended.trials.filter { $0.state == .done }.count == 7)
        #expect(ended.results.first?.completeRepeats == 1)
    }

    @Test func whatIsNoEvidenceIsRunAgainWhenAskedAndNothingIsLost() async throws {
        let place = try TemporaryFolder()
        let (folder, record) = try begin(place)
        let (second, third) = (record.trials[1].folder, record.trials[2].folder)
        _ = try await ExperimentRunner(folder, isStopping: { false }, wallClock: { 0 }) { trial, place in
            try FileManager.default.createDirectory(atPath: place.path, withIntermediateDirectories: true)
            if trial.folder == third { throw ExperimentProblem("no server") }
            return trial.folder == second
                ? TrialEnding(.invalid, detail: "not evidence: machine", values: ["response.p95:put": 9])
                : TrialEnding(.done, values: ["response.p95:put": 1])
        }.run()
        let unasked = Fake()
        _ = try await runner(folder, unasked).run()
        #expect(unasked.names.isEmpty)
        let again = Fake()
        let ended = try await runner(folder, again).run(retrying: TrialRetry(states: [.invalid]))
        #expect(again.names == [second])
        let trial = ended.trials[1]
        #expect(trial.state == .done && trial.attempts == 2 && trial.setAside == ["not evidence: machine"])
        #expect(trial.values["response.p95:put"] == Double(trial.cell + 1))
        #expect(FileManager.default.fileExists(atPath: "\(folder.path)/\(second).set-aside-1"))
        #expect(ended.threats.contains("trial \(second) was run again, attempt 1 set aside: not evidence: machine"))
        #expect(ended.trials[2].state == .failed && ended.trials[2].setAside == nil)
        let both = Fake()
        let last = try await runner(folder, both).run(retrying: TrialRetry(states: [.invalid, .failed]))
        #expect(both.names == [third] && last.trials.allSatisfy { $0.state == .done })
        #expect(last.trials[2].setAside == ["no server"] && last.results.first?.completeRepeats == 2)
    }

    /// What the tool could not see, such as a build on the same processors, needs a person's reason.
    @Test func aPersonMaySetATrialAsideAndIsNamed() async throws {
        let place = try TemporaryFolder()
        let (folder, record) = try begin(place)
        let second = record.trials[1].folder
        _ = try await runner(folder, Fake()).run()
        let retry = TrialRetry(folders: [second], reason: "a build beside it")
        let finished = try folder.readRecord()
        #expect(!TrialRetry().leavesWork(in: finished) && retry.leavesWork(in: finished))
        let again = Fake()
        let ended = try await runner(folder, again).run(retrying: retry)
        let reason = "a person set it aside after it had ended: a build beside it"
        #expect(again.names == [second] && ended.trials[1].setAside == [reason])
        #expect(ended.threats.contains("trial \(second) was run again, attempt 1 set aside: \(reason)"))
        #expect(throws: ExperimentProblem.self) {
            try SpecChange.checkGoingOn(
                ended, metrics: ended.metrics, retrying: TrialRetry(folders: ["nobody"], reason: "so"))
        }
        await #expect {
            _ = try await runner(folder, Fake()).run(retrying: TrialRetry(folders: ["nobody"], reason: "so"))
        } throws: {
            "\($0)".hasPrefix("nobody: no finished trial of ")
        }
        #expect(try folder.readRecord().trials == ended.trials)
    }

    @Test func aTrialThatCannotBeSetAsideStaysAsItIs() async throws {
        let place = try TemporaryFolder()
        let (folder, record) = try begin(place)
        let second = record.trials[1].folder
        let first = try await ExperimentRunner(folder, isStopping: { false }, wallClock: { 0 }) { trial, place in
            try FileManager.default.createDirectory(atPath: place.path, withIntermediateDirectories: true)
            return TrialEnding(trial.folder == second ? .invalid : .done, values: ["response.p95:put": 1])
        }.run()
        // Somebody's file has the name.
        try Data("mine".utf8).write(to: URL(filePath: "\(folder.path)/\(second).set-aside-1"))
        let again = Fake()
        await #expect {
            _ = try await runner(folder, again).run(retrying: TrialRetry(states: [.invalid]))
        } throws: {
            "\($0)".contains("cannot be moved to") && !"\($0)".contains("\n")
                && "\($0)".contains("; make room for it there")
        }
        #expect(again.names.isEmpty && FileManager.default.fileExists(atPath: "\(folder.path)/\(second)"))
        #expect(try folder.readRecord().trials == first.trials)
    }

    @Test func anInterruptedTrialIsRunAgainAndNoOtherBegun() async throws {
        let place = try TemporaryFolder()
        let (folder, record) = try begin(place)
        let stopping = Mutex(false)
        let ended = try await ExperimentRunner(
            folder, isStopping: { stopping.withLock { $0 } }, wallClock: { 0 }
        ) { trial, _ in
            guard trial.folder == record.trials[2].folder else { return TrialEnding(.done) }
            stopping.withLock { $0 = true }
            return TrialEnding(.pending)
        }.run()
        #expect(ended.ending == .interrupted && ended.endedAt != nil)
        #expect(ended.trials.prefix(3).map(\.state) == [.done, .done, .pending])
        let again = Fake()
        _ = try await runner(folder, again).run()
        #expect(again.names == record.trials[2...].map(\.folder))
    }

    @Test(arguments: [false, true]) func whatFailsWhileTheToolIsEndedIsRunAgain(_ throwing: Bool) async throws {
        // The second Ctrl-C ends the server under the trial, which then looks like a failed one.
        let place = try TemporaryFolder()
        let (folder, record) = try begin(place)
        let stopping = Mutex(false)
        let ended = try await ExperimentRunner(
            folder, isStopping: { stopping.withLock { $0 } }, wallClock: { 0 }
        ) { trial, _ in
            guard trial.folder == record.trials[1].folder else { return TrialEnding(.done) }
            stopping.withLock { $0 = true }
            if throwing { throw ExperimentProblem("server closed the connection") }
            return TrialEnding(.failed, detail: "the database server ended during the trial")
        }.run()
        #expect(ended.ending == .interrupted)
        #expect(ended.trials[1].state == .pending && ended.trials[1].detail == nil)
        let again = Fake()
        _ = try await runner(folder, again).run()
        #expect(again.names == record.trials[1...].map(\.folder))
    }

    @Test(arguments: [RunRecord.Ending.failed, .serverLost, .interrupted])
    func aTrialThatLostItsServerToTheKillIsRunAgain(_ ending: RunRecord.Ending) async throws {
        let place = try TemporaryFolder()
        let (folder, record) = try begin(place)
        await #expect(throws: CancellationError.self) { _ = try await runner(folder, Fake(killedAt: 1)).run() }
        var run = Self.run()
        (run.ending, run.endingDetail) = (ending, "server closed the connection")
        try folder.folder(of: record.trials[1]).write(run)
        let again = Fake()
        let ended = try await runner(folder, again).run()
        #expect(again.names == record.trials[1...].map(\.folder))
        #expect(ended.trials.allSatisfy { $0.state == .done })
    }

    @Test func timeOfAllAttemptsIsSpent() async throws {
        let place = try TemporaryFolder()
        let (folder, record) = try begin(place)
        let long = 0.05
        @Sendable func wait() async throws { try await Task.sleep(nanoseconds: UInt64(long * 1e9)) }
        // Once interrupted, once killed after it had written something.
        let stopping = Mutex(false)
        let interrupted = try await ExperimentRunner(
            folder, isStopping: { stopping.withLock { $0 } }, wallClock: { 0 }
        ) { _, _ in
            try await wait()
            stopping.withLock { $0 = true }
            return TrialEnding(.pending)
        }.run()
        #expect(interrupted.trials[0].seconds == nil && interrupted.spentSeconds >= long)
        await #expect(throws: CancellationError.self) {
            _ = try await ExperimentRunner(folder, isStopping: { false }, wallClock: { 0 }) { trial, place in
                try await wait()
                return try Fake(killedAt: 0).run(trial, place)
            }.run()
        }
        let ended = try await runner(folder, Fake()).run()
        let first = ended.trials[0]
        #expect(first.attempts == 3 && first.folder == record.trials[0].folder)
        // Times of files are a few milliseconds coarse.
        #expect((first.spentSeconds ?? 0) - (first.seconds ?? 0) > 1.6 * long)
        #expect(ended.spentSeconds >= first.spentSeconds ?? .infinity)
    }

    @Test func noTrialIsBegunAfterTheBudget() async throws {
        let place = try TemporaryFolder()
        let (folder, _) = try begin(place)
        let fake = Fake()
        let ended = try await runner(folder, fake).run { $0.budgetSeconds = 1e-9 }
        #expect(ended.ending == .budgetSpent && fake.names.count == 1)
        let rest = try await runner(folder, Fake()).run { $0.budgetSeconds = 3_600 }
        #expect(rest.ending == .completed)
    }

    @Test func twoRunnersDoNotShareAFolder() async throws {
        let place = try TemporaryFolder()
        let (folder, _) = try begin(place)
        let other = Fake()
        let refused = Mutex("")
        _ = try await ExperimentRunner(folder, isStopping: { false }, wallClock: { 0 }) { _, _ in
            do { _ = try await self.runner(folder, other).run() } catch {
                refused.withLock { $0 = "\(error)" }
            }
            return TrialEnding(.done)
        }.run()
        #expect(refused.withLock { $0 }.contains("another process is running this experiment"))
        #expect(other.names.isEmpty)
        // The lock went with its holder.
        #expect(try await runner(folder, other).run().ending == .completed)
    }

    @Test func aFolderHoldsOneExperiment() throws {
        let place = try TemporaryFolder()
        let (folder, record) = try begin(place)
        #expect(throws: ExperimentFolder.Problem.self) {
            try ExperimentFolder.create(path: folder.path, record, spec: "")
        }
        #expect(folder.readSpec() == Self.spec)
    }

    @Test func aChangedSpecificationIsTold() throws {
        let place = try TemporaryFolder()
        let (folder, record) = try begin(place)
        try SpecChange.check(record, stored: folder.readSpec(), current: Self.spec, folder: folder)
        try SpecChange.check(record, against: try ExperimentPlans.plan(Self.spec))
        let changed = Self.spec.replacing("repeats: 2", with: "repeats: 3")
        let error = #expect(throws: ExperimentProblem.self) {
            try SpecChange.check(record, stored: folder.readSpec(), current: changed, folder: folder)
        }
        #expect(error?.description.contains("line 8 was 'repeats: 2', is 'repeats: 3'") == true)
        let other = #expect(throws: ExperimentProblem.self) {
            try SpecChange.check(record, against: try ExperimentPlans.plan(changed))
        }
        #expect(other?.description.contains("makes other cells") == true)
    }

    /// Trials that an older version began and counted otherwise are no company for those of this one.
    @Test func trialsOfAnOlderVersionAreLeftAlone() throws {
        let place = try TemporaryFolder()
        var (_, record) = try begin(place)
        let metrics = try ExperimentPlans.plan(Self.spec).spec.metrics
        try SpecChange.checkGoingOn(record, metrics: metrics, retrying: TrialRetry())
        record.trials[0].state = .done
        let older = #expect(throws: ExperimentProblem.self) {
            try SpecChange.checkGoingOn(record, metrics: metrics, retrying: TrialRetry())
        }
        #expect(older?.description.contains("go on with that version, or begin a new one") == true)
        for place in record.trials.indices { record.trials[place].state = .done }
        // With nothing left to run its pages may be written again.
        try SpecChange.checkGoingOn(record, metrics: metrics, retrying: TrialRetry())
        record.trials[1].state = .invalid
        #expect(throws: ExperimentProblem.self) {
            try SpecChange.checkGoingOn(record, metrics: metrics, retrying: TrialRetry(states: [.invalid]))
        }
        record.trials[1].state = .pending
        for place in record.trials.indices {
            record.trials[place].load = ExperimentLoad(
                offeredPerSecond: 1, achievedPerSecond: 1, backlog: 0, completed: [:])
        }
        try SpecChange.checkGoingOn(record, metrics: metrics, retrying: TrialRetry())
        record.metrics[0].unit = "B"
        #expect(throws: ExperimentProblem.self) {
            try SpecChange.checkGoingOn(record, metrics: metrics, retrying: TrialRetry())
        }
    }

    @Test func aChangedFileThatIsNamedIsTold() throws {
        let place = try TemporaryFolder()
        let variant = "archivebench: variant/1\nname: own\nsummary: s\nsettings: {work_mem: 4MB}\n"
        let text = Self.spec.replacing("base: {", with: "base: {variant: \(place.path)/own.yaml, ")
        _ = try place.write(variant, as: "own.yaml")
        let (_, record) = try begin(place, text)
        _ = try place.write(variant.replacing("4MB", with: "8MB"), as: "own.yaml")
        let error = #expect(throws: ExperimentProblem.self) {
            try SpecChange.check(record, against: try ExperimentPlans.plan(text))
        }
        #expect(error?.description.contains("variant \(place.path)/own.yaml: changed since") == true)
    }
}
