import SpecReader

/// Why a row of a trace is not taken: what, where in the row, and the remedy.
struct TraceFault: Error {
    let what: String
    let remedy: String
    /// Bytes of the row before the field that is wrong.
    let offset: Int

    init(_ what: String, _ remedy: String, at offset: Int = 0) {
        self.what = what
        self.remedy = remedy
        self.offset = offset
    }
}

/// The five columns of a row as they are written: plain fields between commas.
///
/// Valid as long as the line that they lie in.
struct TraceFields {
    /// The first line of every trace.
    static let header = "time,shard,topic,size,kind"
    /// Seconds that a time may be: what nanoseconds can count.
    private static let longestTime: UInt64 = 9_000_000_000

    /// Nanoseconds.
    let time: UInt64
    let shard: Field
    let topic: Field
    let size: Field
    let kind: Field

    /// One field and where in the row it begins.
    struct Field {
        let bytes: UnsafeRawBufferPointer
        let offset: Int

        var isEmpty: Bool { bytes.isEmpty }

        /// The field for a message: short, and nothing that would move a terminal's cursor.
        var shown: String {
            let text = String(decoding: bytes.prefix(60), as: UTF8.self)
            let plain = text.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : String($0) }
                .joined()
            return "'\(plain)\(bytes.count > 60 ? "…" : "")'"
        }

        /// The whole number that the field is; `nil` for anything else, and for more than a million million.
        var number: Int? {
            guard (1...12).contains(bytes.count) else { return nil }
            var value = 0
            for byte in bytes {
                guard let digit = TraceFields.digit(byte) else { return nil }
                value = value * 10 + digit
            }
            return value
        }

        func fault(_ what: String, _ remedy: String) -> TraceFault { TraceFault(what, remedy, at: offset) }
    }

    init(_ line: UnsafeRawBufferPointer) throws(TraceFault) {
        var (borders, commas) = ((0, 0, 0, 0), 0)
        for place in line.indices where line[place] == UInt8(ascii: ",") {
            switch commas {
            case 0: borders.0 = place
            case 1: borders.1 = place
            case 2: borders.2 = place
            case 3: borders.3 = place
            default: break
            }
            commas += 1
        }
        guard commas == 4 else {
            let columns = line.isEmpty ? "is empty" : "has \(commas + 1) column\(commas == 0 ? "" : "s")"
            throw TraceFault(columns, "write the five of \(Self.header), without quotes")
        }
        func field(_ start: Int, _ end: Int) -> Field {
            Field(bytes: UnsafeRawBufferPointer(rebasing: line[start..<end]), offset: start)
        }
        time = try Self.nanoseconds(field(0, borders.0))
        shard = field(borders.0 + 1, borders.1)
        topic = field(borders.1 + 1, borders.2)
        size = field(borders.2 + 1, borders.3)
        kind = field(borders.3 + 1, line.count)
    }

    /// Seconds with decimals; those behind the ninth are left out.
    private static func nanoseconds(_ field: Field) throws(TraceFault) -> UInt64 {
        var (seconds, part, unit): (UInt64, UInt64, UInt64) = (0, 0, 1_000_000_000)
        var (isFraction, digits) = (false, 0)
        for byte in field.bytes {
            if let digit = digit(byte) {
                digits += 1
                if !isFraction {
                    seconds = seconds * 10 + UInt64(digit)
                    guard seconds <= longestTime else {
                        throw field.fault("time \(field.shown) is out of range", "use 0 to \(longestTime) seconds")
                    }
                } else if unit > 1 {
                    unit /= 10
                    part += UInt64(digit) * unit
                }
            } else if byte == UInt8(ascii: "."), !isFraction {
                isFraction = true
            } else {
                digits = 0
                break
            }
        }
        guard digits > 0 else {
            throw field.fault(
                "time \(field.shown) is not a number", "write seconds from the start, such as 12.345678901")
        }
        return seconds * 1_000_000_000 + part
    }

    private static func digit(_ byte: UInt8) -> Int? { (48...57).contains(byte) ? Int(byte) - 48 : nil }
}
