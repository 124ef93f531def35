/// Designs for factors of any number of levels: each run is a list of levels, one a factor, from 0.
public enum Design {
    /// Every combination, in standard (Yates) order: the first factor changes fastest.
    ///
    /// - Parameter levels: how many each factor has, at least one.
    /// - Returns: as many runs as the product of the levels; one empty run without factors.
    public static func full(levels: [Int]) -> [[Int]] {
        levels.reversed().reduce([[]]) { runs, count in
            runs.flatMap { run in (0..<count).map { [$0] + run } }
        }
    }

    /// The run of all first levels, then each other level of each factor by itself.
    ///
    /// - Parameter levels: how many each factor has, at least one.
    /// - Returns: one run, and as many more as there are other levels.
    public static func oneAtATime(levels: [Int]) -> [[Int]] {
        let base = [Int](repeating: 0, count: levels.count)
        return [base]
            + levels.indices.flatMap { factor in
                (1..<max(1, levels[factor])).map { level in
                    var run = base
                    run[factor] = level
                    return run
                }
            }
    }
}

/// A main effect, or an interaction of two factors.
public struct FactorialEffect: Hashable, Sendable {
    /// Places of one factor or two, ascending, from 0.
    public let factors: [Int]

    /// The main effect of a factor.
    public init(_ factor: Int) { factors = [factor] }

    /// The interaction of two different factors.
    public init(_ first: Int, _ second: Int) {
        precondition(first != second, "a factor does not interact with itself")
        factors = [min(first, second), max(first, second)]
    }
}

/// A design for factors of two levels, −1 and +1, in which each factor is at each of them equally often.
public struct TwoLevelDesign: Sendable, Equatable {
    /// An effect that is seen in another one.
    public struct Alias: Sendable, Equatable {
        /// Which effect.
        public let effect: FactorialEffect
        /// How much of it: the correlation of the two columns, −1 to 1, never 0.
        public let share: Double
    }

    /// One run a row, −1 or +1 for each factor.
    public let runs: [[Int]]
    /// How many factors there are.
    public var factors: Int { runs.first?.count ?? 0 }

    /// Takes over rows of −1 and +1, all of the same length.
    public init(runs: [[Int]]) {
        let width = runs.first?.count ?? 0
        precondition(
            runs.allSatisfy { $0.count == width && $0.allSatisfy { abs($0) == 1 } }, "rows of -1 and +1, all as long")
        self.runs = runs
    }

    /// The smallest design of Plackett and Burman for so many factors (Plackett & Burman 1946, "The design of optimum
    /// multifactorial experiments", Biometrika 33; the first rows stand there and in the NIST/SEMATECH e-Handbook,
    /// 5.3.3.5). Columns that no factor needs are left out.
    ///
    /// The rows are the cyclic shifts of the first, and one of all −1: the run in which nothing is changed.
    ///
    /// - Parameter factors: 1 to 23.
    /// - Returns: `nil` for more factors.
    public static func plackettBurman(factors: Int) -> TwoLevelDesign? {
        guard factors >= 1, let first = firstRows.first(where: { $0.count >= factors }) else { return nil }
        let row = first.map { $0 == "+" ? 1 : -1 }
        let shifts = row.indices.map { shift in
            (0..<factors).map { row[($0 + row.count - shift) % row.count] }
        }
        return TwoLevelDesign(runs: shifts + [[Int](repeating: -1, count: factors)])
    }

    /// For 8, 12, 16, 20 and 24 runs.
    private static let firstRows = [
        "+++-+--",
        "++-+++---+-",
        "++++-+-++--+---",
        "++--++++-+-+----++-",
        "+++++-+-++--++--+-+----",
    ].map(Array.init)

    /// The design followed by its mirror image: main effects come free of interactions of two factors (Box & Wilson 1951,
    /// "On the experimental attainment of optimum conditions").
    public var folded: TwoLevelDesign { TwoLevelDesign(runs: runs + runs.map { $0.map { -$0 } }) }

    /// The column of an effect: of an interaction the product of its factors' columns.
    public func column(_ effect: FactorialEffect) -> [Int] {
        runs.map { run in effect.factors.reduce(1) { $0 * run[$1] } }
    }

    /// All main effects, in order.
    public var mainEffects: [FactorialEffect] { (0..<factors).map { FactorialEffect($0) } }

    /// All interactions of two factors, in order.
    public var interactions: [FactorialEffect] {
        (0..<factors).flatMap { first in (first + 1..<max(first + 1, factors)).map { FactorialEffect(first, $0) } }
    }

    /// What else is seen in an effect: every main effect and interaction of two factors whose column goes with its own.
    ///
    /// - Parameter effect: of this design.
    /// - Returns: main effects first; empty when the effect stands for itself.
    public func aliases(of effect: FactorialEffect) -> [Alias] {
        let own = column(effect)
        return (mainEffects + interactions).filter { $0 != effect }.compactMap { other in
            let product = zip(own, column(other)).reduce(0) { $0 + $1.0 * $1.1 }
            return product == 0 ? nil : Alias(effect: other, share: Double(product) / Double(runs.count))
        }
    }

    /// 3 when a main effect is mixed with an interaction of two factors, 4 when only such interactions are with each
    /// other, 5 when neither (Box & Hunter 1961, "The 2^(k−p) fractional factorial designs"). More than 5 is not told.
    public var resolution: Int {
        if mainEffects.contains(where: { !aliases(of: $0).isEmpty }) { return 3 }
        return interactions.contains { !aliases(of: $0).isEmpty } ? 4 : 5
    }
}
