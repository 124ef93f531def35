import Glibc

/// Quantiles as weighted means of all order statistics (Harrell & Davis 1982, "A new distribution-free quantile estimator"):
/// the i-th of n sorted values has the share of a beta distribution with parameters (n + 1)q and (n + 1)(1 − q) that lies
/// between (i − 1)/n and i/n. Less noisy than a single order statistic, and smooth where counts are few.
public enum HarrellDavis {
    /// Beyond so many standard deviations a nearly normal beta distribution is nothing: the weights of large samples
    /// are worked out only where they count.
    private static let reach = 9.0

    /// The quantile of a sample given by its different values and how often each occurs.
    ///
    /// Values of one count share one weight, so that a million values in a histogram cost what its counts cost. Against
    /// `scipy.stats.mstats.hdquantiles` the relative error is below 10⁻⁹ for samples of some thousands.
    ///
    /// - Parameters:
    ///   - values: ascending.
    ///   - counts: one a value, not negative, not all zero.
    ///   - share: above 0 and below 1.
    /// - Returns: in the unit of the values.
    public static func quantile(values: [Double], counts: [Int], share: Double) -> Double {
        precondition(values.count == counts.count && share > 0 && share < 1, "a count for each value, and a share")
        let total = counts.reduce(0, +)
        precondition(total > 0, "no values, no quantile")
        let size = Double(total)
        let (a, b) = ((size + 1) * share, (size + 1) * (1 - share))
        let edges = edges(size, share)
        var (seen, below, sum) = (0, 0.0, 0.0)
        for (value, count) in zip(values, counts) where count > 0 {
            seen += count
            let place = Double(seen) / size
            let upTo =
                seen == total || place > edges.high
                ? 1 : place < edges.low ? 0 : IncompleteBeta.regularised(place, a, b)
            sum += (upTo - below) * value
            below = upTo
            if upTo == 1 { break }
        }
        return sum
    }

    /// The quantile of a list.
    ///
    /// - Parameters:
    ///   - values: at least one, in any order.
    ///   - share: above 0 and below 1.
    /// - Returns: in the unit of the values.
    public static func quantile(_ values: [Double], share: Double) -> Double {
        quantile(values: values.sorted(), counts: [Int](repeating: 1, count: values.count), share: share)
    }

    /// Where the weights lie; everywhere for a distribution that is not nearly normal.
    static func edges(_ size: Double, _ share: Double) -> (low: Double, high: Double) {
        let variance = share * (1 - share) / (size + 2)
        guard size * share * (1 - share) > 100 else { return (0, 1) }
        let half = reach * variance.squareRoot()
        return (share - half, share + half)
    }

    /// The weights of one quantile and size of sample as a table, for samples that are drawn by the hundred: each quantile
    /// then costs a walk through the counts. Linear between entries, which moves a weight by less than 0.0001.
    struct Table: Sendable {
        private static let entries = 512

        private let low: Double
        private let step: Double
        private let upTo: [Double]

        init(size: Double, share: Double) {
            let edges = HarrellDavis.edges(size, share)
            let step = (edges.high - edges.low) / Double(Self.entries)
            low = edges.low
            self.step = step
            upTo = (0...Self.entries).map { entry in
                IncompleteBeta.regularised(
                    edges.low + Double(entry) * step, (size + 1) * share, (size + 1) * (1 - share))
            }
        }

        /// The share of the weights up to a share of the sample.
        private func weight(upTo place: Double) -> Double {
            let position = (place - low) / step
            guard position > 0 else { return 0 }
            guard position < Double(Self.entries) else { return 1 }
            let entry = Int(position)
            return upTo[entry] + (position - Double(entry)) * (upTo[entry + 1] - upTo[entry])
        }

        /// The quantile of a sample, not of the very size of the table but near it.
        func quantile(values: [Double], cumulative: [Int]) -> Double {
            guard let last = cumulative.last, last > 0 else { return .nan }
            let size = Double(last)
            var (below, sum) = (0.0, 0.0)
            var index = cumulative.partition { Double($0) >= low * size }
            while index < values.count, below < 1 {
                let upTo = cumulative[index] == last ? 1 : weight(upTo: Double(cumulative[index]) / size)
                sum += (upTo - below) * values[index]
                below = upTo
                index += 1
            }
            return sum
        }
    }
}

extension [Int] {
    /// The first index of a rising list whose number passes a test that all later ones pass too.
    fileprivate func partition(_ passes: (Int) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if passes(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
