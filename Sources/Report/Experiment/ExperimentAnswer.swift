import RunRecord

/// The first thing a reader sees of an experiment: which cell leads, by how much, and how far that may be believed.
struct ExperimentAnswer {
    let tone: Tone
    let headline: String
    let details: [String]
    /// What must be known before anything else; `nil` when every trial ended and counts.
    let warning: String?

    init(_ report: ExperimentReport, _ quantity: Quantity) {
        let record = report.record
        warning = Self.warning(report, quantity)
        guard let result = report.leading, let best = result.ranking.first, let metric = report.metric(result.metric)
        else {
            let isBehind = record.trials.contains { $0.fellBehind == true }
            tone = .open
            headline =
                isBehind
                ? "No answer: no cell that was run kept up with its rate."
                : "No answer: no trial has brought a value of a metric yet."
            details = [Self.progress(report, quantity), Self.unranked(report)].compactMap { $0 }
            return
        }
        let name = MetricName(metric.name)
        let value = quantity.measure(best.value, metric.unit)
        let who = "\(report.name(best.cell)) leads with \(name.short) of \(value)"
        if best.cell == report.baseCell {
            (tone, headline) = (.neutral, "The base leads: \(name.short) of \(value).")
        } else if let interval = best.interval {
            let isSure = metric.lessIsBetter ? interval.high < 1 : interval.low > 1
            tone = isSure && abs(interval.value - 1) > record.margin ? .better : .open
            headline =
                "\(who): \(name.effect(interval, quantity)) than the base, \(interval.interval(quantity))"
                + (isSure ? "." : ", so it may be chance.")
        } else {
            tone = .open
            headline =
                "\(who)"
                + (best.ratio == nil ? "; there is no base to hold it against." : "; one repeat tells no chance.")
        }
        details = [
            Self.progress(report, quantity), Self.runnersUp(report, result, metric, quantity), Self.unranked(report),
            "A ranking of trials that were run apart, not a verdict: settle the leader against the base with archivebench compare.",
        ].compactMap { $0 }
    }

    /// Cells whose interval reaches the leader's value.
    private static func runnersUp(
        _ report: ExperimentReport, _ result: ExperimentResult, _ metric: ExperimentMetric, _ quantity: Quantity
    ) -> String? {
        guard let best = result.ranking.first, let low = best.low, let high = best.high else { return nil }
        let near = result.ranking.dropFirst().filter { cell in
            guard let from = cell.low, let to = cell.high else { return true }
            return from <= high && to >= low
        }
        guard !near.isEmpty else { return "No other cell’s interval touches the leader’s." }
        let named = near.prefix(4).map { report.name($0.cell) }.joined(separator: ", ")
        return "Not told apart from the leader: \(named)" + (near.count > 4 ? " and \(near.count - 4) more." : ".")
    }

    /// Cells without a place by the leading metric.
    private static func unranked(_ report: ExperimentReport) -> String? {
        guard let cells = report.leading?.unranked, !cells.isEmpty else { return nil }
        let named = cells.prefix(4).map { "\(report.name($0.cell)) (\($0.reason))" }.joined(separator: ", ")
        return "Without a place: \(named)" + (cells.count > 4 ? " and \(cells.count - 4) more." : ".")
    }

    private static func progress(_ report: ExperimentReport, _ quantity: Quantity) -> String {
        let done = report.count(.done)
        return "\(quantity.count(done)) of \(quantity.count(report.record.trials.count)) trials may be used, "
            + "\(quantity.count(report.record.cells.count)) cells, \(quantity.count(report.record.repeats)) repeats each; "
            + "\(report.record.design.summary)."
    }

    private static func warning(_ report: ExperimentReport, _ quantity: Quantity) -> String? {
        let ending: String?
        switch report.record.ending {
        case .completed: ending = nil
        case .running: ending = "This experiment is still running, or the tool was killed."
        case .interrupted: ending = "This experiment was interrupted; archivebench experiment resume goes on with it."
        case .budgetSpent: ending = "This experiment’s time was used up before its last trial."
        }
        let bad = report.count(.invalid) + report.count(.failed)
        let trials =
            bad == 0
            ? nil
            : "\(quantity.count(bad)) of its trials \(bad == 1 ? "is" : "are") no evidence and left out of every number here."
        let words = [ending, trials].compactMap { $0 }
        return words.isEmpty ? nil : words.joined(separator: " ")
    }
}
