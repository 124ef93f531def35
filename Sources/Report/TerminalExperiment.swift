import Comparison
import RunRecord

/// An experiment in the terminal: what it would do, where it stands, and what it found.
public struct TerminalExperiment {
    private let record: ExperimentRecord
    private let text: TerminalText
    private let quantity = Quantity.plain

    /// - Parameters:
    ///   - record: begun or not.
    ///   - colour: whether the terminal shows colours.
    ///   - width: columns that no line is longer than, apart from paths.
    public init(_ record: ExperimentRecord, colour: Bool, width: Int = 100) {
        self.record = record
        text = TerminalText(width: width, colour: colour)
    }

    // MARK: Plan

    /// What would be run, in order, and how long it takes.
    public func plan() -> String {
        var lines = ["\(record.name): \(record.summary)"]
        lines += text.entry(
            "design", "\(record.design.summary); \(plural(record.repeats, "repeat")), seed \(record.seed)")
        for factor in record.factors {
            lines += text.entry("factor", "\(factor.name) (\(factor.kind)): \(factor.levels.joined(separator: ", "))")
        }
        lines += text.entry("metrics", record.metrics.map(\.name).joined(separator: ", "))
        lines += base()
        lines += aliases()
        lines += record.threats.flatMap { text.entry("note", $0) }
        let budget = record.budgetSeconds.map { ", of a budget of \(duration($0))" } ?? ""
        lines += text.entry(
            "time", "\(plural(record.trials.count, "trial")), about \(duration(record.estimatedSeconds))\(budget)")
        lines += ["", "Order of the trials"] + table(["trial", "repeat", "estimate"], trialRows())
        return lines.joined(separator: "\n")
    }

    /// What all cells have in common, and what was changed to fit it here.
    private func base() -> [String] {
        guard let base = record.base else { return [] }
        let with = base.suggestions.isEmpty ? "" : " with \(base.suggestions.joined(separator: ", "))"
        return text.entry(
            "base",
            "\(base.workload) × \(quantity.factor(base.rateScale)), \(base.variant)\(with), schema \(base.schemaVersion), "
                + "\(quantity.count(base.historyRows)) rows in \(quantity.count(base.partitions)) hourly partitions, "
                + "profile \(base.profile ?? "none, the host as it is")")
            + base.adaptations.flatMap { text.entry("adapted", $0) }
    }

    private func trialRows() -> [[String]] {
        record.trials.map { [$0.folder, String($0.repetition + 1), duration($0.estimatedSeconds)] }
    }

    // MARK: Where it stands, and what it found

    /// What there is so far, the answer first.
    ///
    /// - Parameter folder: path of the experiment, told at the end.
    /// - Returns: lines of at most the terminal's width, but for the path.
    public func results(folder: String) -> String {
        var lines = [headline(), ""]
        for result in record.results { lines += ranking(result) + effects(result) }
        if record.results.isEmpty { lines += ["No trial that may be used as evidence yet.", ""] }
        lines += aliases()
        lines += unusable()
        lines += missed()
        lines += base()
        lines += record.threats.flatMap { text.entry("note", $0) }
        return (lines + ["folder     \(folder)"]).joined(separator: "\n")
    }

    private func headline() -> String {
        let done = record.trials.filter { $0.state == .done }.count
        let ended = record.trials.filter(\.isFinished).count
        let counts = "\(done) of \(record.trials.count) trials usable, \(record.trials.count - ended) not run"
        let (word, paint): (String, TerminalText.Paint) =
            switch record.ending {
            case .completed: done == record.trials.count ? ("COMPLETE", .good) : ("COMPLETE, WITH GAPS", .notable)
            case .interrupted: ("INTERRUPTED", .bad)
            case .budgetSpent: ("BUDGET SPENT", .notable)
            case .running: ("NOT FINISHED", .notable)
            }
        return "\(text.paint(word, paint))  \(TerminalText.clean(record.name)): \(counts)"
    }

    private func ranking(_ result: ExperimentResult) -> [String] {
        guard let metric = record.metrics.first(where: { $0.name == result.metric }) else { return [] }
        let requests = ExperimentReport(record: record).fewestRequests(metric.name).map {
            "; n is \(quantity.count($0)) in a trial at least"
        }
        let title = "\(metric.name), \(metric.lessIsBetter ? "less" : "more") is better\(requests ?? "")"
        let rows = result.ranking.enumerated().map { place, cell in
            [
                "\(ExperimentReport(record: record).place(place, result, quantity)) \(record.cells[cell.cell].name)",
                value(cell.value, metric),
                interval(cell.low, cell.high, zero: result.zeros?.contains(cell.cell) == true) { value($0, metric) },
                String(cell.count),
                cell.cell == record.baseCell ? "base" : ratio(cell.ratio, cell.ratioLow, cell.ratioHigh),
            ]
        }
        let unranked = (result.unranked ?? []).flatMap { cell in
            text.entry("no place", "\(record.cells[cell.cell].name): \(cell.reason)")
        }
        return [text.paint(title, .bold)]
            + table(["cell", "value", "95 % interval", "repeats", "by base [95 %]"], rows) + unranked + [""]
    }

