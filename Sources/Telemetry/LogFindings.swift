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
        /// When it began, seconds from the start of warm-up.
        public var fromSeconds: Double
        /// When it was over, or last seen.
        public var toSeconds: Double
        /// Such as `ShareLock on transaction 1234`.
        public var what: String
    }

    /// In the order in which they ended; the last one may still have been under way.
    public private(set) var checkpoints: [CheckpointRow] = []
    /// In the order in which they ended.
    public private(set) var autovacuum: [AutovacuumRow] = []
    /// In the order in which they were first told.
    public private(set) var lockWaits: [LockWait] = []
    /// In the order in which they were logged.
    public private(set) var slowPlans: [SlowPlan] = []
    /// Entries of the log that could be read.
    public private(set) var entries = 0

    /// The checkpoint under way.
    private var begun: (at: Double, cause: String)?
    /// Waits under way, by process: where they are in ``lockWaits``.
    private var waiting: [Int: Int] = [:]

    /// Reads a log.
    ///
    /// - Parameters:
    ///   - text: of the log.
    ///   - start: wall clock at the start of warm-up, milliseconds since 1970.
    ///   - end: wall clock when the log was read, milliseconds since 1970; `nil` for the time of its last entry.
    public init(_ text: String, start: Int, end: Int? = nil) {
        var last = start
        for entry in ServerLog(text).entries {
            entries += 1
            last = entry.at
            take(entry, Double(entry.at - start) / 1_000)
        }
        endAll(Double((end ?? last) - start) / 1_000)
    }

    private mutating func take(_ entry: ServerLog.Entry, _ at: Double) {
        let message = entry.message
        switch entry.severity {
        case "LOG": break
        case "ERROR", "FATAL", "PANIC": return endWait(of: entry.process, at)
        default: return
        }
        if message.hasPrefix("checkpoint starting: ") {
            begun = (at, String(message.dropFirst("checkpoint starting: ".count)))
        } else if message.hasPrefix("checkpoint complete: ") {
            checkpoints.append(Self.checkpoint(message, at, begun))
            begun = nil
        } else if message.hasPrefix("automatic ") {
            if let row = Self.autovacuum(message, at) { autovacuum.append(row) }
        } else if message.hasPrefix("process \(entry.process) ") {
            takeWait(message, of: entry.process, at)
        } else if message.hasPrefix("duration: ") {
            if let plan = Self.slowPlan(message, at) { slowPlans.append(plan) }
        } else if message.hasPrefix("all server processes terminated") || message.hasPrefix("starting PostgreSQL ") {
            endAll(at)
        }
    }

    /// What is under way ends, or is not seen any further.
    private mutating func endAll(_ at: Double) {
        for process in waiting.keys { endWait(of: process, at) }
        if let begun {
            checkpoints.append(CheckpointRow(fromSeconds: begun.at, seenUntil: max(at, begun.at), cause: begun.cause))
        }
        begun = nil
    }

    private static func checkpoint(
        _ message: String, _ at: Double, _ begun: (at: Double, cause: String)?
    ) -> CheckpointRow {
        let total = number(after: "total=", in: message) ?? 0
        return CheckpointRow(
            fromSeconds: begun?.at ?? at - total, toSeconds: at, cause: begun?.cause ?? "unknown",
            buffers: Int(number(after: "wrote ", in: message) ?? 0),
            writeSeconds: number(after: "write=", in: message) ?? 0,
            syncSeconds: number(after: "sync=", in: message) ?? 0, totalSeconds: total,
            filesSynced: Int(number(after: "sync files=", in: message) ?? 0),
            longestSyncSeconds: number(after: "longest=", in: message) ?? 0,
            distanceBytes: Int(number(after: "distance=", in: message) ?? 0) * 1_024)
    }

    // MARK: Locks

    /// `process 12 still waiting for ShareLock on transaction 7 after 1000.071 ms`, told once or more, and its end, which
    /// has `acquired`, `failed to acquire` or `detected deadlock while waiting for` in that place (ProcSleep of
    /// src/backend/storage/lmgr/proc.c). A wait that is given up ends with an error of the process.
    private mutating func takeWait(_ message: String, of process: Int, _ at: Double) {
        for (words, isOver) in [
            (" still waiting for ", false), (" acquired ", true), (" failed to acquire ", true),
            (" detected deadlock while waiting for ", true),
        ] {
            guard let verb = message.firstRange(of: words), let after = message.firstRange(of: " after "),
                let milliseconds = Self.number(after: " after ", in: message)
            else { continue }
            if waiting[process] == nil {
                let what = String(message[verb.upperBound..<max(verb.upperBound, after.lowerBound)])
                waiting[process] = lockWaits.count
                lockWaits.append(LockWait(fromSeconds: at - milliseconds / 1_000, toSeconds: at, what: what))
            }
            if isOver { endWait(of: process, at) }
            return
        }
    }

    private mutating func endWait(of process: Int, _ at: Double) {
        if let index = waiting.removeValue(forKey: process) { lockWaits[index].toSeconds = at }
    }

    // MARK: Vacuum and plans

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
