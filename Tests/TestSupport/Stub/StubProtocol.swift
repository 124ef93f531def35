/// A message of a client. Reference: PostgreSQL documentation, "Frontend/Backend Protocol", version 3.0.
enum StubMessage {
    /// Asks for encryption, which there is none of.
    case encryptionRequest
    case startup
    case simple(String)
    case parse(name: String, text: String)
    case bind(name: String, parameters: [[UInt8]?], resultFormat: Int16)
    case describeStatement(String)
    case describePortal
    case execute
    case close
    case flush
    case sync
    case terminate
    case unknown(String)
}

/// Cuts a client's stream of bytes into messages.
struct StubReader {
    private var bytes: [UInt8] = []
    private var position = 0
    private var isStarted = false

    mutating func append(_ new: ArraySlice<UInt8>) {
        if position == bytes.count {
            bytes.removeAll(keepingCapacity: true)
            position = 0
        }
        bytes += new
    }

    /// The next whole message; `nil` when more bytes are needed.
    mutating func next() -> StubMessage? {
        let header = isStarted ? 5 : 4
        guard bytes.count - position >= header else { return nil }
        let length = Int(Self.int32(bytes, at: position + header - 4))
        let end = position + header - 4 + length
        guard length >= 4, length < 1 << 26 else { return .unknown("a message of \(length) bytes") }
        guard bytes.count >= end else { return nil }
        var fields = StubFields(bytes: bytes, position: position + header)
        let type = isStarted ? bytes[position] : 0
        position = end
        return isStarted ? Self.message(type, &fields) : opening(fields.int32())
    }

    private mutating func opening(_ code: Int32) -> StubMessage {
        switch code {
        case 80_877_103, 80_877_104: return .encryptionRequest
        case 80_877_102: return .terminate
        case 196_608:
            isStarted = true
            return .startup
        default: return .unknown("start with code \(code)")
        }
    }

    private static func message(_ type: UInt8, _ fields: inout StubFields) -> StubMessage {
        switch Character(UnicodeScalar(type)) {
        case "Q": return .simple(fields.text())
        case "P": return .parse(name: fields.text(), text: fields.text())
        case "B": return bind(&fields)
        case "D":
            return fields.int8() == UInt8(ascii: "S") ? .describeStatement(fields.text()) : .describePortal
        case "E": return .execute
        case "C": return .close
        case "H": return .flush
        case "S": return .sync
        case "X": return .terminate
        case let other: return .unknown("message '\(other)'")
        }
    }

    private static func bind(_ fields: inout StubFields) -> StubMessage {
        _ = fields.text()
        let name = fields.text()
        for _ in 0..<fields.int16() { _ = fields.int16() }
        let parameters = (0..<fields.int16()).map { _ in fields.value() }
        // One format for all columns, or one for each, of which the first stands for all.
        let formats = (0..<fields.int16()).map { _ in fields.int16() }
        return .bind(name: name, parameters: parameters, resultFormat: formats.first ?? 0)
    }

    private static func int32(_ bytes: [UInt8], at position: Int) -> Int32 {
        (0..<4).reduce(0) { $0 << 8 | Int32(bytes[position + $1]) }
    }
}

/// Walks through the fields of one message, which its length has been checked against the buffer.
private struct StubFields {
    let bytes: [UInt8]
    var position: Int

    mutating func int8() -> UInt8 {
        position += 1
        return bytes[position - 1]
    }

    mutating func int16() -> Int16 { Int16(int8()) << 8 | Int16(int8()) }

    mutating func int32() -> Int32 { (0..<4).reduce(0) { value, _ in value << 8 | Int32(int8()) } }

    mutating func text() -> String {
        let start = position
        while bytes[position] != 0 { position += 1 }
        position += 1
        return String(decoding: bytes[start..<position - 1], as: UTF8.self)
    }

