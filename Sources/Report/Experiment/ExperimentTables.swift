import Comparison
import RunRecord

/// The tables of an experiment, in the words of one formatter; every exporter sets the same ones.
struct ExperimentTables {
    let report: ExperimentReport
    let quantity: Quantity

    private var record: ExperimentRecord { report.record }

    /// Cells by one metric, the best first.
    func ranking(_ result: ExperimentResult) -> ReportTable {
        let unit = report.metric(result.metric)?.unit ?? ""
        // Only where the record tells how many requests are behind a value.
        let hasRequests = report.fewestRequests(result.metric) != nil
        let none = ReportTable.Cell.unknown("none")
        var rows = result.ranking.enumerated().map { place, ranked -> [ReportTable.Cell] in
            var cells: [ReportTable.Cell] = [
                .init(report.place(place, result, quantity)), .init(report.name(ranked.cell)),
                .init(report.levels(ranked.cell)),
                .init(quantity.measure(ranked.value, unit)), range(ranked, result), change(ranked, result),
                ranked.interval.map { .init($0.words(quantity)) }
                    ?? .unknown(
                        ranked.cell == report.baseCell ? "the base" : report.withoutInterval(result, ranked.cell)),
                byBase(ranked, result), byLeader(ranked, result), .init(quantity.count(ranked.count)),
            ]
            if hasRequests { cells.append(requests(result, ranked.cell)) }
            return cells
        }
        rows += unranked(result).map { cell -> [ReportTable.Cell] in
            let known: [ReportTable.Cell] = [
                none, .init(report.name(cell.cell)), .init(report.levels(cell.cell)), .unknown(cell.reason),
            ]
            return known + [ReportTable.Cell](repeating: none, count: hasRequests ? 7 : 6)
        }
        var columns: [ReportTable.Column] = [
            .init("place", .number), .init("cell", .name), .init("levels", .text), .init("value", .number),
            .init("interval", .number), .init("by the base", .number), .init("interval", .number),
            .init("told apart from the base", .word), .init("told apart from the leader", .word),
            .init("repeats", .number),
        ]
        if hasRequests { columns.append(.init("fewest requests in a trial", .number)) }
        return ReportTable(columns, rows)
    }

    /// Whether the noise leaves a difference from the leader, after the correction for all pairs of cells.
    func byLeader(_ ranked: RankedCell, _ result: ExperimentResult) -> ReportTable.Cell {
        if ranked.cell == result.ranking.first?.cell { return .unknown("the leader") }
        guard let contrast = ranked.byLeader else {
            let best = result.ranking.first?.cell
            if report.hasZero(best, result) || report.hasZero(ranked.cell, result) { return .unknown(Self.zero) }
            return .unknown(result.completeRepeats == 0 ? "no complete repeat" : "not kept")
        }
        return told(contrast.probability, hasInterval: contrast.low != nil)
    }

    /// The same of the base, after the correction for the number of cells.
    func byBase(_ ranked: RankedCell, _ result: ExperimentResult) -> ReportTable.Cell {
        if ranked.cell == report.baseCell { return .unknown("the base") }
        guard ranked.ratio != nil else { return .unknown(report.withoutRatio(result, ranked.cell)) }
        return told(ranked.probability, hasInterval: ranked.ratioLow != nil)
    }

    /// Stands for what a value of 0 does not have.
    static let zero = "a value of 0 has no ratio"

    private func told(_ probability: Double?, hasInterval: Bool) -> ReportTable.Cell {
        guard let probability else { return .unknown(hasInterval ? "not kept" : "one repeat") }
        let words = probability < 0.0001 ? "p below 0.0001" : "p \(quantity.fixed(probability, 4))"
        return .init("\(probability < ExperimentAnalysis.error ? "yes" : "no"), \(words)")
    }

    /// Behind a number of requests that does not carry a quantile.
    static let thin = "too few for it"

    private func requests(_ result: ExperimentResult, _ cell: Int) -> ReportTable.Cell {
        guard let count = report.fewestRequests(result.metric, cell: cell) else { return .unknown("not kept") }
        return .init(quantity.count(count) + (report.isThin(result.metric, cell) ? ", \(Self.thin)" : ""))
    }

    /// Cells without a place, each with the reason.
    func unranked(_ result: ExperimentResult) -> [UnrankedCell] { result.unranked ?? [] }

    func range(_ ranked: RankedCell, _ result: ExperimentResult) -> ReportTable.Cell {
        let unit = report.metric(result.metric)?.unit ?? ""
        guard let low = ranked.low, let high = ranked.high else {
            return .unknown(report.hasZero(ranked.cell, result) ? "0 among them" : "one repeat")
        }
        guard !RepeatedValues.areSame(low, high) else { return .unknown(RepeatedValues.same) }
        return .init("[\(quantity.measure(low, unit)), \(quantity.measure(high, unit))]")
    }

