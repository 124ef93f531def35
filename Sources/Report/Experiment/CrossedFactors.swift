import RunRecord

/// Two factors that were varied together, so that it can be seen whether the one depends on the other.
///
/// Decided by the cells, not by the design's name: there are two levels of each in all four combinations, and whatever
/// else was varied is the same in every field, or is averaged alike in all of them.
struct CrossedFactors {
    let rows: ExperimentFactor
    let columns: ExperimentFactor
    /// Places of the cells that may be held against each other.
    let cells: Set<Int>
    /// Whether other factors were varied among them.
    let isAveraged: Bool

    /// Said where there are no two such factors.
    static let absent =
        "No heat map and no interaction: among the cells that have a value no two factors were varied together, in all four combinations of two levels and with all else alike."

    /// What a field stands for.
    var note: String {
        isAveraged
            ? "Means over whatever else was varied, which is the same mix in every field; the two factors with the largest effects that were varied together."
            : "Cells that differ in nothing else; the two factors with the largest effects that were varied together."
    }

    /// The two with the largest effects on a metric that were varied together, the one with more levels in the rows.
    ///
    /// - Parameters:
    ///   - report: its factors and cells.
    ///   - result: of the metric; cells without a value of it tell nothing.
    /// - Returns: `nil` where no two were varied together.
    static func chosen(_ report: ExperimentReport, _ result: ExperimentResult) -> CrossedFactors? {
        func size(_ factor: ExperimentFactor) -> Double {
            result.effects.filter { $0.effect == factor.name && $0.ratio > 0 }.map { abs(LogAxis.exponent($0.ratio)) }
                .max() ?? 0
        }
        let record = report.record
        let ranked = record.factors.enumerated()
            .sorted { (size($1.element), $0.offset) < (size($0.element), $1.offset) }.map(\.element)
        for second in ranked.indices {
            for first in 0..<second {
                let (one, other) = (ranked[first], ranked[second])
                let isTaller = one.levels.count >= other.levels.count
                let (rows, columns) = isTaller ? (one, other) : (other, one)
                if let found = crossed(rows, columns, result.ranking.map(\.cell).sorted(), record) { return found }
            }
        }
        return nil
    }

    /// The cells that tell about both factors at once; `nil` when they do not tell.
    private static func crossed(
        _ rows: ExperimentFactor, _ columns: ExperimentFactor, _ all: [Int], _ record: ExperimentRecord
    ) -> CrossedFactors? {
        guard hasSquare(all, rows, columns, record) else { return nil }
        let others = record.factors.map(\.name).filter { $0 != rows.name && $0 != columns.name }
        func rest(_ cell: Int) -> [String] { others.map { record.cells[cell].levels[$0] ?? "" } }
        let fields = Dictionary(grouping: all) { [level($0, rows, record), level($0, columns, record)] }
        if Set(fields.values.map { mix($0.map(rest)) }).count == 1 {
            let isAveraged = Set(all.map(rest)).count > 1
            return CrossedFactors(rows: rows, columns: columns, cells: Set(all), isAveraged: isAveraged)
        }
        // Some fields have what others lack: only cells that differ in nothing else tell.
        let alike = Dictionary(grouping: all, by: rest).values.filter { hasSquare($0, rows, columns, record) }
        let largest = alike.max { ($0.count, $1.first ?? 0) < ($1.count, $0.first ?? 0) }
        return largest.map { CrossedFactors(rows: rows, columns: columns, cells: Set($0), isAveraged: false) }
    }

    private static func level(_ cell: Int, _ factor: ExperimentFactor, _ record: ExperimentRecord) -> String {
        record.cells[cell].levels[factor.name] ?? ""
    }

    /// How often each level of each other factor occurs, as shares.
    private static func mix(_ rest: [[String]]) -> [[String: Double]] {
        (rest.first ?? []).indices.map { place in
            Dictionary(grouping: rest) { $0[place] }.mapValues { Double($0.count) / Double(rest.count) }
        }
    }

    /// Whether there are two levels of each factor in all four combinations.
    private static func hasSquare(
        _ cells: [Int], _ rows: ExperimentFactor, _ columns: ExperimentFactor, _ record: ExperimentRecord
    ) -> Bool {
        let met = Dictionary(grouping: cells) { level($0, rows, record) }.values.map { row in
            Set(row.map { level($0, columns, record) })
        }
        return met.indices.contains { row in
            met[..<row].contains { $0.intersection(met[row]).count >= 2 }
        }
    }
}
