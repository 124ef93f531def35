import RunRecord

/// Effects on one axis of ratios: a row a metric, its interval drawn against the margin.
struct EffectChart {
    private static let (width, height) = (300.0, 26.0)
    private static let edge = 12.0

    private let quantity: Quantity
    private let margin: Double
    /// Half the axis, decades.
    private let reach: Double

    /// - Parameters:
    ///   - ratios: all that share the axis.
    ///   - margin: difference that matters, as a share.
    ///   - furthest: what lies beyond this ratio or its inverse ends in an arrow, so that it does not squash the others.
    ///   - quantity: formats.
    init(_ ratios: [RatioInterval], margin: Double, furthest: Double = 2, quantity: Quantity) {
        self.quantity = quantity
        self.margin = margin
        let ends = ratios.flatMap { [$0.low, $0.high, $0.value] }.filter { $0 > 0 && $0.isFinite }
        let needed = ends.map { abs(LogAxis.exponent($0)) }.max() ?? 0
        reach = min(max(needed * 1.08, LogAxis.exponent(1 + margin) * 4), LogAxis.exponent(furthest))
    }

    /// Where a ratio lies; those beyond the axis on its edge.
    private func x(_ ratio: Double) -> Double {
        guard ratio > 0 else { return Self.edge }
        let share = min(max(LogAxis.exponent(ratio) / reach, -1), 1)
        return Self.width / 2 + share * (Self.width / 2 - Self.edge)
    }

    private func isBeyond(_ ratio: Double) -> Bool { ratio <= 0 || abs(LogAxis.exponent(ratio)) > reach }

    /// The axis with its numbers, above the rows.
    var axis: String {
        var marks: [String] = []
        var ends: [Double] = []
        for tick in ticks {
            let (place, word) = (x(1 + tick), label(tick))
            let half = SVG.width(of: word) / 2
            guard place - half >= 0, place + half <= Self.width else { continue }
            guard ends.allSatisfy({ abs($0 - place) > 2 * half + 6 }) else { continue }
            ends.append(place)
            marks.append(SVG.text(place, 13, word, "axis", anchor: "middle"))
            marks.append(SVG.line(place, 18, place, 22, "tick"))
        }
        return SVG.picture(width: Self.width, height: 22, label: "Axis of change in percent", marks)
    }

    /// Nought first, then outwards, the rounder first.
    private var ticks: [Double] {
        let steps = [0.5, 0.2, 0.1, 0.05, 0.02, 0.01]
        let wide = [1.0, 3].filter { LogAxis.exponent(1 + $0) <= reach }
        let step = steps.first { LogAxis.exponent(1 + $0) <= reach * 0.75 } ?? 0.005
        return [0, step, -step] + wide + wide.map { 1 / (1 + $0) - 1 }
    }

    private func label(_ change: Double) -> String {
        change == 0 ? "0" : "\(change < 0 ? "−" : "+")\(quantity.factor(abs(change) * 100))\(quantity.space)%"
    }

    /// One metric's row.
    ///
    /// - Parameters:
    ///   - ratio: `nil` for one that could not be estimated, which has the margin and nothing in it.
    ///   - tone: of its verdict.
    ///   - title: what a pointer shows.
    /// - Returns: a picture of its own, on the same axis as all.
    func row(_ ratio: RatioInterval?, _ tone: Tone, title: String) -> String {
        let middle = Self.height / 2
        var marks = [
            SVG.rectangle(
                x(1 - margin), 0, x(1 + margin) - x(1 - margin), Self.height, "margin",
                title: "margin \(quantity.margin(margin))"),
            SVG.line(x(1), 0, x(1), Self.height, "zero"),
        ]
        if let ratio {
            marks.append(
                SVG.line(x(ratio.low), middle, x(ratio.high), middle, "interval \(tone.rawValue)", title: title))
            let ways = Set([ratio.low, ratio.value, ratio.high].filter(isBeyond).map { $0 < 1 ? -1.0 : 1 })
            for way in ways.sorted() {
                marks.append(arrow(Self.width / 2 + way * (Self.width / 2 - Self.edge), middle, way, tone))
            }
            // On the edge there is room for the arrow alone, and two of them would make another verdict's shape.
            if !isBeyond(ratio.value) { marks.append(SVG.mark(tone, x(ratio.value), middle, title: title)) }
        }
        return SVG.picture(width: Self.width, height: Self.height, label: title, marks)
    }

    private func arrow(_ x: Double, _ y: Double, _ way: Double, _ tone: Tone) -> String {
        SVG.path(
            [(x - way * 1, y - 5), (x + way * 6, y), (x - way * 1, y + 5)], "interval-end \(tone.rawValue)",
            title: "goes on beyond the axis")
    }
}
