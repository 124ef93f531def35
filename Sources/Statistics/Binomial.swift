/// What a number of successes among independent tries says about the probability of one.
public enum Binomial {
    /// The interval of Clopper & Pearson 1934 ("The use of confidence or fiducial limits"): it covers the truth at least as
    /// often as claimed, whatever the truth is.
    ///
    /// - Parameters:
    ///   - successes: 0 to `tries`.
    ///   - tries: at least 1.
    ///   - confidence: such as 0.95.
    /// - Returns: the ends, 0 to 1.
    public static func interval(
        successes: Int, tries: Int, confidence: Double = 0.95
    ) -> (low: Double, high: Double) {
        precondition(tries >= 1 && (0...tries).contains(successes), "successes are some of at least one try")
        let tail = (1 - confidence) / 2
        let (hits, misses) = (Double(successes), Double(tries - successes))
        return (
            successes == 0 ? 0 : IncompleteBeta.quantile(tail, hits, misses + 1),
            successes == tries ? 1 : IncompleteBeta.quantile(1 - tail, hits + 1, misses)
        )
    }

    /// How probable at least so many successes would be, were the probability of one as stated: the one-sided test of "at
    /// most that often" (P(X ≥ k) = I_p(k, n − k + 1), "Digital Library of Mathematical Functions", 8.17.5).
    ///
    /// - Parameters:
    ///   - successes: 0 to `tries`.
    ///   - tries: at least 1.
    ///   - probability: 0 to 1.
    /// - Returns: 0 to 1.
    public static func atLeast(_ successes: Int, of tries: Int, probability: Double) -> Double {
        precondition(tries >= 1 && (0...tries).contains(successes), "successes are some of at least one try")
        guard successes > 0 else { return 1 }
        return IncompleteBeta.regularised(probability, Double(successes), Double(tries - successes + 1))
    }
}