    func change(_ ranked: RankedCell, _ result: ExperimentResult) -> ReportTable.Cell {
        if ranked.cell == report.baseCell { return .unknown("the base") }
        if let interval = ranked.interval { return .init(interval.effect(quantity)) }
        return ranked.ratio.map { .init(percent($0)) } ?? .unknown(report.withoutRatio(result, ranked.cell))
    }

    /// A ratio of which no interval is known.
    func percent(_ ratio: Double) -> String {
        (ratio < 1 ? "−" : "+") + quantity.fixed(abs(ratio - 1) * 100, 0) + quantity.space + "%"
    }

    /// What each factor does to one metric, and what else is seen in it.
    func effects(_ result: ExperimentResult) -> ReportTable {
        let isSuggested = result.effects.contains { suggestion(of: $0) != nil }
        var columns: [ReportTable.Column] = [
            .init("effect", .text), .init("from", .text), .init("to", .text), .init("change", .number),
            .init("interval", .number), .init("pairs of cells", .number), .init("seen with it", .text),
        ]
        if isSuggested { columns.append(.init("risk, and how it is undone", .text)) }
        let rows = result.effects.map { effect -> [ReportTable.Cell] in
            var cells: [ReportTable.Cell] = [
                .init(effect.effect), effect.from.isEmpty ? .unknown("interaction") : .init(effect.from),
                effect.to.isEmpty ? .unknown("interaction") : .init(effect.to),
                .init(effect.interval?.effect(quantity) ?? percent(effect.ratio)),
                effect.interval.map { .init($0.words(quantity)) } ?? .unknown("no noise known"),
                .init(pairs(effect)),
                .init(aliases(of: effect.effect)),
            ]
            if isSuggested { cells.append(risk(of: effect).map { .init($0) } ?? .unknown("no suggestion")) }
            return cells
        }
        return ReportTable(columns, rows)
    }

    // MARK: All metrics

    /// Every cell by the base in every metric, in the order of the leading one; `nil` for a single metric and without a
    /// base.
    var overview: ReportTable? {
        let results = record.results
        guard let leading = report.leading, results.count > 1, let base = report.baseCell else { return nil }
        let cells = leading.ranking.map(\.cell) + (leading.unranked ?? []).map(\.cell)
        return ReportTable(
            [.init("cell", .name)] + results.map { .init(MetricName($0.metric).short, .number) },
            cells.map { cell in
                [.init(report.name(cell))]
                    + results.map { result in
                        guard let ranked = result.ranking.first(where: { $0.cell == cell }) else {
                            return .unknown("no value")
                        }
                        let unit = report.metric(result.metric)?.unit ?? ""
                        let isValue = cell == base || ranked.ratio == nil
                        return isValue ? .init(quantity.measure(ranked.value, unit)) : overview(ranked, result)
                    }
            })
    }

    /// A change, coloured where it is told apart from no change.
    private func overview(_ ranked: RankedCell, _ result: ExperimentResult) -> ReportTable.Cell {
        let change = change(ranked, result)
        guard let ratio = ranked.ratio, let probability = ranked.probability else {
            return .init("\(change.text), not tested")
        }
        guard probability < ExperimentAnalysis.error else { return .init("(\(change.text))") }
        let isLess = report.metric(result.metric)?.lessIsBetter ?? true
        return .init(change.text, (ratio < 1) == isLess ? .better : .worse)
    }

    /// What ``overview`` means.
    static let overviewNote =
        "The base by its values, the others by their change, or by their values where there is no ratio; in brackets what is not told apart from the base, after Holm’s correction for the number of cells of each metric."

    // MARK: Suggestions

    /// What an experiment of trials does not look at.
    static let unchecked = "Same answers, nothing lost: not checked."

    /// The suggestion that a step of a factor puts in force; `nil` for another step.
    private func suggestion(of effect: FactorEffect) -> ExperimentSuggestion? {
        record.suggestions?.first { $0.factor == effect.effect && $0.level == effect.to }
    }

    /// What a step risks and how it is undone, in a line; `nil` for one that is no suggestion.
    func risk(of effect: FactorEffect) -> String? {
        suggestion(of: effect).map {
            "\(TrialAnswer.sentence($0.description.risk)) Undone by: \($0.description.undo ?? "not reversible"). \(Self.unchecked)"
        }
    }

