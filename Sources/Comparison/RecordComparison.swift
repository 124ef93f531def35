import RunRecord
import Statistics

/// Compares trials that were run apart, as far as they may be compared.
///
/// Trials in turns say more: what was run at another time met another machine. So verdicts need several trials a side, and
/// all conditions but the variant must be the same.
public struct RecordComparison: Sendable {
    /// Trials of one variant on one version of the server.
    public struct Side: Sendable {
        /// Unique within the comparison.
        public var name: String
        /// At least one.
        public var trials: [RunRecord]

        /// Takes each value as it is.
        public init(name: String, trials: [RunRecord]) {
            self.name = name
            self.trials = trials
        }
    }

    /// Fewer trials a side say nothing about their own spread.
    public static let fewestTrials = 3
    /// Completions that a request class needs in each trial to carry a verdict.
    public static let leastCompletions = 200

    /// The base first.
    public let sides: [Side]

    /// - Parameter sides: the base first, then at least one candidate.
    public init(_ sides: [Side]) {
        precondition(sides.count >= 2 && sides.allSatisfy { !$0.trials.isEmpty }, "a base and a candidate with trials")
        self.sides = sides
    }

    /// Why these trials may not be compared, one sentence each; empty when they may.
    public var obstacles: [String] { RecordObstacles(sides: sides.map { ($0.name, $0.trials) }).sentences }

    /// The comparison. Where there are obstacles it shows the values and gives no verdict.
    ///
    /// - Parameters:
    ///   - comparisonId: name of its folder.
    ///   - toolVersion: of the tool that compares.
    ///   - startedAt: ISO 8601, UTC; the end too.
    ///   - command: the command line that makes it again.
    ///   - margin: difference that matters, as a share.
    ///   - confidence: of all intervals and verdicts together.
    /// - Returns: a record of mode `offline`.
    public func record(
        comparisonId: String, toolVersion: String, startedAt: String, command: String, margin: Double = 0.03,
        confidence: Double = 0.95
    ) -> ComparisonRecord {
        let obstacles = obstacles
        let first = sides[0].trials[0]
        let rule = rule(margin: margin, confidence: confidence)
        var record = ComparisonRecord(
            comparisonId: comparisonId, toolVersion: toolVersion, startedAt: startedAt, command: command,
            seed: first.seed,
            digest: first.digest, workload: first.workload, host: first.host,
            profile: first.profile.requested.isEmpty ? nil : first.profile, rule: rule, sides: sides.map(Self.describe))
        record.endedAt = startedAt
        record.pairs = pairs(rule, mayCompare: obstacles.isEmpty)
        record.valid = obstacles.isEmpty
        record.validity = Self.validity(obstacles)
        record.notCollected = [
            "Shift curves: a trial's record has its quantiles and not its histogram by block."
        ]
        record.threats = threats + importThreats
        return record
    }

    // MARK: The rule

    private func rule(margin: Double, confidence: Double) -> ComparisonRule {
        let trials = sides.map(\.trials.count).min() ?? 0
        let first = sides[0].trials[0]
        let seconds = first.phases.measuredSeconds ?? first.phases.measureSeconds
        let isOpenLoop = first.closedClients == nil
        let carried = pairSides.map { sides in
            Set(sides.requestClasses.filter { sides.fewest(of: $0) >= Self.leastCompletions })
        }
        let classes = carried.dropFirst().reduce(carried.first ?? []) { $0.intersection($1) }
        return ComparisonRule(
            margin: margin, confidence: confidence, mode: .offline, isOpenLoop: isOpenLoop,
            clients: first.closedClients,
            sliceSeconds: seconds, looks: [trials],
            budgetSeconds: sides.flatMap(\.trials).reduce(0) { $0 + ($1.phases.measuredSeconds ?? 0) },
            leastPerSlice: Self.leastCompletions,
            primary: MetricCatalogue.usualPrimary(classes: classes.sorted(), isOpenLoop: isOpenLoop),
            isAA: Set(sides.flatMap(\.trials).map { RecordSides.identity($0) }).count == 1)
    }

    private var pairSides: [RecordSides] {
        sides.dropFirst().map { RecordSides(base: sides[0].trials, candidate: $0.trials) }
    }

    // MARK: Verdicts

