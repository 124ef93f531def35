import Comparison
import FoundationEssentials
import LinuxSystem
import RunRecord

/// How one trial of an experiment came to its end.
package struct TrialEnding: Sendable {
    /// `pending` for one that was interrupted: it is run again.
    package var state: ExperimentTrial.State
    package var detail: String?
    package var values: [String: Double] = [:]
    package var missedObjectives: [String]?
    /// Whether it fell behind its schedule; `nil` unknown.
    package var fellBehind: Bool?
    /// What was offered and achieved; `nil` unknown.
    package var load: ExperimentLoad?

    /// An ending of which nothing more is known.
    package init(_ state: ExperimentTrial.State, detail: String? = nil, values: [String: Double] = [:]) {
        (self.state, self.detail, self.values) = (state, detail, values)
    }

    /// What a trial's record says.
    package init(_ record: RunRecord, _ metrics: [ExperimentMetric]) {
        switch record.ending {
        case .interrupted, .running: self.init(.pending)
        case .failed, .serverLost:
            self.init(.failed, detail: record.endingDetail ?? record.ending.rawValue)
        case .completed where record.isEvidence: self.init(.done)
        case .completed:
            self.init(.invalid, detail: "not evidence: \(record.doubts.joined(separator: ", "))")
        }
        values = ExperimentMetrics.values(of: record, metrics)
        fellBehind = record.arrears?.isFallingBehind ?? false
        load = ExperimentLoad(record)
        let judged = record.objectives.filter { $0.holds != nil }
        missedObjectives = judged.isEmpty ? nil : judged.filter { $0.holds == false }.map(\.objective)
    }
}

