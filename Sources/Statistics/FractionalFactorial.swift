/// A regular fraction of all combinations of two levels: some factors are run in full, each other one is the product of
/// some of them (Box & Hunter 1961, "The 2^(k−p) fractional factorial designs"; NIST/SEMATECH e-Handbook, 5.3.3.4).
public struct FractionalFactorial: Sendable, Equatable {
    /// One factor as the product of others, such as `D = −ABC`.
    public struct Generator: Sendable, Equatable {
        /// Place of the factor that is made, from 0.
        public let factor: Int
        /// Places of those that it is the product of, ascending.
        public let product: [Int]
        /// −1 or +1.
        public let sign: Int

        /// Takes over a factor, the different ones that it is made of, and the sign of their product.
        public init(factor: Int, product: [Int], sign: Int = 1) {
            self.factor = factor
            self.product = product.sorted()
            self.sign = sign
        }

        /// The word of the defining relation that it brings, as a set of places.
        var word: Set<Int> { Set(product).symmetricDifference([factor]) }
    }

    /// How many factors there are.
    public let factors: Int
    /// One for each factor that is not run in full.
    public let generators: [Generator]

    /// `nil` when a generator makes a factor of itself, of one that is made, of a single one, or twice.
    ///
    /// - Parameters:
    ///   - factors: how many, 1 to 30.
    ///   - generators: each makes another factor out of two or more that are run in full.
    public init?(factors: Int, generators: [Generator]) {
        let made = Set(generators.map(\.factor))
        guard (1...30).contains(factors), made.count == generators.count,
            generators.allSatisfy({ generator in
                let product = Set(generator.product)
                return (0..<factors).contains(generator.factor) && product.count >= 2
                    && product.count == generator.product.count && product.isDisjoint(with: made)
                    && product.allSatisfy { (0..<factors).contains($0) } && abs(generator.sign) == 1
            })
        else { return nil }
        self.factors = factors
        self.generators = generators
    }

    /// The same fraction with such signs that the run of all −1 is in it: the one in which nothing is changed.
    public var containingBase: FractionalFactorial {
        let signed = generators.map {
            Generator(factor: $0.factor, product: $0.product, sign: $0.product.count.isMultiple(of: 2) ? -1 : 1)
        }
        return FractionalFactorial(factors: factors, generators: signed) ?? self
    }

    /// The runs, in standard order of the factors that are run in full.
    public var design: TwoLevelDesign {
        let made = Set(generators.map(\.factor))
        let free = (0..<factors).filter { !made.contains($0) }
        let runs = Design.full(levels: free.map { _ in 2 }).map { levels in
            var run = [Int](repeating: 0, count: factors)
            for (place, level) in zip(free, levels) { run[place] = level == 0 ? -1 : 1 }
            for generator in generators {
                run[generator.factor] = generator.product.reduce(generator.sign) { $0 * run[$1] }
            }
            return run
        }
        return TwoLevelDesign(runs: runs)
    }

    /// The words whose columns are constant: the generators' and all their products; without the empty one.
    public var definingRelation: [Set<Int>] {
        let words = generators.reduce(into: [Set<Int>()]) { words, generator in
            words += words.map { $0.symmetricDifference(generator.word) }
        }
        return Array(words.dropFirst())
    }

    /// Length of the shortest word of the defining relation; `nil` when all combinations are run.
    public var resolution: Int? { definingRelation.map(\.count).min() }

    /// Fractions with the best resolution for their number of runs (Box, Hunter & Hunter, "Statistics for Experimenters",
    /// 2nd edition, table 6.22; NIST/SEMATECH e-Handbook, 5.3.3.4.7), smallest first.
    ///
    /// - Parameter factors: 3 to 11; for others there are none.
    /// - Returns: principal fractions; see ``containingBase``.
    public static func published(factors: Int) -> [FractionalFactorial] {
        table.compactMap { text in
            let generators = text.split(separator: " ").map(generator)
            let count = (generators.map(\.factor).max() ?? 0) + 1
            return count == factors ? FractionalFactorial(factors: factors, generators: generators) : nil
        }
    }

    /// `D=ABC`; there is no factor I, which stands for the column of ones.
    private static func generator(_ text: Substring) -> Generator {
        let places = text.compactMap { "ABCDEFGHJKL".firstIndex(of: $0) }
            .map { "ABCDEFGHJKL".distance(from: "ABCDEFGHJKL".startIndex, to: $0) }
        return Generator(factor: places.first ?? 0, product: Array(places.dropFirst()))
    }

    private static let table = [
        "C=AB",
        "D=ABC",
        "D=AB E=AC", "E=ABCD",
        "D=AB E=AC F=BC", "E=ABC F=BCD", "F=ABCDE",
        "D=AB E=AC F=BC G=ABC", "E=ABC F=BCD G=ACD", "F=ABCD G=ABDE", "G=ABCDEF",
        "E=BCD F=ACD G=ABC H=ABD", "F=ABC G=ABD H=BCDE", "G=ABCD H=ABEF",
        "E=ABC F=BCD G=ACD H=ABD J=ABCD", "F=BCDE G=ACDE H=ABDE J=ABCE", "G=ABCD H=ACEF J=CDEF",
        "H=ACDFG J=BCEFG",
        "E=ABC F=BCD G=ACD H=ABD J=ABCD K=AB", "F=ABCD G=ABCE H=ABDE J=ACDE K=BCDE",
        "G=BCDF H=ACDF J=ABDE K=ABCE", "H=ABCG J=BCDE K=ACDF",
        "E=ABC F=BCD G=ACD H=ABD J=ABCD K=AB L=AC", "F=ABC G=BCD H=CDE J=ACD K=ADE L=BDE",
        "G=CDE H=ABCD J=ABF K=BDEF L=ADEF", "H=ABCG J=BCDE K=ACDF L=ABCDEFG",
    ]
}
