/// Whether a record may speak, and how far the trial fell behind.
extension RunRecord {
    /// The rule about what was not started or never finished.
    public static let keptUpRule = "kept-up"
    /// The rule about the rate that was achieved.
    public static let achievedRule = "achieved"

    /// Whether the trial may be used as evidence: it ran to its plan, and every rule of validity was found to hold.
    /// Whatever compares, averages or judges trials leaves out the others, unless a person asked for exactly them; they
    /// are recorded and shown all the same.
    public var isEvidence: Bool { doubts.isEmpty }

    /// What keeps the trial from being used as evidence, a few words each: how it ended, and the names of broken rules.
    /// Empty when it may be used.
    public var doubts: [String] {
        if imported != nil { return [Self.importedKind] }
        let endings = ending == .completed ? [] : [ending.rawValue]
        let broken = validity.filter { !$0.holds }.map(\.rule)
        let found = endings + (validity.isEmpty ? ["no rule checked"] : broken)
        return found.isEmpty && !valid ? ["recorded as not valid"] : found
    }

    /// All request classes of the measure phase together.
    public var totalAccounting: Accounting {
        accounting.values.reduce(into: Accounting()) { $0.add($1) }
    }

    /// How far the trial was behind when its measure phase ended; `nil` when nothing was due.
    public var arrears: Arrears? {
        let total = totalAccounting
        guard total.scheduled > 0 else { return nil }
        let seconds = phases.measuredSeconds ?? 0
        let achieved = classes.values.reduce(0) { $0 + $1.achievedPerSecond } * seconds
        return Arrears(
            scheduled: total.scheduled, notStarted: total.backlog, neverFinished: total.abandoned,
            achieved: min(total.completed, Int(achieved.rounded())), seconds: seconds,
            isFallingBehind: validity.contains {
                !$0.holds && ($0.rule == Self.keptUpRule || $0.rule == Self.achievedRule)
            })
    }
}

/// How far a trial was behind its schedule when the measure phase ended.
public struct Arrears: Sendable, Equatable {
    /// Due in the measure phase.
    public var scheduled: Int
    /// Of those, not started when it ended.
    public var notStarted: Int
    /// Of those, unfinished when the drain limit was reached.
    public var neverFinished: Int
    /// Of those, completed before the measure phase ended.
    public var achieved: Int
    /// Length of the measure phase.
    public var seconds: Double
    /// Whether a rule of validity says that the trial did not keep up: then latencies tell how long it lasted.
    public var isFallingBehind: Bool

    /// What was behind in one number: not started, or never finished, whichever is more.
    public var operations: Int { max(notStarted, neverFinished) }

    /// ``operations`` of all that was due, 0 … 1.
    public var share: Double { Double(operations) / Double(max(1, scheduled)) }

    /// ``operations`` as seconds of the offered load.
    public var secondsOfLoad: Double { share * seconds }
}
