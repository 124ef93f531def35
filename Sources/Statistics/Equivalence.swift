/// Whether a difference is surely too small to matter: the two one-sided tests of Schuirmann 1987 ("A comparison of the two
/// one-sided tests procedure and the power approach").
public enum Equivalence {
    /// The larger of the probabilities that the estimate would come out as far inside if the truth lay at −margin or at
    /// +margin. At most ε exactly when the interval of confidence 1 − 2ε lies within the margin.
    ///
    /// - Parameters:
    ///   - centre: the estimate, on a scale on which "no difference" is 0.
    ///   - standardError: of it, above 0.
    ///   - degrees: of freedom, above 0.
    ///   - margin: above 0, in the unit of the estimate.
    /// - Returns: 0 to 1.
    public static func probability(
        centre: Double, standardError: Double, degrees: Double, margin: Double
    ) -> Double {
        precondition(standardError > 0 && margin > 0, "a spread and a margin above 0")
        let below = StudentT.upperTail((centre + margin) / standardError, degrees: degrees)
        let above = StudentT.upperTail((margin - centre) / standardError, degrees: degrees)
        return max(below, above)
    }
}
