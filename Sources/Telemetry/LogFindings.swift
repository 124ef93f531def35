import RunRecord

/// What a server's log tells of a trial: checkpoints, autovacuum, lock waits and slow statements.
public struct LogFindings: Sendable {
    /// A plan that `auto_explain` logged.
    public struct SlowPlan: Sendable, Equatable {
        /// Seconds from the start of warm-up, at its end.
        public var atSeconds: Double
        /// What the statement took.
        public var milliseconds: Double
        /// The plan as `EXPLAIN` writes it in JSON.
        public var json: String
    }

    /// A backend that waited for a lock longer than `deadlock_timeout`.
    public struct LockWait: Sendable, Equatable {
        /// Seconds from the start of warm-up: from the beginning of the wait to when it was told.
        public var fromSeconds: Double
        /// When it was over or told.
        public var toSeconds: Double
        /// Such as `ShareLock on transaction 1234`.
        public var what: String
    }

    /// In the order in which they were complete.
    public private(set) var checkpoints: [CheckpointRow] = []
    /// In the order in which they ended.
    public private(set) var autovacuum: [AutovacuumRow] = []
    /// In the order in which they were told.
    public private(set) var lockWaits: [LockWait] = []
    /// In the order in which they were logged.
    public private(set) var slowPlans: [SlowPlan] = []
    /// Entries of the log that could be read.
    public private(set) var entries = 0

    /// Reads a log.
    ///
    /// - Parameters:
    ///   - text: of the log.
    ///   - start: wall clock at the start of warm-up, milliseconds since 1970.
    public init(_ text: String, start: Int) {
        var cause: (at: Double, words: String)?
        for entry in ServerLog(text).entries {
            entries += 1
            guard entry.severity == "LOG" else { continue }
            let at = Double(entry.at - start) / 1_000
            let message = entry.message
            if message.hasPrefix("checkpoint starting: ") {
                cause = (at, String(message.dropFirst("checkpoint starting: ".count)))
            } else if message.hasPrefix("checkpoint complete: ") {
                checkpoints.append(Self.checkpoint(message, at, cause))
                cause = nil
            } else if message.hasPrefix("automatic ") {
                if let row = Self.autovacuum(message, at) { autovacuum.append(row) }
            } else if message.contains(" still waiting for ") {
                if let wait = Self.lockWait(message, at) { lockWaits.append(wait) }
            } else if message.hasPrefix("duration: ") {
                if let plan = Self.slowPlan(message, at) { slowPlans.append(plan) }
            }
        }
    }

    private static func checkpoint(
        _ message: String, _ at: Double, _ cause: (at: Double, words: String)?
    ) -> CheckpointRow {
        let total = number(after: "total=", in: message) ?? 0
        return CheckpointRow(
            fromSeconds: cause?.at ?? at - total, toSeconds: at, cause: cause?.words ?? "unknown",
            buffers: Int(number(after: "wrote ", in: message) ?? 0),
            writeSeconds: number(after: "write=", in: message) ?? 0,
            syncSeconds: number(after: "sync=", in: message) ?? 0, totalSeconds: total,
            filesSynced: Int(number(after: "sync files=", in: message) ?? 0),
            longestSyncSeconds: number(after: "longest=", in: message) ?? 0,
            distanceBytes: Int(number(after: "distance=", in: message) ?? 0) * 1_024)
    }

    private static func autovacuum(_ message: String, _ at: Double) -> AutovacuumRow? {
        let quoted = message.split(separator: "\"", maxSplits: 2, omittingEmptySubsequences: false)
        guard quoted.count == 3, let elapsed = number(after: "elapsed: ", in: message) else { return nil }
        let isVacuum = quoted[0].contains("vacuum")
        guard isVacuum || quoted[0].contains("analyze") else { return nil }
        var row = AutovacuumRow(
            fromSeconds: at - elapsed, toSeconds: at,
            table: quoted[1].split(separator: ".").dropFirst().joined(separator: "."),
            kind: isVacuum ? .vacuum : .analyze)
        if isVacuum {
            row.rowsRemoved = number(after: "tuples: ", in: message).map { Int($0) }
            row.rowsDeadNotRemovable = number(before: " are dead but not yet removable", in: message)
        }
        if let usage = line("buffer usage: ", of: message) {
            row.bufferReads = number(before: " misses", in: usage) ?? number(before: " reads", in: usage)
            row.bufferDirtied = number(before: " dirtied", in: usage)
        }
        row.walBytes = line("WAL usage: ", of: message).flatMap { number(before: " bytes", in: $0) }
        return row
    }

    /// `process 12 still waiting for ShareLock on transaction 7 after 1000.071 ms`
    private static func lockWait(_ message: String, _ at: Double) -> LockWait? {
        guard let wait = message.firstRange(of: " still waiting for "), let after = message.firstRange(of: " after "),
            let milliseconds = number(after: " after ", in: message)
        else { return nil }
        return LockWait(
            fromSeconds: at - milliseconds / 1_000, toSeconds: at,
            what: String(message[wait.upperBound..<max(wait.upperBound, after.lowerBound)]))
    }

    /// `duration: 12.3 ms  plan:` and the plan.
    private static func slowPlan(_ message: String, _ at: Double) -> SlowPlan? {
        guard let milliseconds = number(after: "duration: ", in: message), let plan = message.firstRange(of: "plan:\n")
        else { return nil }
        return SlowPlan(atSeconds: at, milliseconds: milliseconds, json: String(message[plan.upperBound...]))
    }

    // MARK: Words

    private static func line(_ beginning: String, of message: String) -> String? {
        message.split(separator: "\n").first { $0.contains(beginning) }.map(String.init)
    }

    /// The number right behind a word.
    static func number(after word: String, in text: String) -> Double? {
        guard let range = text.firstRange(of: word) else { return nil }
        return Double(text[range.upperBound...].prefix { $0.isNumber || $0 == "." })
    }

    /// The whole number right before a word.
    static func number(before word: String, in text: String) -> Int? {
        guard let range = text.firstRange(of: word) else { return nil }
        return Int(String(text[..<range.lowerBound].reversed().prefix { $0.isNumber }.reversed()))
    }
}
