import Statistics

/// One figure that the tool measures of itself, with the bound it is held to.
public struct CalibrationRow: Codable, Sendable, Equatable {
    public var name: String
    /// The median of the pairs, or their winsorised mean.
    public var value: Double
    /// Interval of that, 95 % or more.
    public var low: Double
    public var high: Double
    /// As text, such as `at least 0.9`.
    public var bound: String
    /// Decided on the unfavourable end of the interval.
    public var holds: Bool

    /// A ratio that must not be small.
    ///
    /// The interval is the span of all ratios: with six pairs it covers the true median with a probability of
    /// 1 − 2 · 0.5⁶ = 97 % (sign test), whatever the distribution.
    ///
    /// - Parameters:
    ///   - name: what was compared.
    ///   - ratios: one a pair, at least six.
    ///   - least: the bound.
    package init(_ name: String, ratios: [Double], atLeast least: Double) {
        let sorted = ratios.sorted()
        self.name = name
        value = (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
        low = sorted[0]
        high = sorted[sorted.count - 1]
        bound = "at least \(least)"
        holds = low >= least
    }

    /// A single figure that must not be large.
    package init(_ name: String, value: Double, atMost most: Double) {
        self.name = name
        self.value = value
        low = value
        high = value
        bound = "at most \(most)"
        holds = value <= most
    }

    /// A ratio with its interval, which must not be small: decided on the lower end.
    package init(_ name: String, _ estimate: Estimate, atLeast least: Double) {
        self.init(told: name, estimate)
        bound = "at least \(least)"
        holds = low >= least
    }

    /// A ratio with its interval, which must not be large: decided on the upper end.
    package init(_ name: String, _ estimate: Estimate, atMost most: Double) {
        self.init(told: name, estimate)
        bound = "at most \(most)"
        holds = high <= most
    }

    /// A ratio that is only told. It has no bound, so it always holds.
    package init(told name: String, _ estimate: Estimate) {
        self.name = name
        value = estimate.value
        low = estimate.low
        high = estimate.high
        bound = Self.noBound
        holds = true
    }

    /// A single figure that is only told. It has no bound, so it always holds.
    package init(told name: String, value: Double) {
        self.name = name
        self.value = value
        low = value
        high = value
        bound = Self.noBound
        holds = true
    }

    /// Stands for a bound where there is none.
    package static let noBound = "told only"

    /// Pairs of blocks in one interleaved run.
    static let pairs = 6
}
