import Glibc

/// Order statistics and moments of a list of numbers.
public enum Sample {
    /// The middle value, or the mean of the two in the middle.
    ///
    /// - Parameter values: at least one, in any order.
    /// - Returns: in the unit of the values.
    public static func median(_ values: [Double]) -> Double { quantile(values, 0.5) }

    /// The quantile at a share of the sample, linear between order statistics (type 7 of Hyndman & Fan 1996, "Sample
    /// quantiles in statistical packages").
    ///
    /// - Parameters:
    ///   - values: at least one, in any order.
    ///   - share: 0 for the smallest, 1 for the largest.
    /// - Returns: in the unit of the values.
    public static func quantile(_ values: [Double], _ share: Double) -> Double {
        precondition(!values.isEmpty && (0...1).contains(share), "a quantile needs values and a share of 0 to 1")
        let sorted = values.sorted()
        let place = share * Double(sorted.count - 1)
        let below = Int(place)
        let above = min(below + 1, sorted.count - 1)
        return sorted[below] + (place - Double(below)) * (sorted[above] - sorted[below])
    }

    /// The arithmetic mean of at least one value.
    public static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

    /// Standard deviation with n − 1 in the denominator; 0 for a single value.
    public static func standardDeviation(_ values: [Double]) -> Double {
        guard values.count > 1 else { return 0 }
        let mean = mean(values)
        return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)).squareRoot()
    }

    /// Correlation of each value with the next one, −1 to 1: Σ(xᵢ − x̄)(xᵢ₊₁ − x̄) / Σ(xᵢ − x̄)² (Box, Jenkins & Reinsel,
    /// "Time Series Analysis", 2.1.5). 0 when all values are the same.
    ///
    /// - Parameter values: in the order of time.
    /// - Returns: −1 to 1.
    public static func autocorrelation(_ values: [Double]) -> Double {
        guard values.count > 1 else { return 0 }
        let mean = mean(values)
        let spread = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        guard spread > 0 else { return 0 }
        return zip(values, values.dropFirst()).reduce(0) { $0 + ($1.0 - mean) * ($1.1 - mean) } / spread
    }

    /// The sample with its extremes pulled in: the `count · share` smallest values (rounded down) become the smallest of
    /// the rest, and the largest likewise. The order of the list is kept.
    ///
    /// - Parameters:
    ///   - values: at least one.
    ///   - share: at each end, below 0.5.
    /// - Returns: as many values as were given.
    public static func winsorised(_ values: [Double], share: Double) -> [Double] {
        precondition(!values.isEmpty && share >= 0 && share < 0.5, "at each end less than half is pulled in")
        let sorted = values.sorted()
        let count = Int(Double(values.count) * share)
        let (low, high) = (sorted[count], sorted[sorted.count - 1 - count])
        return values.map { min(max($0, low), high) }
    }
}
