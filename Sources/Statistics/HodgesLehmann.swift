import Glibc

/// The median of all means of two (Hodges & Lehmann 1963), with the interval that the Wilcoxon signed-rank test leaves
/// when it is inverted. It needs symmetry about the centre, not a normal distribution.
public struct HodgesLehmann: Sendable, Equatable {
    /// The median of all means of two, in the unit of the values.
    public let value: Double
    /// Lower end of the interval; infinite when the sample is too small for the confidence (below 6 values for 95 %).
    public let low: Double
    /// Upper end of the interval; infinite in the same case.
    public let high: Double

    /// Samples up to this size get exact tail probabilities.
    public static let exactUpTo = 50

    /// - Parameters:
    ///   - values: at least one, in any order.
    ///   - confidence: such as 0.95.
    public init(_ values: [Double], confidence: Double) {
        precondition(!values.isEmpty, "no values, no centre")
        var means: [Double] = []
        means.reserveCapacity(values.count * (values.count + 1) / 2)
        for first in values.indices {
            for second in first..<values.count { means.append((values[first] + values[second]) / 2) }
        }
        means.sort()
        let cut = Self.cut(count: values.count, tail: (1 - confidence) / 2)
        value = Sample.median(means)
        low = cut == 0 ? -.infinity : means[cut - 1]
        high = cut == 0 ? .infinity : means[means.count - cut]
    }

    /// How many of the sorted means lie outside the interval at each end, plus one: the largest k with
    /// P(W ≤ k − 1) ≤ tail, for the rank sum W (Hollander & Wolfe, "Nonparametric Statistical Methods", 3.3). Above
    /// ``exactUpTo`` from the normal approximation with mean n(n+1)/4 and variance n(n+1)(2n+1)/24.
    package static func cut(count: Int, tail: Double) -> Int {
        guard count <= exactUpTo else {
            let n = Double(count)
            let deviation = (n * (n + 1) * (2 * n + 1) / 24).squareRoot()
            return max(0, Int((n * (n + 1) / 4 - Normal.quantile(confidence: 1 - 2 * tail) * deviation).rounded(.down)))
        }
        var sum = 0.0
        for (rank, probability) in rankSums(count: count).enumerated() {
            sum += probability
            if sum > tail { return rank }
        }
        return 0
    }

    /// P(W = 0), P(W = 1), … when each rank has either sign with probability ½: the product of (1 + xⁱ) / 2.
    package static func rankSums(count: Int) -> [Double] {
        var probabilities = [Double](repeating: 0, count: count * (count + 1) / 2 + 1)
        probabilities[0] = 1
        for rank in 1...count {
            for sum in stride(from: probabilities.count - 1, through: 0, by: -1) {
                let with = sum >= rank ? probabilities[sum - rank] : 0
                probabilities[sum] = (probabilities[sum] + with) / 2
            }
        }
        return probabilities
    }
}
