import RunRecord

/// A metric over two factors: one field a pair of levels, with the mean over whatever else was varied.
struct FactorGrid {
    let rows: ExperimentFactor
    let columns: ExperimentFactor
    let metric: ExperimentMetric
    /// By level of the row, then of the column: geometric mean of the cells' values; `nil` where no cell has one.
    let values: [[Double?]]
    /// By the same: cells behind it.
    let counts: [[Int]]

    /// - Parameters:
    ///   - report: its cells.
    ///   - result: of one metric.
    ///   - crossed: two factors, and the cells that tell about both.
    init?(_ report: ExperimentReport, _ result: ExperimentResult, _ crossed: CrossedFactors) {
        guard let metric = report.metric(result.metric) else { return nil }
        let (rows, columns) = (crossed.rows, crossed.columns)
        (self.rows, self.columns, self.metric) = (rows, columns, metric)
        let found = result.ranking.compactMap { ranked -> (row: String, column: String, value: Double)? in
            guard report.record.cells.indices.contains(ranked.cell), crossed.cells.contains(ranked.cell),
                ranked.value > 0
            else { return nil }
            let levels = report.record.cells[ranked.cell].levels
            guard let row = levels[rows.name], let column = levels[columns.name] else { return nil }
            return (row, column, ranked.value)
        }
        let fields = rows.levels.map { row in
            columns.levels.map { column in found.filter { $0.row == row && $0.column == column }.map(\.value) }
        }
        counts = fields.map { $0.map(\.count) }
        values = fields.map { $0.map(Self.mean) }
        if values.joined().allSatisfy({ $0 == nil }) { return nil }
    }

    private static func mean(_ values: [Double]) -> Double? {
        guard !values.isEmpty else { return nil }
        return power(values.reduce(0) { $0 + LogAxis.exponent($1) } / Double(values.count))
    }

    /// Ten to the power of a number, by its whole part and by halving: good to six digits.
    static func power(_ exponent: Double) -> Double {
        var value = 1.0
        let whole = exponent.rounded(.down)
        for _ in 0..<Int(min(abs(whole), 300)) { value = whole < 0 ? value / 10 : value * 10 }
        var (rest, root) = (exponent - whole, 10.0)
        for _ in 0..<30 {
            root = root.squareRoot()
            rest *= 2
            if rest >= 1 {
                value *= root
                rest -= 1
            }
        }
        return value
    }
}

/// The grid as fields, each with its value; green is better and red is worse than the grid's first field.
struct HeatMap {
    let grid: FactorGrid
    let quantity: Quantity

    private static let height = 40.0

    var svg: String {
        let left = min(220, max(70, (grid.rows.levels.map { SVG.width(of: shown($0)) }.max() ?? 0) + 16))
        let width = 560.0
        let field = (width - left - 4) / Double(max(1, grid.columns.levels.count))
        let top = 46.0
        var marks = [
            SVG.text((left + width) / 2, 14, SVG.shortened(grid.columns.name, to: 40), "axis strong", anchor: "middle"),
            SVG.text(
                left - 10, top - 8, SVG.shortened(grid.rows.name, to: Int(left / 7) - 2), "axis strong", anchor: "end"),
        ]
        for (index, level) in grid.columns.levels.enumerated() {
            marks.append(
                SVG.text(
                    left + (Double(index) + 0.5) * field, top - 8, SVG.shortened(level, to: max(3, Int(field / 7.2))),
                    "axis",
                    anchor: "middle", title: level))
        }
        let reach = reach
        for (row, level) in grid.rows.levels.enumerated() {
            let y = top + Double(row) * Self.height
            marks.append(
                SVG.text(left - 10, y + Self.height / 2 + 4, shown(level), "axis", anchor: "end", title: level))
            for column in grid.columns.levels.indices {
                marks += self.field(row, column, left + Double(column) * field, y, field, reach)
            }
        }
        let bottom = top + Double(grid.rows.levels.count) * Self.height + 6
        return SVG.picture(
            width: width, height: bottom,
            label: "\(grid.metric.name) by \(grid.rows.name) and \(grid.columns.name)", marks)
    }

    private func shown(_ level: String) -> String { SVG.shortened(level, to: 28) }

    /// The value that the others are coloured against.
    private var anchor: Double? { grid.values.joined().lazy.compactMap { $0 }.first }

    /// The largest distance from it, decades; never so small that noise would glow.
    private var reach: Double {
        guard let anchor else { return 1 }
        return max(grid.values.joined().compactMap { $0 }.map { abs(LogAxis.exponent($0 / anchor)) }.max() ?? 0, 0.02)
    }

    private func field(
        _ row: Int, _ column: Int, _ x: Double, _ y: Double, _ width: Double, _ reach: Double
    ) -> [String] {
        let name = "\(grid.rows.levels[row]), \(grid.columns.levels[column])"
        guard let value = grid.values[row][column], let anchor else {
            return [
                SVG.rectangle(x + 1, y + 1, width - 2, Self.height - 2, "heat-none", title: "\(name): no value"),
                SVG.text(
                    x + width / 2, y + Self.height / 2 + 4, width > 70 ? "no value" : "none", "axis", anchor: "middle"),
            ]
        }
        let distance = LogAxis.exponent(value / anchor) / reach
        let isBetter = grid.metric.lessIsBetter ? distance < 0 : distance > 0
        let step = Int((min(abs(distance), 1) * 5).rounded())
        let text = quantity.measure(value, grid.metric.unit)
        let change = quantity.fixed(abs(value / anchor - 1) * 100, 0)
        let sign = value < anchor ? "−" : "+"
        let second =
            value == anchor ? "first" : change == "0" ? "0\(quantity.space)%" : "\(sign)\(change)\(quantity.space)%"
        let title = "\(name): \(text), \(second), mean of \(grid.counts[row][column]) cells"
        let style = step == 0 ? "heat-0" : "heat-\(isBetter ? "better" : "worse") heat-\(step)"
        let fits = SVG.width(of: text) < width - 6
        return [
            SVG.rectangle(x + 1, y + 1, width - 2, Self.height - 2, style, title: title),
            SVG.text(x + width / 2, y + 17, fits ? text : "", "ink", anchor: "middle", title: title),
            SVG.text(
                x + width / 2, y + 32, SVG.width(of: second) < width - 6 ? second : "", "axis", anchor: "middle",
                title: title),
        ]
    }

    /// The numbers behind the picture.
    var table: ReportTable {
        ReportTable(
            [.init(grid.rows.name, .text)] + grid.columns.levels.map { .init($0, .number) },
            grid.rows.levels.indices.map { row in
                [.init(grid.rows.levels[row])]
                    + grid.values[row].map {
                        $0.map { .init(quantity.measure($0, grid.metric.unit)) } ?? .unknown("no value")
                    }
            })
    }
}
