import Glibc

extension SplitMix64 {
    /// A number of events where so many are to be expected: products of uniform numbers below thirty (Knuth, "The Art of
    /// Computer Programming", volume 2, 3.4.1), a rounded normal number above, whose distribution function is then off by
    /// less than 0.02.
    ///
    /// - Parameter mean: 0 or more.
    /// - Returns: 0 or more.
    public mutating func poisson(_ mean: Double) -> Int {
        guard mean > 0 else { return 0 }
        if mean >= 30 { return max(0, Int((mean + mean.squareRoot() * normal()).rounded())) }
        let limit = exp(-mean)
        var (count, product) = (0, unit())
        while product > limit {
            count += 1
            product *= unit()
        }
        return count
    }
}
