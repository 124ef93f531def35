import Glibc

/// A series freed of what another series, known to be 0 on average, explains of it (Lavenberg & Welch 1981, "A perspective
/// on the use of control variables to increase the efficiency of Monte Carlo simulations").
///
/// The coefficient is estimated on the same values. That costs one degree of freedom, and the mean becomes less sure by
/// the control's own mean: its variance is that of the intercept of a regression, σ²(1/n + x̄²/Sxx).
public struct ControlVariate: Sendable {
    /// Change of the value with the control.
    public let slope: Double
    /// Of the two series.
    public let correlation: Double
    /// Mean of the values without what the control explains, and with what it costs.
    public let mean: MeanEstimate

    /// Fewer values do not carry a coefficient.
    public static let fewest = 10
    /// Share of the variance that the control must explain; below it, what it seems to gain is chance.
    public static let leastExplained = 0.15
    /// Means of the control further from 0, in its standard errors, are taken for a difference of its own: then it is not
    /// 0 on average, and would move the estimate.
    public static let farthest = 2.0

    /// `nil` when the control does not help: too few values, too little explained, a control whose mean is not 0, or an
    /// interval that would be no narrower.
    ///
    /// - Parameters:
    ///   - values: such as log ratios of blocks, in the order of time.
    ///   - control: as many, 0 on average whatever the truth about the values is.
    public init?(_ values: [Double], control: [Double]) {
        let size = Double(values.count)
        guard values.count >= Self.fewest, control.count == values.count, let plain = MeanEstimate(winsorised: values),
            control.allSatisfy(\.isFinite)
        else { return nil }
        let (centre, middle) = (Sample.mean(values), Sample.mean(control))
        let spread = control.reduce(0) { $0 + ($1 - middle) * ($1 - middle) }
        let both = zip(values, control).reduce(0) { $0 + ($1.0 - centre) * ($1.1 - middle) }
        let own = values.reduce(0) { $0 + ($1 - centre) * ($1 - centre) }
        guard spread > 0, own > 0, both * both / (spread * own) >= Self.leastExplained,
            abs(middle) <= Self.farthest * (spread / (size - 1) / size).squareRoot()
        else { return nil }
        let slope = both / spread
        let inflation = ((size - 1) / (size - 2) * (1 + size * middle * middle / spread)).squareRoot()
        let freed = zip(values, control).map { $0 - slope * $1 }
        guard let mean = MeanEstimate(winsorised: freed, lostDegrees: 1, inflation: inflation),
            mean.halfWidth(error: 0.05) < plain.halfWidth(error: 0.05)
        else { return nil }
        self.slope = slope
        correlation = both / (spread * own).squareRoot()
        self.mean = mean
    }
}
