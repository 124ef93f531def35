import Comparison
import RunRecord

/// What an experiment's page says, as the template's fields.
struct ExperimentPage {
    private let report: ExperimentReport
    private let quantity = Quantity.page
    private let tables: ExperimentTables
    private let answer: ExperimentAnswer

    init(_ report: ExperimentReport) {
        self.report = report
        tables = ExperimentTables(report: report, quantity: quantity)
        answer = ExperimentAnswer(report, quantity)
    }

    private var record: ExperimentRecord { report.record }

    /// Fields of the template `experiment`.
    var context: [String: Any] {
        var page: [String: Any] = [
            "title": record.name, "subtitle": subtitle, "headline": answer.headline, "tone": answer.tone.rawValue,
            "details": answer.details, "cards": cards, "reproduce": record.command,
            "margin": quantity.margin(record.margin),
            "threats": Self.threats(report), "links": links,
        ]
        page["warning"] = answer.warning
        if let leading = report.leading {
            page["leading"] = self.result(leading)
            page["others"] = record.results.filter { $0.metric != leading.metric }.map(self.result)
            page["hasOthers"] = record.results.count > 1 ? true : nil
        }
        let charts = ParetoChart.all(report, quantity)
        page["pareto"] = charts.map { chart -> [String: Any] in
            ["svg": chart.svg, "cost": chart.costName, "table": chart.table.context as Any]
        }
        page["noPareto"] = charts.isEmpty ? Self.noCost : nil
        let suggestions = tables.suggestions
        page["suggestions"] = suggestions.map { one -> [String: Any] in
            ["name": one.name, "table": one.table.context as Any]
        }
        page["overview"] = tables.overview?.context
        page["overviewNote"] = ExperimentTables.overviewNote
        page["hasSuggestions"] = suggestions.isEmpty ? nil : true
        page["base"] = tables.base?.context
        page["noBase"] = record.base == nil ? Self.noBase : nil
        page["aliases"] = tables.aliases.context
        page["facts"] = tables.facts.context
        page["inputs"] = tables.inputs.context
        page["identity"] = tables.identity.context
        page["trials"] = tables.trials.context
        return page
    }

    /// Stands where the record does not tell what all cells have in common.
    static let noBase =
        "Not kept by the version that began it, or too large for the host: experiment.yaml, in the folder of the experiment, says what its cells are made from."

    /// Stands where there is nothing to draw speed against.
    static let noCost =
        "Not drawn: no cost is known that differs between cells (a profile’s price, WAL, disk space, processors)."

    private var subtitle: String {
        [
            record.summary,
            "\(quantity.count(record.factors.count)) factors, \(quantity.count(record.cells.count)) cells, "
                + "\(quantity.count(record.repeats)) repeats", record.design.kind.rawValue, record.startedAt,
        ].joined(separator: " · ")
    }

    // MARK: One metric

    /// Places that are told without being asked.
    private static let open = 10

    private func result(_ result: ExperimentResult) -> [String: Any] {
        let metric = report.metric(result.metric)
        let ratios = result.ranking.compactMap(\.interval) + result.effects.compactMap(\.interval)
        let chart = EffectChart(ratios, margin: record.margin, furthest: 5, quantity: quantity)
        let places = result.ranking.enumerated().map { ranked($0.offset, $0.element, result, chart) }
        var fields: [String: Any] = [
            "metric": result.metric, "name": MetricName(result.metric).short, "axis": chart.axis,
            "better": metric?.lessIsBetter == false ? "more is better" : "less is better", "method": result.method,
            "ranking": Array(places.prefix(Self.open)), "rest": Array(places.dropFirst(Self.open)),
            "effects": result.effects.map { effect($0, metric, chart) },
            "repeats":
                "\(quantity.count(result.completeRepeats)) of \(quantity.count(record.repeats)) repeats complete",
        ]
        fields["hasRest"] =
            places.count > Self.open ? "The other \(quantity.count(places.count - Self.open)) places" : nil
        let unranked = tables.unranked(result)
        fields["hasUnranked"] = unranked.isEmpty ? nil : true
        fields["unranked"] = unranked.map {
            ["cell": report.name($0.cell), "levels": report.levels($0.cell), "reason": $0.reason]
        }
        fields["hasEffects"] = result.effects.isEmpty ? nil : true
        fields["effectTable"] = tables.effects(result).context
        fields["rankingTable"] = tables.ranking(result).context
        fields["noGrid"] = CrossedFactors.absent
        if let crossed = CrossedFactors.chosen(report, result), let grid = FactorGrid(report, result, crossed) {
            fields["noGrid"] = nil
            fields["grid"] = [
                "rows": crossed.rows.name, "columns": crossed.columns.name,
                "heat": HeatMap(grid: grid, quantity: quantity).svg,
                "interaction": InteractionPlot(grid: grid, quantity: quantity).svg,
                "numbers": HeatMap(grid: grid, quantity: quantity).table.context as Any,
                "note": crossed.note,
            ]
        }
        return fields
    }

