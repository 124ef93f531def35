import PostgresClient
import WakuModel

extension TextBuffer {
    /// Appends a hash as its column takes it in text: 64 digits, behind `\x` for a BYTEA (PostgreSQL documentation,
    /// 8.4.1).
    func append(_ hash: MessageHash, _ hashes: DriverBehaviour.Hashes) {
        if case .bytea = hashes { append("\\x" as StaticString) }
        hash.writeHex(to: room(64))
    }

    /// The same in an array or a row of COPY, where a backslash is written twice.
    func appendEscaped(_ hash: MessageHash, _ hashes: DriverBehaviour.Hashes) {
        if case .bytea = hashes { append("\\\\x" as StaticString) }
        hash.writeHex(to: room(64))
    }
}

extension MessageHash {
    /// Reads what a column of either type gave: 64 digits, the same behind `\x`, or 32 bytes in binary format; `nil`
    /// when it is no hash.
    static func read(_ value: UnsafeBufferPointer<UInt8>) -> MessageHash? {
        switch value.count {
        case 32: return MessageHash(copying: UnsafeRawBufferPointer(value))
        case 66:
            guard value[0] == UInt8(ascii: "\\"), value[1] == UInt8(ascii: "x") else { return nil }
            return parse(UnsafeBufferPointer(rebasing: value[2...]))
        default: return parse(value)
        }
    }

    /// The same of a value in text format.
    static func read(_ text: String) -> MessageHash? {
        var text = text
        return text.withUTF8 { read($0) }
    }
}
