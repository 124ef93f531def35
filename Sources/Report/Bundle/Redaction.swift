/// Takes secrets and payload out of a text that leaves the house: values of passwords, the password of a connection URI,
/// parameters of logged queries, and long literals as payloads are written. Rather too much than too little.
struct Redaction {
    /// Stands where something was.
    static let mark = "***"

    /// Words whose value is a secret, in lower case.
    private static let secrets = ["password", "passwd", "secret", "token", "apikey", "api_key"].map { Array($0.utf8) }
    /// Hex digits that a digest may have; longer ones are payload.
    private static let digest = 64
    /// Digits of a literal that says that it is bytes.
    private static let literal = 16
    /// Letters of base 64 without a break, beyond any name.
    private static let base64 = 160

    private let bytes: [UInt8]
    private var result: [UInt8] = []
    private var index = 0

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The text without them.
    ///
    /// - Parameter bytes: UTF-8.
    /// - Returns: UTF-8; the same where there is nothing to take out.
    static func clean(_ bytes: [UInt8]) -> [UInt8] {
        var work = Redaction(bytes)
        work.result.reserveCapacity(bytes.count)
        while work.index < bytes.count { work.step() }
        return work.result
    }

    private mutating func step() {
        let byte = bytes[index]
        if byte == UInt8(ascii: ":"), starts("://") { return uri() }
        if byte == UInt8(ascii: "\""), starts("\"Query Parameters\"") {
            return value(after: "\"Query Parameters\"".utf8.count)
        }
        guard Self.isWord(byte) else { return copy(1) }
        if index > 0, Self.isWord(bytes[index - 1]), result.last.map(Self.isWord) == true { return copy(1) }
        run()
    }

    /// A word: letters, digits and what base 64 has beside them.
    private mutating func run() {
        let end = bytes[index...].firstIndex { !Self.isWord($0) } ?? bytes.count
        let word = bytes[index..<end]
        let lower = word.map { (65...90).contains($0) ? $0 + 32 : $0 }
        if Self.secrets.contains(where: { Self.contains(lower, $0) }) { return value(after: word.count) }
        let isLiteral = word.first == UInt8(ascii: "x") && index > 0 && bytes[index - 1] == UInt8(ascii: "\\")
        let digits = isLiteral ? word.dropFirst() : word
        if digits.allSatisfy(Self.isHex), digits.count > (isLiteral ? Self.literal : Self.digest) {
            return leaveOut(digits.count / 2, upTo: end)
        }
        if word.count > Self.base64 { return leaveOut(word.count * 3 / 4, upTo: end) }
        copy(word.count)
    }

    private mutating func leaveOut(_ count: Int, upTo end: Int) {
        result += "(\(count) bytes left out)".utf8
        index = end
    }

    /// The name of a secret, and instead of its value the mark.
    private mutating func value(after length: Int) {
        copy(length)
        let start = index
        while index < bytes.count, [UInt8(ascii: "\""), UInt8(ascii: "'"), 0x20, 0x5c].contains(bytes[index]) {
            index += 1
        }
        let hasSign = index < bytes.count && [UInt8(ascii: "="), UInt8(ascii: ":")].contains(bytes[index])
        let isQuoted = index > start && bytes[index - 1] == UInt8(ascii: "'")
        guard hasSign || isQuoted else {
            index = start
            return
        }
        if hasSign { index += 1 }
        while index < bytes.count, bytes[index] == 0x20 || bytes[index] == 0x5c { index += 1 }
        var quote: UInt8?
        if isQuoted && !hasSign { quote = UInt8(ascii: "'") }
        if hasSign, index < bytes.count, [UInt8(ascii: "\""), UInt8(ascii: "'")].contains(bytes[index]) {
            quote = bytes[index]
            index += 1
        }
        result += bytes[start..<index]
        let end = bytes[index...].firstIndex { byte in
            quote.map { $0 == byte } ?? [0x20, 0x0a, 0x0d, 0x22, 0x27, 0x26, 0x2c, 0x3b, 0x3c, 0x7d].contains(byte)
        }
        result += Self.mark.utf8
        index = end ?? bytes.count
    }

    /// `://`, and of user and password before the host only the user.
    private mutating func uri() {
        copy(3)
        let end =
            bytes[index...].firstIndex { [0x20, 0x0a, 0x0d, 0x22, 0x27, 0x3c, 0x3e, 0x60].contains($0) } ?? bytes.count
        let authority = bytes[index..<end]
        guard let at = authority.lastIndex(of: UInt8(ascii: "@")),
            let colon = authority[..<at].firstIndex(of: UInt8(ascii: ":"))
        else { return }
        result += bytes[index...colon]
        result += Self.mark.utf8
        index = at
    }

    private mutating func copy(_ count: Int) {
        result += bytes[index..<min(index + count, bytes.count)]
        index += count
    }

    private func starts(_ text: StaticString) -> Bool {
        let length = text.utf8CodeUnitCount
        guard index + length <= bytes.count else { return false }
        return (0..<length).allSatisfy { bytes[index + $0] == text.utf8Start[$0] }
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122, UInt8(ascii: "_"), UInt8(ascii: "+"), UInt8(ascii: "/"): true
        default: false
        }
    }

    private static func isHex(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...70, 97...102: true
        default: false
        }
    }

    private static func contains(_ text: [UInt8], _ part: [UInt8]) -> Bool {
        guard text.count >= part.count else { return false }
        return (0...(text.count - part.count)).contains { text[$0..<$0 + part.count].elementsEqual(part) }
    }
}
