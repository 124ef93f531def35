import Glibc

/// What a number of values can show at the noise seen: the other side of every "no difference found".
///
/// The normal approximation of the power of a two-sided test (J. Cohen, "Statistical Power Analysis for the Behavioral
/// Sciences", 2.4), with the quantile that the verdict itself uses.
public struct Sensitivity: Sendable {
    /// Standard error of the estimate at hand.
    public let standardError: Double
    /// Values behind it.
    public let count: Int
    /// The verdict's quantile: how many standard errors the interval reaches to each side.
    public let quantile: Double
    /// Difference that matters, on the scale of the estimate; 0 when any does.
    public let margin: Double
    /// How often an effect is to be found: four times out of five.
    public static let power = 0.8

    /// Takes each value as it is.
    public init(standardError: Double, count: Int, quantile: Double, margin: Double) {
        self.standardError = standardError
        self.count = count
        self.quantile = quantile
        self.margin = margin
    }

    /// Standard errors that a truth must lie beyond a bound for ``power``.
    static let reserve = Normal.quantile(upperTail: 1 - power)

    /// The smallest true effect that this many values would call a difference four times out of five: beyond the margin and
    /// beyond the interval's reach by the reserve.
    public var smallestEffect: Double {
        max(quantile * standardError, margin) + Self.reserve * standardError
    }

    /// Values after which a truth at the estimate would be settled four times out of five, at the noise seen; `nil` when
    /// that is beyond `most`, as for an estimate at the very margin.
    ///
    /// - Parameters:
    ///   - estimate: of either sign.
    ///   - most: more values than this are no advice.
    /// - Returns: at least one more than there are.
    public func countToSettle(_ estimate: Double, most: Int = 1_000_000) -> Int? {
        let distance = abs(estimate)
        let needed =
            distance > margin
            ? min(distance / (quantile + Self.reserve), (distance - margin) / Self.reserve)
            : (margin - distance) / (quantile + Self.reserve)
        guard needed > 0, standardError > 0 else { return nil }
        let factor = standardError / needed
        let values = Double(count) * factor * factor
        guard values <= Double(most) else { return nil }
        return max(count + 1, Int(values.rounded(.up)))
    }

    /// How probably a verdict would be settled at a later look, were the estimates until now the best guess of the truth
    /// (predictive power; Spiegelhalter, Freedman & Blackburn 1986, "Monitoring clinical trials: conditional or
    /// predictive power?").
    ///
    /// - Parameters:
    ///   - estimate: of either sign.
    ///   - later: values by then, at least ``count``.
    /// - Returns: 0 to 1.
    public func chanceToSettle(_ estimate: Double, by later: Int) -> Double {
        let deviation = standardError * Double(count).squareRoot()
        let reach = quantile * deviation / Double(later).squareRoot()
        let spread = deviation * (1 / Double(count) - 1 / Double(later)).squareRoot()
        let different = max(reach, margin)
        let same = max(0, margin - reach)
        guard spread > 0 else { return abs(estimate) > different || abs(estimate) < same ? 1 : 0 }
        func above(_ place: Double) -> Double { Normal.upperTail((place - estimate) / spread) }
        return above(different) + (1 - above(-different)) + (same > 0 ? above(-same) - above(same) : 0)
    }
}
