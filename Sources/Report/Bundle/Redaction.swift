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
    /// Whether a `<` begins a tag instead of being itself.
    private let isMarkup: Bool
    private var result: [UInt8] = []
    private var index = 0

    private init(_ bytes: [UInt8], isMarkup: Bool) { (self.bytes, self.isMarkup) = (bytes, isMarkup) }

    /// The text without them.
    ///
    /// - Parameters:
    ///   - bytes: UTF-8.
    ///   - isMarkup: whether it is HTML or XML.
    /// - Returns: UTF-8; the same where there is nothing to take out.
    static func clean(_ bytes: [UInt8], isMarkup: Bool = false) -> [UInt8] {
        var work = Redaction(bytes, isMarkup: isMarkup)
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
        if Self.namesSecret(word) { return value(after: word.count) }
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
        var quote = opening()
        let hasSign = index < bytes.count && [UInt8(ascii: "="), UInt8(ascii: ":")].contains(bytes[index])
        guard hasSign || quote == UInt8(ascii: "'") else {
            index = start
            return
        }
        if hasSign {
            index += 1
            quote = opening()
        }
        result += bytes[start..<index]
        result += Self.mark.utf8
        // Within a quoted text a backslash takes the next character with it, unless the quote itself was written so.
        let escapes = quote != nil && bytes[index - 1] == quote && bytes[index - 2] != 0x5c
        while index < bytes.count, !isEnd(quote) { index += escapes && bytes[index] == 0x5c ? 2 : 1 }
        index = min(index, bytes.count)
    }

    /// Steps over blanks, backslashes and quotes, as characters or as HTML writes them.
    ///
    /// - Returns: the last quote; `nil` when there was none.
    private mutating func opening() -> UInt8? {
        var quote: UInt8?
        while index < bytes.count {
            if let (found, length) = quoteHere() {
                quote = found
                index += length
            } else if bytes[index] == 0x20 || bytes[index] == 0x5c {
                index += 1
            } else {
                break
            }
        }
        return quote
    }

    /// The quote at this place, and how many bytes it takes.
    private func quoteHere() -> (quote: UInt8, length: Int)? {
        let byte = bytes[index]
        if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") { return (byte, 1) }
        if starts("&#39;") { return (UInt8(ascii: "'"), 5) }
        return starts("&quot;") ? (UInt8(ascii: "\""), 6) : nil
    }

    /// Whether a value ends here: at its quote, at the end of the line, or without a quote at the next blank or tag.
    private func isEnd(_ quote: UInt8?) -> Bool {
        if let here = quoteHere() { return quote == nil || quote == here.quote }
        if bytes[index] == 0x0a || bytes[index] == 0x0d { return true }
        return quote == nil && (bytes[index] == 0x20 || isMarkup && bytes[index] == 0x3c)
    }

    /// `://`, and of user and password before the host only the user.
    private mutating func uri() {
        copy(3)
        let end =
            bytes[index...].firstIndex { [0x20, 0x0a, 0x0d, 0x22, 0x27, 0x60].contains($0) } ?? bytes.count
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

    /// Whether a word is, or holds, one of ``secrets``, the shortest of which has five letters.
    private static func namesSecret(_ word: ArraySlice<UInt8>) -> Bool {
        guard word.count >= 5 else { return false }
        let lower = word.map { (65...90).contains($0) ? $0 + 32 : $0 }
        return secrets.contains { contains(lower, $0) }
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
