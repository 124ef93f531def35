import Glibc

/// Whether a series of numbers at equal distances rises or falls, and by how much.
///
/// The slope is that of Theil and Sen (P. K. Sen, "Estimates of the Regression Coefficient Based on Kendall's Tau",
/// JASA 63, 1968): the median of the slopes between all pairs, so that a third of the values may be outliers. The test
/// is that of Mann and Kendall (M. G. Kendall, "Rank Correlation Methods", 1975). Neighbouring seconds of a server
/// resemble each other, which makes chance look like a trend; the variance is therefore widened by the effective number
/// of values of a first-order autoregressive series (S. Yue and C. Wang, Water Resources Management 18, 2004), with the
/// autocorrelation taken from the ranks after the slope was taken out, and freed of its bias (F. H. C. Marriott and
/// J. A. Pope, Biometrika 41, 1954). The correction by all significant lags (K. H. Hamed and A. R. Rao, Journal of
/// Hydrology 204, 1998) was weighed too: at an autocorrelation of 0.6 and 60 values it calls 18 % of trendless series
/// a trend where 5 % are allowed, this one under 9 %. Autocorrelation above 0.8 is taken for 0.8: what moves slower than
/// that is what is looked for.
public struct Trend: Sendable {
    /// How many values there were.
    public let count: Int
    /// Change from one value to the next, in the values' unit.
    public let slope: Double
    /// The median of the values.
    public let median: Double
    /// Pairs that rise less pairs that fall.
    public let score: Int
    /// Variance of ``score`` without a trend, ties and autocorrelation taken into account.
    public let variance: Double
    /// Factor of the autocorrelation in ``variance``, from 1.
    public let inflation: Double

    /// Fewer values cannot be told from chance.
    public static let fewest = 4

    /// Examines a series, in time quadratic in its length; `nil` for fewer than ``fewest`` values, or when one is no
    /// finite number.
    ///
    /// - Parameter values: at equal distances, in order; up to a few hundred.
    public init?(_ values: [Double]) {
        guard values.count >= Self.fewest, values.allSatisfy(\.isFinite) else { return nil }
        count = values.count
        median = Self.median(values)
        (slope, score) = Self.pairs(values)
        inflation = Self.inflation(Self.residuals(values, slope))
        variance = Self.variance(values) * inflation
    }

    /// The score in standard deviations, with the correction for its being a whole number.
    public var deviation: Double {
        score == 0 || variance <= 0 ? 0 : (Double(score) - Double(score.signum())) / variance.squareRoot()
    }

    /// How likely a series without a trend is to look at least as much like one, 0 … 1, both directions.
    public var chance: Double { Self.chance(deviation) }

    /// The same for a series whose values do not resemble their neighbours by chance, such as a sum that goes on.
    public var plainChance: Double { Self.chance(deviation * inflation.squareRoot()) }

    private static func chance(_ deviation: Double) -> Double { erfc(abs(deviation) / 2.0.squareRoot()) }

    /// Change along the slope from the first value to the last, in the values' unit.
    public var change: Double { slope * Double(count - 1) }

    /// ``change`` as a share of the median; `nil` when that is 0.
    public var drift: Double? { median == 0 ? nil : change / abs(median) }

    // MARK: Parts

    /// The median; the mean of the two in the middle of an even number.
    static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }

    private static func pairs(_ values: [Double]) -> (slope: Double, score: Int) {
        var slopes: [Double] = []
        slopes.reserveCapacity(values.count * (values.count - 1) / 2)
        var score = 0
        for later in values.indices.dropFirst() {
            for earlier in 0..<later {
                let rise = values[later] - values[earlier]
                score += rise > 0 ? 1 : rise < 0 ? -1 : 0
                slopes.append(rise / Double(later - earlier))
            }
        }
        return (median(slopes), score)
    }

    private static func residuals(_ values: [Double], _ slope: Double) -> [Double] {
        values.enumerated().map { $0.element - slope * Double($0.offset) }
    }

    /// Var S = (n(n − 1)(2n + 5) − Σ t(t − 1)(2t + 5)) / 18, t the sizes of groups of equal values.
    private static func variance(_ values: [Double]) -> Double {
        func term(_ size: Double) -> Double { size * (size - 1) * (2 * size + 5) }
        let ties = Dictionary(grouping: values) { $0 }.values.reduce(0) { $0 + term(Double($1.count)) }
        return (term(Double(values.count)) - ties) / 18
    }

    /// n / n* = 1 + 2 Σ (1 − k/n) r^k for k = 1 … n − 1; never below 1.
    private static func inflation(_ residuals: [Double]) -> Double {
        let size = Double(residuals.count)
        let measured = neighbourCorrelation(ranks(residuals))
        let unbiased = residuals.count > 8 ? (size * measured + 1) / (size - 4) : measured
        let correlation = min(max(unbiased, 0), 0.8)
        var (sum, power) = (0.0, 1.0)
        for lag in 1..<residuals.count {
            power *= correlation
            sum += (1 - Double(lag) / size) * power
        }
        return 1 + 2 * sum
    }

    /// Equal values share the mean of their places.
    static func ranks(_ values: [Double]) -> [Double] {
        let order = values.indices.sorted { values[$0] < values[$1] }
        var ranks = [Double](repeating: 0, count: values.count)
        var first = 0
        while first < order.count {
            var last = first
            while last + 1 < order.count, values[order[last + 1]] == values[order[first]] { last += 1 }
            for place in first...last { ranks[order[place]] = Double(first + last) / 2 }
            first = last + 1
        }
        return ranks
    }

    /// Autocorrelation at lag 1; 0 where all values are equal.
    private static func neighbourCorrelation(_ values: [Double]) -> Double {
        let mean = values.reduce(0, +) / Double(values.count)
        let spread = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        guard spread > 0 else { return 0 }
        return zip(values, values.dropFirst()).reduce(0) { $0 + ($1.0 - mean) * ($1.1 - mean) } / spread
    }
}
