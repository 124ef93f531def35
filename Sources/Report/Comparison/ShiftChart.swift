import RunRecord

/// What both percentile pictures of a pair share: the axis of nines.
struct NinesFrame {
    let width: Double
    let height: Double
    let left: Double
    let right: Double
    let top: Double
    let bottom: Double
    /// Nines at the right end.
    let nines: Double

    init(_ percentiles: [Double], width: Double = 560, height: Double = 300, left: Double = 62, right: Double) {
        (self.width, self.height, self.left, self.right) = (width, height, left, right)
        (top, bottom) = (16, 42)
        nines = max(1, percentiles.map(Self.nines).max() ?? 1)
    }

    var floor: Double { height - bottom }
    var end: Double { width - right }

    /// How many nines: 0 → 0, 90 → 1, 99 → 2.
    static func nines(_ percentile: Double) -> Double { -LogAxis.exponent(max(1 - percentile / 100, 1e-6)) }

    func x(_ percentile: Double) -> Double { left + Self.nines(percentile) / nines * (end - left) }

    /// Upright lines with their percentiles, and the axis's name.
    var grid: [String] {
        var marks: [String] = []
        var last = -100.0
        for percentile in [10.0, 50, 90, 99, 99.9, 99.99, 99.999] where Self.nines(percentile) <= nines * 1.001 {
            let (place, word) = (x(percentile), PercentileChart.label(percentile))
            marks.append(SVG.line(place, top, place, floor, "grid"))
            guard place - last > SVG.width(of: word) + 8 else { continue }
            last = place
            marks.append(SVG.text(place, floor + 17, word, "axis", anchor: "middle"))
        }
        marks.append(SVG.text((left + end) / 2, height - 6, "percentile of operations", "axis", anchor: "middle"))
        return marks
    }
}

/// The shift curve: candidate by base at each percentile, with a band that holds all points at once, and the margin.
struct ShiftChart {
    let curve: ShiftCurve
    let margin: Double
    let quantity: Quantity

    /// `nil` for a curve without points.
    var svg: String? {
        guard !curve.points.isEmpty else { return nil }
        let frame = NinesFrame(curve.points.map(\.percentile), right: 18)
        let reach = reach
        func y(_ ratio: Double) -> Double {
            let share = ratio > 0 ? min(max(LogAxis.exponent(ratio) / reach, -1), 1) : -1
            return (frame.top + frame.floor) / 2 - share * (frame.floor - frame.top) / 2
        }
        var marks = [
            SVG.rectangle(
                frame.left, y(1 + margin), frame.end - frame.left, y(1 - margin) - y(1 + margin), "margin",
                title: "margin \(quantity.margin(margin))")
        ]
        marks += frame.grid
        for tick in ticks(reach) {
            marks.append(SVG.line(frame.left, y(1 + tick), frame.end, y(1 + tick), tick == 0 ? "zero" : "grid"))
            marks.append(SVG.text(frame.left - 8, y(1 + tick) + 4, label(tick), "axis", anchor: "end"))
        }
        marks +=
            band(frame, y) + [
                SVG.text(frame.end - 4, frame.top + 12, "candidate slower", "axis halo", anchor: "end"),
                SVG.text(frame.end - 4, frame.floor - 6, "candidate faster", "axis halo", anchor: "end"),
            ]
        return SVG.picture(
            width: frame.width, height: frame.height,
            label: "Change of the response time of \(curve.requestClass) by percentile, candidate against base", marks)
    }

    /// Half the axis, decades: what the band needs, the margin twice at least, a factor of ten at most.
    private var reach: Double {
        let ends = curve.points.flatMap { [$0.low, $0.high, $0.ratio] }.filter { $0 > 0 && $0.isFinite }
        let furthest = ends.map { abs(LogAxis.exponent($0)) }.max() ?? 0
        return min(max(furthest * 1.12, LogAxis.exponent(1 + margin) * 2.5), 1)
    }

    private func ticks(_ reach: Double) -> [Double] {
        let step = [3.0, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01].first { LogAxis.exponent(1 + $0) * 2 <= reach } ?? 0.01
        let upper = (1...12).map { Double($0) * step }.filter { LogAxis.exponent(1 + $0) <= reach * 0.98 }.prefix(4)
        let lower = (1...12).map { -Double($0) * step }
            .filter { $0 > -1 && LogAxis.exponent(1 + $0) >= -reach * 0.98 }.prefix(4)
        return [0] + upper + lower
    }

