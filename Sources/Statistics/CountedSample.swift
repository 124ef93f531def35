/// A sample as its different values and how often each of them occurs.
public struct CountedSample: Sendable, Equatable {
    /// Ascending, each once.
    public let values: [Double]
    /// How often each value occurs, or its weight; above zero.
    public let counts: [Double]
    /// Counts of all values up to each.
    private let upTo: [Double]

    /// - Parameter pairs: values in any order, some of them more than once; counts of zero are left out.
    public init(_ pairs: some Sequence<(value: Double, count: Double)>) {
        var merged: [Double: Double] = [:]
        for pair in pairs where pair.count > 0 { merged[pair.value, default: 0] += pair.count }
        self.init(ordered: merged.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
    }

    /// Every value once, in any order; some may be equal.
    public init(_ values: some Sequence<Double>) { self.init(values.map { (value: $0, count: 1.0) }) }

    private init(ordered: [(Double, Double)]) {
        values = ordered.map(\.0)
        counts = ordered.map(\.1)
        var sum = 0.0
        upTo = ordered.map { entry in
            sum += entry.1
            return sum
        }
    }

    /// All counts together; 0 for an empty sample.
    public var total: Double { upTo.last ?? 0 }

    /// The mean; 0 for an empty sample.
    public var mean: Double {
        total > 0 ? zip(values, counts).reduce(0) { $0 + $1.0 * $1.1 } / total : 0
    }

    /// The smallest value that at least a share of the sample does not exceed (type 1 of Hyndman & Fan 1996, "Sample
    /// quantiles in statistical packages").
    ///
    /// - Parameter share: 0 to 1.
    /// - Returns: in the unit of the values; 0 for an empty sample.
    public func quantile(_ share: Double) -> Double {
        guard let last = values.last else { return 0 }
        // A hair less: a share times a total is not always the count that it stands for.
        return index(of: share * total * (1 - 1e-12)).map { values[$0] } ?? last
    }

    /// The first value up to which so many were counted.
    private func index(of place: Double) -> Int? {
        var (low, high) = (0, upTo.count)
        while low < high {
            let middle = (low + high) / 2
            if upTo[middle] >= place { high = middle } else { low = middle + 1 }
        }
        return low < upTo.count ? low : nil
    }

    /// A sample of a size drawn from this one, value by value, with replacement (Efron 1979, "Bootstrap methods: another
    /// look at the jackknife").
    ///
    /// - Parameters:
    ///   - size: of the new sample.
    ///   - random: where chance comes from.
    /// - Returns: the new sample; empty for an empty one.
    public func resampled(_ size: Int, _ random: inout SplitMix64) -> CountedSample {
        var drawn = [Double](repeating: 0, count: values.count)
        for _ in 0..<size {
            guard let place = index(of: random.unit() * total) else { continue }
            drawn[place] += 1
        }
        return CountedSample(ordered: zip(values, drawn).filter { $0.1 > 0 }.map { ($0.0, $0.1) })
    }
}

/// How far two distributions lie apart.
public struct SampleDistance: Sendable, Equatable {
    /// The largest difference of the two distribution functions, 0 to 1 (Kolmogorov 1933; Smirnov 1939).
    public var kolmogorovSmirnov: Double
    /// The area between the two distribution functions, in the unit of the values: the mean way from a value of one
    /// distribution to its like in the other (Vallender 1974, "Calculation of the Wasserstein distance between probability
    /// distributions on the line").
    public var wasserstein: Double

    /// Distances as given.
    public init(kolmogorovSmirnov: Double, wasserstein: Double) {
        self.kolmogorovSmirnov = kolmogorovSmirnov
        self.wasserstein = wasserstein
    }

    /// The distances between two samples, as `scipy.stats.ks_2samp` and `scipy.stats.wasserstein_distance` have them.
    ///
    /// - Parameters:
    ///   - left: not empty.
    ///   - right: not empty.
    public init(_ left: CountedSample, _ right: CountedSample) {
        precondition(left.total > 0 && right.total > 0, "a distance needs two samples")
        (kolmogorovSmirnov, wasserstein) = (0, 0)
        var (i, j, ofLeft, ofRight) = (0, 0, 0.0, 0.0)
        func next() -> Double {
            min(
                i < left.values.count ? left.values[i] : .infinity, j < right.values.count ? right.values[j] : .infinity
            )
        }
        var place = next()
        while place.isFinite {
            if i < left.values.count, left.values[i] == place {
                ofLeft += left.counts[i] / left.total
                i += 1
            }
            if j < right.values.count, right.values[j] == place {
                ofRight += right.counts[j] / right.total
                j += 1
            }
            let gap = abs(ofLeft - ofRight)
            let following = next()
            kolmogorovSmirnov = max(kolmogorovSmirnov, gap)
            if following.isFinite { wasserstein += gap * (following - place) }
            place = following
        }
    }

    /// What chance alone makes of both distances: of samples that are drawn from the truth, one in twenty lies further from
    /// it (parametric bootstrap; Efron & Tibshirani 1993, "An Introduction to the Bootstrap", 6.5).
    ///
    /// - Parameters:
    ///   - truth: the distribution that samples are drawn from.
    ///   - repeats: how many samples.
    ///   - seed: of chance.
    ///   - draw: makes one sample.
    /// - Returns: the 95th percentile of each distance.
    public static func byChance(
        _ truth: CountedSample, repeats: Int, seed: UInt64, _ draw: (inout SplitMix64) -> CountedSample
    ) -> SampleDistance {
        var random = SplitMix64(seed: seed)
        let distances = (0..<max(1, repeats)).map { _ in SampleDistance(draw(&random), truth) }
        return SampleDistance(
            kolmogorovSmirnov: Sample.quantile(distances.map(\.kolmogorovSmirnov), 0.95),
            wasserstein: Sample.quantile(distances.map(\.wasserstein), 0.95))
    }

    /// How many repeats a bootstrap of samples of a size gets: 200, fewer where drawing them would take seconds.
    ///
    /// - Parameter size: values of one sample.
    /// - Returns: 40 to 200.
    public static func repeats(of size: Int) -> Int { min(200, max(40, 10_000_000 / max(1, size))) }
}
