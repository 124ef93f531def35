/// Values on a logarithmic axis that begins and ends at 1, 2 or 5 times a power of ten.
struct LogAxis {
    private let lowest: Double
    private let highest: Double
    private let start: Double
    private let end: Double

    /// - Parameters:
    ///   - values: what must fit; only positive ones count.
    ///   - start: the coordinate of the lowest value.
    ///   - end: the coordinate of the highest.
    init(_ values: [Double], from start: Double, to end: Double) {
        let counted = values.filter { $0 > 0 && $0 < 1e12 }
        let low = Self.round(counted.min() ?? 1, up: false)
        let high = Self.round(counted.max() ?? 10, up: true)
        lowest = low
        highest = high >= low * 9.9 ? high : low * 10
        self.start = start
        self.end = end
    }

    /// Where a value lies; those outside are put on the edge.
    func position(_ value: Double) -> Double {
        guard value > lowest else { return start }
        let share = Self.exponent(min(value, highest) / lowest) / Self.exponent(highest / lowest)
        return start + min(max(share, 0), 1) * (end - start)
    }

    /// Values worth a line: the powers of ten, or on a short axis also twice and five times them.
    var ticks: [Double] {
        let short = highest / lowest < 30
        var ticks: [Double] = []
        var decade = Self.power(Int(Self.exponent(lowest).rounded(.down)))
        while decade <= highest * 1.001 {
            for factor in short ? [1.0, 2, 5] : [1.0] {
                let value = decade * factor
                if value >= lowest * 0.999 && value <= highest * 1.001 { ticks.append(value) }
            }
            decade *= 10
        }
        return ticks
    }

    /// Base-ten logarithm of a positive number, good enough to place a mark: by decades, then by squaring.
    static func exponent(_ value: Double) -> Double {
        guard value > 0, value.isFinite else { return 0 }
        var (rest, whole) = (value, 0.0)
        while rest >= 10 {
            rest /= 10
            whole += 1
        }
        while rest < 1 {
            rest *= 10
            whole -= 1
        }
        var (fraction, step) = (0.0, 0.5)
        for _ in 0..<20 {
            rest *= rest
            if rest >= 10 {
                rest /= 10
                fraction += step
            }
            step /= 2
        }
        return whole + fraction
    }

    private static func round(_ value: Double, up: Bool) -> Double {
        let decade = power(Int(exponent(value).rounded(.down)))
        let steps = [1.0, 2, 5, 10].map { $0 * decade }
        return up
            ? steps.first { $0 >= value * 0.9999 } ?? decade * 10 : steps.last { $0 <= value * 1.0001 } ?? decade
    }

    private static func power(_ exponent: Int) -> Double {
        (0..<abs(exponent)).reduce(1.0) { value, _ in exponent < 0 ? value / 10 : value * 10 }
    }
}
