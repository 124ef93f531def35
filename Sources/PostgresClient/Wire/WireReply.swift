/// An answer as it lies in a connection's buffer: where its rows are, not what they hold.
struct WireReply {
    private(set) var kind = QueryResult.Kind.other
    private(set) var rowCount = 0
    /// Offset of the row description's content; -1 without one.
    var description = -1
    /// Where offsets count from, once the answer is complete.
    private var base: UnsafePointer<UInt8>?
    private var end = 0
    /// Offset of the last message's content, the command's tag.
    private var last = 0
    private var rows: UnsafeMutablePointer<Int>
    private var capacity = 32

    init() { rows = .allocate(capacity: capacity) }

    func deallocate() { rows.deallocate() }

    @inline(__always)
    mutating func clear() {
        rowCount = 0
        description = -1
        base = nil
    }

    @inline(__always)
    mutating func addRow(_ offset: Int) {
        if rowCount == capacity { grow() }
        rows[rowCount] = offset
        rowCount &+= 1
    }

    @inline(never)
    private mutating func grow() {
        let larger = UnsafeMutablePointer<Int>.allocate(capacity: capacity * 2)
        larger.update(from: rows, count: rowCount)
        rows.deallocate()
        rows = larger
        capacity *= 2
    }

    @inline(__always)
    mutating func complete(_ kind: QueryResult.Kind, base: UnsafeMutablePointer<UInt8>, last: Int, end: Int) {
        // A command whose rows were described has them as its result, if only none.
        self.kind = kind == .command && description >= 0 ? .rows : kind
        self.base = UnsafePointer(base)
        self.last = last
        self.end = end
    }

    // MARK: What it holds

    /// Columns of the rows, from their description, or else from the first of them.
    var columnCount: Int {
        guard let base else { return 0 }
        if description >= 0 { return max(0, base.bigEndian16(at: description)) }
        return rowCount > 0 ? max(0, base.bigEndian16(at: rows[0])) : 0
    }

    /// The bytes of a value; `nil` for NULL and for a place that the message does not have.
    @inline(__always)
    func value(_ row: Int, _ column: Int) -> UnsafeBufferPointer<UInt8>? {
        guard let base, row < rowCount else { return nil }
        let start = rows[row]
        // A row ends where its message does, by the length in front of it.
        let end = start &- 4 &+ base.bigEndian32(at: start &- 4)
        guard column < base.bigEndian16(at: start) else { return nil }
        var place = start &+ 2
        var left = column
        while place &+ 4 <= end {
            let length = base.bigEndian32(at: place)
            place = place &+ 4
            if left == 0 {
                guard length >= 0, place &+ length <= end else { return nil }
                return UnsafeBufferPointer(start: base + place, count: length)
            }
            if length > 0 { place = place &+ length }
            left = left &- 1
        }
        return nil
    }

    /// Name and format of a column: `true` for binary.
    func column(_ column: Int) -> (name: String, isBinary: Bool)? {
        guard let base, description >= 0, column < columnCount else { return nil }
        var place = description + 2
        for index in 0...column {
            let start = place
            while place < end && base[place] != 0 { place += 1 }
            guard place + 19 <= end else { return nil }
            if index == column {
                let name = String(
                    decoding: UnsafeBufferPointer(start: base + start, count: place - start), as: UTF8.self)
                return (name, base.bigEndian16(at: place + 17) == 1)
            }
            place += 19
        }
        return nil
    }

    /// What the server calls what it did, such as `INSERT 0 1`.
    var tag: String {
        guard let base, end > last else { return "" }
        return String(decoding: UnsafeBufferPointer(start: base + last, count: end - last - 1), as: UTF8.self)
    }

    // MARK: Errors

    /// An error from the content of its message: fields of a letter and a text each.
    static func error(_ content: UnsafeBufferPointer<UInt8>) -> PostgresError {
        var state: String?
        var message = ""
        for field in content.split(separator: 0) {
            let text = String(decoding: field.dropFirst(), as: UTF8.self)
            switch field.first {
            case UInt8(ascii: "C"): state = text
            case UInt8(ascii: "M"): message = text
            default: continue
            }
        }
        return PostgresError(state.map { .sqlState($0) } ?? .client(.unexpectedReply), message)
    }
}
