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
        guard let gap = text.firstRange(of: space) else { return text }
        return Self.trimmed(String(text[..<gap.lowerBound])) + text[gap.lowerBound...]
    }

    /// A factor without unit, such as that on the arrival rates: three significant digits, without trailing zeros.
    public func factor(_ value: Double) -> String { Self.trimmed(digits(value)) }

    private static func trimmed(_ number: String) -> String {
        guard number.contains(".") else { return number }
        let short = number.reversed().drop { $0 == "0" }
        return String((short.first == "." ? short.dropFirst() : short).reversed())
    }

    /// A duration given in milliseconds, as a plain number of milliseconds for a column of its own.
    ///
    /// - Parameters:
    ///   - value: milliseconds.
    ///   - missing: stands where there is no number.
    /// - Returns: the number without its unit, which the column's head carries.
    public func milliseconds(_ value: Double?, missing: String = Quantity.missing) -> String {
        guard let value, value.isFinite else { return missing }
        // To the microsecond, which is as far as the histograms tell apart.
        return abs(value) < 0.1 ? fixed(value, value == 0 ? 0 : 3) : digits(value)
    }

    /// Bytes in powers of 1000.
    public func bytes(_ count: Int?) -> String {
        guard let count, count >= 0 else { return Self.missing }
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
        guard size > 0, size < 1e15 else { return size == 0 ? "0" : size.isNaN ? Self.missing : "over 10¹⁵" }
        if size >= 99.95 { return count(Int(value.rounded())) }
        var decimals = size >= 9.995 ? 1 : 2
        var limit = 0.9995
        while size < limit && decimals < 6 {
            decimals += 1
            limit /= 10
        }
        return fixed(value, decimals)
    }

    /// A moment given in seconds from the start, to a tenth.
    public func moment(_ seconds: Double) -> String {
        seconds.isFinite ? fixed(seconds, 1) + space + "s" : Self.missing
    }

    /// A number with so many decimals, trailing zeros kept.
    func fixed(_ value: Double, _ decimals: Int) -> String {
        guard abs(value) < 1e12 else { return digits(value) }
        var factor = 1.0
        for _ in 0..<decimals { factor *= 10 }
        let scaled = Int((abs(value) * factor).rounded())
        let whole = scaled / Int(factor)
        let rest = String(scaled % Int(factor))
        let fraction = decimals == 0 ? "" : "." + String(repeating: "0", count: decimals - rest.count) + rest
        return (value < 0 && scaled > 0 ? "-" : "") + String(whole) + fraction
    }
}
