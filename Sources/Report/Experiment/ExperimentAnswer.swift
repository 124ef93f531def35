import Comparison
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
            details = [
                Self.progress(report, quantity), Self.base(report, quantity), Self.unranked(report),
            ].compactMap { $0 }
            return
        }
        let said =
            best.cell == report.baseCell
            ? Self.baseLeads(report, result, metric, quantity) : Self.leads(best, report, result, metric, quantity)
        (tone, headline) = said
        details = [
            Self.progress(report, quantity), Self.base(report, quantity), Self.thin(result, report, quantity),
            Self.runnersUp(report, result), Self.besides(best, report, quantity),
            Self.objectives(best, report, quantity),
            Self.risk(of: best, report), Self.unranked(report),
            "A ranking of trials that were run apart, not a verdict: settle the leader against the base with archivebench compare.",
        ].compactMap { $0 }
    }

    // MARK: The leader

    private static func leads(
        _ best: RankedCell, _ report: ExperimentReport, _ result: ExperimentResult, _ metric: ExperimentMetric,
        _ quantity: Quantity
    ) -> (tone: Tone, headline: String) {
        let name = MetricName(metric.name)
        let who = "\(report.name(best.cell)) leads with \(name.short) of \(quantity.measure(best.value, metric.unit))"
        guard let interval = best.interval else {
            let why = best.ratio == nil ? report.withoutRatio(result, best.cell) : report.withoutInterval(result)
            return (.open, "\(who); not held against the base: \(why).")
        }
        let isBeyond = metric.lessIsBetter ? interval.high < 1 : interval.low > 1
        let others = result.ranking.count - 1
        // The best of many is looked at, so its own interval says too much. Where nobody corrected it, it says enough
        // only of a single other cell.
        let isSure = isBeyond && (best.probability.map { $0 < ExperimentAnalysis.error } ?? (others < 2))
        let among = quantity.count(others + 1)
        let chance = isBeyond ? ", but the best of \(among) cells may look so by chance" : ", so it may be chance"
        let tone: Tone = isSure && abs(interval.value - 1) > report.record.margin ? .better : .open
        let effect = "\(name.effect(interval, quantity)) than the base, \(interval.words(quantity))"
        return (tone, "\(who): \(effect)\(isSure ? "" : chance).")
    }

    private static func baseLeads(
        _ report: ExperimentReport, _ result: ExperimentResult, _ metric: ExperimentMetric, _ quantity: Quantity
    ) -> (tone: Tone, headline: String) {
        let value = result.ranking.first.map { quantity.measure($0.value, metric.unit) } ?? Quantity.missing
        let who = "The base leads: \(MetricName(metric.name).short) of \(value)"
        let others = Array(result.ranking.dropFirst())
        guard !others.isEmpty else { return (.neutral, "\(who).") }
        guard let near = Self.near(result) else {
            return (.neutral, "\(who); whether by chance is not known: \(report.withoutInterval(result)).")
        }
        if near.isEmpty { return (.neutral, "\(who).") }
        let doubt =
            near.count == others.count
            ? ", which may be chance: no other cell is told apart from it."
            : "; of \(quantity.count(others.count)) other cells \(quantity.count(near.count)) cannot be told apart from it."
        return (.neutral, who + doubt)
    }

    // MARK: Runners-up

    /// Cells that are not told apart from the leader; `nil` where nothing tells, as in a single repeat.
    private static func near(_ result: ExperimentResult) -> [RankedCell]? {
        guard let best = result.ranking.first else { return nil }
        let others = Array(result.ranking.dropFirst())
        let told = others.map { Self.isTold($0, from: best) }
        guard told.contains(where: { $0 != nil }) else { return nil }
        return others.indices.filter { told[$0] != true }.map { others[$0] }
    }

    /// Whether a cell is told apart from the leader, by the noise that all cells share; in records from before that was
    /// kept by whether their intervals touch. `nil` unknown.
    private static func isTold(_ cell: RankedCell, from best: RankedCell) -> Bool? {
        if let contrast = cell.byLeader { return contrast.probability.map { $0 < ExperimentAnalysis.error } }
        guard let low = best.low, let high = best.high, let from = cell.low, let to = cell.high else { return nil }
        return from > high || to < low
    }

    private static func runnersUp(_ report: ExperimentReport, _ result: ExperimentResult) -> String? {
        guard let near = Self.near(result) else { return nil }
        guard !near.isEmpty else { return "Every other cell is told apart from the leader." }
        let named = near.prefix(4).map { report.name($0.cell) }.joined(separator: ", ")
        return "Not told apart from the leader: \(named)" + (near.count > 4 ? " and \(near.count - 4) more." : ".")
    }

    /// What else of the leader is told apart from the base; `nil` for the base itself and where no other metric says.
    private static func besides(
        _ best: RankedCell, _ report: ExperimentReport, _ quantity: Quantity
    ) -> String? {
        let told = report.record.results.dropFirst().compactMap { result -> (String, Bool)? in
            guard result.metric != report.leading?.metric, let metric = report.metric(result.metric),
                let ranked = result.ranking.first(where: { $0.cell == best.cell }), let interval = ranked.interval,
                ranked.probability.map({ $0 < ExperimentAnalysis.error }) == true
            else { return nil }
            return (MetricName(metric.name).effect(interval, quantity), (interval.value < 1) == metric.lessIsBetter)
        }
        guard best.cell != report.baseCell, report.record.results.count > 1, best.probability != nil else { return nil }
        func list(_ isGain: Bool) -> String {
            let named = told.filter { $0.1 == isGain }.map(\.0)
            return named.isEmpty ? "nothing else" : named.joined(separator: ", ")
        }
        return
            "Besides, \(report.name(best.cell)) gains \(list(true)) and pays with \(list(false)), as far as is told apart from the base."
    }

    /// Whether what was asked for is reached; `nil` when nothing was.
    private static func objectives(
        _ best: RankedCell, _ report: ExperimentReport, _ quantity: Quantity
    ) -> String? {
        let judged = report.record.trials.filter { $0.state == .done && $0.missedObjectives != nil }
        guard !judged.isEmpty else { return nil }
        let missed = judged.filter { $0.missedObjectives?.isEmpty == false }
        let own = (missed.count { $0.cell == best.cell }, judged.count { $0.cell == best.cell })
        return
            "Objectives: missed in \(quantity.count(missed.count)) of \(quantity.count(judged.count)) trials, of the leader’s in \(quantity.count(own.0)) of \(quantity.count(own.1))."
    }

    // MARK: What it stands on, and what it risks

    /// That the leading metric rests on few requests; `nil` where they are enough, or not known.
    private static func thin(
        _ result: ExperimentResult, _ report: ExperimentReport, _ quantity: Quantity
    ) -> String? {
        guard result.ranking.contains(where: { report.isThin(result.metric, $0.cell) }),
            let fewest = report.fewestRequests(result.metric)
        else { return nil }
        return
            "Thin: trials with \(quantity.count(fewest)) requests carry no \(MetricName(result.metric).short); only the repeats tell chance from difference."
    }

    /// What all cells have in common; `nil` where the record does not tell.
    private static func base(_ report: ExperimentReport, _ quantity: Quantity) -> String? {
        guard let base = report.record.base else { return nil }
        let with = base.suggestions.map { $0.prefix { $0 != ":" } }.joined(separator: ", ")
        return "All cells start from \(base.workload) × \(quantity.factor(base.rateScale)), \(base.variant)"
            + (with.isEmpty ? "" : " with \(with)") + ", schema \(base.schemaVersion), "
            + "\(quantity.count(base.historyRows)) rows in \(quantity.count(base.partitions)) hourly partitions, profile "
            + "\(base.profile ?? "none, the host as it is")."
    }

    /// What the leader risks; `nil` when no suggestion is in it.
    private static func risk(of best: RankedCell, _ report: ExperimentReport) -> String? {
        let risks = report.suggestions(of: best.cell).map {
            "Risk of \($0.name): \(TrialAnswer.sentence($0.description.risk))"
        }
        guard !risks.isEmpty else { return nil }
        return risks.joined(separator: " ") + " \(ExperimentTables.unchecked)"
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
