import Yams

/// Single values: texts, numbers, quantities with units.
extension SpecMap {
    /// A text; `nil` without a problem when the key is missing and not `required`.
    public func string(_ key: String, required: Bool = false, kind: String = "a text") -> String? {
        guard let value = find(key) else {
            if required { noteMissing(key, kind) }
            return nil
        }
        guard let scalar = value.scalar else {
            note(key, "expected one value", remedy: "write it after '\(key): ', without brackets or lines below")
            return nil
        }
        if scalar.style == .plain && ["", "~", "null"].contains(scalar.string) {
            note(key, "has no value", remedy: "write one after '\(key): ', or leave the line out if it may be missing")
            return nil
        }
        return scalar.string
    }

    /// A required text that says something, or a stand-in after noting the problem.
    public func text(_ key: String) -> String {
        guard let text = string(key, required: true) else { return "" }
        if text.allSatisfy(\.isWhitespace) { note(key, "is empty", remedy: "write some words") }
        return text
    }

    /// A required name: what can stand in a table, in a path and on a command line.
    public func name(_ key: String) -> String {
        let name = text(key)
        let isPlain = name.unicodeScalars.allSatisfy { $0.value >= 32 && $0.value != 127 && $0 != "/" }
        if isSound(key), !isPlain || name.count > 100 || name.first == " " || name.last == " " {
            note(
                key, "'\(name)' cannot be a name",
                remedy: "write one line of at most 100 characters, without '/' and without spaces at its ends")
        }
        return name
    }

    /// A required or defaulted value of a closed set.
    public func choice<Value: RawRepresentable & CaseIterable>(
        _ key: String, default fallback: Value
    ) -> Value where Value.RawValue == String {
        guard let text = string(key) else { return fallback }
        guard let value = Value(rawValue: text) else {
            note(
                key, "'\(text)' is not known",
                remedy: "choose one of \(Value.allCases.map(\.rawValue).joined(separator: ", "))")
            return fallback
        }
        return value
    }

    /// A whole number within a range.
    public func integer(_ key: String, in range: ClosedRange<Int>, default fallback: Int? = nil) -> Int {
        let stand = fallback ?? range.lowerBound
        guard let text = string(key, required: fallback == nil, kind: "a whole number") else { return stand }
        let digits = text.filter { $0 != "_" }
        guard let value = Int(digits) else {
            if digits.count > 18, digits.drop(while: { $0 == "-" }).allSatisfy(\.isNumber) {
                note(key, "\(text) is out of range", remedy: "use \(range.lowerBound) to \(range.upperBound)")
                return stand
            }
            note(key, "'\(text)' is not a whole number", remedy: "write digits, such as \(stand)")
            return stand
        }
        guard range.contains(value) else {
            note(key, "\(value) is out of range", remedy: "use \(range.lowerBound) to \(range.upperBound)")
            return stand
        }
        return value
    }

    /// A number within a range.
    public func number(_ key: String, in range: ClosedRange<Double>, default fallback: Double? = nil) -> Double {
        let stand = fallback ?? range.lowerBound
        guard let text = string(key, required: fallback == nil, kind: "a number") else { return stand }
        guard let value = Double(text), value.isFinite else {
            note(key, "'\(text)' is not a number", remedy: "write a number, such as \(QuantityParser.show(stand))")
            return stand
        }
        guard range.contains(value) else {
            note(
                key, "\(text) is out of range",
                remedy: "use \(QuantityParser.show(range.lowerBound)) to \(QuantityParser.show(range.upperBound))")
            return stand
        }
        return value
    }

    /// Nanoseconds.
    public func duration(
        _ key: String, in range: ClosedRange<UInt64> = 0...UInt64.max, default fallback: UInt64? = nil
    ) -> UInt64 {
        quantity(
            key, in: range, default: fallback, kind: "a time such as 10s", QuantityParser.duration,
            QuantityParser.show(duration:))
    }

    /// Bytes.
    public func bytes(_ key: String, in range: ClosedRange<Int> = 0...Int.max, default fallback: Int? = nil) -> Int {
        quantity(
            key, in: range, default: fallback, kind: "a size such as 340B", QuantityParser.bytes,
            QuantityParser.show(bytes:))
    }

    /// Events per second.
    public func rate(_ key: String, in range: ClosedRange<Double>, default fallback: Double? = nil) -> Double {
        quantity(key, in: range, default: fallback, kind: "a rate such as 10/s", QuantityParser.rate) {
            "\(QuantityParser.show($0))/s"
        }
    }

    /// A share from 0 to 1.
    public func share(_ key: String, default fallback: Double? = nil) -> Double {
        quantity(key, in: 0...1, default: fallback, kind: "a share such as 45%", QuantityParser.share) {
            QuantityParser.show($0)
        }
    }

    /// Yes or no.
    public func flag(_ key: String, default fallback: Bool) -> Bool {
        guard let text = string(key) else { return fallback }
        switch text {
        case "true", "yes", "on": return true
        case "false", "no", "off": return false
        default:
            note(key, "'\(text)' is neither yes nor no", remedy: "write true or false")
            return fallback
        }
    }

    /// Seconds since 1970, in the years 1970 to 2200.
    public func instant(_ key: String) -> Int {
        quantity(
            key, in: 0...7_258_118_400, default: nil, kind: "a time such as 2026-01-05T18:00:00Z",
            QuantityParser.instant
        ) {
            $0 == 0 ? "1970-01-01T00:00:00Z" : "2200-01-01T00:00:00Z"
        }
    }

    private func quantity<Value: Comparable>(
        _ key: String, in range: ClosedRange<Value>, default fallback: Value?, kind: String,
        _ parse: (String) -> Result<Value, QuantityError>, _ show: (Value) -> String
    ) -> Value {
        let stand = fallback ?? range.lowerBound
        guard let text = string(key, required: fallback == nil, kind: kind) else { return stand }
        switch parse(text) {
        case .failure(let error):
            note(key, error.what, remedy: error.remedy)
            return stand
        case .success(let value):
            guard range.contains(value) else {
                let last = show(range.upperBound)
                note(
                    key, "\(text) is out of range",
                    remedy: "use \(show(range.lowerBound)) \(last.isEmpty ? "or more" : "to \(last)")")
                return stand
            }
            return value
        }
    }
}
