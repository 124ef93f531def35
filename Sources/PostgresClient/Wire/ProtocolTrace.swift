import Glibc
import LinuxSystem

/// What connections send, one line a message, in the form of libpq's `PQtrace` without times; for tests.
final class ProtocolTrace {
    private let file: UnsafeMutablePointer<FILE>

    /// - Throws: `SystemError` when the file cannot be appended to.
    init(path: String) throws(SystemError) {
        guard let file = fopen(path, "a") else { throw SystemError("open \(path)") }
        self.file = file
    }

    deinit { fclose(file) }

    /// Whole messages on their way to the server.
    func note(_ messages: UnsafeBufferPointer<UInt8>) {
        var rest = messages[...]
        while rest.count >= 5 {
            var reader = Reader(rest: rest)
            let kind = Unicode.Scalar(reader.byte())
            let length = reader.number(bytes: 4)
            var content = Reader(rest: reader.rest.prefix(length - 4))
            let line = "F\t\(length)\t\(Self.words(kind, &content))\n"
            fputs(line, file)
            rest = rest.dropFirst(1 + length)
        }
        fflush(file)
    }

    private static func words(_ kind: Unicode.Scalar, _ content: inout Reader) -> String {
        switch kind {
        case "Q": "Query\t \"\(content.text())\""
        case "P": "Parse\t \"\(content.text())\" \"\(content.text())\" \(content.number(bytes: 2))"
        case "B": bind(&content)
        case "D": "Describe\t \(Unicode.Scalar(content.byte())) \"\(content.text())\""
        case "E": "Execute\t \"\(content.text())\" \(content.number(bytes: 4))"
        case "S": "Sync"
        case "d": "CopyData"
        case "c": "CopyDone"
        default: "Unknown message: \(kind)"
        }
    }

    private static func bind(_ content: inout Reader) -> String {
        var words = ["\"\(content.text())\"", "\"\(content.text())\""]
        func formats() {
            let count = content.number(bytes: 2)
            words.append("\(count)")
            for _ in 0..<count { words.append("\(content.number(bytes: 2))") }
        }
        formats()
        let count = content.number(bytes: 2)
        words.append("\(count)")
        for _ in 0..<count {
            let length = content.number(bytes: 4)
            words.append("\(length)")
            if length >= 0 { words.append("'\(String(decoding: content.bytes(length), as: UTF8.self))'") }
        }
        formats()
        return "Bind\t " + words.joined(separator: " ")
    }

    /// Walks through a message's content.
    private struct Reader {
        var rest: Slice<UnsafeBufferPointer<UInt8>>

        mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

        mutating func number(bytes: Int) -> Int {
            var value: UInt64 = 0
            for _ in 0..<bytes { value = value << 8 | UInt64(byte()) }
            // Lengths and counts are signed; -1 stands for NULL.
            return bytes == 4 ? Int(Int32(truncatingIfNeeded: value)) : Int(value)
        }

        mutating func bytes(_ count: Int) -> Slice<UnsafeBufferPointer<UInt8>> {
            defer { rest = rest.dropFirst(count) }
            return rest.prefix(count)
        }

        mutating func text() -> String {
            let bytes = bytes(rest.firstIndex(of: 0).map { $0 - rest.startIndex } ?? rest.count)
            _ = byte()
            return String(decoding: bytes, as: UTF8.self)
        }
    }
}
