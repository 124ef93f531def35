/// Bytes that grow and are used again: statements and parameters are written here, so that sending allocates nothing
/// once the buffer has seen its largest statement. Not a String: no validation, no copies.
public final class TextBuffer {
    private var bytes: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    public private(set) var count = 0

    public init(capacity: Int = 4_096) {
        self.capacity = capacity
        bytes = .allocate(capacity: capacity)
    }

    deinit { bytes.deallocate() }

    /// Forgets the content, keeps the room.
    public func clear() { count = 0 }

    /// Appends the bytes of a text.
    public func append(_ text: String) {
        var text = text
        text.withUTF8 { append($0) }
    }

    /// Appends a literal of the program.
    public func append(_ text: StaticString) {
        append(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Appends raw bytes.
    public func append(_ source: UnsafeBufferPointer<UInt8>) {
        guard let start = source.baseAddress, !source.isEmpty else { return }
        room(source.count).update(from: start, count: source.count)
    }

    /// Appends a decimal number.
    public func append(_ number: Int64) {
        if number < 0 { append("-" as StaticString) }
        var rest = number.magnitude
        var digits: (UInt64, UInt64, UInt64) = (0, 0, 0)
        withUnsafeMutableBytes(of: &digits) { digits in
            var position = 24
            repeat {
                position -= 1
                digits[position] = 48 + UInt8(rest % 10)
                rest /= 10
            } while rest > 0
            append(
                UnsafeBufferPointer(rebasing: UnsafeRawBufferPointer(digits).bindMemory(to: UInt8.self)[position...]))
        }
    }

    /// Appends one NUL byte, the end of a C string.
    public func terminate() { room(1).pointee = 0 }

    /// Grows by `length` bytes and returns where they start, for the caller to fill at once.
    public func room(_ length: Int) -> UnsafeMutablePointer<UInt8> {
        if count + length > capacity { grow(to: count + length) }
        defer { count += length }
        return bytes + count
    }

    /// The content as a C string from `offset` on; valid until the next change. The caller has terminated it.
    public func cString(at offset: Int = 0) -> UnsafePointer<CChar> {
        UnsafeRawPointer(bytes + offset).assumingMemoryBound(to: CChar.self)
    }

    /// The content; valid until the next change.
    public var content: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: bytes, count: count) }

    private func grow(to needed: Int) {
        while capacity < needed { capacity *= 2 }
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        larger.update(from: bytes, count: count)
        bytes.deallocate()
        bytes = larger
    }
}

/// Parameters of a prepared statement in text format, written one after the other into one ``TextBuffer``.
public final class TextParameters {
    public let buffer: TextBuffer
    private var offsets: [Int] = []
    private var pointers: [UnsafePointer<CChar>?] = []

    public init() {
        buffer = TextBuffer()
        offsets.reserveCapacity(16)
        pointers.reserveCapacity(16)
    }

    /// How many parameters were begun.
    public var count: Int { offsets.count }

    /// Forgets all parameters, keeps the room.
    public func clear() {
        buffer.clear()
        offsets.removeAll(keepingCapacity: true)
    }

    /// Adds one parameter; `write` appends its text to the buffer.
    public func add(_ write: (TextBuffer) -> Void) {
        offsets.append(buffer.count)
        write(buffer)
        buffer.terminate()
    }

    /// Sizes by number, for error messages.
    public var redacted: String {
        offsets.indices.map { index in
            let end = index + 1 < offsets.count ? offsets[index + 1] : buffer.count
            return "$\(index + 1): \(end - offsets[index] - 1) bytes"
        }.joined(separator: ", ")
    }

    func withPointers<Result>(_ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> Result) -> Result {
        pointers.removeAll(keepingCapacity: true)
        for offset in offsets { pointers.append(buffer.cString(at: offset)) }
        return pointers.withUnsafeBufferPointer { body($0.baseAddress) }
    }
}
