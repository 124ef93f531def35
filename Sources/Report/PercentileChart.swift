import RunRecord

/// Response time by percentile, one line a request class: time on a log axis, percentiles on the axis of nines.
struct PercentileChart {
    /// Percentiles that get a value to point at and a column in the table.
    static let marks = [50.0, 90, 95, 99, 99.9, 99.99]
    /// Colours of classes; more classes begin again.
    static let colours = 9

    private static let (width, height) = (960.0, 400.0)
    private static let (left, top, bottom) = (58.0, 16.0, 42.0)
    /// Between the end of the axis and a name.
    private static let leader = 26.0

    private let quantity: Quantity
    private let lines: [Line]
    private let limits: [Double]
    private let y: LogAxis
    private let nines: Double
    private let right: Double

    private struct Line {
        let name: String
        let colour: Int
        let curve: [CurvePoint]
        /// Not so of an imported record that has but one time for each operation.
        let hasService: Bool
    }

    init(report: TrialReport, quantity: Quantity) {
        self.quantity = quantity
        lines = report.requestNames.enumerated().compactMap { index, name in
            guard let curve = report.record.classes[name]?.curve, !curve.isEmpty else { return nil }
            let hasService = report.record.imported == nil || report.record.classes[name]?.serviceMs != nil
            return Line(name: name, colour: index % Self.colours, curve: curve, hasService: hasService)
        }
        limits = Set(report.requestNames.flatMap { report.limits(of: $0) }).sorted()
        let points = lines.flatMap(\.curve)
        y = LogAxis(points.map(\.responseMs) + limits, from: Self.height - Self.bottom, to: Self.top)
        nines = max(1, (points.map { Self.nines($0.percentile) }.max() ?? 1).rounded(.up))
        let longest = lines.map { SVG.width(of: Self.shown($0.name)) }.max() ?? 0
        right = Self.width - Self.leader - max(80, longest) - 8
    }

    /// The picture; `nil` when no operation completed.
    var svg: String? {
        guard !lines.isEmpty else { return nil }
        let marks = grid + limits.map { rule($0) } + lines.flatMap { curve($0) } + limits.map { word($0) } + names
        return SVG.picture(
            width: Self.width, height: Self.height, label: "Response time by percentile, a line a request class", marks)
    }

    /// The first point of a curve at or beyond a percentile; `nil` where the curve ends before it.
    static func point(at percentile: Double, of curve: [CurvePoint]) -> CurvePoint? {
        curve.first { $0.percentile >= percentile - 1e-6 }
    }

    /// A percentile without needless digits.
    static func label(_ percentile: Double) -> String {
        percentile == percentile.rounded() ? "\(Int(percentile))" : "\(percentile)"
    }

    /// How many nines: 0 → 0, 90 → 1, 99 → 2.
    private static func nines(_ percentile: Double) -> Double {
        -LogAxis.exponent(max(1 - percentile / 100, 1e-6))
    }

    private static func shown(_ name: String) -> String { SVG.shortened(name, to: 30) }

    private func x(_ percentile: Double) -> Double {
        Self.left + Self.nines(percentile) / nines * (right - Self.left)
    }

    private var grid: [String] {
        let floor = Self.height - Self.bottom
        var marks: [String] = []
        for tick in y.ticks {
            let height = y.position(tick)
            marks.append(SVG.line(Self.left, height, right, height, "grid"))
            marks.append(SVG.text(Self.left - 8, height + 4, quantity.limit(tick), "axis", anchor: "end"))
        }
        for (nine, name) in ["0", "90", "99", "99.9", "99.99", "99.999", "99.9999"].enumerated()
        where Double(nine) <= nines {
            let place = Self.left + Double(nine) / nines * (right - Self.left)
            marks.append(SVG.line(place, Self.top, place, floor, "grid"))
            marks.append(SVG.text(place, floor + 17, name, "axis", anchor: "middle"))
        }
        marks.append(
            SVG.text((Self.left + right) / 2, Self.height - 6, "percentile of operations", "axis", anchor: "middle"))
        return marks
    }

