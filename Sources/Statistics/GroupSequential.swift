import Glibc

/// Looking at the data while they come in without finding too much: bounds for a test that is made at several looks, such
/// that all looks together err as often as one test would.
///
/// The error is spent by the function of Lan & DeMets 1983 ("Discrete sequential boundaries for clinical trials") that
/// resembles O'Brien & Fleming 1979: with the share t of the planned information at hand, each of the two sides has
/// spent 2 − 2Φ(z(ε/4) / √t) of its ε/2. Early looks must be very sure, the last one hardly more than a single test. Neither
/// number nor place of the looks must be known beforehand, only the most information there will be.
///
/// The bounds come from the density of the sum of what was seen by each look and not stopped before, carried from look to
/// look by numerical integration (Armitage, McPherson & Rowe 1969, "Repeated significance tests on accumulating data";
/// Jennison & Turnbull 2000, "Group Sequential Methods", 19.2). Other distributions than the normal one are served by the
/// significance level of each bound (the same, 3.8).
public struct GroupSequential: Sendable, Equatable {
    /// All looks together, both sides.
    public let error: Double
    /// One a look, in standard deviations, above 0; infinite where the error spent is too small to be told from none.
    public let bounds: [Double]

    /// One a look: the probability, both sides together, below which a single test at this look may answer "different".
    public var levels: [Double] { bounds.map { $0.isFinite ? 2 * Normal.upperTail($0) : 0 } }

    /// Less error than this, a side, is none: it lies beyond the reach of the integration.
    static let leastSpent = 1e-18
    /// Points of the grid that a density is kept on; odd for Simpson's rule.
    private static let points = 321
    /// Beyond so many standard deviations a density is nothing.
    private static let reach = 9.0

    /// - Parameters:
    ///   - information: at each look, rising, such as numbers of blocks.
    ///   - planned: the most there will be, in the same unit; a look at it or beyond spends all that is left.
    ///   - error: of all looks, both sides together; above 0 and below 1.
    ///   - isOver: whether the last look is the last for good, and spends all that is left.
    public init(information: [Double], planned: Double, error: Double, isOver: Bool = false) {
        precondition(error > 0 && error < 1 && planned > 0, "an error and a plan above 0")
        precondition(
            zip([0] + information, information).allSatisfy { $0 < $1 }, "each look knows more than the one before")
        self.error = error
        var (bounds, spentBefore, density): ([Double], Double, Density?) = ([], 0, nil)
        for (look, known) in information.enumerated() {
            let isLast = isOver && look == information.count - 1
            let spent = isLast ? error / 2 : Self.spent(error: error, share: known / planned)
            let bound = Self.bound(spending: spent - spentBefore, after: density, information: known)
            if bound.isFinite { spentBefore = spent }
            bounds.append(bound)
            density = Density(after: density, information: known, within: min(bound, Self.reach))
        }
        self.bounds = bounds
    }

    /// The error spent on one side by the time that a share of the planned information is at hand.
    ///
    /// - Parameters:
    ///   - error: of all looks, both sides together.
    ///   - share: above 0; 1 and more is all.
    /// - Returns: 0 to half the error.
    public static func spent(error: Double, share: Double) -> Double {
        guard share < 1 else { return error / 2 }
        return min(error / 2, 2 * Normal.upperTail(Normal.quantile(upperTail: error / 4) / share.squareRoot()))
    }

    private static func bound(spending share: Double, after density: Density?, information: Double) -> Double {
        guard share >= leastSpent else { return .infinity }
        var (low, high) = (0.0, 40.0)
        while high - low > 1e-10 {
            let middle = (low + high) / 2
            let beyond =
                density.map { $0.beyond(middle * information.squareRoot(), information: information) }
                ?? Normal.upperTail(middle)
            if beyond > share { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }

    /// The density of the sum at one look, of what has not been stopped there or before; zero beyond its grid.
    private struct Density {
        let information: Double
        let step: Double
        /// Values of the density times the weights of Simpson's rule.
        let weighted: [Double]

        func place(_ index: Int) -> Double { (Double(index) - Double(points / 2)) * step }

        init(after earlier: Density?, information: Double, within bound: Double) {
            let half = bound * information.squareRoot()
            let step = 2 * half / Double(points - 1)
            self.information = information
            self.step = step
            weighted = (0..<points).map { index in
                let place = (Double(index) - Double(points / 2)) * step
                let value = earlier?.arriving(at: place, information: information) ?? bell(place, information)
                let weight = index == 0 || index == points - 1 ? 1.0 : index % 2 == 1 ? 4 : 2
                return value * weight * step / 3
            }
        }

        /// The density of having been within here and being at a place by a later look.
        func arriving(at later: Double, information known: Double) -> Double {
            let variance = known - information
            var sum = 0.0
            for index in weighted.indices { sum += weighted[index] * bell(later - place(index), variance) }
            return sum
        }

        /// The probability of having been within here and being beyond a bound at a later look.
        func beyond(_ bound: Double, information known: Double) -> Double {
            let deviation = (known - information).squareRoot()
            var sum = 0.0
            for index in weighted.indices {
                sum += weighted[index] * Normal.upperTail((bound - place(index)) / deviation)
            }
            return sum
        }
    }

    /// The normal density around 0.
    private static func bell(_ place: Double, _ variance: Double) -> Double {
        exp(-place * place / (2 * variance)) / (2 * Double.pi * variance).squareRoot()
    }
}
