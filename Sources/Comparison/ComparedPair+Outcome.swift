import RunRecord

extension ComparedPair {
    /// Whether the candidate is worse than its base in anything: a metric, the rate that the base carried and it did
    /// not, the answers it gives, or what it loses. These are the cases that fail in `junit.xml`.
    public var isWorse: Bool {
        keptUp == .baseOnly || equivalence?.holds == false || safety?.holds == false
            || metrics.contains { $0.verdict == .worse }
    }

    /// Whether something is left open: a metric, or who carries the rate, as where neither side did.
    public var isInconclusive: Bool {
        keptUp == .neither || keptUp == .unsure || metrics.contains { $0.verdict == .inconclusive }
    }
}
