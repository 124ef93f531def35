import CSHA256
import FoundationEssentials
import RunRecord
import SpecReader
import WakuModel

/// A file that another program wrote.
struct ImportFile {
    /// As it was given.
    let path: String
    /// Mapped where the file system allows it, so that a long log takes no memory.
    let data: Data

    /// - Throws: `SpecProblems` when it cannot be read or holds nothing.
    init(_ path: String) throws {
        self.path = path
        let attributes = try? FileManager.default.attributesOfItem(
            atPath: URL(filePath: path).resolvingSymlinksInPath().path)
        guard let type = attributes?[.type] as? FileAttributeType else {
            throw Self.problem(path, "no such file", "name one that is there")
        }
        guard type == .typeRegular else {
            throw Self.problem(path, type == .typeDirectory ? "is a folder" : "is not a file of its own", "name a file")
        }
        guard let mapped = try? Data(contentsOf: URL(filePath: path), options: .mappedIfSafe) else {
            throw Self.problem(path, "cannot be read", "make it readable")
        }
        guard !mapped.isEmpty else { throw Self.problem(path, "is empty", "name a file that a run has written") }
        data = mapped
    }

    /// Without its folder.
    var name: String { String(path.split(separator: "/").last ?? "") }

    /// What the record says of it.
    var description: ImportDescription.File {
        ImportDescription.File(name: name, bytes: data.count, digest: Self.digest(data))
    }

    /// The whole of it, for a file that is not long.
    var text: String { String(decoding: data, as: UTF8.self) }

    /// Something wrong with the file itself.
    func problem(_ what: String, _ remedy: String) -> SpecProblems { Self.problem(path, what, remedy) }

    /// Something wrong in one line.
    func problem(line: Int, column: Int?, _ what: String, _ remedy: String = "") -> SpecProblem {
        SpecProblem(file: path, line: line, column: column, what: what, remedy: remedy)
    }

    /// SHA-256, 64 lower-case hexadecimal digits.
    static func digest(_ data: Data) -> String {
        var digest = SHA256()
        data.withUnsafeBytes { digest.update($0.baseAddress, count: $0.count) }
        return MessageHash(words: digest.finish().words).description
    }

    private static func problem(_ path: String, _ what: String, _ remedy: String) -> SpecProblems {
        SpecProblems([SpecProblem(file: path, line: nil, column: nil, what: what, remedy: remedy)])
    }
}

/// Goes through the lines of a file one after the other, and holds none.
struct LineCursor {
    private let data: Data
    private var offset = 0
    /// Of the line that was looked at last, from 1.
    private(set) var number = 0

    init(_ file: ImportFile) { data = file.data }

    /// Bytes behind it.
    var done: Int { min(offset, data.count) }

    /// What becomes of the next line, without its end; `nil` at the end of the file. A last line without a line break is
    /// left out: it was cut short.
    mutating func next<Value>(_ body: (UnsafeBufferPointer<UInt8>) -> Value) -> Value? {
        let (from, data) = (offset, self.data)
        guard from < data.count else { return nil }
        let found = data.withUnsafeBytes { raw -> (length: Int, value: Value)? in
            let rest = UnsafeBufferPointer(rebasing: raw.bindMemory(to: UInt8.self)[from...])
            guard var length = rest.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
            let whole = length
            if length > 0, rest[length - 1] == UInt8(ascii: "\r") { length -= 1 }
            return (whole, body(UnsafeBufferPointer(rebasing: rest[..<length])))
        }
        guard let found else { return nil }
        offset = from + found.length + 1
        number += 1
        return found.value
    }

    /// Whether bytes without a line break are left behind the last line.
    var isCutShort: Bool { offset < data.count && data.last != UInt8(ascii: "\n") }
}

/// Goes through the fields of a line, which blanks divide.
struct FieldCursor {
    private let line: UnsafeBufferPointer<UInt8>
    private var place = 0
    /// Of the field that was looked at last, from 1; counts bytes.
    private(set) var column = 1

    init(_ line: UnsafeBufferPointer<UInt8>) { self.line = line }

    /// The next field; `nil` at the end of the line.
    mutating func next() -> UnsafeBufferPointer<UInt8>? {
        while place < line.count, Self.isBlank(line[place]) { place += 1 }
        column = place + 1
        guard place < line.count else { return nil }
        let start = place
        while place < line.count, !Self.isBlank(line[place]) { place += 1 }
        return UnsafeBufferPointer(rebasing: line[start..<place])
    }

    /// The next field as a whole number that is not negative; `nil` when it is none, or there is none.
    mutating func number() -> Int? { next().flatMap(Self.whole) }

    /// A whole number that is not negative, of at most fifteen digits, so that sums of them do not overflow.
    static func whole(_ field: UnsafeBufferPointer<UInt8>) -> Int? {
        guard !field.isEmpty, field.count <= 15 else { return nil }
        var number = 0
        for byte in field {
            guard byte >= 48, byte <= 57 else { return nil }
            number = number * 10 + Int(byte - 48)
        }
        return number
    }

    /// A number as `%.0f` prints it: whole, of at most thirty digits.
    static func amount(_ field: UnsafeBufferPointer<UInt8>) -> Double? {
        guard field.count <= 30, field.allSatisfy({ $0 >= 48 && $0 <= 57 }) else { return nil }
        return Double(String(decoding: field, as: UTF8.self))
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 }
}