    private func label(_ change: Double) -> String {
        change == 0 ? "0" : "\(change < 0 ? "−" : "+")\(quantity.factor(abs(change) * 100))\(quantity.space)%"
    }

    private func band(_ frame: NinesFrame, _ y: (Double) -> Double) -> [String] {
        let points = curve.points
        var marks = [
            SVG.area(
                points.map { (frame.x($0.percentile), y($0.high)) }, points.map { (frame.x($0.percentile), y($0.low)) },
                "band candidate", title: "band that holds all percentiles at once"),
            SVG.path(
                points.map { (frame.x($0.percentile), y($0.ratio)) }, "curve candidate",
                title: "candidate by base, \(curve.requestClass)"),
        ]
        for point in points {
            marks.append(
                SVG.dot(
                    frame.x(point.percentile), y(point.ratio), "hit", radius: 8,
                    title: "p\(PercentileChart.label(point.percentile)): \(point.interval.effect(quantity)) "
                        + "\(point.interval.interval(quantity)), \(quantity.time(point.baseMs)) → "
                        + quantity.time(point.candidateMs)))
        }
        return marks
    }
}

extension ShiftCurve.Point {
    /// The ratio with its band, for the formatter.
    var interval: RatioInterval {
        RatioInterval(value: ratio, low: low, high: high, blocks: 0, deviation: 0, autocorrelation: 0)
    }
}

/// Response time of both sides by percentile, on one logarithmic axis.
struct PairPercentileChart {
    let curve: ShiftCurve
    let names: (base: String, candidate: String)
    let quantity: Quantity

    /// `nil` for a curve without points.
    var svg: String? {
        guard let last = curve.points.last else { return nil }
        let frame = NinesFrame(curve.points.map(\.percentile), right: 84)
        let values = curve.points.flatMap { [$0.baseMs, $0.candidateMs, $0.baseMs * $0.low, $0.baseMs * $0.high] }
        let axis = LogAxis(values, from: frame.floor, to: frame.top)
        func place(_ point: ShiftCurve.Point, _ value: Double) -> (x: Double, y: Double) {
            (frame.x(point.percentile), axis.position(value))
        }
        var marks = frame.grid
        for tick in axis.ticks {
            marks.append(SVG.line(frame.left, axis.position(tick), frame.end, axis.position(tick), "grid"))
            marks.append(SVG.text(frame.left - 8, axis.position(tick) + 4, quantity.limit(tick), "axis", anchor: "end"))
        }
        marks += [
            SVG.area(
                curve.points.map { place($0, $0.baseMs * $0.high) }, curve.points.map { place($0, $0.baseMs * $0.low) },
                "band candidate", title: "where the candidate lies, all percentiles at once"),
            SVG.path(curve.points.map { place($0, $0.baseMs) }, "curve base", title: "base: \(names.base)"),
            SVG.path(
                curve.points.map { place($0, $0.candidateMs) }, "curve candidate",
                title: "candidate: \(names.candidate)"),
        ]
        for point in curve.points {
            let title =
                "p\(PercentileChart.label(point.percentile)): base \(quantity.time(point.baseMs)), candidate "
                + quantity.time(point.candidateMs)
            let (x, upper) = (
                frame.x(point.percentile), min(axis.position(point.baseMs), axis.position(point.candidateMs))
            )
            marks.append(SVG.dot(x, upper, "hit", radius: 8, title: title))
        }
        let heights = [axis.position(last.baseMs), axis.position(last.candidateMs)]
        let placed = SVG.spread(heights, gap: 15, from: frame.top + 4, to: frame.floor - 2)
        marks += [
            SVG.text(frame.end + 8, placed[0] + 4, "base", "label base", title: names.base),
            SVG.text(frame.end + 8, placed[1] + 4, "candidate", "label candidate", title: names.candidate),
        ]
        return SVG.picture(
            width: frame.width, height: frame.height,
            label: "Response time of \(curve.requestClass) by percentile, base and candidate", marks)
    }
}
