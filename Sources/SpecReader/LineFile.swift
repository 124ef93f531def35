import Glibc

/// A text file that is read line by line, as often as wanted, in memory that does not grow with it.
///
/// It is opened once and stays open: a file that is put in its place later is not mistaken for it, and one that was
/// written to meanwhile is told by ``isUnchanged``.
public final class LineFile: Sendable {
    /// The path as it was given, for messages.
    public let path: String
    private let descriptor: Int32
    private let stamp: Stamp

    /// What tells that a file was written to.
    private struct Stamp: Sendable, Equatable {
        let size: Int
        let seconds: Int
        let nanoseconds: Int

        /// `nil` for what is not a plain file.
        init?(_ descriptor: Int32) {
            var info = stat()
            guard fstat(descriptor, &info) == 0, info.st_mode & S_IFMT == S_IFREG else { return nil }
            size = Int(info.st_size)
            seconds = Int(info.st_mtim.tv_sec)
            nanoseconds = Int(info.st_mtim.tv_nsec)
        }
    }

    /// Opens a file.
    ///
    /// - Parameter path: of a plain file: what can be read only once is refused.
    /// - Throws: a problem without a line.
    public init(path: String) throws(SpecProblem) {
        // A pipe without a writer would keep the call waiting.
        let found = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard found >= 0 else {
            let reason = String(cString: strerror(errno))
            throw SpecProblem(
                file: path, line: nil, column: nil, what: "cannot be read: \(reason)", remedy: "check the path")
        }
        guard let stamp = Stamp(found) else {
            close(found)
            throw SpecProblem(
                file: path, line: nil, column: nil, what: "is not a plain file",
                remedy: "save it as a file: it is read more than once")
        }
        self.path = path
        self.stamp = stamp
        descriptor = found
    }

    deinit { close(descriptor) }

    /// Bytes, when it was opened.
    public var size: Int { stamp.size }

    /// Whether its size and the time of its last change are what they were when it was opened.
    public var isUnchanged: Bool { Stamp(descriptor) == stamp }

    /// Reads on from an offset; 0 at the end, negative after a failure.
    fileprivate func read(into memory: UnsafeMutableRawPointer, _ count: Int, at offset: Int) -> Int {
        while true {
            let read = pread(descriptor, memory, count, offset)
            if read >= 0 || errno != EINTR { return read }
        }
    }
}

/// Where a line begins.
public struct LinePlace: Sendable, Equatable {
    /// Bytes before it.
    public let offset: Int
    /// Its number, from 1.
    public let line: Int

    /// The first line.
    public static let start = LinePlace(offset: 0, line: 1)
}

/// A walk through the lines of a ``LineFile``. Belongs to one thread.
public final class LineReader {
    /// Bytes that a line may have.
    public static let longest = 65_536

    private let file: LineFile
    private let memory: UnsafeMutableRawPointer
    private let onBlock: ((UnsafeRawBufferPointer) -> Void)?
    /// What was read and not handed out: `begin ..< end` of the memory.
    private var begin = 0
    private var end = 0
    /// Bytes of the file before `end`.
    private var offset: Int
    private var line: Int
    private var isAtEnd = false

    /// Where the line begins that was handed out last.
    public private(set) var place: LinePlace
    /// Why the walk ended before the end of the file, with the line; `nil` when it did not.
    public private(set) var failure: SpecProblem?

    /// Begins a walk; nothing is read yet.
    ///
    /// - Parameters:
    ///   - file: stays open as long as the walk needs it.
    ///   - place: where a line of it begins.
    ///   - onBlock: called with all bytes of the file from there on, piece by piece.
    public init(
        _ file: LineFile, from place: LinePlace = .start, onBlock: ((UnsafeRawBufferPointer) -> Void)? = nil
    ) {
        self.file = file
        self.onBlock = onBlock
        self.place = place
        offset = place.offset
        line = place.line
        memory = .allocate(byteCount: Self.longest, alignment: 16)
    }

    deinit { memory.deallocate() }

    /// The next line without its end, which may be LF or CR LF; `nil` at the end of the file or after a ``failure``.
    ///
    /// A byte order mark at the beginning of the file is left out.
    ///
    /// - Returns: bytes that are valid until the next call.
    public func next() -> UnsafeRawBufferPointer? {
        var searched = 0
        while true {
            if let found = memchr(memory + begin + searched, 10, end - begin - searched) {
                return take(memory.distance(to: found) - begin, terminator: 1)
            }
            searched = end - begin
            if isAtEnd { return searched > 0 ? take(searched, terminator: 0) : nil }
            guard failure == nil, fill() else { return nil }
        }
    }

    /// Hands out a line and passes over its end.
    private func take(_ length: Int, terminator: Int) -> UnsafeRawBufferPointer {
        place = LinePlace(offset: offset - (end - begin), line: line)
        var text = UnsafeRawBufferPointer(start: memory + begin, count: length)
        begin += length + terminator
        line += 1
        if text.last == 13 { text = UnsafeRawBufferPointer(rebasing: text.dropLast()) }
        if place.offset == 0, text.starts(with: [0xEF, 0xBB, 0xBF]) {
            text = UnsafeRawBufferPointer(rebasing: text.dropFirst(3))
        }
        return text
    }

    /// Reads more behind what is left; `false` after noting a failure.
    private func fill() -> Bool {
        if begin > 0 {
            memmove(memory, memory + begin, end - begin)
            (begin, end) = (0, end - begin)
        }
        guard end < Self.longest else {
            return fail("is longer than \(Self.longest) bytes", remedy: "check that the file is text with line breaks")
        }
        let count = file.read(into: memory + end, Self.longest - end, at: offset)
        guard count >= 0 else {
            return fail("cannot be read: \(String(cString: strerror(errno)))", remedy: "check the disk")
        }
        onBlock?(UnsafeRawBufferPointer(start: memory + end, count: count))
        isAtEnd = count == 0
        end += count
        offset += count
        return true
    }

    private func fail(_ what: String, remedy: String) -> Bool {
        failure = SpecProblem(file: file.path, line: line, column: 1, what: what, remedy: remedy)
        return false
    }
}
