/// Parameters of a prepared statement, written one after the other into one ``TextBuffer``, each in text or in binary
/// format. Used again and again: after the largest statement it allocates nothing.
public final class BoundParameters {
    /// Holds the values one after the other; written to through ``add(_:)`` and ``addBinary(_:)``.
    public let buffer: TextBuffer
    /// How many parameters were begun.
    public private(set) var count = 0
    private var capacity = 16
    private var offsets: UnsafeMutablePointer<Int>
    private var lengths: UnsafeMutablePointer<Int32>
    private var formats: UnsafeMutablePointer<Int32>
    private var pointers: UnsafeMutablePointer<UnsafePointer<CChar>?>
    /// Whether any parameter is in binary format.
    private var hasBinary = false
    /// Bytes of all values together.
    private(set) var valueBytes = 0

    /// No parameters yet.
    public init() {
        buffer = TextBuffer()
        offsets = .allocate(capacity: capacity)
        lengths = .allocate(capacity: capacity)
        formats = .allocate(capacity: capacity)
        pointers = .allocate(capacity: capacity)
    }

    deinit { deallocate() }

    /// Forgets all parameters, keeps the room.
    public func clear() {
        buffer.clear()
        count = 0
        valueBytes = 0
        hasBinary = false
    }

    /// Adds one parameter in text format; `write` appends its text to the buffer.
    public func add(_ write: (TextBuffer) -> Void) {
        let start = buffer.count
        write(buffer)
        note(start, format: 0)
        buffer.terminate()
    }

    /// Adds one parameter in binary format; `write` appends its bytes to the buffer.
    public func addBinary(_ write: (TextBuffer) -> Void) {
        let start = buffer.count
        write(buffer)
        note(start, format: 1)
        hasBinary = true
    }

    /// Adds an `int8` in binary format: eight bytes, the highest first.
    public func addBinary(_ number: Int64) { addBinary { $0.appendBigEndian(number) } }

    /// Adds an `int4` in binary format: four bytes, the highest first.
    public func addBinary(_ number: Int32) { addBinary { $0.appendBigEndian(number) } }

    /// Sizes by number, for error messages.
    public var redacted: String {
        (0..<count).map { "$\($0 + 1): \(lengths[$0]) bytes" }.joined(separator: ", ")
    }

    /// Calls with what libpq wants: values, and lengths and formats where any value is binary.
    @inline(__always)
    func withPointers<Result>(
        _ body: (
            UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?
        ) -> Result
    ) -> Result {
        for index in 0..<count { pointers[index] = buffer.cString(at: offsets[index]) }
        return hasBinary ? body(pointers, lengths, formats) : body(pointers, nil, nil)
    }

    /// How many formats a message carries: one each where any value is binary, else none.
    @inline(__always)
    var formatCount: Int { hasBinary ? count : 0 }

    @inline(__always)
    func format(_ index: Int) -> Int32 { formats[index] }

    /// Writes all values as the protocol has them, each behind its length.
    ///
    /// - Parameter place: has room for ``valueBytes`` and four bytes a value.
    /// - Returns: the place behind the last.
    @inline(__always)
    func write(to place: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
        var place = place
        for index in 0..<count {
            let length = Int(lengths[index])
            UnsafeMutableRawPointer(place).storeBytes(of: lengths[index].bigEndian, as: Int32.self)
            UnsafeMutableRawPointer(place + 4)
                .copyMemory(from: buffer.cString(at: offsets[index]), byteCount: length)
            place += 4 &+ length
        }
        return place
    }

    private func note(_ start: Int, format: Int32) {
        if count == capacity { grow() }
        offsets[count] = start
        lengths[count] = Int32(buffer.count - start)
        formats[count] = format
        valueBytes += Int(lengths[count])
        count += 1
    }

    private func grow() {
        let (oldOffsets, oldLengths, oldFormats, oldPointers) = (offsets, lengths, formats, pointers)
        offsets = .allocate(capacity: capacity * 2)
        lengths = .allocate(capacity: capacity * 2)
        formats = .allocate(capacity: capacity * 2)
        pointers = .allocate(capacity: capacity * 2)
        offsets.update(from: oldOffsets, count: count)
        lengths.update(from: oldLengths, count: count)
        formats.update(from: oldFormats, count: count)
        oldOffsets.deallocate()
        oldLengths.deallocate()
        oldFormats.deallocate()
        oldPointers.deallocate()
        capacity *= 2
    }

    private func deallocate() {
        offsets.deallocate()
        lengths.deallocate()
        formats.deallocate()
        pointers.deallocate()
    }
}
