import RunRecord

/// What the page says of one candidate.
struct PairPage {
    let pair: ComparedPair
    let answer: ComparisonAnswer
    private let report: ComparisonReport
    private let quantity: Quantity
    private let words: ComparisonWords
    private let tables: PairTables
    private let anchors: PairAnchors

    init(_ report: ComparisonReport, _ pair: ComparedPair, _ quantity: Quantity) {
        (self.report, self.pair, self.quantity) = (report, pair, quantity)
        answer = ComparisonAnswer(report, pair, quantity)
        words = ComparisonWords(report, pair, quantity)
        tables = PairTables(report: report, pair: pair, quantity: quantity)
        anchors = PairAnchors(report, pair)
    }

    /// Fields of the template `pair`.
    ///
    /// - Parameter numbered: whether there are several candidates, each with a heading of its own.
    /// - Returns: fields without content are absent, so that their sections fall away.
    func context(numbered: Bool) -> [String: Any] {
        let exploratory = pair.metrics.filter { $0.verdict == nil }
        var page: [String: Any] = [
            "candidate": pair.candidate, "tone": answer.tone.rawValue, "headline": answer.headline,
            "details": answer.details, "cards": cards,
            "margin": quantity.margin(report.record.rule.margin),
            "looked":
                "\(quantity.count(pair.judged.count)) of \(quantity.count(pair.metrics.count)) metrics carry verdicts, corrected for their number by Holm’s method. Stopped because: \(pair.stopped)\(pair.stopped.hasSuffix(".") ? "" : ".")",
            "others": classes(except: pair.leadingClass), "anchors": anchors.context,
        ]
        page["numbered"] = numbered ? true : nil
        page["behind"] = words.behind
        page["effects"] = effects(pair.judged)
        page["exploratory"] = effects(exploratory)
        page["evidence"] = tables.metrics(pair.metrics).context
        page["noise"] = tables.noise.context
        page["excluded"] = tables.excluded.context
        page["accounting"] = tables.accounting.context
        if let lead = pair.leadingClass { page["lead"] = requestClass(lead) }
        if pair.curves.count > 1 { page["hasOthers"] = true }
        addSides(to: &page)
        return page
    }

    /// What needs both sides' records.
    private func addSides(to page: inout [String: Any]) {
        guard let base = report.base, let candidate = report.side(pair.candidate) else { return }
        let variant = VariantDifference(base, candidate, quantity)
        let server = ServerDifference(base: base, candidate: candidate, quantity: quantity)
        let plans = PlanDifference(base, candidate, quantity)
        page["settings"] = variant.table.context
        page["suggestion"] = variant.suggestion.context
        page["changes"] = variant.changes
        page["hasChanges"] = variant.changes.isEmpty ? nil : true
        page["applied"] = candidate.applied
        page["hasApplied"] = candidate.applied.isEmpty ? nil : true
        page["server"] = server.totals.context
        page["serverNote"] = server.note
        page["waits"] = server.waits.context
        page["statements"] = server.statements.context
        page["sizes"] = server.sizes.context
        page["plans"] = plans.table.context
        page["changedPlans"] = plans.changed(anchors)
        let unchanged = plans.unchanged(anchors)
        page["unchangedPlans"] = unchanged
        page["hasUnchangedPlans"] = unchanged.isEmpty ? nil : true
        page["hasTrees"] = (base.plans + candidate.plans).contains { $0.lines != nil } ? true : nil
        let chains = CauseChain(report, pair, quantity)?.chains ?? []
        page["chains"] = chains.map { chain in
            [
                "head": chain.head, "tone": chain.tone.rawValue,
                "steps": chain.steps.map { ["what": $0.what, "found": $0.found, "anchor": $0.anchor] },
            ] as [String: Any]
        }
        page["hasChains"] = chains.isEmpty ? nil : true
    }

    // MARK: What moved

    private func effects(_ metrics: [MetricVerdict]) -> [String: Any]? {
        guard !metrics.isEmpty else { return nil }
        let chart = EffectChart(
            metrics.compactMap(\.ratio), margin: report.record.rule.margin, quantity: quantity)
        return ["axis": chart.axis, "rows": metrics.map { effect($0, chart) }]
    }

    private func effect(_ metric: MetricVerdict, _ chart: EffectChart) -> [String: Any] {
        let name = MetricName(metric.metric)
        let tone = metric.verdict?.tone ?? .neutral
        let word = metric.verdict?.rawValue ?? "no verdict"
        let (base, candidate) = (tables.value(metric, metric.base), tables.value(metric, metric.candidate))
        let change = metric.ratio?.effect(quantity)
        let interval = metric.ratio?.interval(quantity)
        var row: [String: Any] = [
            "what": name.what, "base": base.text, "candidate": candidate.text, "tone": tone.rawValue, "word": word,
            "change": change ?? "not estimated", "interval": interval ?? "not estimated", "reason": metric.reason,
            "mark": chart.row(
                metric.ratio, tone,
                title: "\(name.short): \(change ?? "not estimated") \(interval ?? ""), \(word)"),
        ]
        row["class"] = name.requestClass
        return row
    }

    // MARK: Pictures of a class

    private func classes(except lead: String?) -> [[String: Any]] {
        TrialReport.inOrder(pair.curves.map(\.requestClass)).filter { $0 != lead }.map(requestClass)
    }

    private func requestClass(_ name: String) -> [String: Any] {
        let timeline = SliceTimeline(report, candidate: pair.candidate, requestClass: name, quantity: quantity)
        var fields: [String: Any] = ["name": name]
        if let curve = pair.curves.first(where: { $0.requestClass == name }) {
            let names = (base: report.base?.name ?? "base", candidate: pair.candidate)
            fields["percentiles"] = PairPercentileChart(curve: curve, names: names, quantity: quantity).svg
            fields["shift"] = ShiftChart(curve: curve, margin: report.record.rule.margin, quantity: quantity).svg
            fields["curve"] = tables.curve(curve).context
            fields["operations"] =
                "\(quantity.count(curve.operations)) operations of both sides; percentiles with fewer than ten operations beyond them are left out"
        }
        fields["timeline"] = timeline.svg
        fields["legend"] = timeline.legend
        fields["blocks"] = timeline.series.isEmpty ? nil : tables.blocks(timeline.series).context
        return fields
    }

    // MARK: Cards

    private var cards: [[String: Any]] {
        let judged = pair.judged.count
        let settled = judged - pair.metrics(.inconclusive).count
        let cost = words.cost
        return [
            card(
                "How sure", judged == 0 ? "nothing judged" : "\(settled) of \(judged) settled",
                judged > 0 && settled == judged ? .neutral : .open, words.certainty.joined(separator: " ")),
            card("What it costs", cost.value, cost.tone, cost.text),
            check(
                "Same answers", pair.equivalence, ["yes", "no"], "Whether both sides answer alike was not looked at."),
            check(
                "Nothing lost", pair.safety, ["yes", "no"],
                "Whether a crash or a broken connection can lose what was stored was not looked at."),
        ]
    }

    private func check(_ name: String, _ result: CheckResult?, _ words: [String], _ missing: String) -> [String: Any] {
        guard let result else { return card(name, "not checked", .unknown, missing) }
        return card(name, result.holds ? words[0] : words[1], result.holds ? .better : .worse, result.detail)
    }

    private func card(_ name: String, _ value: String, _ tone: Tone, _ text: String) -> [String: Any] {
        ["name": name, "value": value, "tone": tone.rawValue, "text": text]
    }
}
