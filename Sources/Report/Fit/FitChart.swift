import RunRecord

/// One comparison as a picture: quantiles of both sides, or shares of requests in pairs of bars.
struct FitChart {
    let comparison: FitComparison
    let words: FitWords

    private static let (width, height) = (540.0, 210.0)
    private static let (left, right, top) = (64.0, 76.0, 10.0)
    private var floor: Double { Self.height - 40 }
    private var end: Double { Self.width - Self.right }

    /// `nil` where there is nothing to draw.
    var svg: String? { comparison.aspect == .mix ? bars : quantiles }

    private var label: String { "\(FitWords.name(comparison.aspect)) of \(comparison.subject), real and synthetic" }

    // MARK: Quantiles

    private var quantiles: String? {
        let points = comparison.points
        guard points.count > 1, points.contains(where: { $0.real > 0 || $0.synthetic > 0 }) else { return nil }
        let axis = LogAxis(points.flatMap { [$0.real, $0.synthetic] }, from: floor, to: Self.top)
        func x(_ share: Double) -> Double { Self.left + share * (end - Self.left) }
        var marks = axis.ticks.flatMap { tick in
            [
                SVG.line(Self.left, axis.position(tick), end, axis.position(tick), "grid"),
                SVG.text(
                    Self.left - 8, axis.position(tick) + 4, words.value(tick, comparison.unit), "axis", anchor: "end"),
            ]
        }
        for share in [0, 0.25, 0.5, 0.75, 1] {
            marks.append(SVG.line(x(share), Self.top, x(share), floor, "grid"))
            marks.append(
                SVG.text(x(share), floor + 17, "\(Int(share * 100))", "axis", anchor: "middle"))
        }
        marks.append(
            SVG.text((Self.left + end) / 2, Self.height - 6, "percent that lie below", "axis", anchor: "middle"))
        let sides = [("real", "base", \FitComparison.Point.real), ("synthetic", "c0", \FitComparison.Point.synthetic)]
        for (name, style, value) in sides {
            marks.append(
                SVG.path(
                    points.map { (x($0.share), axis.position($0[keyPath: value])) }, "curve \(style)",
                    title: "\(name): \(comparison.subject)"))
        }
        for point in points {
            marks.append(
                SVG.dot(
                    x(point.share), axis.position(max(point.real, point.synthetic)), "hit", radius: 7,
                    title:
                        "\(words.quantity.percent(point.share)): real \(words.value(point.real, comparison.unit)), synthetic \(words.value(point.synthetic, comparison.unit))"
                ))
        }
        if let last = points.last {
            let heights = [axis.position(last.real), axis.position(last.synthetic)]
            let placed = SVG.spread(heights, gap: 14, from: Self.top + 4, to: floor - 2)
            marks.append(SVG.text(end + 8, placed[0] + 4, "real", "label base"))
            marks.append(SVG.text(end + 8, placed[1] + 4, "synthetic", "label c0"))
        }
        return SVG.picture(width: Self.width, height: Self.height, label: label, marks)
    }

    // MARK: Bars

    private var bars: String? {
        let parts = comparison.parts
        guard !parts.isEmpty else { return nil }
        let (nameEnd, step) = (150.0, 34.0)
        let height = Double(parts.count) * step + 30
        let longest = max(parts.map { max($0.real, $0.synthetic) }.max() ?? 1, 1e-9)
        let scale = (Self.width - nameEnd - 70) / longest
        var marks: [String] = []
        for (index, part) in parts.enumerated() {
            let y = Double(index) * step + 6
            marks.append(SVG.text(nameEnd - 8, y + 15, part.name, "axis", anchor: "end"))
            let rows = [("real", part.real, "bar-in", y), ("synthetic", part.synthetic, "bar-out", y + 13)]
            for (name, share, style, place) in rows {
                marks.append(
                    SVG.rectangle(
                        nameEnd, place, share * scale, 11, style,
                        title: "\(part.name), \(name): \(words.quantity.percent(share))"))
                marks.append(
                    SVG.text(nameEnd + share * scale + 6, place + 10, words.quantity.percent(share), "axis"))
            }
        }
        marks.append(
            SVG.text(nameEnd, height - 8, "of all store requests; upper bar real, lower bar synthetic", "axis"))
        return SVG.picture(width: Self.width, height: height, label: label, marks)
    }
}
