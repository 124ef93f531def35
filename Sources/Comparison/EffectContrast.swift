import RunRecord
import Statistics

/// An effect as a sum over cells: what its design averages.
struct EffectContrast {
    let effect: String
    let from: String
    let to: String
    /// One for each cell that has values; they add up to 0.
    let coefficients: [Double]
    /// Factor on an orthogonal effect, for which the noise is the same in all: 1 for main effects, 2 for interactions.
    var scale = 1.0
    /// Whether it comes from a design of two levels, in which all effects are orthogonal.
    var isOrthogonal = false
    /// Pairs of cells behind it; `nil` for an interaction.
    var pairs: Int?
    /// Pairs that the design has.
    var plannedPairs: Int?

    /// All that a design can tell: each factor's steps from its first level, then interactions of two factors where they
    /// are apart from main effects.
    ///
    /// - Parameters:
    ///   - record: of the experiment.
    ///   - cells: those with values, ascending; effects of a two-level design need all.
    /// - Returns: main effects in the order of the factors, then interactions.
    static func all(of record: ExperimentRecord, cells: [Int]) -> [EffectContrast] {
        let all = record.cells.map { cell in
            record.factors.map { factor in
                cell.levels[factor.name].flatMap { factor.levels.firstIndex(of: $0) } ?? 0
            }
        }
        let runs = cells.map { all[$0] }
        let isWhole = cells.count == record.cells.count
        let hasTwoLevels = record.factors.allSatisfy { $0.levels.count == 2 }
        switch record.design.kind {
        case .plackettBurman, .fractional:
            return isWhole ? twoLevel(record, runs) : []
        case .full where isWhole && hasTwoLevels:
            return twoLevel(record, runs)
        case .full, .oneAtATime, .listed:
            return matched(record, runs, all)
        }
    }

    // MARK: Two levels

    private static func twoLevel(_ record: ExperimentRecord, _ runs: [[Int]]) -> [EffectContrast] {
        let design = TwoLevelDesign(runs: runs.map { $0.map { 2 * $0 - 1 } })
        let names = record.factors.map(\.name)
        return (design.mainEffects + estimable(design, record.design)).map { effect in
            let isMain = effect.factors.count == 1
            let levels = record.factors[effect.factors[0]].levels
            let scale = isMain ? 1.0 : 2
            return EffectContrast(
                effect: effect.factors.map { names[$0] }.joined(separator: " × "), from: isMain ? levels[0] : "",
                to: isMain ? levels[1] : "",
                coefficients: design.column(effect).map { Double($0) * 2 * scale / Double(runs.count) }, scale: scale,
                isOrthogonal: true, pairs: isMain ? runs.count / 2 : nil, plannedPairs: isMain ? runs.count / 2 : nil)
        }
    }

    /// Interactions that are apart from main effects; of those that are the same column the first.
    private static func estimable(_ design: TwoLevelDesign, _ description: ExperimentDesign) -> [FactorialEffect] {
        let isRegular = description.kind != .plackettBurman
        guard isRegular, (description.resolution ?? 5) >= 4 else { return [] }
        var seen: Set<[Int]> = []
        return design.interactions.filter { effect in
            let column = design.column(effect)
            return !seen.contains(column.map { -$0 }) && seen.insert(column).inserted
        }
    }

    // MARK: Pairs

    /// Each step as the mean over all pairs of cells that differ in nothing else.
    private static func matched(
        _ record: ExperimentRecord, _ runs: [[Int]], _ all: [[Int]]
    ) -> [EffectContrast] {
        record.factors.indices.flatMap { place in
            let factor = record.factors[place]
            return factor.levels.indices.dropFirst().compactMap { level -> EffectContrast? in
                let pairs = Self.pairs(of: level, place, runs)
                guard !pairs.isEmpty else { return nil }
                return EffectContrast(
                    effect: factor.name, from: factor.levels[0], to: factor.levels[level],
                    coefficients: coefficients(pairs, runs.count), pairs: pairs.count,
                    plannedPairs: Self.pairs(of: level, place, all).count)
            }
        }
    }

    /// Runs with a level, each with the run that differs from it only in having the factor's first.
    private static func pairs(of level: Int, _ place: Int, _ runs: [[Int]]) -> [(from: Int, to: Int)] {
        runs.indices.filter { runs[$0][place] == level }.compactMap { to -> (from: Int, to: Int)? in
            var wanted = runs[to]
            wanted[place] = 0
            return runs.firstIndex(of: wanted).map { ($0, to) }
        }
    }

    private static func coefficients(_ pairs: [(from: Int, to: Int)], _ count: Int) -> [Double] {
        pairs.reduce(into: [Double](repeating: 0, count: count)) { sums, pair in
            sums[pair.from] -= 1 / Double(pairs.count)
            sums[pair.to] += 1 / Double(pairs.count)
        }
    }
}
