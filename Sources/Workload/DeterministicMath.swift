/// `exp`, `log` and the normal quantile with the same last bit on every machine.
///
/// A C library's versions differ between machines in the last bit, which is enough to change a generated sequence.
/// These use only `+ - * /` and `sqrt`, which IEEE 754 rounds exactly one way, and no fused operations.
public enum DeterministicMath {
    /// e to the power of `x`; relative error below 1e-14 for |x| ≤ 700, 0 or infinity beyond.
    public static func exp(_ x: Double) -> Double {
        if x > 709 { return .infinity }
        if x < -700 { return 0 }
        // x = k ln 2 + r with |r| <= ln 2 / 2, ln 2 in two parts so that r is exact (Cody & Waite 1980).
        let k = (x * 1.442_695_040_888_963_4).rounded()
        let r = (x - k * 0.693_147_180_369_123_8) - k * 1.908_214_929_270_587_7e-10
        var sum = 1.0
        var n = 17.0
        while n > 0 {
            sum = 1 + r * sum / n
            n -= 1
        }
        return Double(sign: .plus, exponent: Int(k), significand: sum)
    }

    /// Natural logarithm of a positive number; absolute error below 1e-15 of its exponent's share.
    public static func log(_ x: Double) -> Double {
        var exponent = Int(x.exponent)
        var mantissa = x.significand
        if mantissa > 1.414_213_562_373_095_1 {
            mantissa /= 2
            exponent += 1
        }
        // log m = 2 artanh((m - 1) / (m + 1)); the series in z² converges fast as |z| <= 0.1716.
        let z = (mantissa - 1) / (mantissa + 1)
        let square = z * z
        var sum = 0.0
        var n = 25.0
        while n > 0 {
            sum = 1 / n + square * sum
            n -= 2
        }
        let tail = Double(exponent) * 1.908_214_929_270_587_7e-10
        return Double(exponent) * 0.693_147_180_369_123_8 + (2 * z * sum + tail)
    }

    /// The cosine of so many hours of a day that is a full circle; error below 1e-13.
    public static func cosineOfHours(_ hours: Int) -> Double {
        let quarter = ((hours % 24) + 24) % 24
        // cos is even and repeats: fold to 0 … 12 hours, which is 0 … pi.
        let x = Double(min(quarter, 24 - quarter)) * (3.141_592_653_589_793 / 12)
        var (sum, n) = (1.0, 24.0)
        while n > 0 {
            sum = 1 - x * x / (n * (n - 1)) * sum
            n -= 2
        }
        return sum
    }

    /// `x` to the power of `y`, for positive `x`.
    public static func power(_ x: Double, _ y: Double) -> Double { exp(y * log(x)) }

    /// The value below which a standard normal variable lies with probability `p`, 0 < p < 1.
    ///
    /// Algorithm AS 241, PPND16 (Wichura 1988, Applied Statistics 37, 477–484): about sixteen digits.
    public static func normalQuantile(_ p: Double) -> Double {
        let q = p - 0.5
        if abs(q) <= 0.425 {
            let r = 0.180625 - q * q
            return q * ratio(r, central)
        }
        let tailProbability = q < 0 ? p : 1 - p
        let r = (-log(tailProbability)).squareRoot()
        let value = r <= 5 ? ratio(r - 1.6, middle) : ratio(r - 5, far)
        return q < 0 ? -value : value
    }

    private typealias Coefficients = (numerator: [Double], denominator: [Double])

    private static func ratio(_ r: Double, _ coefficients: Coefficients) -> Double {
        let above = coefficients.numerator.reversed().reduce(0) { $0 * r + $1 }
        let below = coefficients.denominator.reversed().reduce(0) { $0 * r + $1 }
        return above / below
    }

    private static let central: Coefficients = (
        [
            3.3871328727963666080e0, 1.3314166789178437745e+2, 1.9715909503065514427e+3, 1.3731693765509461125e+4,
            4.5921953931549871457e+4, 6.7265770927008700853e+4, 3.3430575583588128105e+4, 2.5090809287301226727e+3,
        ],
        [
            1.0, 4.2313330701600911252e+1, 6.8718700749205790830e+2, 5.3941960214247511077e+3,
            2.1213794301586595867e+4, 3.9307895800092710610e+4, 2.8729085735721942674e+4, 5.2264952788528545610e+3,
        ]
    )
    private static let middle: Coefficients = (
        [
            1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0, 3.64784832476320460504e0,
            1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4,
        ],
        [
            1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
            1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4,
            1.05075007164441684324e-9,
        ]
    )
    private static let far: Coefficients = (
        [
            6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0, 2.96560571828504891230e-1,
            2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5,
            2.01033439929228813265e-7,
        ],
        [
            1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
            7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7,
            2.04426310338993978564e-15,
        ]
    )
}
