import RunRecord

/// The tables of an experiment, in the words of one formatter; every exporter sets the same ones.
struct ExperimentTables {
    let report: ExperimentReport
    let quantity: Quantity

    private var record: ExperimentRecord { report.record }

    /// Cells by one metric, the best first.
    func ranking(_ result: ExperimentResult) -> ReportTable {
        let unit = report.metric(result.metric)?.unit ?? ""
        var rows = result.ranking.enumerated().map { place, ranked -> [ReportTable.Cell] in
            [
                .init(quantity.count(place + 1)), .init(report.name(ranked.cell)),
                .init(report.levels(ranked.cell)),
                .init(quantity.measure(ranked.value, unit)), range(ranked, unit), change(ranked),
                ranked.interval.map { .init($0.interval(quantity)) }
                    ?? .unknown(ranked.cell == report.baseCell ? "the base" : "one repeat"),
                .init(quantity.count(ranked.count)),
            ]
        }
        let none = ReportTable.Cell.unknown("none")
        rows += unranked(result).map { cell -> [ReportTable.Cell] in
            [
                none, .init(report.name(cell.cell)), .init(report.levels(cell.cell)), .unknown(cell.reason), none, none,
                none, none,
            ]
        }
        return ReportTable(
            [
                .init("place", .number), .init("cell", .name), .init("levels", .text), .init("value", .number),
                .init("interval", .number), .init("by the base", .number), .init("interval", .number),
                .init("repeats", .number),
            ], rows)
    }

    /// Cells without a place, each with the reason.
    func unranked(_ result: ExperimentResult) -> [UnrankedCell] { result.unranked ?? [] }

    func range(_ ranked: RankedCell, _ unit: String) -> ReportTable.Cell {
        guard let low = ranked.low, let high = ranked.high else { return .unknown("one repeat") }
        return .init("[\(quantity.measure(low, unit)), \(quantity.measure(high, unit))]")
    }

    func change(_ ranked: RankedCell) -> ReportTable.Cell {
        if ranked.cell == report.baseCell { return .unknown("the base") }
        if let interval = ranked.interval { return .init(interval.effect(quantity)) }
        return ranked.ratio.map { .init(percent($0)) } ?? .unknown("no base")
    }

    /// A ratio of which no interval is known.
    func percent(_ ratio: Double) -> String {
        (ratio < 1 ? "−" : "+") + quantity.fixed(abs(ratio - 1) * 100, 0) + quantity.space + "%"
    }

    /// What each factor does to one metric, and what else is seen in it.
    func effects(_ result: ExperimentResult) -> ReportTable {
        ReportTable(
            [
                .init("effect", .text), .init("from", .text), .init("to", .text), .init("change", .number),
                .init("interval", .number), .init("pairs of cells", .number), .init("seen with it", .text),
            ],
            result.effects.map { effect in
                [
                    .init(effect.effect), effect.from.isEmpty ? .unknown("interaction") : .init(effect.from),
                    effect.to.isEmpty ? .unknown("interaction") : .init(effect.to),
                    .init(effect.interval?.effect(quantity) ?? percent(effect.ratio)),
                    effect.interval.map { .init($0.interval(quantity)) } ?? .unknown("no noise known"),
                    .init(pairs(effect)),
                    .init(aliases(of: effect.effect)),
                ]
            })
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
            ("order", "by the seed, each repeat another"),
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
                .init("took", .number), .init("objectives", .text), .init("detail", .text), .init("folder", .name),
            ],
            record.trials.enumerated().map { number, trial in
                [
                    .init(quantity.count(number + 1)), .init(report.name(trial.cell)),
                    .init(quantity.count(trial.repetition + 1)), .init(trial.state.rawValue, tone(trial.state)),
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
