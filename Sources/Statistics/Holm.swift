/// Many questions to the same data: the step-down procedure of Holm 1979 ("A simple sequentially rejective multiple test
/// procedure"). All false alarms together stay within the error allowed, and it finds whatever Bonferroni's division finds.
public enum Holm {
    /// Probabilities after the correction: the j-th smallest (from 0) of m times m − j, never falling, at most 1.
    ///
    /// - Parameter probabilities: one a question, 0 to 1.
    /// - Returns: in the order given.
    public static func adjusted(_ probabilities: [Double]) -> [Double] {
        var (result, largest) = (probabilities, 0.0)
        for (step, place) in order(probabilities).enumerated() {
            largest = max(largest, min(1, probabilities[place] * Double(probabilities.count - step)))
            result[place] = largest
        }
        return result
    }

    /// Which questions are answered "different", and by which division of the error: the smallest probability is held
    /// against the whole error divided by m, the next against it divided by m − 1, until one does not pass.
    ///
    /// - Parameters:
    ///   - probabilities: one a question, 0 to 1.
    ///   - level: the largest probability with which a question, given by its place, passes when the error is divided by
    ///     so many.
    /// - Returns: in the order given: the division that the question passed with, or `nil`.
    public static func passed(_ probabilities: [Double], level: (_ place: Int, _ division: Int) -> Double) -> [Int?] {
        var result = [Int?](repeating: nil, count: probabilities.count)
        for (step, place) in order(probabilities).enumerated() {
            let division = probabilities.count - step
            guard probabilities[place] <= level(place, division) else { break }
            result[place] = division
        }
        return result
    }

    private static func order(_ probabilities: [Double]) -> [Int] {
        probabilities.indices.sorted { (probabilities[$0], $0) < (probabilities[$1], $1) }
    }
}
