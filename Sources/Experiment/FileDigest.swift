import Crypto
import WakuModel

/// The identity of an input file.
enum FileDigest {
    /// SHA-256 of a text's UTF-8 bytes, 64 lower-case hexadecimal digits.
    static func of(_ text: String) -> String {
        var text = text
        return text.withUTF8 { bytes in
            var digest = SHA256()
            digest.update(bufferPointer: UnsafeRawBufferPointer(bytes))
            return digest.finalize().withUnsafeBytes { MessageHash(copying: $0).description }
        }
    }
}
