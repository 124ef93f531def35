import RunRecord

/// Which quantiles a sample can carry: one that fewer than ten lie beyond rests on chance, so tables of
/// requests do not have it. What was imported stands as it was told.
enum Exceedances {
    /// Values that lie beyond a quantile at least.
    static let fewest = 10.0
    /// Stands where there are fewer.
    static let tooFew = "too few"

    /// Whether so many values carry a percentile.
    ///
    /// - Parameters:
    ///   - count: of the values.
    ///   - percentile: 0 to 100; the largest value, which is no quantile, is always carried.
    /// - Returns: also `true` where exactly ten are expected beyond it.
    static func carry(_ count: Int, _ percentile: Double) -> Bool {
        percentile >= 100 || Double(count) * (100 - percentile) / 100 >= fewest - 1e-6
    }
}

extension LatencyQuantiles {
    /// A percentile of those it keeps; `nil` where its values do not carry it, or it does not keep it.
    func carried(_ percentile: Double) -> Double? {
        guard Exceedances.carry(count, percentile) else { return nil }
        switch percentile {
        case 50: return p50
        case 90: return p90
        case 95: return p95
        case 99: return p99
        case 99.9: return p999
        default: return nil
        }
    }
}
