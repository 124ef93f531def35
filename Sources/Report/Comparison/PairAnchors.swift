import RunRecord

/// Names of the parts of the page that concern one candidate, for links to them.
struct PairAnchors {
    /// From 1; a page may have several candidates.
    private let number: Int

    init(_ report: ComparisonReport, _ pair: ComparedPair) {
        number = 1 + (report.record.pairs.firstIndex { $0.candidate == pair.candidate } ?? 0)
    }

    var plans: String { "plans-\(number)" }
    var settings: String { "settings-\(number)" }
    var statements: String { "statements-\(number)" }
    var waits: String { "waits-\(number)" }

    /// One pair of plans, by its place in ``PlanDifference/pairs``.
    func plan(_ place: Int) -> String { "plan-\(number)-\(place + 1)" }

    /// Fields of the template `pair`.
    var context: [String: String] {
        ["plans": plans, "settings": settings, "statements": statements, "waits": waits]
    }
}
