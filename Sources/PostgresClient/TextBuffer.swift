/// Bytes that grow and are used again: statements and parameters are written here, so that sending allocates nothing
/// once the buffer has seen its largest statement. Not a String: no validation, no copies.
public final class TextBuffer {
    private var bytes: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    /// Bytes inside.
    public private(set) var count = 0

    /// An empty buffer with room for so many bytes before it has to grow.
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

    /// Appends an integer as the protocol's binary format has it: the highest byte first.
    public func appendBigEndian(_ number: some FixedWidthInteger) {
        let bytes = number.bitWidth / 8
        let start = room(bytes)
        for index in 0..<bytes {
            start[index] = UInt8(truncatingIfNeeded: number >> (8 * (bytes - 1 - index)))
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
