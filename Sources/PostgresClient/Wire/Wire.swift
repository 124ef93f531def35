import Glibc
import LinuxSystem

/// The protocol's messages over the socket of one open connection, without waiting.
///
/// libpq opens a connection (addresses, authentication, TLS) and ends it. In between, the measured threads talk to the
/// server themselves: of the 4 000 instructions that libpq takes for a prepared statement and its answer, this takes a
/// tenth, because answers are read where they arrived and nothing is allocated. The messages are, byte for byte, those
/// that libpq 15 sends for the same calls.
///
/// Reference: PostgreSQL documentation, "Frontend/Backend Protocol", version 3.0.
struct Wire: ~Copyable {
    /// What ``fill()`` met.
    enum Fill {
        case some
        case nothing
        /// The server closed the connection, or it broke.
        case closed
    }

    /// How much is read at once, at least; more once answers have been larger.
    private static let smallest = 8_192
    /// A longer message is a misunderstanding: the server's own limit for one is a gigabyte.
    private static let longestMessage = 0x4000_0000
    private static var withoutWaiting: Int32 {
        Int32(truncatingIfNeeded: MSG_NOSIGNAL) | Int32(truncatingIfNeeded: MSG_DONTWAIT)
    }

    private var socket: Int32 = -1
    private var tls: TLSChannel?
    private var trace: ProtocolTrace?
    /// Bytes that the trace has seen.
    private var traced = 0

    /// To be sent: bytes `sent..<outEnd`.
    var out: UnsafeMutablePointer<UInt8>
    var outEnd = 0
    private(set) var outCapacity = 1_024
    private var outSent = 0
    /// Bytes sent before the first that is in the buffer.
    private var outBase = 0

    /// Received: `kept..<cursor` is what the answer being taken consists of, `cursor..<inEnd` is not looked at yet.
    private var input: UnsafeMutablePointer<UInt8>
    private var capacity = Wire.smallest
    private var kept = 0
    private var cursor = 0
    private var inEnd = 0
    /// Where what may be looked at ends; before `inEnd` while bytes are on their way by a stated distance.
    private var visible = 0
    /// Bytes received before the first that is in the buffer.
    private var inBase = 0
    /// Bytes that the message at the cursor needs; more than there are while it is incomplete.
    private var wanted = 0
    /// Whether the last read took all there was.
    private(set) var isDrained = true
    /// The answer being taken; outlives moves of the buffer.
    let reply: UnsafeMutablePointer<WireReply>
    /// Where the last message's content lies in the buffer.
    private var bodyStart = 0
    private var bodyEnd = 0

    init() {
        out = .allocate(capacity: 1_024)
        input = .allocate(capacity: Wire.smallest)
        reply = .allocate(capacity: 1)
        reply.initialize(to: WireReply())
    }

    deinit {
        out.deallocate()
        input.deallocate()
        reply.pointee.deallocate()
        reply.deallocate()
    }

    /// Takes over an open connection's socket, with nothing under way on it.
    mutating func begin(_ descriptor: Int32, tls channel: TLSChannel?, trace: ProtocolTrace?) {
        end()
        socket = descriptor
        tls = channel
        self.trace = trace
        traced = 0
    }

    /// Forgets the socket and all that was under way; keeps the room.
    mutating func end() {
        socket = -1
        tls = nil
        trace = nil
        (outEnd, outSent, outBase) = (0, 0, 0)
        (kept, cursor, inEnd, wanted, visible, inBase) = (0, 0, 0, 0, 0, 0)
        reply.pointee.clear()
    }

    /// Brings what the next answer and the next statement touch near.
    @inline(__always)
    func bringNear() {
        EventLoop.bringNear(input, lines: 2)
        EventLoop.bringNear(out, lines: 2)
        EventLoop.bringNear(reply, lines: 2)
    }

    // MARK: Sending

    /// Room for so many bytes at the end of what is to be sent, for the caller to fill at once.
    @inline(__always)
    mutating func room(_ length: Int) -> UnsafeMutablePointer<UInt8> {
        if outEnd &+ length > outCapacity { makeOutRoom(for: length) }
        defer { outEnd &+= length }
        return out + outEnd
    }

