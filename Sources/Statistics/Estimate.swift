import Glibc

/// A ratio of two things measured in pairs, with its uncertainty.
///
/// It is the winsorised mean of the pairs' log ratios (a fifth at each end), turned back into a ratio. The interval is
/// Student's t of the winsorised mean (Dixon & Tukey 1968, "Approximate behavior of the distribution of winsorized t"): with
/// g values pulled in at each end, h = n − 2g and the winsorised standard deviation s,
///
///     half width = t(h − 1) · s / √n · (n − 1) / (h − 1) · √((1 + r) / (1 − r))
///
/// The last factor counts only when the lag-1 autocorrelation r is positive: such pairs carry less than they seem to.
///
/// Why this one: on the model of a drifting host in the tests (4 000 repeats, 6 to 40 pairs) its 95 % interval covered the
/// truth in 94.9 to 96.2 % of cases. The trimmed mean (Tukey & McLaughlin 1963) covered 93.6 to 95.6 %, Hodges–Lehmann 95.4
/// to 97.4 % with the widest intervals below ten pairs; the plain t 96.0 to 97.2 % and a tenth wider.
public struct Estimate: Sendable, Equatable, Codable {
    /// The ratio.
    public let value: Double
    /// Lower end of the interval.
    public let low: Double
    /// Upper end of the interval.
    public let high: Double
    /// Pairs.
    public let count: Int
    /// Of the log ratios, nothing pulled in.
    public let standardDeviation: Double
    /// Of the log ratios, from one pair to the next.
    public let autocorrelation: Double

    /// Fewer pairs say nothing about their own spread and order.
    public static let fewest = 3
    /// Share of the pairs pulled in at each end.
    public static let winsorisedShare = 0.2

    /// `nil` for fewer than ``fewest`` pairs, or one that is not finite.
    ///
    /// - Parameters:
    ///   - ratios: log ratios, one a pair, in the order of time.
    ///   - confidence: of the interval.
    public init?(logRatios ratios: [Double], confidence: Double = 0.95) {
        guard let mean = MeanEstimate(winsorised: ratios) else { return nil }
        self.init(mean, error: 1 - confidence)
    }

    /// The ratio behind a mean of log ratios, with the interval that misses the truth with a probability of `error`, both
    /// sides together.
    ///
    /// - Parameters:
    ///   - mean: of log ratios.
    ///   - error: above 0 and below 1.
    public init(_ mean: MeanEstimate, error: Double) {
        let half = mean.halfWidth(error: error)
        value = exp(mean.centre)
        low = exp(mean.centre - half)
        high = exp(mean.centre + half)
        count = mean.count
        standardDeviation = mean.standardDeviation
        autocorrelation = mean.autocorrelation
    }
}

/// A test that assumes nothing but the coin which decided the order of each pair.
public enum SignFlip {
    /// Largest sample for which all combinations of signs are tried: about a million sums.
    public static let exactUpTo = 20

    /// How probable a mean at least as far from `centre` would be, if each value lay on either side by a fair coin (the
    /// randomisation test of Fisher 1935, "The Design of Experiments", 21). Inverted, it checks an interval.
    ///
    /// - Parameters:
    ///   - values: log ratios, 1 to ``exactUpTo`` of them.
    ///   - centre: the truth under test; 0 for "no difference".
    /// - Returns: above 0, at most 1.
    public static func probability(_ values: [Double], centre: Double = 0) -> Double {
        precondition(
            (1...exactUpTo).contains(values.count), "all combinations are tried, so at most \(exactUpTo) values")
        let shifted = values.map { $0 - centre }
        let seen = abs(shifted.reduce(0, +))
        // A Gray code changes one sign a step.
        var sum = shifted.reduce(0, +)
        var flipped = [Bool](repeating: false, count: shifted.count)
        let slack = 1e-9 * shifted.reduce(0) { $0 + abs($1) }
        var extreme = 1
        let combinations = 1 << shifted.count
        for step in 1..<combinations {
            let place = step.trailingZeroBitCount
            sum += flipped[place] ? 2 * shifted[place] : -2 * shifted[place]
            flipped[place].toggle()
            if abs(sum) >= seen - slack { extreme += 1 }
        }
        return Double(extreme) / Double(combinations)
    }
}
