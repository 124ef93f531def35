import RunRecord

/// What the server's side says about how far a trial may be trusted. Every threshold stands here.
///
/// Rules make a trial invalid; notes only limit what may be concluded from it: a short run sees no checkpoint by plan,
/// and is no worse a measurement of what it did see.
package enum ServerRules {
    /// Growth of the share of dead rows over the measure phase beyond which the archive was another one at its end.
    static let mostDeadGrowth = 0.2
    /// The same, from which on it is worth a note.
    static let notedDeadGrowth = 0.02
    /// A share of dead rows worth a note.
    static let notedDeadShare = 0.2
    /// Share of the lock table in use that is worth a note.
    static let notedLockShare = 0.8
    /// A checkpoint that WAL alone would call for comes after this share of `max_wal_size`, with the default
    /// `checkpoint_completion_target` of 0.9: 1 / (1 + 0.9) (PostgreSQL documentation, "WAL Configuration").
    static let walShareOfCheckpoint = 1 / 1.9

    /// Judges what telemetry saw; nothing where there was none.
    ///
    /// - Parameters:
    ///   - server: what was seen.
    ///   - begin: of the measure phase, seconds from the start of warm-up.
    /// - Returns: findings, for those rules that could be judged.
    package static func judge(_ server: ServerSummary?, measuredFrom begin: Double) -> [ValidityFinding] {
        guard let server else { return [] }
        return [checkpointDistance(server, begin), deadTuples(server)].compactMap { $0 }
    }

    private static func checkpointDistance(_ server: ServerSummary, _ begin: Double) -> ValidityFinding? {
        guard let distance = server.checkpointDistance else { return nil }
        let inherited = server.checkpoints.first { $0.fromSeconds < 0 && $0.toSeconds > begin }
        let since = distance.sinceLastSeconds.map { ", the last one \(ServerWords.seconds($0)) before" } ?? ""
        return ValidityFinding(
            rule: "checkpoint-distance", holds: inherited == nil,
            observed: inherited.map {
                "one from before the load went on for \($0.isComplete ? "" : "at least ")\(ServerWords.seconds($0.toSeconds - begin))"
            }
                ?? "\(distance.begun) begun in the measure phase\(since)",
            threshold: "none from before the load in the measure phase",
            reason: "writing back what was loaded before the trial is no work of its workload")
    }

    private static func deadTuples(_ server: ServerSummary) -> ValidityFinding? {
        guard let start = server.tuplesAtStart?.deadShare, let end = server.tuplesAtEnd?.deadShare else { return nil }
        return ValidityFinding(
            rule: "dead-tuples", holds: end - start <= mostDeadGrowth,
            observed: "\(Words.percent(start)) of the rows dead at the start, \(Words.percent(end)) at the end",
            threshold: "at most \(Words.percent(mostDeadGrowth)) more",
            reason: "a table that fills with dead rows is slower from minute to minute")
    }

    /// Time in which a checkpoint is due, seconds.
    ///
    /// - Parameters:
    ///   - timeout: `checkpoint_timeout`, seconds.
    ///   - walLimit: `max_wal_size`, bytes.
    ///   - walPerSecond: bytes a second.
    /// - Returns: the timeout at most.
    package static func checkpointInterval(timeout: Double, walLimit: Int, walPerSecond: Double) -> Double {
        guard walPerSecond > 0 else { return timeout }
        return min(timeout, Double(walLimit) * walShareOfCheckpoint / walPerSecond)
    }

    /// What limits the conclusions, one sentence each.
    ///
    /// - Parameters:
    ///   - server: what was seen.
    ///   - measured: length of the measure phase, seconds.
    ///   - statements: of the server, where they were counted.
    /// - Returns: none when nothing does.
    package static func notes(
        _ server: ServerSummary, measured: Double, _ statements: ServerStatements?
    ) -> [String] {
        [
            checkpointNote(server, measured), deadNote(server), lockNote(server), forgottenNote(statements),
        ].compactMap { $0 }
    }

    private static func checkpointNote(_ server: ServerSummary, _ measured: Double) -> String? {
        guard let distance = server.checkpointDistance else { return nil }
        guard let due = distance.intervalSeconds else {
            return
                "how much WAL the measure phase wrote is not known, and so is not how often checkpoints are due: whether it was long enough to see one was not checked"
        }
        guard measured < due else { return nil }
        let interval = RecordAssembly.rounded(due, 0)
        let seen =
            distance.begun == 0
            ? "none began in it" : distance.begun == 1 ? "one began in it" : "\(distance.begun) began in it"
        return
            "the measure phase of \(ServerWords.seconds(measured)) is shorter than the \(Int(interval)) s between two checkpoints, and \(seen): it does not tell what checkpoints cost on average"
    }

    private static func deadNote(_ server: ServerSummary) -> String? {
        guard let start = server.tuplesAtStart?.deadShare, let end = server.tuplesAtEnd?.deadShare,
            end - start > notedDeadGrowth || end > notedDeadShare
        else { return nil }
        return
            "\(Words.percent(start)) of the rows were dead at the start of the measure phase and \(Words.percent(end)) at its end: a longer run may be slower"
    }

    private static func lockNote(_ server: ServerSummary) -> String? {
        guard let locks = server.locks, locks.peakShare > notedLockShare else { return nil }
        let (used, places, what) = locks.fullest
        return
            "\(used) of the lock table's \(places) \(what) were in use: more partitions or more clients may end in 'out of shared memory'"
    }

    private static func forgottenNote(_ statements: ServerStatements?) -> String? {
        guard let forgotten = statements?.forgottenEntries, forgotten > 0 else { return nil }
        return
            "the server threw out \(forgotten) entries of its statement statistics: their figures are too small"
    }
}