    private func ranked(
        _ place: Int, _ ranked: RankedCell, _ result: ExperimentResult, _ chart: EffectChart
    ) -> [String: Any] {
        let metric = report.metric(result.metric)
        let unit = metric?.unit ?? ""
        let tone = tone(ranked.interval, metric, ranked.probability)
        let change = tables.change(ranked, result).text
        let interval =
            ranked.interval?.words(quantity)
            ?? (ranked.cell == report.baseCell ? "" : report.withoutInterval(result, ranked.cell))
        var fields: [String: Any] = [
            "place": report.place(place, result, quantity), "cell": report.name(ranked.cell),
            "levels": report.levels(ranked.cell),
            "value": quantity.measure(ranked.value, unit), "range": tables.range(ranked, result).text, "change": change,
            "interval": interval, "repeats": quantity.count(ranked.count),
            "mark": chart.row(
                ranked.interval ?? ranked.ratio.map(RatioInterval.point), tone,
                title: "\(report.name(ranked.cell)): \(change) \(interval)"),
        ]
        fields["requests"] = report.fewestRequests(result.metric, cell: ranked.cell).map(quantity.count)
        fields["thin"] = report.isThin(result.metric, ranked.cell) ? ExperimentTables.thin : nil
        return fields
    }

    private func effect(_ effect: FactorEffect, _ metric: ExperimentMetric?, _ chart: EffectChart) -> [String: Any] {
        let interval = effect.interval
        let change = interval?.effect(quantity) ?? tables.percent(effect.ratio)
        let range = interval?.words(quantity) ?? "no noise known"
        let mixed = record.design.aliases[effect.effect].map { !$0.isEmpty } ?? false
        var fields: [String: Any] = [
            "effect": effect.effect, "step": effect.to.isEmpty ? "interaction" : "\(effect.from) → \(effect.to)",
            "change": change, "interval": range, "pairs": tables.pairs(effect),
            "mixed": mixed ? "mixed, see below" : "nothing else",
            "mark": chart.row(
                interval ?? .point(effect.ratio), tone(interval, metric), title: "\(effect.effect): \(change) \(range)"),
        ]
        fields["risk"] = tables.risk(of: effect)
        return fields
    }

    /// Colour by whether an effect is left after the correction for the number of cells, and where that was not made, by
    /// whether the interval leaves out no effect; the words of verdicts are for paired comparisons.
    private func tone(
        _ interval: RatioInterval?, _ metric: ExperimentMetric?, _ probability: Double? = nil
    ) -> Tone {
        guard let interval, let metric else { return .neutral }
        if let probability, probability >= ExperimentAnalysis.error { return .open }
        if interval.high < 1 { return metric.lessIsBetter ? .better : .worse }
        if interval.low > 1 { return metric.lessIsBetter ? .worse : .better }
        return .open
    }

    // MARK: Cards