    private func effects(_ result: ExperimentResult) -> [String] {
        guard !result.effects.isEmpty else { return text.entry("effects", result.method) + [""] }
        let margin = record.margin
        let rows = result.effects.map { effect in
            [
                effect.effect + (record.design.aliases[effect.effect] == nil ? "" : " *"),
                effect.from.isEmpty ? "interaction" : "\(effect.from) → \(effect.to)",
                ratio(effect.ratio, effect.low, effect.high),
                ExperimentStanding(effect.ratio, low: effect.low, high: effect.high, margin: margin).rawValue,
                pairs(effect),
            ]
        }
        return table(["effect", "step", "ratio [95 %]", "margin \(quantity.percent(margin))", "pairs"], rows)
            + text.entry("method", result.method) + [""]
    }

    private func pairs(_ effect: FactorEffect) -> String {
        guard let pairs = effect.pairs else { return effect.to.isEmpty ? "all cells" : "not kept" }
        return pairs == effect.plannedPairs ? "\(pairs)" : "\(pairs) of \(effect.plannedPairs ?? pairs)"
    }

    /// Few aliases by name, one line an effect; where there are many, how many and how strong they are.
    private func aliases() -> [String] {
        guard !record.design.aliases.isEmpty else { return [] }
        let order = record.factors.map(\.name)
        let effects = record.design.aliases.sorted {
            (order.firstIndex(of: $0.key) ?? order.count, $0.key)
                < (order.firstIndex(of: $1.key) ?? order.count, $1.key)
        }
        let few = effects.filter { $0.value.count <= Self.namedAliases }.flatMap { effect, aliases in
            let words = aliases.map { "\(share($0.share))\($0.effect)" }
            return text.entry("* alias", "\(effect) is mixed with \(words.joined(separator: ", "))")
        }
        let many = effects.filter { $0.value.count > Self.namedAliases }.map { effect, aliases in
            let shares = Set(aliases.map { quantity.factor(abs($0.share)) }).sorted()
            return "\(effect) (\(aliases.count), \(shares.joined(separator: " or ")) of each)"
        }
        let summary =
            many.isEmpty
            ? [] : text.entry("* alias", "mixed with many others, which --json names: \(many.joined(separator: ", "))")
        return few + summary + [""]
    }

    private static let namedAliases = 6

    private func share(_ share: Double) -> String {
        let sign = share < 0 ? "−" : ""
        return abs(share) > 0.999 ? sign : "\(sign)\(quantity.factor(abs(share))) of "
    }

    private func unusable() -> [String] {
        record.trials.filter { $0.state == .invalid || $0.state == .failed }.flatMap { trial in
            text.entry(trial.state.rawValue, "\(trial.folder): \(trial.detail ?? "no reason recorded")")
        }
    }

    private func missed() -> [String] {
        record.trials.filter { $0.state == .done }.flatMap { trial in
            (trial.missedObjectives ?? []).flatMap { text.entry("missed", "\(trial.folder): \($0)") }
        }
    }

    // MARK: Words

    private func table(_ head: [String], _ rows: [[String]]) -> [String] { text.table(head, rows) }

    private func value(_ value: Double, _ metric: ExperimentMetric) -> String {
        switch metric.unit {
        case "ms": quantity.time(value)
        case "B": quantity.bytes(Int(value.rounded()))
        case "1/s": quantity.rate(value)
        default: quantity.measure(value, metric.unit)
        }
    }

    private func interval(_ low: Double?, _ high: Double?, zero: Bool, _ show: (Double) -> String) -> String {
        guard let low, let high else { return zero ? "0 among them" : "one repeat" }
        if RepeatedValues.areSame(low, high) { return RepeatedValues.same }
        return "[\(show(low)), \(show(high))]"
    }

    private func ratio(_ ratio: Double?, _ low: Double?, _ high: Double?) -> String {
        guard let ratio else { return "unknown" }
        guard let low, let high else { return "× \(quantity.digits(ratio)) [unknown]" }
        if RepeatedValues.areSame(low, high) { return "× \(quantity.digits(ratio)) \(RepeatedValues.same)" }
        return "× \(quantity.digits(ratio)) [\(quantity.digits(low)), \(quantity.digits(high))]"
    }

    private func duration(_ seconds: Double) -> String {
        let whole = max(0, Int(seconds.rounded()))
        if whole < 100 { return "\(whole) s" }
        let minutes = (whole + 30) / 60
        return minutes < 100 ? "\(minutes) min" : "\(minutes / 60) h \(minutes % 60) min"
    }

    private func plural(_ count: Int, _ thing: String) -> String { "\(count) \(thing)\(count == 1 ? "" : "s")" }
}