    /// Lets go of what was sent, and takes more room when at least half would not be free then: over a distance something
    /// is always on its way, so that the buffer is never empty by itself.
    @inline(never)
    private mutating func makeOutRoom(for length: Int) {
        let unsent = unsentBytes
        if 2 * (unsent + length) > outCapacity {
            while outCapacity < 2 * (unsent + length) { outCapacity *= 2 }
            let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: outCapacity)
            larger.update(from: out + outSent, count: unsent)
            out.deallocate()
            out = larger
        } else {
            out.update(from: out + outSent, count: unsent)
        }
        outBase += outSent
        (outEnd, outSent) = (unsent, 0)
    }

    /// Bytes written and not yet sent.
    var unsentBytes: Int { outEnd - outSent }

    /// Bytes written since ``begin(_:tls:trace:)``.
    var writtenBytes: Int { outBase + outEnd }

    /// Hands what was written to the socket.
    ///
    /// A connection that broke takes everything: what the server said before its end is still to be read, and tells more
    /// than the failed write.
    ///
    /// - Parameter position: only what was written before it, counted as ``writtenBytes``.
    /// - Returns: whether all is out; otherwise call again when the socket is writable.
    @inline(__always)
    mutating func flush(upTo position: Int = .max) -> Bool {
        let end = min(outEnd, position &- outBase)
        if trace != nil { traceUnsent(end) }
        while outSent < end {
            let taken: Int
            if let tls {
                taken = tls.write(out + outSent, end - outSent)
            } else {
                taken = send(socket, out + outSent, end - outSent, Wire.withoutWaiting)
            }
            if taken < 0 {
                if errno == EINTR { continue }
                if errno == EAGAIN { return false }
                outSent = end
                break
            }
            outSent &+= taken
        }
        if outSent == outEnd {
            outBase &+= outEnd
            (outEnd, outSent) = (0, 0)
        }
        return true
    }

    /// Messages are traced once, when the first attempt to send them is made.
    private mutating func traceUnsent(_ end: Int) {
        let start = max(outSent, traced - outBase)
        guard start < end else { return }
        trace?.note(UnsafeBufferPointer(start: out + start, count: end - start))
        traced = outBase + end
    }

    // MARK: Receiving

    /// Reads once from the socket; what came is looked at after ``show(upTo:)``.
    @inline(__always)
    mutating func fill() -> Fill {
        if kept == inEnd {
            inBase &+= inEnd
            (kept, cursor, inEnd, visible) = (0, 0, 0, 0)
        } else if capacity &- inEnd < 2_048 || cursor &+ wanted > capacity {
            makeRoom()
        }
        let free = capacity &- inEnd
        while true {
            let count: Int
            if let tls {
                count = tls.read(input + inEnd, free)
            } else {
                count = recv(socket, input + inEnd, free, Wire.withoutWaiting)
            }
            if count > 0 {
                inEnd &+= count
                isDrained = tls == nil && count < free
                return .some
            }
            if count == 0 { return .closed }
            if errno == EINTR { continue }
            return errno == EAGAIN ? .nothing : .closed
        }
    }

    @inline(never)
    private mutating func makeRoom() {
        let used = inEnd - kept
        let needed = max(used + 2_048, cursor - kept + wanted)
        if needed > capacity {
            while capacity < needed { capacity *= 2 }
            let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
            larger.update(from: input + kept, count: used)
            input.deallocate()
            input = larger
        } else {
            input.update(from: input + kept, count: used)
        }
        inBase += kept
        (cursor, inEnd, visible, kept) = (cursor - kept, used, visible - kept, 0)
    }

    /// Bytes received since ``begin(_:tls:trace:)``.
    var receivedBytes: Int { inBase + inEnd }

    /// Lets what was received be looked at.
    ///
    /// - Parameter position: only what came before it, counted as ``receivedBytes``.
    @inline(__always)
    mutating func show(upTo position: Int = .max) { visible = min(inEnd, position &- inBase) }

    /// The kind of the next whole message, by its letter; 0 when more must arrive first, 255 for what is no message.
    @inline(__always)
    mutating func next() -> UInt8 {
        let there = visible &- cursor
        guard there >= 5 else { return incomplete(5) }
        let length = (input + cursor).bigEndian32(at: 1)
        guard there > length else { return incomplete(length) }
        guard length >= 4 else { return 255 }
        let kind = input[cursor]
        bodyStart = cursor &+ 5
        cursor = cursor &+ 1 &+ length
        bodyEnd = cursor
        return kind
    }

    @inline(never)
    private mutating func incomplete(_ length: Int) -> UInt8 {
        guard (4..<Wire.longestMessage).contains(length) else { return 255 }
        wanted = length + 1
        return 0
    }

    // MARK: The answer being taken

    /// The last message is a row of the answer.
    @inline(__always)
    mutating func keepRow() { reply.pointee.addRow(bodyStart &- kept) }

    /// The last message describes the rows of the answer.
    @inline(__always)
    mutating func keepDescription() { reply.pointee.description = bodyStart &- kept }

    /// The last message ends the answer: makes it readable until ``drop()``.
    @inline(__always)
    mutating func complete(_ kind: QueryResult.Kind) -> UnsafePointer<WireReply> {
        reply.pointee.complete(kind, base: input + kept, last: bodyStart &- kept, end: bodyEnd &- kept)
        return UnsafePointer(reply)
    }

    /// The server's words in the last message, an error.
    func failure() -> PostgresError {
        WireReply.error(UnsafeBufferPointer(start: input + bodyStart, count: bodyEnd - bodyStart))
    }

    /// Forgets the answer; what is behind it stays.
    @inline(__always)
    mutating func drop() {
        reply.pointee.clear()
        kept = cursor
        wanted = 0
    }
}

extension UnsafeMutablePointer<UInt8> {
    /// Four bytes as the protocol has them: a signed number, the highest byte first.
    @inline(__always)
    func bigEndian32(at offset: Int) -> Int {
        Int(Int32(bigEndian: UnsafeRawPointer(self + offset).loadUnaligned(as: Int32.self)))
    }
}

extension UnsafePointer<UInt8> {
    /// Four bytes as the protocol has them: a signed number, the highest byte first.
    @inline(__always)
    func bigEndian32(at offset: Int) -> Int {
        Int(Int32(bigEndian: UnsafeRawPointer(self + offset).loadUnaligned(as: Int32.self)))
    }

    /// Two bytes as the protocol has them.
    @inline(__always)
    func bigEndian16(at offset: Int) -> Int {
        Int(Int16(bigEndian: UnsafeRawPointer(self + offset).loadUnaligned(as: Int16.self)))
    }
}