    /// Whose each suggestion is, what it changes, what is expected of it, and what it risks.
    var suggestions: [(name: String, table: ReportTable)] {
        (record.suggestions ?? []).map { one -> (name: String, table: ReportTable) in
            let told = one.description
            var rows: [(String, String)] = [("factor", "\(one.factor): \(one.level)")]
            rows += told.changes.map { ("changes", $0) }
            rows += told.rows
            rows += [("same answers", "not checked"), ("nothing lost", "not checked")]
            return (name: one.name, table: plain(rows))
        }
    }

    // MARK: The base

    /// What all cells have in common; `nil` in records that do not tell.
    var base: ReportTable? {
        guard let base = record.base else { return nil }
        func span(_ seconds: Double) -> String { quantity.limit(seconds * 1_000) }
        var rows: [(String, String)] = [
            ("workload", "\(base.workload): \(base.workloadSummary)"),
            ("overlays", base.overlays.isEmpty ? "none" : base.overlays.joined(separator: ", ")),
            ("rates", "× \(quantity.factor(base.rateScale)) of the workload as written"),
            ("offered and achieved", carried),
            (
                "history",
                "\(quantity.count(base.historyRows)) rows in \(quantity.count(base.partitions)) hourly partitions"
                    + (base.historyBytes.map { ", as many as fill \(quantity.bytes($0))" } ?? "")
            ),
            ("retention", base.retention.isEmpty ? "everything is kept" : base.retention.joined(separator: "; ")),
            (
                "phases",
                "warm-up \(span(base.warmUpSeconds)), measured \(span(base.measureSeconds)), drain of "
                    + "\(span(base.drainLimitSeconds)) at most; archive time at \(base.timeScale) times the wall clock"
            ),
            ("variant", "\(base.variant): \(base.variantSummary)"), ("schema", "\(base.schemaVersion)"),
        ]
        if base.suggestions.isEmpty { rows.append(("with", "no suggestion")) }
        rows += base.suggestions.map { ("with", $0) }
        let machine = base.profile.map { "\($0): \(base.profileSummary ?? "not described")" }
        rows.append(("profile", machine ?? "none, the host as it is"))
        if base.adaptations.isEmpty { rows.append(("fitted to this host", "nothing; used as written")) }
        rows += base.adaptations.map { ("fitted to this host", $0) }
        return plain(rows)
    }

    /// The load of the base's trials, and what it means to have carried it.
    private var carried: String {
        let trials = record.trials.filter { $0.cell == report.baseCell }
        let loads = trials.compactMap(\.load)
        let meaning =
            "A trial carried its rate when no backlog was left: next to nothing was due and not started, or unfinished, when its measure phase ended, and what was offered was achieved (rules kept-up and achieved of its page)."
        func span(_ values: [Double]) -> String? {
            guard let low = values.min(), let high = values.max() else { return nil }
            return low == high ? quantity.rate(low) : "\(quantity.rate(low)) to \(quantity.rate(high))"
        }
        guard let offered = span(loads.map(\.offeredPerSecond)), let achieved = span(loads.map(\.achievedPerSecond))
        else { return "\(report.baseCell == nil ? "no cell is the base" : "not kept"). \(meaning)" }
        let behind = trials.count { $0.fellBehind == true }
        return "offered \(offered), achieved \(achieved) in \(quantity.count(loads.count)) trials of the base, "
            + "\(quantity.count(loads.map(\.backlog).max() ?? 0)) operations of backlog at most; "
            + (behind == 0 ? "carried" : "not carried in \(quantity.count(behind)) of them") + ". \(meaning)"
    }

    /// How many pairs of cells an effect rests on, and how many the design has where some have no value.
    func pairs(_ effect: FactorEffect) -> String {
        guard let pairs = effect.pairs else { return effect.to.isEmpty ? "all cells" : "not kept" }
        guard let planned = effect.plannedPairs, planned != pairs else { return quantity.count(pairs) }
        return "\(quantity.count(pairs)) of \(quantity.count(planned))"
    }

    private func aliases(of effect: String) -> String {
        guard let aliases = record.design.aliases[effect], !aliases.isEmpty else { return "nothing else" }
        return aliases.map(words).joined(separator: ", ")
    }

    private func words(_ alias: ExperimentDesign.Alias) -> String {
        let share = abs(alias.share) > 0.999 ? "all of it" : quantity.percent(abs(alias.share))
        return "\(alias.share < 0 ? "−" : "")\(alias.effect) (\(share))"
    }

    /// Effects that the design cannot tell apart.
    var aliases: ReportTable {
        ReportTable(
            [.init("effect", .text), .init("is mixed with", .text)],
            record.design.aliases.sorted { $0.key < $1.key }.filter { !$0.value.isEmpty }.map {
                [.init($0.key), .init($0.value.map(words).joined(separator: ", "))]
            })
    }

