import Glibc

/// The messages that are sent.
///
/// Reference: PostgreSQL documentation, "Message Formats".
extension Wire {
    /// A text in the simple protocol, NUL-terminated.
    mutating func query(_ text: UnsafePointer<CChar>) {
        let length = strlen(text) + 1
        let place = room(5 + length)
        header(place, "Q", 4 + length)
        copy(text, length, to: place + 5)
    }

    /// A statement to be prepared, its parameter types left to the server; both texts NUL-terminated.
    mutating func parse(name: UnsafePointer<CChar>, text: UnsafePointer<CChar>) {
        let (nameLength, textLength) = (strlen(name) + 1, strlen(text) + 1)
        let place = room(5 + nameLength + textLength + 2)
        header(place, "P", 4 + nameLength + textLength + 2)
        copy(name, nameLength, to: place + 5)
        copy(text, textLength, to: place + 5 + nameLength)
        put16(0, at: place + 5 + nameLength + textLength)
    }

    /// One execution: the statement is bound to the unnamed portal, which is described and executed.
    @inline(__always)
    mutating func execute(name: UnsafePointer<CChar>, _ parameters: BoundParameters?, binaryResults: Bool) {
        let nameLength = strlen(name) &+ 1
        let (count, formats) = (parameters?.count ?? 0, parameters?.formatCount ?? 0)
        let values = parameters?.valueBytes ?? 0
        let length = 4 &+ 1 &+ nameLength &+ 2 &+ 2 &* formats &+ 2 &+ 4 &* count &+ values &+ 4
        var place = room(1 &+ length &+ Self.describeAndExecute.utf8CodeUnitCount)
        header(place, "B", length)
        place[5] = 0
        place += 6
        copy(name, nameLength, to: place)
        place += nameLength
        place = put16(formats, at: place)
        if let parameters {
            for index in 0..<formats { place = put16(Int(parameters.format(index)), at: place) }
        }
        place = put16(count, at: place)
        if let parameters { place = parameters.write(to: place) }
        place = put16(1, at: place)
        place = put16(binaryResults ? 1 : 0, at: place)
        place.update(
            from: Self.describeAndExecute.utf8Start, count: Self.describeAndExecute.utf8CodeUnitCount)
    }

    /// Describe of the unnamed portal, Execute of it without a limit of rows.
    private static var describeAndExecute: StaticString { "D\0\0\0\u{6}P\0E\0\0\0\u{9}\0\0\0\0\0" }

    /// The end of an implicit transaction.
    @inline(__always)
    mutating func sync() { header(room(5), "S", 4) }

    /// A part of the rows of a COPY.
    mutating func copyData(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let start = bytes.baseAddress else { return }
        let place = room(5 + bytes.count)
        header(place, "d", 4 + bytes.count)
        (place + 5).update(from: start, count: bytes.count)
    }

    /// The end of the rows of a COPY.
    mutating func copyDone() { header(room(5), "c", 4) }

    @inline(__always)
    private func header(_ place: UnsafeMutablePointer<UInt8>, _ kind: Unicode.Scalar, _ length: Int) {
        place[0] = UInt8(truncatingIfNeeded: kind.value)
        UnsafeMutableRawPointer(place + 1).storeBytes(of: Int32(truncatingIfNeeded: length).bigEndian, as: Int32.self)
    }

    @inline(__always) @discardableResult
    private func put16(_ number: Int, at place: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
        UnsafeMutableRawPointer(place).storeBytes(of: Int16(truncatingIfNeeded: number).bigEndian, as: Int16.self)
        return place + 2
    }

    @inline(__always)
    private func copy(_ text: UnsafePointer<CChar>, _ length: Int, to place: UnsafeMutablePointer<UInt8>) {
        UnsafeMutableRawPointer(place).copyMemory(from: text, byteCount: length)
    }
}
