import ArgumentParser
import SpecReader

/// Turns the texts of the command line into quantities, with the reason when they are none.
enum Arguments {
    /// Nanoseconds.
    static func duration(_ text: String) throws -> UInt64 { try value(QuantityParser.duration(text)) }

    /// Bytes.
    static func bytes(_ text: String) throws -> Int { try value(QuantityParser.bytes(text)) }

    /// A count such as `200000`, `200_000`, `200k` or `2M`.
    static func count(_ text: String) throws -> Int {
        let plain = text.filter { $0 != "_" }
        let factors: [Character: Double] = ["k": 1e3, "M": 1e6, "G": 1e9]
        if let number = Int(plain), number >= 0 { return number }
        if let last = plain.last, let factor = factors[last], let number = Double(plain.dropLast()), number >= 0,
            number * factor < 1e15
        {
            return Int(number * factor)
        }
        throw ValidationError("'\(text)' is not a count; write 200000, 200k or 2M")
    }

    /// A number of clients.
    static func clients(_ text: String) throws -> Int {
        guard let number = Int(text) ?? (try? count(text)) else {
            throw ValidationError("'\(text)' is not a number of clients; write a whole number such as 8")
        }
        return number
    }

    /// A positive factor.
    static func factor(_ text: String) throws -> Double {
        guard let number = Double(text), number > 0, number <= 100_000 else {
            throw ValidationError("'\(text)' is not a factor; write a number above 0, such as 0.5 or 10")
        }
        return number
    }

    /// Seconds since 1970.
    static func instant(_ text: String, _ option: String) throws -> Int {
        do {
            return try QuantityParser.instant(text).get()
        } catch {
            throw UsageProblem("--\(option): \(error)")
        }
    }

    private static func value<Value>(_ result: Result<Value, QuantityError>) throws -> Value {
        do {
            return try result.get()
        } catch {
            throw ValidationError(error.description)
        }
    }
}

extension Arguments {
    /// A share such as `3%` or `0.03`.
    static func share(_ text: String) throws -> Double {
        let isPercent = text.hasSuffix("%")
        guard let number = Double(isPercent ? String(text.dropLast()) : text), number >= 0 else {
            throw ValidationError("'\(text)' is not a share; write it as 3%")
        }
        return isPercent ? number / 100 : number
    }
}
