import Glibc

/// Student's t distribution with a whole number of degrees of freedom.
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
}

/// The normal distribution.
public enum Normal {
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