    var facts: ReportTable {
        let (host, design) = (record.host, record.design)
        var rows: [(String, String)] = [
            ("experiment", "\(record.name): \(record.summary)"),
            ("design", "\(design.kind.rawValue): \(design.summary)"),
            ("resolution", design.resolution.map(resolution) ?? "nothing is mixed, or it is no two-level design"),
        ]
        if !design.generators.isEmpty { rows.append(("generators", design.generators.joined(separator: "; "))) }
        rows += record.factors.map { ("factor \($0.name)", "\($0.kind): \($0.levels.joined(separator: ", "))") }
        rows += [
            ("margin", "\(quantity.margin(record.margin)), fixed before the first trial"),
            (
                "order and traffic",
                "by the seed, each repeat another; in a repeat, cells of one workload and rate have the same operations, of which a longer warm-up moves the part that is measured"
            ),
            (
                "time",
                "estimated \(quantity.limit(record.estimatedSeconds * 1_000)), budget "
                    + (record.budgetSeconds.map { quantity.limit($0 * 1_000) } ?? "none") + ", trials took "
                    + quantity.time(record.trials.compactMap { $0.spentSeconds ?? $0.seconds }.reduce(0, +) * 1_000)
            ),
            ("PostgreSQL", servers), ("conditions", conditions),
            (
                "host",
                "\(host.processors) × \(host.processorModel), \(quantity.bytes(host.memoryBytes)) memory, "
                    + "\(host.filesystem)\(host.device.map { " on \($0)" } ?? ""), kernel \(host.kernel), "
                    + host.operatingSystem
            ),
        ]
        return plain(rows)
    }

    private var servers: String {
        guard let servers = record.conditions?.servers, !servers.isEmpty else { return "told by the trials’ own pages" }
        return Set(servers).sorted().joined(separator: ", ")
    }

    private var conditions: String {
        guard let conditions = record.conditions else { return "not kept by the version that began it" }
        return [
            conditions.usesCache ? "histories from the cache" : "histories loaded anew",
            conditions.hasTelemetry ? "telemetry on" : "telemetry off",
            conditions.dataFolder == nil ? "data in the usual folder" : "data in a folder that was asked for",
        ].joined(separator: ", ")
    }

    private func resolution(_ number: Int) -> String {
        switch number {
        case ...3: return "\(number): main effects are mixed with interactions of two factors"
        case 4: return "4: main effects stand for themselves, interactions of two factors are mixed with each other"
        default: return "\(number): main effects and interactions of two factors stand for themselves"
        }
    }

    var identity: ReportTable {
        plain([
            ("experiment", record.experimentId), ("tool", "ArchiveBench \(record.toolVersion)"),
            ("seed", "\(record.seed)"), ("started", record.startedAt), ("ended", record.endedAt ?? "not written"),
        ])
    }

    var inputs: ReportTable {
        ReportTable(
            [.init("input", .word), .init("name", .name), .init("digest", .name)],
            record.inputs.map { [.init($0.kind), .init($0.name), .init($0.digest)] })
    }

    /// Every trial, in the order in which they ran; the names of columns match ``trialLinks``.
    var trials: ReportTable {
        ReportTable(
            [
                .init("trial", .number), .init("cell", .name), .init("repeat", .number), .init("state", .word),
                .init("attempts", .number), .init("took", .number), .init("objectives", .text),
                .init("detail", .text), .init("folder", .name),
            ],
            record.trials.enumerated().map { number, trial in
                [
                    .init(quantity.count(number + 1)), .init(report.name(trial.cell)),
                    .init(quantity.count(trial.repetition + 1)), .init(trial.state.rawValue, tone(trial.state)),
                    .init(quantity.count(trial.attempts)),
                    trial.seconds.map { .init(quantity.time($0 * 1_000)) } ?? .unknown("not ended"),
                    objectives(trial), trial.detail.map { .init($0) } ?? .init("none"), .init(trial.folder),
                ]
            })
    }

    private func objectives(_ trial: ExperimentTrial) -> ReportTable.Cell {
        guard let missed = trial.missedObjectives else { return .unknown("not judged") }
        return missed.isEmpty ? .init("held", .better) : .init("missed: \(missed.joined(separator: "; "))", .worse)
    }

    private func tone(_ state: ExperimentTrial.State) -> Tone? {
        switch state {
        case .done: nil
        case .pending, .running: .open
        case .invalid, .failed: .worse
        }
    }

    func plain(_ rows: [(String, String)]) -> ReportTable {
        ReportTable([.init("", .word), .init("", .text)], rows.map { [.init($0.0), .init($0.1)] })
    }
}
