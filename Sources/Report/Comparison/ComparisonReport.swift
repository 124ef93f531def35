import RunRecord

/// All that a report of one comparison is made from.
public struct ComparisonReport: Sendable {
    /// The result of the comparison.
    public let record: ComparisonRecord
    /// Turns of the sides in order; empty for a comparison of trials that were run apart.
    public let slices: [SliceRecord]
    /// Response times of the slices; empty where none were kept.
    public let histograms: [ComparisonFolder.SliceHistograms]

    /// - Parameters:
    ///   - record: the result of the comparison.
    ///   - slices: turns of the sides, in order.
    ///   - histograms: response times of the slices.
    public init(
        record: ComparisonRecord, slices: [SliceRecord] = [], histograms: [ComparisonFolder.SliceHistograms] = []
    ) {
        self.record = record
        self.slices = slices
        self.histograms = histograms
    }

    /// Reads a comparison's folder.
    ///
    /// - Throws: `ComparisonFolder.Problem` when there is no readable record, or its slices are damaged.
    public init(folder: ComparisonFolder) throws {
        let slices = try folder.readSlices()
        try self.init(
            record: folder.readRecord(), slices: slices, histograms: folder.readHistograms(of: slices))
    }

    /// The side that the others are held against; `nil` in a record without sides.
    var base: ComparedSide? { record.sides.first }

    /// A side by its name.
    func side(_ name: String) -> ComparedSide? { record.sides.first { $0.name == name } }

    /// Length of a block, seconds: as it came out, or as the rule has it.
    var blockSeconds: Double {
        let blocks = Set(slices.map(\.block)).count
        let end = slices.map { $0.atSeconds + $0.seconds + $0.drainSeconds }.max() ?? 0
        return blocks > 0 ? end / Double(blocks) : record.rule.sliceSeconds * Double(record.sides.count)
    }

    /// From the first slice to the end of the last, seconds; `nil` without slices.
    var measuredSeconds: Double? { slices.map { $0.atSeconds + $0.seconds + $0.drainSeconds }.max() }
}

extension ComparedPair {
    /// Metrics that carry verdicts.
    var judged: [MetricVerdict] { metrics.filter { $0.verdict != nil } }

    /// Metrics of one verdict, those of response times first, the largest effect first.
    func metrics(_ verdict: Verdict) -> [MetricVerdict] {
        func order(_ metric: MetricVerdict) -> (Int, Double) {
            (MetricName(metric.metric).percentile == nil ? 1 : 0, -(metric.ratio?.magnitude ?? 0))
        }
        return metrics.filter { $0.verdict == verdict }.sorted { order($0) < order($1) }
    }

    /// The request class whose pictures carry the case: that of the largest effect found on a response time, or the one
    /// with the most operations; `nil` when no class has a curve.
    var leadingClass: String? {
        let known = Set(curves.map(\.requestClass))
        let moved = (metrics(.better) + metrics(.worse)).filter { MetricName($0.metric).percentile != nil }
            .sorted { ($0.ratio?.magnitude ?? 0) > ($1.ratio?.magnitude ?? 0) }
            .compactMap { MetricName($0.metric).requestClass }
        return moved.first(where: known.contains) ?? curves.max { $0.operations < $1.operations }?.requestClass
    }
}

extension RatioInterval {
    /// Distance from no effect, in decades.
    var magnitude: Double { abs(LogAxis.exponent(value)) }
}
