import RunRecord

/// The first thing a reader sees: what the trial says, in a sentence, and why it may be believed or not.
struct TrialAnswer {
    let tone: Tone
    let headline: String
    let details: [String]
    /// What a reader must know before anything else; `nil` after a trial that ran to its plan.
    let warning: String?
    /// What stands beside every latency of a trial that did not keep up; `nil` otherwise.
    let label: String?

    init(_ report: TrialReport, _ quantity: Quantity) {
        let record = report.record
        let objectives = ObjectiveAnswer(record.objectives, quantity)
        let arrears = ArrearsWords(record, quantity)
        let pacing = PacingWords(record, quantity)
        let closed = pacing.map { Self.sentence($0.name) + " " } ?? ""
        warning = Self.warning(record, quantity)
        label = arrears?.label
        if record.ending == .running {
            (tone, headline) = (.open, closed + "Must not be used, because the trial has not ended.")
            details =
                (pacing?.details ?? []) + ["The record stands as the trial left it so far."]
                + Self.stalls(record, quantity)
        } else if !record.valid {
            tone = .worse
            let broken = record.validity.filter { !$0.holds }
            let why = broken.map(Self.breach)
            headline = arrears?.headline ?? closed + Self.unusable(broken)
            let led = arrears.map { [$0.detail, Self.unusable(broken)] + why } ?? why
            details = led + (pacing?.details ?? []) + Self.stalls(record, quantity)
        } else if let pacing {
            (tone, headline) = (.neutral, pacing.headline)
            details = pacing.details + Self.stalls(record, quantity)
        } else {
            (tone, headline) = (objectives.tone, objectives.headline)
            details = objectives.details + Self.stalls(record, quantity)
        }
    }

    private static func unusable(_ broken: [ValidityFinding]) -> String {
        switch broken.count {
        case 0: "Must not be used, because no rule of validity was checked."
        case 1: "Must not be used, because the rule \(broken[0].rule) is broken."
        default:
            "Must not be used, because \(broken.count) rules are broken: "
                + broken.map(\.rule).joined(separator: ", ") + "."
        }
    }

    private static func breach(_ finding: ValidityFinding) -> String {
        "\(finding.rule): \(finding.observed), allowed: \(finding.threshold). \(sentence(finding.reason))"
    }

    /// Stalls that are told before anything else is read; the others are among the events.
    private static let mostStalls = 3

    private static func stalls(_ record: RunRecord, _ quantity: Quantity) -> [String] {
        let stalls = record.stalls ?? []
        let longest = stalls.sorted { ($1.seconds, $0.atSeconds) < ($0.seconds, $1.atSeconds) }.prefix(mostStalls)
        let told = longest.sorted { $0.atSeconds < $1.atSeconds }.map { sentence("stall: \($0.detail)") }
        guard stalls.count > told.count else { return told }
        let seconds = stalls.reduce(0) { $0 + $1.seconds }
        return ["\(quantity.count(stalls.count)) stalls, \(quantity.limit(seconds * 1_000)) together; the longest:"]
            + told
    }

    private static func warning(_ record: RunRecord, _ quantity: Quantity) -> String? {
        let what: String
        switch record.ending {
        case .completed: return nil
        case .running: what = "This trial is still running, or the tool was killed"
        case .interrupted: what = "This trial was interrupted"
        case .serverLost: what = "The database server went away during this trial"
        case .failed: what = "This trial could not go on"
        }
        let planned = quantity.limit(record.phases.measureSeconds * 1_000)
        let measured = record.phases.measuredSeconds.map { "\(quantity.time($0 * 1_000)) of \(planned) were measured" }
        let detail = record.endingDetail.map { " \(sentence($0))" } ?? ""
        return "\(what): \(measured ?? "the measure phase did not end").\(detail)"
    }

    /// A first letter in upper case and one full stop.
    static func sentence(_ text: String) -> String {
        guard let first = text.first else { return "" }
        let whole = first.uppercased() + text.dropFirst()
        return whole.last.map { ".!?".contains($0) } == true ? whole : whole + "."
    }
}

/// What the objectives say, for a trial that may be used.
private struct ObjectiveAnswer {
    let tone: Tone
    let headline: String
    let details: [String]

    init(_ objectives: [ObjectiveFinding], _ quantity: Quantity) {
        let missed = objectives.filter { $0.holds == false }
        let held = objectives.filter { $0.holds == true }
        let open = objectives.filter { $0.holds == nil }
        details =
            missed.map { "Missed: \($0.objective); \(Self.excess($0, quantity))." }
            + held.map { "Held: \($0.objective); took \(quantity.time($0.observedMs))." }
            + open.map { "Not judged: \($0.objective); no operation came under it." }
        if let worst = missed.max(by: { Self.ratio($0) < Self.ratio($1) }) {
            let count = objectives.count == 1 ? "" : " \(missed.count) of \(objectives.count) objectives"
            tone = .worse
            headline = "Did not hold\(count): \(worst.classes) \(Self.excess(worst, quantity))."
        } else if objectives.isEmpty {
            tone = .neutral
            headline = "Ran to its plan; no objectives stated."
        } else if held.isEmpty {
            tone = .open
            headline = "Ran to its plan; no objective could be judged."
        } else {
            tone = open.isEmpty ? .better : .open
            headline =
                open.isEmpty
                ? (held.count == 1 ? "Held its objective." : "Held all \(held.count) objectives.")
                : "Held \(held.count) of \(objectives.count) objectives; the others were not judged."
        }
    }

    private static func ratio(_ finding: ObjectiveFinding) -> Double {
        finding.observedMs.map { $0 / finding.limitMs } ?? .infinity
    }

    private static func excess(_ finding: ObjectiveFinding, _ quantity: Quantity) -> String {
        guard let observed = finding.observedMs else { return "too many operations failed or never finished" }
        return "took \(quantity.time(observed)), \(quantity.digits(observed / finding.limitMs)) times its limit"
    }
}
