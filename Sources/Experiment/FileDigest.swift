import CSHA256
import WakuModel

/// The identity of an input file.
enum FileDigest {
    /// SHA-256 of a text's UTF-8 bytes, 64 lower-case hexadecimal digits.
    static func of(_ text: String) -> String {
        var text = text
        return text.withUTF8 { bytes in
            var digest = SHA256()
            digest.update(bytes.baseAddress, count: bytes.count)
            return MessageHash(words: digest.finish().words).description
        }
    }
}
