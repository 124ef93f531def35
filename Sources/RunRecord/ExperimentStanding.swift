import Glibc

/// Where a ratio lies against the difference that matters, by its interval. No verdict: many are looked at, each by itself.
public enum ExperimentStanding: String, Codable, Sendable, CaseIterable {
    /// The interval excludes 1, and the ratio is further from it than the margin.
    case beyond
    /// The whole interval lies within the margin.
    case within
    /// Neither can be said.
    case open

    /// - Parameters:
    ///   - ratio: above 0.
    ///   - low: lower end of its interval; `nil` when there is none.
    ///   - high: upper end.
    ///   - margin: as a share; 0.03 stands for ratios of 1/1.03 to 1.03.
    public init(_ ratio: Double, low: Double?, high: Double?, margin: Double) {
        let limit = log(1 + margin)
        guard let low, let high, low > 0 else {
            self = .open
            return
        }
        if low > 1 || high < 1, abs(log(ratio)) > limit {
            self = .beyond
        } else {
            self = log(low) > -limit && log(high) < limit ? .within : .open
        }
    }
}