    private func curve(_ line: Line) -> [String] {
        let title = "\(line.name): p50 \(value(50, line)), p99 \(value(99, line))"
        var marks = [
            SVG.path(
                line.curve.map { (x($0.percentile), y.position($0.responseMs)) }, "curve c\(line.colour)", title: title)
        ]
        for mark in Self.marks {
            guard let point = Self.point(at: mark, of: line.curve) else { continue }
            marks.append(dot(point, mark, line, "hit", radius: 8))
        }
        if let last = line.curve.last {
            marks.append(dot(last, last.percentile, line, "dot c\(line.colour)", radius: 3))
        }
        return marks
    }

    private func value(_ percentile: Double, _ line: Line) -> String {
        Self.point(at: percentile, of: line.curve).map { quantity.time($0.responseMs) } ?? "too few"
    }

    private func dot(_ point: CurvePoint, _ percentile: Double, _ line: Line, _ style: String, radius: Double) -> String
    {
        let shown = Self.label((percentile * 1_000).rounded() / 1_000)
        return SVG.dot(
            x(point.percentile), y.position(point.responseMs), style, radius: radius,
            title: "\(line.name) p\(shown): \(quantity.time(point.responseMs))"
                + (line.hasService ? ", of it service \(quantity.time(point.serviceMs))" : ""))
    }

    /// Names behind the ends of their lines, moved apart where they would touch, tied to the line by a thin stroke.
    private var names: [String] {
        let ends = lines.compactMap { line in line.curve.last.map { (line: line, point: $0) } }
        let heights = ends.map { y.position($0.point.responseMs) }
        let placed = SVG.spread(heights, gap: 16, from: Self.top + 4, to: Self.height - Self.bottom - 2)
        return ends.indices.flatMap { index in
            let (line, point) = ends[index]
            let colour = "c\(line.colour)"
            return [
                SVG.line(
                    x(point.percentile) + 6, heights[index], right + 4, heights[index], "leader faint \(colour)"),
                SVG.line(
                    right + 4, heights[index], right + Self.leader - 4, placed[index], "leader \(colour)"),
                SVG.text(
                    right + Self.leader, placed[index] + 4, Self.shown(line.name), "label \(colour)", title: line.name),
            ]
        }
    }

    // MARK: Objectives

    private func rule(_ limit: Double) -> String {
        let height = y.position(limit)
        return SVG.line(Self.left, height, right, height, "objective", title: words(limit))
    }

    private func words(_ limit: Double) -> String { "objective \(quantity.limit(limit))" }

    /// The objective's name, on its line, where the curves leave the most room.
    private func word(_ limit: Double) -> String {
        let width = SVG.width(of: words(limit))
        let line = y.position(limit)
        var best = (x: right - width - 8, y: line - 6.0, room: -1.0)
        for start in stride(from: right - width - 8, through: Self.left + 8, by: -20) {
            for height in [line - 6, line + 15] where height > Self.top + 10 && height < Self.height - Self.bottom - 4 {
                let room = min(18, clearance(around: height - 4, from: start, to: start + width))
                if room > best.room { best = (start, height, room) }
            }
        }
        return SVG.text(best.x, best.y, words(limit), "axis worse halo", title: words(limit))
    }

    /// Distance from a height to the nearest curve or leader between two places.
    private func clearance(around height: Double, from start: Double, to end: Double) -> Double {
        var nearest = Self.height
        for line in lines {
            guard let last = line.curve.last else { continue }
            var before: Double?
            for point in line.curve {
                let (place, level) = (x(point.percentile), y.position(point.responseMs))
                if place >= start && place <= end {
                    nearest = min(nearest, abs(level - height))
                    if let before, (before - height) * (level - height) < 0 { nearest = 0 }
                }
                before = level
            }
            if x(last.percentile) < end { nearest = min(nearest, abs(y.position(last.responseMs) - height)) }
        }
        return nearest
    }
}