    /// A parameter; `nil` for NULL.
    mutating func value() -> [UInt8]? {
        let length = Int(int32())
        guard length >= 0 else { return nil }
        position += length
        return Array(bytes[position - length..<position])
    }
}

/// Messages of a server, appended to a buffer.
struct StubWriter {
    private(set) var bytes: [UInt8] = []

    mutating func removeFirst(_ count: Int) {
        if count == bytes.count { bytes.removeAll(keepingCapacity: true) } else { bytes.removeFirst(count) }
    }

    mutating func refuseEncryption() { bytes.append(UInt8(ascii: "N")) }

    /// What a server says to a client it trusts.
    mutating func welcome(connection: Int) {
        message("R") { $0.int32(0) }
        let settings = [
            ("server_version", "15.0"), ("server_encoding", "UTF8"), ("client_encoding", "UTF8"),
            ("standard_conforming_strings", "on"), ("integer_datetimes", "on"), ("DateStyle", "ISO, MDY"),
            ("TimeZone", "Etc/UTC"),
        ]
        for (name, value) in settings {
            message("S") { writer in
                writer.text(name)
                writer.text(value)
            }
        }
        message("K") { writer in
            writer.int32(Int32(truncatingIfNeeded: connection + 1))
            writer.int32(0)
        }
        ready()
    }

    mutating func ready() { message("Z") { $0.bytes.append(UInt8(ascii: "I")) } }
    mutating func parseComplete() { message("1") { _ in } }
    mutating func bindComplete() { message("2") { _ in } }
    mutating func closeComplete() { message("3") { _ in } }
    mutating func noData() { message("n") { _ in } }
    mutating func noParameters() { message("t") { $0.int16(0) } }

    /// The columns of a result, or that there are none.
    mutating func description(of result: StubResult, format: Int16) {
        guard case .rows(_, let columns) = result else { return noData() }
        message("T") { writer in
            writer.int16(Int16(columns))
            for column in 0..<columns {
                writer.text("c\(column + 1)")
                writer.int32(0)
                writer.int16(0)
                // Type text, of any length, without a modifier.
                writer.int32(25)
                writer.int16(-1)
                writer.int32(-1)
                writer.int16(format)
            }
        }
    }

    /// The rows of a result and its end, or its error.
    mutating func answer(_ result: StubResult) {
        switch result {
        case .command(let tag): message("C") { $0.text(tag) }
        case .rows(let rows, _):
            for row in rows { self.row(row) }
            message("C") { $0.text("SELECT \(rows.count)") }
        case .failure(let state, let text): error(state, text)
        }
    }

    private mutating func row(_ row: [String?]) {
        message("D") { writer in
            writer.int16(Int16(row.count))
            for value in row {
                writer.int32(value.map { Int32($0.utf8.count) } ?? -1)
                if let value { writer.bytes += Array(value.utf8) }
            }
        }
    }

    private mutating func error(_ state: String, _ text: String) {
        message("E") { writer in
            for (field, value) in [("S", "ERROR"), ("V", "ERROR"), ("C", state), ("M", text)] {
                writer.bytes += Array(field.utf8)
                writer.text(value)
            }
            writer.bytes.append(0)
        }
    }

    /// Type, length (the length itself included, the type not), content.
    private mutating func message(_ type: Character, _ content: (inout StubWriter) -> Void) {
        bytes += Array(type.utf8)
        let start = bytes.count
        int32(0)
        content(&self)
        let length = UInt32(bytes.count - start)
        for index in 0..<4 { bytes[start + index] = UInt8(truncatingIfNeeded: length >> UInt32(24 - index * 8)) }
    }

    private mutating func int16(_ value: Int16) {
        bytes.append(UInt8(truncatingIfNeeded: value >> 8))
        bytes.append(UInt8(truncatingIfNeeded: value))
    }

    private mutating func int32(_ value: Int32) {
        for shift in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: value >> Int32(shift))) }
    }

    private mutating func text(_ text: String) {
        bytes += Array(text.utf8)
        bytes.append(0)
    }
}
