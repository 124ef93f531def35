import Glibc

/// Values that occur more than once, such as the counts of a histogram.
public struct CountedValues: Sendable, Equatable {
    /// Ascending.
    public var values: [Double]
    /// One a value, not negative.
    public var counts: [Int]

    /// - Parameters:
    ///   - values: ascending.
    ///   - counts: one a value, not negative.
    public init(values: [Double], counts: [Int]) {
        precondition(values.count == counts.count, "a count for each value")
        self.values = values
        self.counts = counts
    }

    /// Several samples as one.
    public init(pooling samples: [CountedValues]) {
        var sums: [Double: Int] = [:]
        for sample in samples {
            for (value, count) in zip(sample.values, sample.counts) { sums[value, default: 0] += count }
        }
        values = sums.keys.sorted()
        counts = values.map { sums[$0] ?? 0 }
    }

    /// All of them.
    public var total: Int { counts.reduce(0, +) }

    /// The arithmetic mean; `nil` of none.
    public var mean: Double? {
        let total = total
        return total == 0 ? nil : zip(values, counts).reduce(0) { $0 + $1.0 * Double($1.1) } / Double(total)
    }
}

/// How the whole of a distribution differs from another one: the ratio of each quantile to the same quantile of the other
/// (the shift function of Doksum 1974; Wilcox, "Introduction to Robust Estimation and Hypothesis Testing", 5.1.3), with a
/// band that holds all of them at once.
///
/// Quantiles are Harrell and Davis's of all blocks together. The band comes from resampling whole blocks, both sides of a
/// block together, because blocks are independent and the values within one are not (Davison & Hinkley 1997, "Bootstrap
/// Methods and their Application", 2.4 and 8.2). Its width is the largest deviation in standard errors, over all quantiles,
/// that the wanted share of resamples stays within (the same, 4.2.4), widened for few blocks as Student's t widens the
/// normal distribution.
public struct ShiftFunction: Sendable {
    /// One quantile of both sides.
    public struct Point: Sendable, Equatable {
        /// Above 0 and below 1.
        public let share: Double
        /// Quantile of the first side.
        public let base: Double
        /// Quantile of the second side.
        public let other: Double
        /// Lower end of the band around ``ratio``.
        public let low: Double
        /// Upper end of the band around ``ratio``.
        public let high: Double

        /// The second side's by the first one's.
        public var ratio: Double { other / base }
    }

    /// By rising share; only those that the samples carry.
    public let points: [Point]

    /// A quantile rests on chance when fewer values than this lie beyond it.
    public static let leastBeyond = 10.0
    /// Fewer blocks do not carry a resampling.
    public static let fewestBlocks = 5

    /// Whether so many values carry a quantile: at least ten are expected beyond it, on its shorter side.
    public static func carries(_ share: Double, count: Int) -> Bool {
        // A share such as 0.999 is a hair off in binary.
        Double(count) * min(share, 1 - share) >= leastBeyond * (1 - 1e-9)
    }

