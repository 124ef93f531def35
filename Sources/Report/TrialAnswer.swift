import RunRecord

/// The first thing a reader sees: what the trial says, in a sentence, and why it may be believed or not.
struct TrialAnswer {
    /// How it is meant; also the name of its colour.
    enum Tone: String {
        case better
        case worse
        case neutral
        case open
    }

    let tone: Tone
    let headline: String
    let details: [String]

    init(_ report: TrialReport, _ quantity: Quantity) {
        let record = report.record
        let missed = record.objectives.filter { $0.holds == false }
        let held = record.objectives.filter { $0.holds == true }
        if record.ending == .running {
            (tone, headline) = (.open, "Still running, or the tool was killed.")
            details = ["This record ends where the trial stood; nothing in it may be used."]
        } else if !record.valid {
            (tone, headline) = (.worse, "Must not be used as evidence.")
            let ending = record.endingDetail.map { [$0.prefix(1).uppercased() + $0.dropFirst() + "."] } ?? []
            details =
                ending
                + record.validity.filter { !$0.holds }.map { "\($0.rule): \($0.observed), allowed \($0.threshold)." }
        } else if !missed.isEmpty {
            tone = .worse
            headline =
                missed.count == 1 && held.isEmpty
                ? "Did not hold its objective."
                : "Did not hold \(missed.count) of \(record.objectives.count) objectives."
            details =
                missed.map { Self.miss($0, quantity) }
                + held.map { "Held: \($0.objective), \(quantity.time($0.observedMs))." }
        } else if !held.isEmpty {
            (tone, headline) = (.better, held.count == 1 ? "Held its objective." : "Held its \(held.count) objectives.")
            details = held.map { "\($0.objective): \(quantity.time($0.observedMs))." }
        } else {
            (tone, headline) = (.neutral, "Ran to its plan; no objective was judged.")
            details = ["Add objectives to the workload to have a trial judged."]
        }
    }

    private static func miss(_ finding: ObjectiveFinding, _ quantity: Quantity) -> String {
        guard let observed = finding.observedMs else {
            return "\(finding.objective): too many operations failed or never finished."
        }
        return
            "\(finding.objective): took \(quantity.time(observed)), \(quantity.digits(observed / finding.limitMs)) times the limit."
    }
}
