import RunRecord

/// Whether one factor's effect depends on another's level: a line a level, parallel where it does not.
struct InteractionPlot {
    let grid: FactorGrid
    let quantity: Quantity

    private static let (width, height) = (560.0, 300.0)
    private static let (top, bottom) = (16.0, 48.0)
    /// More lines than this cannot be told apart.
    private static let most = 9

    var svg: String {
        let lines = Array(grid.columns.levels.prefix(Self.most).enumerated())
        let names = lines.map { SVG.shortened($0.element, to: 18) }
        let right = max(60, (names.map(SVG.width).max() ?? 0) + 22)
        let (end, floor) = (Self.width - right, Self.height - Self.bottom)
        let axis = LogAxis(grid.values.joined().compactMap { $0 }, from: floor, to: Self.top)
        let left = SVG.margin(axis.ticks.map(label))
        func x(_ row: Int) -> Double {
            let steps = Double(max(1, grid.rows.levels.count - 1))
            return left + 24 + Double(row) / steps * (end - left - 48)
        }
        var marks: [String] = []
        for tick in axis.ticks {
            let y = axis.position(tick)
            marks.append(SVG.line(left, y, end, y, "grid"))
            marks.append(SVG.text(left - 8, y + 4, label(tick), "axis", anchor: "end"))
        }
        let room = Int((end - left) / Double(max(1, grid.rows.levels.count)) / 7)
        for (row, level) in grid.rows.levels.enumerated() {
            marks.append(SVG.line(x(row), Self.top, x(row), floor, "grid"))
            if room >= 3 {
                marks.append(
                    SVG.text(x(row), floor + 17, SVG.shortened(level, to: room), "axis", anchor: "middle", title: level)
                )
            }
        }
        marks.append(SVG.text((left + end) / 2, Self.height - 8, grid.rows.name, "axis strong", anchor: "middle"))
        var ends: [(name: String, y: Double, colour: String)] = []
        for (column, level) in lines {
            let colour = "c\(column % PercentileChart.colours)"
            let points = grid.values.indices.map { row in
                grid.values[row][column].map { (x: x(row), y: axis.position($0)) }
            }
            marks.append(SVG.path(points, "curve \(colour)", title: "\(grid.columns.name) \(level)"))
            for (row, point) in points.enumerated() {
                guard let point else { continue }
                marks.append(
                    SVG.dot(
                        point.x, point.y, "dot \(colour)",
                        title: "\(grid.columns.name) \(level), \(grid.rows.name) \(grid.rows.levels[row]): "
                            + quantity.measure(grid.values[row][column], grid.metric.unit)))
            }
            if let last = points.last(where: { $0 != nil }) ?? nil { ends.append((level, last.y, colour)) }
        }
        let placed = SVG.spread(ends.map(\.y), gap: 15, from: Self.top + 4, to: floor - 2)
        marks += ends.indices.map { index in
            SVG.text(
                end + 8, placed[index] + 4, SVG.shortened(ends[index].name, to: 18), "label \(ends[index].colour)",
                title: ends[index].name)
        }
        return SVG.picture(
            width: Self.width, height: Self.height,
            label: "\(grid.metric.name) by \(grid.rows.name), a line a level of \(grid.columns.name)", marks)
    }

    private func label(_ value: Double) -> String {
        // Ticks are round: no trailing zeros.
        grid.metric.unit == "ms" ? quantity.limit(value) : quantity.round(value, grid.metric.unit)
    }
}

extension Quantity {
    /// A round value such as a mark of an axis, without trailing zeros.
    func round(_ value: Double, _ unit: String) -> String {
        let text = measure(value, unit)
        let number = text.prefix { $0.isNumber || $0 == "." }
        guard number.contains(".") else { return text }
        let kept = number.reversed().drop { $0 == "0" }
        let short = String((kept.first == "." ? kept.dropFirst() : kept).reversed())
        return short + text.dropFirst(number.count)
    }
}
