import Glibc

/// Differences between the runs of a design that was run once or several times, each time in an order of its own.
///
/// Each repeat is a block: what all its runs share, such as the state of the host on that day, cancels. The noise is what
/// is left of the values without the means of runs and blocks, with (runs − 1)(blocks − 1) degrees of freedom (the
/// randomised complete block design; NIST/SEMATECH e-Handbook, 5.3.3.2). Randomise the order within each block.
///
/// That takes the noise of all runs for one and the same. Where their spreads say otherwise, a contrast has the noise that
/// it shows from block to block itself, with blocks − 1 degrees of freedom (paired t).
public struct BlockedContrasts: Sendable, Equatable {
    /// A contrast with its uncertainty.
    public struct Value: Sendable, Equatable {
        /// In the unit of the values.
        public let estimate: Double
        /// Half the width of its interval; `nil` when nothing is left to estimate the noise by.
        public let halfWidth: Double?
        /// How probable an estimate at least as far from 0 would be if the truth were 0; `nil` as ``halfWidth``. Where
        /// every block says the same it is 0, or 1 for an estimate of 0.
        public let probability: Double?
    }

    /// Mean of each run over the blocks.
    public let means: [Double]
    /// How many blocks there are.
    public let blocks: Int
    /// Standard deviation of one run within a block; `nil` for a single block.
    public let deviation: Double?
    /// Behind ``deviation``.
    public let degrees: Int
    /// Standard deviation of one run from block to block, what the blocks' runs share included; `nil` for a single
    /// block.
    public let wholeDeviation: Double?
    /// Behind ``wholeDeviation``; not whole, because two sources of noise are in it.
    public let wholeDegrees: Double
    /// How probable a run at least as noisy beside the others would be if all had the same noise: the largest share that
    /// one has of the squares which are left without the means of runs and blocks (the idea of Cochran 1941, "The
    /// distribution of the largest of a set of estimated variances as a fraction of their total", Annals of Eugenics 11),
    /// which for each run is a β-distributed one, times how many runs there are. `nil` for a single block, 1 for two runs,
    /// whose shares are equal.
    public let homogeneity: Double?
    private let values: [[Double]]

    /// Below this the runs' noise is not pooled. High, because few blocks seldom prove anything: Bancroft 1964 ("Analysis
    /// and inference for incompletely specified models", Biometrics 20) takes a quarter for tests that decide about
    /// pooling. Of eight runs in three blocks of which one is three, or ten, times as noisy, its contrasts' 95 % intervals
    /// hold the truth in 88 %, or 94 %; with one noise for all in 78 %, or 64 %.
    public static let leastHomogeneity = 0.25

    /// Whether one noise stands for all runs.
    public var isPooled: Bool { homogeneity.map { $0 >= Self.leastHomogeneity } ?? true }

    /// Degrees of freedom behind intervals of contrasts.
    public var contrastDegrees: Int { isPooled ? degrees : blocks - 1 }

    /// - Parameter values: one list a block, at least one; each with a value for each run, in the same order.
    public init(_ values: [[Double]]) {
        precondition(!values.isEmpty && values.allSatisfy { $0.count == values[0].count && !$0.isEmpty })
        let runs = values[0].count
        blocks = values.count
        let means = (0..<runs).map { run in Sample.mean(values.map { $0[run] }) }
        self.means = means
        degrees = (runs - 1) * (blocks - 1)
        let grand = Sample.mean(means)
        let squares = values.reduce(0.0) { sum, block in
            let shift = Sample.mean(block) - grand
            return zip(block, means).reduce(sum) { $0 + pow($1.0 - $1.1 - shift, 2) }
        }
        deviation = degrees > 0 ? (squares / Double(degrees)).squareRoot() : nil
        let shifts = values.reduce(0.0) { sum, block in sum + pow(Sample.mean(block) - grand, 2) }
        let whole: (deviation: Double?, degrees: Double) =
            values.count > 1
            ? Self.whole(between: Double(runs) * shifts, within: squares, runs: runs, blocks: values.count)
            : (deviation: nil, degrees: 0)
        wholeDeviation = whole.deviation
        wholeDegrees = whole.degrees
        self.values = values
        homogeneity = degrees > 0 ? Self.homogeneity(values, means) : nil
    }

    private static func homogeneity(_ values: [[Double]], _ means: [Double]) -> Double {
        let (runs, grand) = (Double(means.count), Sample.mean(means))
        let squares = means.indices.map { run in
            values.reduce(0.0) { $0 + pow($1[run] - means[run] - (Sample.mean($1) - grand), 2) }
        }
        let all = squares.reduce(0, +)
        guard means.count > 2, all > pow(rounding(means), 2) * runs * Double(values.count) else { return 1 }
        // Of a run against the mean of all, blocks − 1 degrees of freedom; the others' contrasts leave the rest.
        let share = min(1, (squares.max() ?? 0) * runs / (runs - 1) / all)
        let half = Double(values.count - 1) / 2
        return min(1, runs * IncompleteBeta.regularised(1 - share, half * (runs - 2), half))
    }