    /// - Parameters:
    ///   - blocks: both sides of each, values above 0.
    ///   - shares: of the quantiles, rising, above 0 and below 1; what the samples do not carry is left out.
    ///   - confidence: of the band, all quantiles together.
    ///   - resamples: the more, the steadier the band; 400 leave its width uncertain by about 3 %.
    ///   - seed: the same seed gives the same band.
    public init(
        blocks: [(base: CountedValues, other: CountedValues)], shares: [Double], confidence: Double,
        resamples: Int = 400, seed: UInt64
    ) {
        let base = PooledBlocks(blocks.map(\.base))
        let other = PooledBlocks(blocks.map(\.other))
        let carried = shares.filter { Self.carries($0, count: base.total) && Self.carries($0, count: other.total) }
        guard blocks.count >= Self.fewestBlocks, !carried.isEmpty else {
            points = []
            return
        }
        let ends = (base.quantiles(carried), other.quantiles(carried))
        let tables = (base.tables(carried), other.tables(carried))
        var random = SplitMix64(seed: seed)
        let drawn = (0..<resamples).map { _ in
            var weights = [Int](repeating: 0, count: blocks.count)
            for _ in blocks.indices { weights[random.below(blocks.count)] += 1 }
            return Self.logRatios(
                base.quantiles(tables.0, weights: weights), other.quantiles(tables.1, weights: weights))
        }
        // A class that few blocks have may be in none of those drawn: how uncertain its quantiles are is then not known.
        guard drawn.joined().allSatisfy(\.isFinite) else {
            points = []
            return
        }
        let widths = Self.widths(drawn, around: Self.logRatios(ends.0, ends.1), confidence, blocks: blocks.count)
        points = carried.indices.map { index in
            let (first, second) = (ends.0[index], ends.1[index])
            return Point(
                share: carried[index], base: first, other: second, low: second / first * exp(-widths[index]),
                high: second / first * exp(widths[index]))
        }
    }

    private static func logRatios(_ base: [Double], _ other: [Double]) -> [Double] {
        zip(base, other).map { log($1 / $0) }
    }

    /// Half the width of the band at each quantile, on the logarithmic scale.
    private static func widths(
        _ drawn: [[Double]], around centre: [Double], _ confidence: Double, blocks: Int
    ) -> [Double] {
        let deviations = centre.indices.map { index in
            (drawn.reduce(0) { $0 + ($1[index] - centre[index]) * ($1[index] - centre[index]) } / Double(drawn.count))
                .squareRoot()
        }
        let farthest = drawn.map { ratios in
            centre.indices.map { deviations[$0] > 0 ? abs(ratios[$0] - centre[$0]) / deviations[$0] : 0 }.max() ?? 0
        }
        let size = Double(blocks)
        let few =
            StudentT.quantile(confidence: confidence, degrees: blocks - 1) / Normal.quantile(confidence: confidence)
            * (size / (size - 1)).squareRoot()
        let critical = Sample.quantile(farthest, confidence) * few
        return deviations.map { $0 * critical }
    }
}

/// Blocks of one side on a common list of values, so that a resample is a weighted sum of counts.
private struct PooledBlocks {
    let values: [Double]
    /// By block: place in ``values`` and count.
    let counts: [[(place: Int, count: Int)]]
    let total: Int

    init(_ blocks: [CountedValues]) {
        let all = Set(blocks.flatMap(\.values)).sorted()
        let places = Dictionary(uniqueKeysWithValues: all.enumerated().map { ($0.element, $0.offset) })
        values = all
        counts = blocks.map { block in
            zip(block.values, block.counts).compactMap { value, count in places[value].map { ($0, count) } }
        }
        total = blocks.reduce(0) { $0 + $1.total }
    }

    /// Quantiles of all blocks together.
    func quantiles(_ shares: [Double]) -> [Double] {
        let sums = sums([Int](repeating: 1, count: counts.count))
        return shares.map { HarrellDavis.quantile(values: values, counts: sums, share: $0) }
    }

    func tables(_ shares: [Double]) -> [HarrellDavis.Table] {
        shares.map { HarrellDavis.Table(size: Double(total), share: $0) }
    }

    /// Quantiles when each block counts as often as its weight says.
    func quantiles(_ tables: [HarrellDavis.Table], weights: [Int]) -> [Double] {
        var (cumulative, seen) = (sums(weights), 0)
        for place in cumulative.indices {
            seen += cumulative[place]
            cumulative[place] = seen
        }
        return tables.map { $0.quantile(values: values, cumulative: cumulative) }
    }

    private func sums(_ weights: [Int]) -> [Int] {
        var sums = [Int](repeating: 0, count: values.count)
        for (block, weight) in zip(counts, weights) where weight > 0 {
            for (place, count) in block { sums[place] += weight * count }
        }
        return sums
    }
}