/// Runs what is left of an experiment, trial by trial, and keeps its record.
///
/// The record says that a trial runs before it begins and how it ended before the next one does. So after any ending the
/// finished ones are known, and only the one that ran is run again.
package struct ExperimentRunner: Sendable {
    /// Runs one trial into its folder, which does not exist. What it throws makes the trial a failed one and the experiment
    /// goes on; but for `TrialInterrupted`, which leaves it to be run again, and `CancellationError`, which ends at once.
    package typealias TrialBody =
        @Sendable (_ trial: ExperimentTrial, _ folder: RecordFolder) async throws -> TrialEnding

    let folder: ExperimentFolder
    let isStopping: @Sendable () -> Bool
    /// Told of the record whenever it changed.
    let changed: @Sendable (ExperimentRecord) -> Void
    let wallClock: @Sendable () -> Int
    let body: TrialBody

    /// - Parameters:
    ///   - folder: holds the record.
    ///   - isStopping: whether a person asked for an end; then no further trial is begun.
    ///   - changed: told of the record whenever it was written.
    ///   - wallClock: seconds since 1970, for the record only.
    ///   - body: runs one trial.
    package init(
        _ folder: ExperimentFolder, isStopping: @escaping @Sendable () -> Bool,
        changed: @escaping @Sendable (ExperimentRecord) -> Void = { _ in },
        wallClock: @escaping @Sendable () -> Int, body: @escaping TrialBody
    ) {
        (self.folder, self.isStopping, self.changed) = (folder, isStopping, changed)
        (self.wallClock, self.body) = (wallClock, body)
    }

    /// Runs every trial that is not finished, in the record's order.
    ///
    /// - Parameters:
    ///   - retry: trials that are set aside and run again.
    ///   - prepare: changes the record before the first trial, such as its budget; sees it as it is on disk, under the lock.
    /// - Returns: the record as it was left.
    /// - Throws: `ExperimentProblem` when another process runs it or a trial cannot be set aside, `ExperimentFolder.Problem`
    ///   when the record cannot be read or written, `CancellationError`.
    package func run(
        retrying retry: TrialRetry = TrialRetry(), _ prepare: (inout ExperimentRecord) throws -> Void = { _ in }
    ) async throws -> ExperimentRecord {
        let lock = try FolderLock.ofExperiment(folder.path)
        defer { withExtendedLifetime(lock) {} }
        var record = try folder.readRecord()
        try prepare(&record)
        recover(&record)
        try retry.check(record)
        for index in record.trials.indices {
            guard let reason = retry.reason(for: record.trials[index]) else { continue }
            try setAside(index, because: reason, &record)
            try save(&record)
        }
        (record.ending, record.endedAt) = (.running, nil)
        try save(&record)
        record.ending = try await runAll(&record)
        record.endedAt = UTCTime(seconds: wallClock()).iso8601
        try save(&record)
        return record
    }

    /// What was running when the tool was killed is run again, unless it had come to its planned end: a server that is
    /// killed with the tool makes a trial look like a failed one.
    private func recover(_ record: inout ExperimentRecord) {
        for index in record.trials.indices where record.trials[index].state == .running {
            let place = folder.folder(of: record.trials[index])
            let seconds = tracedSeconds(place)
            record.trials[index].spentSeconds = (record.trials[index].spentSeconds ?? 0) + seconds
            guard let found = try? place.readRecord(), found.ending == .completed else {
                note(TrialEnding(.pending), at: index, &record)
                continue
            }
            record.trials[index].seconds = seconds
            note(TrialEnding(found, record.metrics), at: index, &record)
        }
    }

    /// Keeps what a trial came to, and has it run again. Choosing which trials count is a choice of results, so each is told.
    private func setAside(_ index: Int, because reason: String, _ record: inout ExperimentRecord) throws {
        let trial = record.trials[index]
        let number = (trial.setAside?.count ?? 0) + 1
        let path = folder.folder(of: trial).path
        if FileManager.default.fileExists(atPath: path) {
            let target = "\(path).set-aside-\(number)"
            do { try FileManager.default.moveItem(atPath: path, toPath: target) } catch {
                throw ExperimentProblem("\(path): cannot be moved to \(target) (\(error)); make room for it there")
            }
        }
        record.threats.append("trial \(trial.folder) was run again, attempt \(number) set aside: \(reason)")
        note(TrialEnding(.pending), at: index, &record)
        record.trials[index].setAside = (trial.setAside ?? []) + [reason]
        record.trials[index].seconds = nil
    }

    /// How long a killed trial left traces: from when the experiment's record said that it runs to the last change in its
    /// own folder, reports apart, which may be written at any time.
    private func tracedSeconds(_ trial: RecordFolder) -> Double {
        func changed(_ path: String) -> Date? {
            (try? FileManager.default.attributesOfItem(atPath: path))?[.modificationDate] as? Date
        }
        let files = (try? FileManager.default.contentsOfDirectory(atPath: trial.path)) ?? []
        guard let begun = changed(folder.recordPath),
            let last = files.filter({ !$0.hasPrefix("report") }).compactMap({ changed("\(trial.path)/\($0)") }).max()
        else { return 0 }
        return max(0, last.timeIntervalSince(begun))
    }

    private func runAll(_ record: inout ExperimentRecord) async throws -> ExperimentRecord.Ending {
        for index in record.trials.indices where !record.trials[index].isFinished {
            if isStopping() { return .interrupted }
            if let budget = record.budgetSeconds, record.spentSeconds >= budget { return .budgetSpent }
            try await runOne(index, &record)
        }
        return record.trials.allSatisfy(\.isFinished) ? .completed : .interrupted
    }

    private func runOne(_ index: Int, _ record: inout ExperimentRecord) async throws {
        let place = folder.folder(of: record.trials[index])
        try? FileManager.default.removeItem(atPath: place.path)
        record.trials[index].state = .running
        record.trials[index].attempts += 1
        try save(&record)
        let started = Clock.now()
        var ending: TrialEnding
        do {
            ending = try await body(record.trials[index], place)
        } catch is TrialInterrupted {
            ending = TrialEnding(.pending)
        } catch let error as CancellationError {
            throw error
        } catch {
            let lines = "\(error)".split(whereSeparator: \.isNewline)
            ending = TrialEnding(.failed, detail: lines.joined(separator: "; "))
        }
        // Whoever ends the tool may have ended the server, too; that says nothing about the trial.
        if ending.state == .failed && isStopping() { ending = TrialEnding(.pending) }
        let seconds = Double(Clock.now() - started) / 1e9
        record.trials[index].spentSeconds = (record.trials[index].spentSeconds ?? 0) + seconds
        record.trials[index].seconds = ending.state == .pending ? nil : seconds
        note(ending, at: index, &record)
        try save(&record)
    }

    private func note(_ ending: TrialEnding, at index: Int, _ record: inout ExperimentRecord) {
        record.trials[index].state = ending.state
        record.trials[index].detail = ending.detail
        record.trials[index].values = ending.state == .pending ? [:] : ending.values
        record.trials[index].missedObjectives = ending.state == .pending ? nil : ending.missedObjectives
        record.trials[index].fellBehind = ending.state == .pending ? nil : ending.fellBehind
        record.trials[index].load = ending.state == .pending ? nil : ending.load
    }

    private func save(_ record: inout ExperimentRecord) throws {
        record.results = ExperimentAnalysis.results(of: record)
        try folder.write(record)
        changed(record)
    }
}

extension ExperimentRecord {
    /// Time that its trials took so far, all attempts together, seconds.
    package var spentSeconds: Double { trials.reduce(0) { $0 + ($1.spentSeconds ?? $1.seconds ?? 0) } }

    /// Trials that came to their end.
    package var finished: Int { trials.filter(\.isFinished).count }

    /// Estimate of the time for the trials that are left, from how long those before took; seconds.
    package var secondsLeft: Double {
        let ended = trials.filter { $0.isFinished && $0.state != .failed && $0.seconds != nil }
        let planned = ended.reduce(0) { $0 + $1.estimatedSeconds }
        let pace = planned > 0 ? ended.reduce(0) { $0 + ($1.seconds ?? 0) } / planned : 1
        return pace * trials.filter { !$0.isFinished }.reduce(0) { $0 + $1.estimatedSeconds }
    }
}
