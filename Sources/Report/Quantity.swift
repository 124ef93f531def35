/// Numbers for people: three significant digits, always with their unit. The one formatter of the tool.
public struct Quantity: Sendable {
    /// Stands between number and unit, and between groups of thousands.
    let space: String

    /// For pages: a narrow space that does not break.
    public static let page = Quantity(space: "\u{202F}")
    /// For terminals and plain text.
    public static let plain = Quantity(space: " ")

    /// Written where there is no number.
    public static let missing = "not collected"

    /// A duration given in milliseconds, in the unit that fits: µs, ms, s, min.
    public func time(_ milliseconds: Double?) -> String {
        guard let milliseconds, milliseconds.isFinite else { return Self.missing }
        switch abs(milliseconds) {
        case 0: return "0\(space)ms"
        case ..<0.9995: return digits(milliseconds * 1_000) + space + "µs"
        case ..<999.5: return digits(milliseconds) + space + "ms"
        case ..<119_950: return digits(milliseconds / 1_000) + space + "s"
        default: return digits(milliseconds / 60_000) + space + "min"
        }
    }

    /// A round duration such as a limit or a mark of an axis: as ``time(_:)``, without trailing zeros.
    public func limit(_ milliseconds: Double) -> String {
        let text = time(milliseconds)
        guard let gap = text.firstRange(of: space), text[..<gap.lowerBound].contains(".") else { return text }
        let number = text[..<gap.lowerBound].reversed().drop { $0 == "0" }.drop { $0 == "." }.reversed()
        return String(number) + text[gap.lowerBound...]
    }

    /// A duration given in milliseconds, as a plain number of milliseconds for a column of its own.
    public func milliseconds(_ value: Double?) -> String {
        // To the microsecond, which is as far as the histograms tell apart.
        value.map { abs($0) < 0.1 ? fixed($0, $0 == 0 ? 0 : 3) : digits($0) } ?? "–"
    }

    /// Bytes in powers of 1000.
    public func bytes(_ count: Int?) -> String {
        guard let count else { return Self.missing }
        let size = Double(count)
        let units: [(size: Double, name: String)] = [(1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")]
        for unit in units where size >= 0.9995 * unit.size { return digits(size / unit.size) + space + unit.name }
        return "\(count)\(space)B"
    }

    /// Events a second.
    public func rate(_ perSecond: Double?) -> String {
        perSecond.map { digits($0) + "/s" } ?? Self.missing
    }

    /// A share of 1 as percent.
    public func percent(_ share: Double?) -> String {
        share.map { digits($0 * 100) + space + "%" } ?? Self.missing
    }

    /// A whole number in groups of thousands.
    public func count(_ number: Int) -> String {
        let plain = String(number.magnitude)
        var grouped = ""
        for (index, digit) in plain.enumerated() {
            if index > 0 && (plain.count - index) % 3 == 0 { grouped += space }
            grouped.append(digit)
        }
        return (number < 0 ? "-" : "") + grouped
    }

    /// Three significant digits, whole numbers above a thousand in groups; no exponent.
    public func digits(_ value: Double) -> String {
        let size = abs(value)
        guard size > 0, size < 1e15 else { return size == 0 ? "0" : "over 10¹⁵" }
        if size >= 99.95 { return count(Int(value.rounded())) }
        var decimals = size >= 9.995 ? 1 : 2
        var limit = 0.9995
        while size < limit && decimals < 6 {
            decimals += 1
            limit /= 10
        }
        return fixed(value, decimals)
    }

    /// A number with so many decimals, trailing zeros kept.
    func fixed(_ value: Double, _ decimals: Int) -> String {
        var factor = 1.0
        for _ in 0..<decimals { factor *= 10 }
        let scaled = Int((abs(value) * factor).rounded())
        let whole = scaled / Int(factor)
        let rest = String(scaled % Int(factor))
        let fraction = decimals == 0 ? "" : "." + String(repeating: "0", count: decimals - rest.count) + rest
        return (value < 0 && scaled > 0 ? "-" : "") + String(whole) + fraction
    }
}
