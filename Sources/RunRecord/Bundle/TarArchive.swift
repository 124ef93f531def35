import CZlib
import Glibc

/// A new `.tar.gz`: POSIX.1-1988's ustar format in a gzip stream. No time and no owner is written, so that the same files
/// make the same archive.
public struct TarArchive: ~Copyable {
    /// Why an archive cannot be written; the text is one line for people.
    public struct Problem: Error, CustomStringConvertible {
        /// What is wrong, and with which file.
        public let description: String
    }

    private static let block = 512

    private let path: String
    private let partial: String
    private var stream: gzFile?

    /// Opens it beside its final place, where it arrives when it is complete.
    ///
    /// - Parameter path: of the archive; one that is there is replaced.
    /// - Throws: ``Problem`` when it cannot be written there.
    public init(path: String) throws {
        self.path = path
        partial = path + ".partial"
        stream = gzopen(partial, "wb6")
        if stream == nil { throw Problem(description: "\(path): cannot be written; choose another file with --output") }
    }

    /// Adds a file.
    ///
    /// - Parameters:
    ///   - name: path within the archive, at most 255 bytes.
    ///   - bytes: all of it.
    /// - Throws: ``Problem`` when the name is too long or the disk is full.
    public mutating func add(_ name: String, _ bytes: [UInt8]) throws {
        try write(Self.head(name, size: bytes.count))
        try write(bytes)
        let rest = bytes.count % Self.block
        if rest > 0 { try write([UInt8](repeating: 0, count: Self.block - rest)) }
    }

    /// Ends the archive and moves it to its place.
    ///
    /// - Throws: ``Problem`` when that is not possible; nothing is left behind then.
    public consuming func finish() throws {
        try write([UInt8](repeating: 0, count: 2 * Self.block))
        let code = gzclose(stream)
        stream = nil
        guard code == Z_OK, rename(partial, path) == 0 else {
            throw Problem(description: "\(path): cannot be written (is the disk full?)")
        }
    }

    deinit {
        // Only an archive that was not finished still has this file.
        if let stream { gzclose(stream) }
        unlink(partial)
    }

    private func write(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = rest.prefix(1 << 20)
            let count = part.withUnsafeBytes { gzwrite(stream, $0.baseAddress, UInt32($0.count)) }
            guard count == part.count else {
                throw Problem(description: "\(path): cannot be written (is the disk full?)")
            }
            rest = rest.dropFirst(part.count)
        }
    }

    /// The head of one file.
    ///
    /// - Throws: ``Problem`` when the name does not fit.
    static func head(_ name: String, size: Int) throws -> [UInt8] {
        guard let (prefix, last) = split([UInt8](name.utf8)) else {
            throw Problem(description: "\(name): too long a name for an archive")
        }
        var head = [UInt8](repeating: 0, count: block)
        func put(_ bytes: some Sequence<UInt8>, at start: Int) {
            for (index, byte) in bytes.enumerated() { head[start + index] = byte }
        }
        func octal(_ number: Int, _ digits: Int) -> [UInt8] {
            let text = String(number, radix: 8)
            return [UInt8]((String(repeating: "0", count: max(0, digits - text.count)) + text).utf8)
        }
        put(last, at: 0)
        put(octal(0o644, 7), at: 100)
        put(octal(0, 7), at: 108)
        put(octal(0, 7), at: 116)
        put(octal(size, 11), at: 124)
        put(octal(0, 11), at: 136)
        put("        ".utf8, at: 148)
        put("0".utf8, at: 156)
        put("ustar\u{0}00".utf8, at: 257)
        put(prefix, at: 345)
        put(octal(head.reduce(0) { $0 + Int($1) }, 6) + [0], at: 148)
        return head
    }

    /// A name in the two fields of a head: cut at a slash where it has more than 100 bytes.
    private static func split(_ name: [UInt8]) -> (prefix: [UInt8], last: [UInt8])? {
        if name.count <= 100 { return ([], name) }
        for index in name.indices where name[index] == UInt8(ascii: "/") && index <= 155 {
            let last = name[(index + 1)...]
            if !last.isEmpty && last.count <= 100 { return ([UInt8](name[..<index]), [UInt8](last)) }
        }
        return nil
    }
}
