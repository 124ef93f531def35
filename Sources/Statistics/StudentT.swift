import Glibc

/// Student's t distribution.
public enum StudentT {
    /// The probability of a value between −t and t.
    ///
    /// The finite series of Abramowitz & Stegun, "Handbook of Mathematical Functions", 26.7.3 and 26.7.4.
    ///
    /// - Parameters:
    ///   - t: not negative.
    ///   - degrees: of freedom, at least 1.
    /// - Returns: 0 to 1.
    public static func central(_ t: Double, degrees: Int) -> Double {
        precondition(t >= 0 && degrees >= 1, "t is not negative and has at least one degree of freedom")
        let angle = atan(t / Double(degrees).squareRoot())
        let cosine = cos(angle)
        let odd = degrees % 2 == 1
        var term = odd ? cosine : 1
        var sum = degrees == 1 ? 0 : term
        var step = odd ? 3 : 2
        while step <= degrees - 2 {
            term *= cosine * cosine * Double(step - 1) / Double(step)
            sum += term
            step += 2
        }
        return odd ? 2 / Double.pi * (angle + sin(angle) * sum) : sin(angle) * sum
    }

    /// The t that bounds the middle of the distribution: a value lies between −t and t with probability `confidence`.
    /// Found by halving; exact to 10⁻¹⁰ of its size.
    ///
    /// - Parameters:
    ///   - confidence: such as 0.95; above 0 and below 1.
    ///   - degrees: of freedom, at least 1.
    /// - Returns: above 0.
    public static func quantile(confidence: Double, degrees: Int) -> Double {
        precondition(confidence > 0 && confidence < 1, "a probability between 0 and 1")
        var low = 0.0
        var high = 1.0
        while central(high, degrees: degrees) < confidence { (low, high) = (high, high * 2) }
        while high - low > high * 1e-11 {
            let middle = (low + high) / 2
            if central(middle, degrees: degrees) < confidence { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }

    // MARK: Tails, also far out

    /// The probability of a value beyond t on either side, exact in relation to itself however small:
    /// I(ν / (ν + t²); ν/2, ½) (Abramowitz & Stegun, 26.7.1).
    ///
    /// - Parameters:
    ///   - t: of either sign.
    ///   - degrees: of freedom, above 0; need not be whole.
    /// - Returns: 0 to 1.
    public static func bothTails(_ t: Double, degrees: Double) -> Double {
        precondition(degrees > 0, "there are degrees of freedom")
        return IncompleteBeta.regularised(degrees / (degrees + t * t), degrees / 2, 0.5)
    }

    /// The probability of a value above t.
    ///
    /// - Parameters:
    ///   - t: of either sign.
    ///   - degrees: of freedom, above 0; need not be whole.
    /// - Returns: 0 to 1.
    public static func upperTail(_ t: Double, degrees: Double) -> Double {
        let half = bothTails(t, degrees: degrees) / 2
        return t >= 0 ? half : 1 - half
    }

    /// The t beyond which, on either side, a value lies with probability `error`. By halving, exact to 10⁻¹⁰ of its size.
    ///
    /// - Parameters:
    ///   - error: above 0 and below 1, as small as 10⁻³⁰⁰.
    ///   - degrees: of freedom, above 0; need not be whole.
    /// - Returns: above 0; infinite where no finite number will do.
    public static func quantile(error: Double, degrees: Double) -> Double {
        precondition(error > 0 && error < 1, "a probability between 0 and 1")
        var (low, high) = (0.0, 1.0)
        while bothTails(high, degrees: degrees) > error {
            (low, high) = (high, high * 2)
            if high > 1e150 { return .infinity }
        }
        while high - low > high * 1e-11 {
            let middle = (low + high) / 2
            if bothTails(middle, degrees: degrees) > error { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }
}

/// The normal distribution.
public enum Normal {
    /// The probability of a value above z, exact in relation to itself however small.
    ///
    /// - Parameter z: of either sign.
    /// - Returns: 0 to 1.
    public static func upperTail(_ z: Double) -> Double { erfc(z / 2.0.squareRoot()) / 2 }

    /// The z above which a value lies with the probability given. By halving over the error function.
    ///
    /// - Parameter probability: above 0 and at most ½.
    /// - Returns: not negative.
    public static func quantile(upperTail probability: Double) -> Double {
        precondition(probability > 0 && probability <= 0.5, "a tail is above 0 and at most a half")
        var (low, high) = (0.0, 40.0)
        while high - low > 1e-12 {
            let middle = (low + high) / 2
            if upperTail(middle) > probability { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }

    /// The z that bounds the middle of the distribution: 1.96 for 0.95. By halving over the error function.
    ///
    /// - Parameter confidence: above 0 and below 1.
    /// - Returns: above 0.
    public static func quantile(confidence: Double) -> Double {
        precondition(confidence > 0 && confidence < 1, "a probability between 0 and 1")
        var (low, high) = (0.0, 40.0)
        while high - low > 1e-12 {
            let middle = (low + high) / 2
            if erf(middle / 2.0.squareRoot()) < confidence { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }
}
