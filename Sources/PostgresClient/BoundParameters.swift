/// Parameters of a prepared statement, written one after the other into one ``TextBuffer``, each in text or in binary
/// format. Used again and again: after the largest statement it allocates nothing.
public final class BoundParameters {
    public let buffer: TextBuffer
    private var offsets: [Int] = []
    private var lengths: [Int32] = []
    private var formats: [Int32] = []
    private var pointers: [UnsafePointer<CChar>?] = []
    /// Whether any parameter is in binary format.
    private var hasBinary = false

    public init() {
        buffer = TextBuffer()
        offsets.reserveCapacity(16)
        lengths.reserveCapacity(16)
        formats.reserveCapacity(16)
        pointers.reserveCapacity(16)
    }

    /// How many parameters were begun.
    public var count: Int { offsets.count }

    /// Forgets all parameters, keeps the room.
    public func clear() {
        buffer.clear()
        offsets.removeAll(keepingCapacity: true)
        lengths.removeAll(keepingCapacity: true)
        formats.removeAll(keepingCapacity: true)
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
        lengths.enumerated().map { "$\($0.offset + 1): \($0.element) bytes" }.joined(separator: ", ")
    }

    /// Calls with what libpq wants: values, and lengths and formats where any value is binary.
    func withPointers<Result>(
        _ body: (
            UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?
        ) -> Result
    ) -> Result {
        pointers.removeAll(keepingCapacity: true)
        for offset in offsets { pointers.append(buffer.cString(at: offset)) }
        return pointers.withUnsafeBufferPointer { pointers in
            guard hasBinary else { return body(pointers.baseAddress, nil, nil) }
            return lengths.withUnsafeBufferPointer { lengths in
                formats.withUnsafeBufferPointer { body(pointers.baseAddress, lengths.baseAddress, $0.baseAddress) }
            }
        }
    }

    private func note(_ start: Int, format: Int32) {
        offsets.append(start)
        lengths.append(Int32(buffer.count - start))
        formats.append(format)
    }
}

/// The former name, from when there was text only.
public typealias TextParameters = BoundParameters