    private var cards: [[String: Any]] {
        let (done, all) = (report.count(.done), record.trials.count)
        let left = report.count(.pending) + report.count(.running)
        let bad = report.count(.invalid) + report.count(.failed)
        let result = report.leading
        let complete = result?.completeRepeats ?? 0
        let missed = record.trials.filter { $0.missedObjectives?.isEmpty == false }.count
        let judged = record.trials.filter { $0.missedObjectives != nil }.count
        return [
            card(
                "Trials", "\(quantity.count(done)) of \(quantity.count(all))", done == all ? .neutral : .open,
                "\(quantity.count(bad)) no evidence, \(quantity.count(left)) still to run."),
            card(
                "How sure", "\(quantity.count(complete)) repeat\(complete == 1 ? "" : "s")",
                complete > 1 ? .neutral : .open,
                result == nil
                    ? "No metric has a value."
                    : "In which every cell has a value. How intervals were come by stands above the ranking."),
            card(
                "Objectives", judged == 0 ? "not judged" : missed == 0 ? "held" : "missed in \(quantity.count(missed))",
                judged == 0 ? .unknown : missed == 0 ? .better : .worse,
                judged == 0 ? "The specification states none." : "of \(quantity.count(judged)) trials that were judged."
            ),
            card(
                "Same answers, nothing lost", "not checked", .unknown,
                "Whether cells answer alike, and whether a crash can lose what was stored, was not looked at."),
            card(
                "Design", record.design.kind.rawValue, .neutral,
                record.design.aliases.isEmpty
                    ? "No effect is mixed with another." : "Some effects are mixed with others; see below."),
        ]
    }

    private func card(_ name: String, _ value: String, _ tone: Tone, _ text: String) -> [String: Any] {
        ["name": name, "value": value, "tone": tone.rawValue, "text": text]
    }

    /// Pages of trials. The leading `./` keeps a folder's name from being read as another scheme.
    private var links: [[String: Any]] {
        record.trials.filter(\.isFinished).map {
            [
                "href": "./\($0.folder)/report.html",
                "text": "\(report.name($0.cell)), repeat \($0.repetition + 1)",
            ]
        }
    }

    /// How much of each cell's WAL is what a checkpoint before the trial makes; `nil` where the trials do not tell.
    private static func wholePages(_ report: ExperimentReport) -> String? {
        let page = 8_192.0
        let shares = report.record.cells.indices.compactMap { cell -> (cell: Int, share: Double)? in
            let found = report.record.trials.filter { $0.cell == cell && $0.state == .done }.compactMap {
                trial -> (images: Double, bytes: Double)? in
                guard let images = trial.values["wal.full-page-images"], let bytes = trial.values["wal.bytes"] else {
                    return nil
                }
                return (images, bytes)
            }
            let bytes = found.reduce(0) { $0 + $1.bytes }
            return bytes > 0 ? (cell, page * found.reduce(0) { $0 + $1.images } / bytes) : nil
        }
        let most = shares.filter { $0.share >= 0.01 }.sorted { $0.share > $1.share }
        guard !most.isEmpty else { return nil }
        let told = most.map { cell, share in
            // Pages are written without the hole in their middle.
            report.name(cell) + (share >= 1 ? " perhaps all" : " up to \(Quantity.page.percent(share))")
        }
        let rest = shares.count - most.count
        return "Of the WAL, pages of \(Int(page)) bytes that are written whole are: \(told.joined(separator: ", "))"
            + (rest > 0 ? "; hardly any elsewhere. " : ". ")
            + "A long phase has fewer of them, so that differences in WAL between such cells would be smaller."
    }

    /// Trials that were begun more often than they ended; `nil` for none.
    private static func begunAgain(_ report: ExperimentReport) -> String? {
        let again = report.record.trials.filter {
            $0.isFinished && $0.attempts > 1 + ($0.setAside?.count ?? 0)
        }
        guard !again.isEmpty else { return nil }
        return "Interrupted and begun anew, so that what they would have come to is not known: "
            + again.map(\.folder).joined(separator: ", ") + "."
    }

    /// What limits the conclusions.
    static func threats(_ report: ExperimentReport) -> [String] {
        var threats =
            report.record.threats.map(TrialAnswer.sentence)
            + [wholePages(report), begunAgain(report)].compactMap { $0 }
        threats.append(
            "Trials were run one after the other: the host’s drift between them is in the differences, and only repeats in another order average it out."
        )
        if report.record.repeats == 1 {
            threats.append("One repeat: no interval can be given, and any difference may be chance.")
        }
        if !report.record.design.aliases.isEmpty {
            threats.append("The design mixes effects: what is told of a factor may be another factor’s interaction.")
        }
        return threats
    }
}
