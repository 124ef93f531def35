import Glibc

/// Ratios on the scale on which they are estimated, and as people read them.
enum LogRatio {
    static func of(_ value: Double, by base: Double) -> Double { log(value / base) }

    static func ratio(_ logarithm: Double) -> Double { exp(logarithm) }

    /// The value that lies between two others as `place` lies between two ends, all by their logarithms.
    static func between(_ first: Double, _ second: Double, at place: Double, from: Double, to: Double) -> Double {
        guard to > from else { return second }
        return exp(log(first) + log(second / first) * log(place / from) / log(to / from))
    }

    /// The margin on this scale: 3 % more, and as far to the other side.
    static func margin(_ share: Double) -> Double { log1p(share) }

    /// Such as `+4.2 %` or `−0.8 %`, of a ratio.
    static func percent(_ ratio: Double) -> String { signed((ratio - 1) * 100) + " %" }

    /// Such as `3 %` or `2.5 %`, of a share.
    static func share(_ share: Double) -> String { plain(share * 100) + " %" }

    private static func signed(_ number: Double) -> String {
        let tenths = (number * 10).rounded()
        return tenths == 0 ? "0.0" : (tenths > 0 ? "+" : "−") + digits(abs(tenths))
    }

    private static func plain(_ number: Double) -> String {
        let tenths = (number * 10).rounded()
        return tenths.truncatingRemainder(dividingBy: 10) == 0 ? digits(tenths).dropped(2) : digits(tenths)
    }

    private static func digits(_ tenths: Double) -> String {
        guard tenths < 1e9 else { return "over 10⁸" }
        let whole = Int(tenths)
        return "\(whole / 10).\(whole % 10)"
    }
}

extension String {
    fileprivate func dropped(_ count: Int) -> String { String(dropLast(count)) }
}
