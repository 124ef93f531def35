import Glibc

/// A mean with what is needed to say how sure it is, by Student's t.
///
/// Where an ``Estimate`` is a ratio with the one interval that people read, this is the same on the logarithmic scale, with
/// as many intervals and probabilities as a rule of several looks and metrics asks for.
public struct MeanEstimate: Sendable, Equatable {
    /// The mean, or the difference of two.
    public let centre: Double
    /// Standard error of ``centre``, enlarged by positive autocorrelation; 0 when all values are the same.
    public let standardError: Double
    /// Degrees of freedom of Student's t.
    public let degrees: Double
    /// Values; of two samples, of the smaller one.
    public let count: Int
    /// Of the values, nothing pulled in; of two samples, of differences between them.
    public let standardDeviation: Double
    /// Of the values, from one to the next; 0 for two samples.
    public let autocorrelation: Double

    /// The winsorised mean of a series, by the formula at ``Estimate``; `nil` for fewer values than ``Estimate/fewest``, or one that is not finite.
    ///
    /// - Parameters:
    ///   - values: in the order of time.
    ///   - lostDegrees: of freedom, spent before on the same values, such as on the coefficient of a control variate.
    ///   - inflation: of the standard error by what was spent, at least 1.
    public init?(winsorised values: [Double], lostDegrees: Int = 0, inflation: Double = 1) {
        guard values.count >= Estimate.fewest, values.allSatisfy(\.isFinite) else { return nil }
        let size = Double(values.count)
        let kept = values.count - 2 * Int(size * Estimate.winsorisedShare)
        guard kept - 1 - lostDegrees >= 1 else { return nil }
        let pulled = Sample.winsorised(values, share: Estimate.winsorisedShare)
        let spread =
            Sample.standardDeviation(pulled) / size.squareRoot() * (size - 1) / Double(kept - 1)
        let correlation = Sample.autocorrelation(values)
        let enlarged = correlation > 0 ? spread * ((1 + correlation) / (1 - correlation)).squareRoot() : spread
        centre = Sample.mean(pulled)
        standardError = enlarged * inflation
        degrees = Double(kept - 1 - lostDegrees)
        count = values.count
        standardDeviation = Sample.standardDeviation(values)
        autocorrelation = correlation
    }

    /// The difference of the means of two samples that have nothing to do with each other and spread differently (Welch
    /// 1947, "The generalization of 'Student's' problem when several different population variances are involved"); `nil`
    /// for fewer values in one than ``Estimate/fewest``, or one that is not finite.
    ///
    /// - Parameters:
    ///   - values: of the one that the difference goes to.
    ///   - base: of the one that is taken away.
    public init?(welch values: [Double], less base: [Double]) {
        guard min(values.count, base.count) >= Estimate.fewest, (values + base).allSatisfy(\.isFinite) else {
            return nil
        }
        func variance(_ sample: [Double]) -> Double {
            let deviation = Sample.standardDeviation(sample)
            return deviation * deviation / Double(sample.count)
        }
        let (first, second) = (variance(values), variance(base))
        let sum = first + second
        let divided = first * first / Double(values.count - 1) + second * second / Double(base.count - 1)
        centre = Sample.mean(values) - Sample.mean(base)
        standardError = sum.squareRoot()
        degrees = divided > 0 ? sum * sum / divided : Double(values.count + base.count - 2)
        count = min(values.count, base.count)
        standardDeviation = (sum * Double(count)).squareRoot()
        autocorrelation = 0
    }

    /// Half the width of the interval that misses the truth with a probability of `error`, both sides together.
    public func halfWidth(error: Double) -> Double {
        standardError == 0 ? 0 : standardError * StudentT.quantile(error: error, degrees: degrees)
    }

    /// How probable a mean at least as far from 0 would be if the truth were 0; 0 when all values are the same and not 0.
    public var probability: Double {
        if standardError == 0 { return centre == 0 ? 1 : 0 }
        return StudentT.bothTails(centre / standardError, degrees: degrees)
    }
}
