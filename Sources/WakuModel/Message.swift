import CSHA256

/// A message as 14/WAKU2-MESSAGE defines it, less the fields that the archive neither stores nor hashes.
public struct Message: Sendable, Equatable {
    /// Longest ``meta`` the specification allows, in bytes.
    public static let maximumMeta = 64

    /// What the application sends; opaque to the archive.
    public var payload: [UInt8]
    /// What the message is about, chosen by the application.
    public var contentTopic: ContentTopic
    /// Application data of at most ``maximumMeta`` bytes; empty when absent.
    public var meta: [UInt8]
    /// Version of the payload's encoding, 0 or 1 in practice.
    public var version: UInt32
    /// The sender's clock: nanoseconds since 1970, UTC.
    public var timestamp: Int64

    /// A message as its sender made it.
    public init(
        payload: [UInt8], contentTopic: ContentTopic, meta: [UInt8] = [], version: UInt32 = 0, timestamp: Int64
    ) {
        self.payload = payload
        self.contentTopic = contentTopic
        self.meta = meta
        self.version = version
        self.timestamp = timestamp
    }

    /// The deterministic message hash: SHA-256 over pubsub topic, payload, content topic, meta and the timestamp as
    /// eight bytes, big-endian (14/WAKU2-MESSAGE, "Deterministic message hashing").
    public func hash(on pubsubTopic: PubsubTopic) -> MessageHash {
        var digest = SHA256()
        Self.add(pubsubTopic.text, to: &digest)
        payload.withUnsafeBytes { digest.update($0.baseAddress, count: $0.count) }
        Self.add(contentTopic.text, to: &digest)
        if !meta.isEmpty { meta.withUnsafeBytes { digest.update($0.baseAddress, count: $0.count) } }
        withUnsafeBytes(of: UInt64(bitPattern: timestamp).bigEndian) { digest.update($0.baseAddress, count: $0.count) }
        return MessageHash(words: digest.finish().words)
    }

    private static func add(_ text: String, to digest: inout SHA256) {
        var text = text
        text.withUTF8 { digest.update($0.baseAddress, count: $0.count) }
    }
}

/// The 32 bytes that identify a message; also the cursor of a store query.
public struct MessageHash: Hashable, Sendable, CustomStringConvertible {
    /// Big-endian words, so that comparing them compares bytes.
    public let words: (UInt64, UInt64, UInt64, UInt64)

    /// All bytes zero: no message has it, and a store node refuses it as a cursor.
    public static let zero = MessageHash(words: (0, 0, 0, 0))

    /// A hash from its 32 bytes, as four words in the order of memory.
    @inlinable
    public init(words: (UInt64, UInt64, UInt64, UInt64)) { self.words = words }

    /// - Parameter bytes: at least 32 bytes; the first 32 are taken.
    @inlinable
    public init(copying bytes: UnsafeRawBufferPointer) {
        func word(_ index: Int) -> UInt64 {
            UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
        }
        words = (word(0), word(1), word(2), word(3))
    }

    /// - Throws: ``WakuFormatError`` unless the text is 64 hexadecimal digits, with or without `0x`.
    public init(hex text: String) throws(WakuFormatError) {
        let digits = text.hasPrefix("0x") ? text.dropFirst(2) : text[...]
        guard let hash = Self.parse(digits.utf8) else {
            throw WakuFormatError("message hash '\(text)': expected 64 hexadecimal digits")
        }
        self = hash
    }

    /// Reads 64 hexadecimal digits; `nil` when they are not.
    public static func parse(_ digits: some Collection<UInt8>) -> MessageHash? {
        guard digits.count == 64 else { return nil }
        var words: [UInt64] = [0, 0, 0, 0]
        for (position, digit) in digits.enumerated() {
            guard let value = Hex.value(of: digit) else { return nil }
            words[position / 16] = words[position / 16] << 4 | UInt64(value)
        }
        return MessageHash(words: (words[0], words[1], words[2], words[3]))
    }

    /// Writes the 64 lower-case hexadecimal digits that the archive stores.
    @inlinable
    public func writeHex(to target: UnsafeMutablePointer<UInt8>) {
        Hex.write(words.0, to: target)
        Hex.write(words.1, to: target + 16)
        Hex.write(words.2, to: target + 32)
        Hex.write(words.3, to: target + 48)
    }

    /// 64 lower-case hexadecimal digits.
    public var description: String {
        String(unsafeUninitializedCapacity: 64) { buffer in
            guard let start = buffer.baseAddress else { return 0 }
            writeHex(to: start)
            return 64
        }
    }

    public static func == (left: MessageHash, right: MessageHash) -> Bool { left.words == right.words }

    public func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
}

/// Hexadecimal digits as the archive writes them: lower case.
public enum Hex {
    /// Two digits for every byte value, so that encoding is one load and one store a byte.
    @usableFromInline static let pairs: [UInt16] = (0..<256).map { byte in
        let digits = Array("0123456789abcdef".utf8)
        return UInt16(digits[byte >> 4]) | UInt16(digits[byte & 15]) << 8
    }

    /// Writes two digits a byte; `target` has room for `2 * bytes.count`.
    @inlinable
    public static func write(_ bytes: UnsafeRawBufferPointer, to target: UnsafeMutablePointer<UInt8>) {
        let raw = UnsafeMutableRawPointer(target)
        pairs.withUnsafeBufferPointer { pairs in
            for index in 0..<bytes.count {
                raw.storeBytes(of: pairs[Int(bytes[index])].littleEndian, toByteOffset: index * 2, as: UInt16.self)
            }
        }
    }

    @inlinable
    static func write(_ word: UInt64, to target: UnsafeMutablePointer<UInt8>) {
        withUnsafeBytes(of: word.bigEndian) { write($0, to: target) }
    }

    /// The byte that two digits stand for; -1 when they are none.
    public static func byte(_ high: UInt8, _ low: UInt8) -> Int {
        guard let high = value(of: high), let low = value(of: low) else { return -1 }
        return Int(high) << 4 | Int(low)
    }

    static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
