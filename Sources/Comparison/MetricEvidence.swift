import RunRecord
import Statistics

/// What the blocks say of one metric of one candidate, before a verdict is looked for.
struct MetricEvidence: Sendable {
    let metric: String
    let unit: String
    let lessIsBetter: Bool
    let isPrimary: Bool
    let isLatency: Bool
    let base: Double?
    let candidate: Double?
    /// Of the log ratios; `nil` when they say nothing.
    let mean: MeanEstimate?
    /// Share of the variance that the load generator's CPU explained; `nil` when it was of no use.
    let controlled: Double?
    /// Whether there was a control that may not be used, because the load generator works otherwise for the two sides.
    let isUncontrolled: Bool
    /// Why it carries no verdict, though it was meant to; `nil` when it carries one or was never meant to.
    let obstacle: String?

    /// A verdict must not rest on a few blocks that happened to have a value.
    private static let mostWithoutValue = 0.1

    init(_ metric: String, of compared: ComparedBlocks, rule: ComparisonRule, hasControl: Bool) {
        let quantity = MetricCatalogue.quantity(of: metric)
        let series = BlockSeries(metric, quantity, of: compared.blocks)
        self.metric = metric
        unit = quantity?.unit ?? MetricCatalogue.parts(of: metric).quantity
        lessIsBetter = quantity?.lessIsBetter ?? true
        isPrimary = rule.primary.contains(metric)
        isLatency = quantity?.isLatency ?? false
        base = compared.overall(metric, quantity, \.base)
        candidate = compared.overall(metric, quantity, \.candidate)
        let isWhole = Double(series.zeros + series.missing) <= Self.mostWithoutValue * Double(compared.blocks.count)
        let plain = series.zeros == 0 && isWhole ? MeanEstimate(winsorised: series.logRatios) : nil
        let control = plain == nil ? nil : series.control
        let freed = hasControl ? control.flatMap { ControlVariate(series.logRatios, control: $0) } : nil
        isUncontrolled = control != nil && !hasControl
        mean = freed?.mean ?? plain
        controlled = freed.map { $0.correlation * $0.correlation }
        obstacle =
            Self.wrongLoop(quantity, rule) ?? Self.tooRare(metric, compared, rule)
            ?? Self.withoutValue(series, of: compared, isWhole: isWhole)
    }

    /// A metric of trials that were run apart.
    init(
        _ metric: String, isPrimary: Bool, base: Double?, candidate: Double?, mean: MeanEstimate?, obstacle: String?
    ) {
        let quantity = MetricCatalogue.quantity(of: metric)
        self.metric = metric
        unit = quantity?.unit ?? MetricCatalogue.parts(of: metric).quantity
        lessIsBetter = quantity?.lessIsBetter ?? true
        isLatency = quantity?.isLatency ?? false
        controlled = nil
        isUncontrolled = false
        self.isPrimary = isPrimary
        self.base = base
        self.candidate = candidate
        self.mean = mean
        self.obstacle = obstacle
    }

    /// Latency is judged at the same offered rate, capacity without a schedule.
    private static func wrongLoop(_ quantity: MetricQuantity?, _ rule: ComparisonRule) -> String? {
        if rule.isOpenLoop && quantity?.source == .throughput {
            return "no verdict: in an open loop the schedule decides how much is completed"
        }
        if !rule.isOpenLoop && quantity?.isLatency == true {
            return "no verdict: clients without pause wait for the server, so response times only mirror the throughput"
        }
        return nil
    }

    private static func tooRare(_ metric: String, _ compared: ComparedBlocks, _ rule: ComparisonRule) -> String? {
        guard let name = MetricCatalogue.parts(of: metric).requestClass, compared.requestClasses.contains(name),
            !compared.blocks.isEmpty
        else { return nil }
        let mean = compared.completionsPerSlice(of: name)
        guard mean < Double(rule.leastPerSlice) else { return nil }
        let tenths = Int((mean * 10).rounded(.down))
        return
            "no verdict: \(name) completed \(tenths / 10).\(tenths % 10) operations a slice on average, fewer than the \(rule.leastPerSlice) that a verdict needs"
    }

    private static func withoutValue(_ series: BlockSeries, of compared: ComparedBlocks, isWhole: Bool) -> String? {
        let blocks = compared.blocks.count
        if series.missing == blocks && blocks > 0 { return "not collected: no block has a value of it on both sides" }
        if series.zeros > 0 && series.zeroOnBothSides && series.logRatios.isEmpty {
            return "no verdict: it was 0 on both sides in every block"
        }
        if series.zeros > 0 {
            return "no verdict: it was 0 in \(series.zeros) of \(blocks) blocks, and 0 has no ratio"
        }
        return isWhole ? nil : "no verdict: \(series.missing) of \(blocks) blocks have no value of it on both sides"
    }

    /// Whether the verdict is worth testing for.
    var isTested: Bool { isPrimary && obstacle == nil && mean != nil }

    /// The metric with its values, of which nothing is said yet.
    func verdict(_ verdict: Verdict?, _ reason: String, ratio: RatioInterval? = nil) -> MetricVerdict {
        MetricVerdict(
            metric: metric, unit: unit, lessIsBetter: lessIsBetter, base: base, candidate: candidate, ratio: ratio,
            verdict: verdict, reason: reason)
    }

    /// The ratio with the interval that errs at a level; `nil` when there is none that can be written down.
    func ratio(level: Double) -> RatioInterval? {
        guard let mean, level > 0 else { return nil }
        let half = mean.halfWidth(error: level)
        guard half < Self.widest, abs(mean.centre) < Self.widest else { return nil }
        return RatioInterval(
            value: LogRatio.ratio(mean.centre), low: LogRatio.ratio(mean.centre - half),
            high: LogRatio.ratio(mean.centre + half), blocks: mean.count, deviation: mean.standardDeviation,
            autocorrelation: mean.autocorrelation)
    }

    /// Wider intervals, more than a factor of a million to each side, say nothing.
    private static let widest = 14.0
}
