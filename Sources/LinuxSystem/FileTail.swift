import Glibc

/// What was added to a growing file since the last look.
public struct FileTail {
    private let path: String
    private var offset: Int = 0
    /// Bytes taken in one look at most.
    private static let most = 4 << 20

    /// Begins at the start of a file, which may not exist yet.
    public init(path: String) { self.path = path }

    /// How often a word stands in what was added; 0 when the file cannot be read. A word across the border of two looks
    /// is missed.
    public mutating func count(of word: String) -> Int {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return 0 }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        var added: [UInt8] = []
        while added.count < Self.most {
            let count = pread(descriptor, &bytes, bytes.count, offset)
            guard count > 0 else { break }
            offset += count
            added.append(contentsOf: bytes[..<count])
        }
        return added.isEmpty ? 0 : String(decoding: added, as: UTF8.self).ranges(of: word).count
    }
}
