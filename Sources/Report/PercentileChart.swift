import RunRecord

/// Response time by percentile, one line a request class: time on a log axis, percentiles on the axis of nines.
struct PercentileChart {
    private static let (width, height) = (1_120.0, 420.0)
    private static let (left, right, top, bottom) = (64.0, 250.0, 16.0, 40.0)

    let report: TrialReport
    let quantity: Quantity

    /// The picture; empty when no operation completed.
    var svg: String {
        let names = report.classNames.filter { !(report.record.classes[$0]?.curve.isEmpty ?? true) }
        let points = names.flatMap { report.record.classes[$0]?.curve ?? [] }
        guard !points.isEmpty else { return "" }
        let limits = Set(report.record.objectives.map(\.limitMs)).sorted()
        let y = LogAxis(
            points.map(\.responseMs) + limits, from: Self.height - Self.bottom, to: Self.top)
        let nines = max(1, (points.map { Self.nines($0.percentile) }.max() ?? 1).rounded(.up))
        var marks = grid(y, nines)
        for limit in limits { marks += objective(limit, y) }
        var labels: [(name: String, index: Int, y: Double)] = []
        for (index, name) in names.enumerated() {
            let curve = report.record.classes[name]?.curve ?? []
            marks.append(line(name, curve, index, y, nines))
            if let last = curve.last {
                marks.append(
                    SVG.dot(
                        x(last.percentile, nines), y.position(last.responseMs), "dot c\(index % 9)",
                        title: "\(name) p\(quantity.digits(last.percentile)): \(quantity.time(last.responseMs))"))
                marks.append(
                    SVG.line(
                        x(last.percentile, nines) + 5, y.position(last.responseMs), Self.width - Self.right + 6,
                        y.position(last.responseMs), "leader faint c\(index % 9)"))
                labels.append((name, index, y.position(last.responseMs)))
            }
        }
        marks += place(labels)
        return SVG.picture(
            width: Self.width, height: Self.height, label: "Response time by percentile for each request class", marks)
    }

    /// The numbers behind the picture: a row a class.
    var table: [(name: String, values: [Double?])] {
        report.classNames.compactMap { name in
            guard let curve = report.record.classes[name]?.curve, !curve.isEmpty else { return nil }
            return (
                name,
                Self.columns.map { column in
                    curve.last { $0.percentile <= column + 1e-6 && $0.percentile > column - 1.5 }?.responseMs
                }
            )
        }
    }

    /// Percentiles of the table.
    static let columns = [0.0, 25, 50, 75, 90, 95, 99, 99.9]

    private func x(_ percentile: Double, _ nines: Double) -> Double {
        Self.left + Self.nines(percentile) / nines * (Self.width - Self.left - Self.right)
    }

    /// How many nines: 0 → 0, 90 → 1, 99 → 2.
    private static func nines(_ percentile: Double) -> Double {
        -LogAxis.exponent(max(1 - percentile / 100, 1e-9))
    }

    private func grid(_ y: LogAxis, _ nines: Double) -> [String] {
        var marks: [String] = []
        for tick in y.ticks {
            let position = y.position(tick)
            marks.append(SVG.line(Self.left, position, Self.width - Self.right, position, "grid"))
            marks.append(SVG.text(Self.left - 8, position + 4, quantity.limit(tick), "axis", anchor: "end"))
        }
        let names = ["0", "90", "99", "99.9", "99.99", "99.999"]
        for nine in 0...min(Int(nines), names.count - 1) {
            let position = Self.left + Double(nine) / nines * (Self.width - Self.left - Self.right)
            marks.append(SVG.line(position, Self.top, position, Self.height - Self.bottom, "grid"))
            marks.append(SVG.text(position, Self.height - Self.bottom + 18, names[nine], "axis", anchor: "middle"))
        }
        marks.append(
            SVG.text(
                (Self.left + Self.width - Self.right) / 2, Self.height - 4, "percentile of requests", "axis",
                anchor: "middle"))
        return marks
    }

    private func objective(_ limit: Double, _ y: LogAxis) -> [String] {
        let position = y.position(limit)
        let words = "objective \(quantity.limit(limit))"
        return [
            SVG.line(Self.left, position, Self.width - Self.right, position, "objective", title: words),
            SVG.text(Self.width - Self.right - 8, position - 6, words, "axis worse halo", anchor: "end"),
        ]
    }

    private func line(_ name: String, _ curve: [CurvePoint], _ index: Int, _ y: LogAxis, _ nines: Double) -> String {
        SVG.path(
            curve.map { (x($0.percentile, nines), y.position($0.responseMs)) }, "curve c\(index % 9)",
            title: "\(name): \(curve.count) points")
    }

    /// Names at the ends of their lines, pushed apart where they would touch, tied to the line by a thin stroke.
    private func place(_ labels: [(name: String, index: Int, y: Double)]) -> [String] {
        let gap = 17.0
        var placed = labels.sorted { $0.y < $1.y }.map { (label: $0, y: $0.y) }
        for index in placed.indices.dropFirst() { placed[index].y = max(placed[index].y, placed[index - 1].y + gap) }
        let overflow = (placed.last?.y ?? 0) - (Self.height - Self.bottom - 2)
        if overflow > 0 {
            for index in placed.indices.reversed() {
                let below = index == placed.indices.last ? Self.height - Self.bottom - 2 : placed[index + 1].y - gap
                placed[index].y = min(placed[index].y, below)
            }
        }
        return placed.flatMap { item in
            [
                SVG.line(
                    Self.width - Self.right + 6, item.label.y, Self.width - Self.right + 24, item.y,
                    "leader c\(item.label.index % 9)"),
                SVG.text(Self.width - Self.right + 30, item.y + 4, item.label.name, "label c\(item.label.index % 9)"),
            ]
        }
    }
}
