/// One figure that the tool measures of itself, with the bound it is held to.
public struct CalibrationRow: Codable, Sendable, Equatable {
    public var name: String
    /// The median of the pairs.
    public var value: Double
    /// Interval of that median.
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
    public init(_ name: String, ratios: [Double], atLeast least: Double) {
        let sorted = ratios.sorted()
        self.name = name
        value = (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
        low = sorted[0]
        high = sorted[sorted.count - 1]
        bound = "at least \(least)"
        holds = low >= least
    }

    /// A single figure that must not be large.
    public init(_ name: String, value: Double, atMost most: Double) {
        self.name = name
        self.value = value
        low = value
        high = value
        bound = "at most \(most)"
        holds = value <= most
    }

    /// Pairs of blocks in one interleaved run.
    public static let pairs = 6
}