    private func pairs(_ rule: ComparisonRule, mayCompare: Bool) -> [ComparedPair] {
        let under = pairSides
        let evidence = under.map { Self.evidence($0, rule, mayCompare: mayCompare) }
        let tested = evidence.flatMap { $0.filter(\.isTested) }
        let alone = tested.map { $0.mean?.probability ?? 1 }
        let error = 1 - rule.confidence
        var passed = Holm.passed(alone) { _, division in error / Double(division) }[...]
        var adjusted = Holm.adjusted(alone)[...]
        return zip(sides.dropFirst(), zip(under, evidence)).map { side, found in
            let trials = min(found.0.base.count, found.0.candidate.count)
            let judge = VerdictRule(
                rule: rule, levels: SequentialLevels(looks: [trials]), blocks: trials, isOver: true,
                tested: tested.count)
            let metrics = found.1.map { one -> MetricVerdict in
                guard one.isTested else { return Self.untested(one, trials, judge) }
                var verdict = judge.judge(one, passed: passed.removeFirst())
                verdict.probability = adjusted.removeFirst()
                verdict.reason += "; from \(found.0.method)"
                return verdict
            }
            return ComparedPair(
                candidate: side.name,
                metrics: metrics.filter { $0.verdict != nil } + metrics.filter { $0.verdict == nil }, curves: [],
                blocks: trials, excluded: [:], stopped: "these are all the trials that were given", keptUp: .both)
        }
    }

    private static func evidence(
        _ under: RecordSides, _ rule: ComparisonRule, mayCompare: Bool
    ) -> [MetricEvidence] {
        let others = Set(under.metrics).subtracting(rule.primary).sorted()
        return (rule.primary + others).map { metric in
            let mean = mayCompare ? under.mean(metric) : nil
            let hasEnough = min(under.base.count, under.candidate.count) >= fewestTrials
            return MetricEvidence(
                metric, isPrimary: rule.primary.contains(metric), base: under.overall(metric, \.base),
                candidate: under.overall(metric, \.candidate), mean: mean,
                obstacle: !mayCompare
                    ? "no verdict: the trials may not be compared"
                    : mean == nil && hasEnough ? "not collected: not every trial has a value of it above 0" : nil)
        }
    }

    private static func untested(_ one: MetricEvidence, _ trials: Int, _ rule: VerdictRule) -> MetricVerdict {
        if let obstacle = one.obstacle { return one.verdict(nil, obstacle) }
        if trials < fewestTrials { return one.verdict(one.isPrimary ? .inconclusive : nil, tooFew(trials)) }
        return rule.tell(one)
    }

    private static func tooFew(_ trials: Int) -> String {
        trials == 1
            ? "one trial a side says nothing about its own spread"
            : "\(trials) trials a side say too little about their own spread: \(fewestTrials) are the least"
    }

    // MARK: Descriptions

    private static func describe(_ side: Side) -> ComparedSide {
        let first = side.trials[0]
        var described = ComparedSide(
            name: side.name, variant: first.variant,
            target: first.targets.first
                ?? TargetDescription(
                    kind: "unknown", serverVersion: "not recorded", schemaVersion: first.variant.schemaVersion,
                    history: HistoryDescription(
                        rows: 0, bytes: 0, partitions: 0, loadSeconds: 0, state: "not recorded"),
                    binaries: "not recorded", dataChecksums: false, sizes: []))
        for trial in side.trials {
            described.accounting.merge(trial.accounting) { first, second in
                var sum = first
                sum.add(second)
                return sum
            }
        }
        described.server = side.trials.count == 1 ? first.server : nil
        described.runId = side.trials.map(\.runId).joined(separator: " ")
        described.imported = side.trials.lazy.compactMap(\.imported?.source).first
        return described
    }

    private static func validity(_ obstacles: [String]) -> [ValidityFinding] {
        let found = obstacles.isEmpty ? ["same conditions throughout"] : obstacles
        return found.map {
            ValidityFinding(
                rule: "comparable", holds: obstacles.isEmpty, observed: $0,
                threshold: "valid trials of the same operations on the same host, profile and tool",
                reason: "Otherwise a difference need not be the variant's.")
        }
    }

    /// What a reader of imported values must know, each sentence once.
    private var importThreats: [String] {
        var told: Set<String> = []
        return sides.flatMap { side in
            side.trials.flatMap { $0.imported?.limits ?? [] }.filter { told.insert("\(side.name)\n\($0)").inserted }
                .map { "\(side.name): \($0)" }
        }
    }

    private var threats: [String] {
        let apart =
            "The trials were run at different times: a machine that was slower then looks like a variant that is."
        let unpaired = pairSides.contains { !$0.isPaired }
        let few = (sides.map(\.trials.count).min() ?? 0) < Self.fewestTrials
        return [apart]
            + (unpaired && !few
                ? ["The sides were not run alternately, so a drift of the machine is part of the difference."] : [])
            + (few
                ? ["With fewer than \(Self.fewestTrials) trials a side there are no intervals and no verdicts."] : [])
    }
}
