/// Reads numbers with units, as they stand in files and on the command line.
///
/// Units are never guessed: a number that needs one and has none is an error.
public enum QuantityParser {
    /// Nanoseconds from `50ms`, `10s`, `1.5min`, `10m`, `24h`, `31d`, `200us`, `200µs`, `7ns`.
    public static func duration(_ text: String) -> Result<UInt64, QuantityError> {
        scaled(text, durationUnits, example: "10s, 50ms, 2min or 24h").flatMap { value in
            value < 9e18 ? .success(UInt64(value)) : .failure(QuantityError("'\(text)' is too long a time", "use less"))
        }
    }

    /// Bytes from `340B`, `2kB`, `1.4MB`, `250GB` (powers of 1000) or `768KiB`, `1MiB`, `2GiB` (powers of 1024).
    public static func bytes(_ text: String) -> Result<Int, QuantityError> {
        scaled(text, byteUnits, example: "340B, 2kB or 768KiB").flatMap { value in
            value < 9e18 ? .success(Int(value)) : .failure(QuantityError("'\(text)' is too many bytes", "use less"))
        }
    }

    /// Events per second from `10/s`, `1100/min`, `5/h` or `2/d`.
    public static func rate(_ text: String) -> Result<Double, QuantityError> {
        scaled(text, rateUnits, example: "10/s, 1100/min or 5/h")
    }

    /// A share from `45%` or a plain number from 0 to 1.
    public static func share(_ text: String) -> Result<Double, QuantityError> {
        let value: Double?
        if text.hasSuffix("%") {
            value = Double(trimmed(text.dropLast())).map { $0 / 100 }
        } else {
            value = Double(text)
        }
        guard let value, value >= 0, value <= 1 else {
            return .failure(QuantityError("'\(text)' is not a share", "write 0% to 100%, or 0 to 1"))
        }
        return .success(value)
    }

    /// Seconds since 1970 from `2026-01-05T18:00:00Z`.
    public static func instant(_ text: String) -> Result<Int, QuantityError> {
        let wrong = QuantityError("'\(text)' is not a time", "write it as 2026-01-05T18:00:00Z (UTC)")
        let bytes = Array(text.utf8)
        let shape = Array("dddd-dd-ddTdd:dd:ddZ".utf8)
        guard bytes.count == shape.count else { return .failure(wrong) }
        for (byte, expected) in zip(bytes, shape) {
            let fits = expected == UInt8(ascii: "d") ? (48...57).contains(byte) : byte == expected
            guard fits else { return .failure(wrong) }
        }
        func number(_ range: Range<Int>) -> Int { bytes[range].reduce(0) { $0 * 10 + Int($1) - 48 } }
        let (year, month, day) = (number(0..<4), number(5..<7), number(8..<10))
        let (hour, minute, second) = (number(11..<13), number(14..<16), number(17..<19))
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let lengths = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard year >= 1970, (1...12).contains(month), day >= 1, day <= lengths[month - 1], hour < 24, minute < 60,
            second < 60
        else { return .failure(wrong) }
        let years = year - 1
        let daysBefore = years * 365 + years / 4 - years / 100 + years / 400 - 719_162
        let days = daysBefore + lengths[..<(month - 1)].reduce(0, +) + day - 1
        return .success(days * 86_400 + hour * 3_600 + minute * 60 + second)
    }

    static func integer(_ text: String) -> Result<Int, QuantityError> {
        Int(text.filter { $0 != "_" }).map { .success($0) }
            ?? .failure(QuantityError("'\(text)' is not a whole number", "write digits"))
    }

    static func number(_ text: String) -> Result<Double, QuantityError> {
        guard let value = Double(text), value.isFinite else {
            return .failure(QuantityError("'\(text)' is not a number", "write digits, such as 12 or 0.5"))
        }
        return .success(value)
    }

    // MARK: Showing

    /// A number as a person writes it.
    static func show(_ value: Double) -> String {
        value == value.rounded() && abs(value) <= 1e15 ? String(Int(value)) : String(value)
    }

    /// A time in the largest unit that takes a whole number of it; empty for the longest there is.
    static func show(duration: UInt64) -> String {
        if duration == .max { return "" }
        if duration == 0 { return "0s" }
        let units: [(String, UInt64)] = [
            ("d", 86_400_000_000_000), ("h", 3_600_000_000_000), ("min", 60_000_000_000), ("s", 1_000_000_000),
            ("ms", 1_000_000), ("us", 1_000),
        ]
        let unit = units.first { duration % $0.1 == 0 } ?? ("ns", 1)
        return "\(duration / unit.1)\(unit.0)"
    }

    /// A size in the largest decimal unit that takes a whole number of it; empty for the largest there is.
    static func show(bytes: Int) -> String {
        if bytes == .max { return "" }
        if bytes == 0 { return "0B" }
        let units = [("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)]
        let unit = units.first { bytes % $0.1 == 0 } ?? ("B", 1)
        return "\(bytes / unit.1)\(unit.0)"
    }

    private static let durationUnits: [(String, Double)] = [
        ("ns", 1), ("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("min", 60e9), ("m", 60e9), ("s", 1e9), ("h", 3_600e9),
        ("d", 86_400e9),
    ]
    private static let byteUnits: [(String, Double)] = [
        ("KiB", 1_024), ("MiB", 1_048_576), ("GiB", 1_073_741_824), ("TiB", 1_099_511_627_776), ("kB", 1e3),
        ("MB", 1e6), ("GB", 1e9), ("TB", 1e12), ("B", 1),
    ]
    private static let rateUnits: [(String, Double)] = [
        ("/s", 1), ("/min", 1.0 / 60), ("/h", 1.0 / 3_600), ("/d", 1.0 / 86_400),
    ]

    private static func scaled(
        _ text: String, _ units: [(String, Double)], example: String
    ) -> Result<Double, QuantityError> {
        let text = trimmed(text[...])
        for (unit, factor) in units where text.hasSuffix(unit) {
            guard let number = Double(trimmed(text.dropLast(unit.count))), number.isFinite else { continue }
            guard number >= 0 else { return .failure(QuantityError("'\(text)' is negative", "use zero or more")) }
            return .success(number * factor)
        }
        if Double(text) != nil { return .failure(QuantityError("'\(text)' has no unit", "write \(example)")) }
        return .failure(QuantityError("'\(text)' is not understood", "write \(example)"))
    }

    private static func trimmed(_ text: Substring) -> String {
        String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}

/// Why a text is not the quantity asked for.
public struct QuantityError: Error, CustomStringConvertible, Equatable, Sendable {
    /// What is wrong, with the text as it stands in the file.
    public let what: String
    /// What to write instead.
    public let remedy: String

    /// What is wrong, and what to write instead.
    package init(_ what: String, _ remedy: String) {
        self.what = what
        self.remedy = remedy
    }

    public var description: String { "\(what); \(remedy)" }
}
