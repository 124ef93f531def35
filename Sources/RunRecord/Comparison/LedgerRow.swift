/// One suggestion in one comparison or experiment: a line of `ledger.jsonl`.
public struct LedgerRow: Codable, Sendable, Equatable {
    /// What came of one metric.
    public struct Effect: Codable, Sendable, Equatable {
        /// See ``MetricVerdict/metric``.
        public var metric: String
        /// See ``MetricVerdict/unit``.
        public var unit: String
        /// Whether less of it is better.
        public var lessIsBetter: Bool
        /// Candidate by base; `nil` when it could not be estimated.
        public var ratio: Double?
        /// Lower end of its interval.
        public var low: Double?
        /// Upper end of its interval.
        public var high: Double?
        /// `nil` for a metric that carries none.
        public var verdict: Verdict?
        /// The rule that gave it, or why there is none.
        public var reason: String
    }

    /// What a suggestion costs beside time, the candidate's and the base's; `nil` for what was not collected.
    public struct Cost: Codable, Sendable, Equatable {
        /// `memory` and `size`: at the end. `disk` and `wal`: growth and write-ahead log for each message stored. In rows of
        /// earlier versions `disk` is the size at the end and `wal` a sum, both in `B`.
        public var name: String
        /// `B` or `B/message`.
        public var unit: String
        /// The base's.
        public var base: Double?
        /// The candidate's.
        public var candidate: Double?
    }

    /// The version written by this tool.
    public static let currentFormat = 1

    /// See ``currentFormat``.
    public var formatVersion = LedgerRow.currentFormat
    /// Name of the suggestion.
    public var suggestion: String
    /// Name of the variant that it was compared with.
    public var base: String
    /// What was suggested.
    public var description: SuggestionDescription
    /// The traffic's name.
    public var workload: String
    /// Of the sequence of operations; for an experiment, whose trials differ in it, that of its specification.
    public var digest: String
    /// What tells this machine from others; names no host.
    public var host: String
    /// The folder of the comparison or experiment.
    public var comparisonId: String
    /// ISO 8601, UTC.
    public var endedAt: String
    /// Whether its verdicts may be used as evidence.
    public var valid: Bool
    /// Blocks that counted; for an experiment its complete repeats.
    public var blocks: Int
    /// Difference that mattered, as a share.
    public var margin: Double
    /// Whether both sides carried the rate.
    public var keptUp: ComparedPair.KeptUp
    /// By metric, in the comparison's order.
    public var effects: [Effect]
    /// Memory, size, disk and WAL; none for an experiment, whose metrics say what it looked at.
    public var costs: [Cost]
    /// Same answers: `nil` for "not checked".
    public var equivalence: CheckResult?
    /// Nothing lost: `nil` for "not checked".
    public var safety: CheckResult?
    /// How its effect changed together with others, one sentence each; `nil` for "not looked for".
    public var interactions: [String]?
    /// Why it could not be put in force, one line; `nil` when it was.
    public var failure: String?
}

extension LedgerRow {
    /// The rows of a comparison: one for each side that is a suggestion; none of a comparison of equals.
    ///
    /// - Parameters:
    ///   - record: of a comparison that has ended.
    ///   - interactions: what an experiment saw, by side; sides without an entry count as not looked for.
    /// - Returns: rows in the order of the sides.
    public static func rows(_ record: ComparisonRecord, interactions: [String: [String]] = [:]) -> [LedgerRow] {
        guard !record.rule.isAA, let base = record.sides.first else { return [] }
        return record.sides.dropFirst().compactMap { side in
            guard let description = side.suggestion, let pair = record.pairs.first(where: { $0.candidate == side.name })
            else { return nil }
            return LedgerRow(
                suggestion: side.variant.name, base: base.variant.name, description: description,
                workload: record.workload.name, digest: record.digest, host: record.host.fingerprint,
                comparisonId: record.comparisonId, endedAt: record.endedAt ?? record.startedAt, valid: record.valid,
                blocks: pair.blocks, margin: record.rule.margin, keptUp: pair.keptUp,
                effects: pair.metrics.map(Effect.init), costs: costs(base, side), equivalence: pair.equivalence,
                safety: pair.safety, interactions: interactions[side.name])
        }
    }

    /// The row of a suggestion that could not be put in force: nothing was measured.
    ///
    /// - Parameters:
    ///   - suggestion: name of its variant.
    ///   - description: what was suggested.
    ///   - base: name of the variant that it was to be compared with.
    ///   - workload: the traffic's name.
    ///   - host: of the comparison.
    ///   - comparisonId: name of the comparison that was not begun.
    ///   - endedAt: ISO 8601, UTC.
    ///   - margin: difference that would have mattered, as a share.
    ///   - reason: one line.
    public init(
        failed suggestion: String, _ description: SuggestionDescription, base: String, workload: String,
        host: HostDescription, comparisonId: String, endedAt: String, margin: Double, reason: String
    ) {
        self.init(
            suggestion: suggestion, base: base, description: description, workload: workload, digest: "",
            host: host.fingerprint, comparisonId: comparisonId, endedAt: endedAt, valid: false, blocks: 0,
            margin: margin, keptUp: .unsure, effects: [], costs: [], failure: reason)
    }

    private static func costs(_ base: ComparedSide, _ side: ComparedSide) -> [Cost] {
        func cost(_ name: String, _ unit: String, _ value: (ComparedSide) -> Double?) -> Cost {
            Cost(name: name, unit: unit, base: value(base), candidate: value(side))
        }
        return [
            cost("memory", "B") { $0.memoryBytes.map { Double($0) } },
            cost("size", "B") { $0.sizeAtEnd.map { Double($0) } },
            cost("disk", "B/message") { $0.growthPerMessage }, cost("wal", "B/message") { $0.walPerMessage },
        ]
    }

    /// The word for the whole: the worst of its verdicts that is more than inconclusive, `did not keep up` where the
    /// candidate alone did not carry the rate, `failed` for what could not be put in force, and `invalid` for what is no
    /// evidence.
    public var outcome: String {
        if failure != nil { return "failed" }
        if !valid { return "invalid" }
        if keptUp == .baseOnly { return "did not keep up" }
        if keptUp == .neither { return "neither side kept up" }
        if keptUp == .unsure { return "perhaps one side did not keep up" }
        let verdicts = Set(effects.compactMap(\.verdict))
        if verdicts.contains(.worse) && verdicts.contains(.better) { return "better and worse" }
        for verdict in [Verdict.worse, .better, .inconclusive, .equivalent] where verdicts.contains(verdict) {
            return verdict.rawValue
        }
        return "no verdict"
    }
}

extension LedgerRow.Effect {
    init(_ metric: MetricVerdict) {
        self.metric = metric.metric
        unit = metric.unit
        lessIsBetter = metric.lessIsBetter
        (ratio, low, high) = (metric.ratio?.value, metric.ratio?.low, metric.ratio?.high)
        verdict = metric.verdict
        reason = metric.reason
    }
}

extension HostDescription {
    /// What decides whether figures of two machines may be held against each other.
    public var fingerprint: String {
        [
            processorModel, "\(processors) processors", "\(memoryBytes >> 20) MiB", kernel, filesystem,
            virtualisation ?? "virtualisation unknown",
        ].joined(separator: ", ")
    }
}