    /// What sums of the runs' means differ by without meaning it.
    private static func rounding(_ means: [Double]) -> Double {
        64 * Double.ulpOfOne * (means.map(abs).max() ?? 0)
    }

    /// A run's noise is that of its block and its own: the mean square of blocks holds the first so many times as there
    /// are runs, that of the rest the second alone. Degrees of freedom of their sum by Satterthwaite 1946 ("An
    /// approximate distribution of estimates of variance components", Biometrics Bulletin 2).
    ///
    /// - Parameters:
    ///   - between: sum of squares between the blocks.
    ///   - within: sum of squares of what is left.
    ///   - runs: of a block.
    ///   - blocks: two or more.
    /// - Returns: standard deviation of a run, and the degrees of freedom behind it.
    private static func whole(
        between: Double, within: Double, runs: Int, blocks: Int
    ) -> (deviation: Double?, degrees: Double) {
        let free = Double(blocks - 1)
        let (first, second) = (between / free, within / free)
        let sum = first + second
        let divided = first * first + (runs > 1 ? second * second / Double(runs - 1) : 0)
        return ((sum / Double(runs)).squareRoot(), free * (divided > 0 ? sum * sum / divided : Double(runs)))
    }

    /// A sum of the runs' means.
    ///
    /// - Parameters:
    ///   - coefficients: one a run; they add up to 0.
    ///   - confidence: of the interval (Student's t).
    /// - Returns: estimate and interval.
    public func value(_ coefficients: [Double], confidence: Double = 0.95) -> Value {
        precondition(coefficients.count == means.count, "one coefficient a run")
        let estimate = zip(coefficients, means).reduce(0) { $0 + $1.0 * $1.1 }
        guard let error = error(coefficients) else {
            return Value(estimate: estimate, halfWidth: nil, probability: nil)
        }
        return Value(
            estimate: estimate,
            halfWidth: StudentT.quantile(confidence: confidence, degrees: contrastDegrees) * error,
            probability: probability(estimate, error))
    }

    /// Standard error of a contrast; `nil` when nothing is left to estimate it by.
    private func error(_ coefficients: [Double]) -> Double? {
        guard let deviation else { return nil }
        let count = Double(blocks).squareRoot()
        if isPooled { return deviation * coefficients.reduce(0) { $0 + $1 * $1 }.squareRoot() / count }
        return Sample.standardDeviation(values.map { block in zip(coefficients, block).reduce(0) { $0 + $1.0 * $1.1 } })
            / count
    }

    private func probability(_ estimate: Double, _ error: Double) -> Double {
        let rounding = Self.rounding(means)
        guard error > rounding else { return abs(estimate) <= rounding ? 1 : 0 }
        return StudentT.bothTails(estimate / error, degrees: Double(contrastDegrees))
    }

    /// Half the width of the interval of one run's mean: by the noise of all runs, what their blocks share included.
    ///
    /// - Parameters:
    ///   - count: blocks that the mean is over, at least 1.
    ///   - confidence: of the interval (Student's t).
    /// - Returns: `nil` for a single block, and where there is no noise of all runs.
    public func halfWidth(ofMeanOver count: Int, confidence: Double = 0.95) -> Double? {
        guard isPooled, let deviation = wholeDeviation else { return nil }
        return StudentT.quantile(error: 1 - confidence, degrees: wholeDegrees) * deviation / Double(count).squareRoot()
    }
}

/// The noise of effects that were measured once, from the smallest of them: most factors do little (Lenth 1989, "Quick
/// and easy analysis of unreplicated factorials", Technometrics 31).
public enum Lenth {
    /// Fewer effects do not tell which of them are noise.
    public static let fewest = 7

    /// The pseudo standard error: 1.5 times the median of the effects' sizes, of those alone that are below 2.5 times the
    /// same of all.
    ///
    /// - Parameter effects: orthogonal ones, all measured with the same number of runs; at least one.
    /// - Returns: in their unit.
    public static func pseudoStandardError(_ effects: [Double]) -> Double {
        let sizes = effects.map(abs)
        let first = 1.5 * Sample.median(sizes)
        let small = sizes.filter { $0 < 2.5 * first }
        return small.isEmpty ? first : 1.5 * Sample.median(small)
    }

    /// Half the width of each effect's interval: t with a third as many degrees of freedom as there are effects, rounded
    /// down, which makes it wider.
    ///
    /// - Parameters:
    ///   - effects: as for ``pseudoStandardError(_:)``.
    ///   - confidence: of the interval.
    /// - Returns: `nil` for fewer than ``fewest`` effects.
    public static func margin(_ effects: [Double], confidence: Double = 0.95) -> Double? {
        guard effects.count >= fewest else { return nil }
        return pseudoStandardError(effects)
            * StudentT.quantile(confidence: confidence, degrees: max(1, effects.count / 3))
    }
}
