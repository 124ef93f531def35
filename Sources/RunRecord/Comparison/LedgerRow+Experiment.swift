/// A suggestion that is a factor of an experiment.
public struct TriedSuggestion: Sendable, Equatable {
    /// Name of the factor; its second level is "on".
    public var factor: String
    /// Name of the suggestion.
    public var name: String
    /// Name of the variant that the experiment's cells are made from.
    public var base: String
    /// Name of the traffic.
    public var workload: String
    /// What was suggested.
    public var description: SuggestionDescription

    /// Takes each value as it is.
    public init(factor: String, name: String, base: String, workload: String, description: SuggestionDescription) {
        self.factor = factor
        self.name = name
        self.base = base
        self.workload = workload
        self.description = description
    }
}

extension LedgerRow {
    /// The rows of an experiment: one for each suggestion of which an effect could be estimated. They carry no verdict.
    ///
    /// - Parameters:
    ///   - record: of an experiment that is complete.
    ///   - tried: its factors that are suggestions.
    /// - Returns: rows in the order of the factors.
    public static func rows(_ record: ExperimentRecord, _ tried: [TriedSuggestion]) -> [LedgerRow] {
        tried.compactMap { one in
            let effects = record.results.compactMap { effect(of: one.factor, $0, record) }
            guard !effects.isEmpty else { return nil }
            return LedgerRow(
                suggestion: one.name, base: one.base, description: one.description, workload: one.workload,
                digest: record.inputs.first { $0.kind == "spec" }?.digest ?? "", host: record.host.fingerprint,
                comparisonId: record.experimentId, endedAt: record.endedAt ?? record.startedAt, valid: true,
                blocks: record.results.map(\.completeRepeats).max() ?? 0, margin: record.margin,
                keptUp: record.trials.contains { $0.fellBehind == true } ? .unsure : .both, effects: effects, costs: [],
                interactions: interactions(of: one.factor, record))
        }
    }

    private static func effect(
        of factor: String, _ result: ExperimentResult, _ record: ExperimentRecord
    ) -> Effect? {
        guard let found = result.effects.first(where: { $0.effect == factor }),
            let metric = record.metrics.first(where: { $0.name == result.metric })
        else { return nil }
        let pairs = found.pairs.map { "\($0) pair\($0 == 1 ? "" : "s") of cells" } ?? "all cells"
        let aliases = record.design.aliases[factor].map { !$0.isEmpty } ?? false
        return Effect(
            metric: metric.name, unit: metric.unit, lessIsBetter: metric.lessIsBetter, ratio: found.ratio,
            low: found.low, high: found.high,
            reason: "an experiment of trials that were run apart, \(pairs) in \(result.completeRepeats) repeats"
                + (aliases ? ", mixed with other effects as its design says" : "")
                + "; archivebench compare gives a verdict")
    }

    /// One sentence for each metric and other factor that the design tells an interaction of; `nil` where it tells none.
    private static func interactions(of factor: String, _ record: ExperimentRecord) -> [String]? {
        let found = record.results.flatMap { result in
            result.effects.compactMap { effect -> String? in
                guard let other = effect.partner(of: factor) else { return nil }
                let interval =
                    effect.low.flatMap { low in effect.high.map { " [\(rounded(low)), \(rounded($0))]" } }
                    ?? " (no interval)"
                return
                    "\(result.metric): with \(other) its ratio is × \(rounded(effect.ratio))\(interval) of that without"
            }
        }
        return found.isEmpty ? nil : found
    }

    private static func rounded(_ ratio: Double) -> String { "\((ratio * 1_000).rounded() / 1_000)" }
}

extension FactorEffect {
    /// The other factor of an interaction; `nil` for a main effect, and where the factor has no part in it.
    func partner(of factor: String) -> String? {
        guard to.isEmpty else { return nil }
        let sign = " × "
        if effect.hasPrefix(factor + sign) { return String(effect.dropFirst(factor.count + sign.count)) }
        if effect.hasSuffix(sign + factor) { return String(effect.dropLast(factor.count + sign.count)) }
        return nil
    }
}
