import LinuxSystem
import Workload

/// What operations are sent to, and the world that time passes in: a database behind an event loop, or a simulation
/// with a clock of its own. One instance belongs to one worker and is used on its thread only.
public protocol LoadTarget: AnyObject, SendableMetatype {
    /// The load begins: trial time 0 is at this moment of the target's clock.
    func start(at moment: Nanoseconds)
    /// Takes on an operation that is due. It may wait inside for a connection. Its completion comes later, by
    /// ``takeCompletion()``, exactly once, unless the worker abandons it. The ticket is the worker's number for it, not
    /// in use by another operation.
    func begin(_ operation: Operation, ticket: Int, now: Nanoseconds)
    /// Lets time pass until `deadline` or until something arrived, whichever is first; handles what arrived.
    ///
    /// - Returns: the clock after waking.
    func wait(until deadline: Nanoseconds) -> Nanoseconds
    /// The time now, in the world of the target; nanoseconds.
    func clock() -> Nanoseconds
    /// The next completion there is.
    func takeCompletion() -> Completion?
    /// Hands out all completions there are, without copying them.
    func takeCompletions(_ body: (UnsafePointer<Completion>) -> Void)
    /// Whether the first statement of an operation in flight has been sent, or is held back for others by design.
    func hasStarted(_ ticket: Int) -> Bool
    /// Moments to note in the record since the last call.
    func takeEvents() -> [TargetEvent]
    /// Lets go of all connections. Operations in flight are abandoned.
    func end()
    /// What clients got out of the archive, measure phase only; empty where the target keeps no account of it.
    var delivered: BandwidthLedger? { get }
}

extension LoadTarget {
    public func start(at moment: Nanoseconds) {}
    public var delivered: BandwidthLedger? { nil }

    public func takeCompletions(_ body: (UnsafePointer<Completion>) -> Void) {
        while let completion = takeCompletion() { withUnsafePointer(to: completion, body) }
    }
}

/// Completions that wait to be taken, in an order of their own memory: nothing is copied on the way to the worker.
public struct CompletionQueue: ~Copyable {
    private var places: UnsafeMutablePointer<Completion>
    private var capacity = 64
    private var taken = 0
    private var count = 0

    /// Room for a few; it grows with what waits.
    public init() { places = .allocate(capacity: capacity) }

    deinit {
        (places + taken).deinitialize(count: count - taken)
        places.deallocate()
    }

    /// Whether none waits to be taken.
    public var isEmpty: Bool { taken == count }

    /// - Complexity: O(1), amortised; allocates only when more wait than ever before.
    public mutating func append(_ completion: consuming Completion) {
        if count == capacity { grow() }
        (places + count).initialize(to: completion)
        count += 1
    }

    /// The oldest; its place is given back by ``dropFirst()``.
    public var first: UnsafePointer<Completion>? { isEmpty ? nil : UnsafePointer(places + taken) }

    /// Lets go of the oldest.
    public mutating func dropFirst() {
        (places + taken).deinitialize(count: 1)
        taken += 1
        if taken == count { (taken, count) = (0, 0) }
    }

    private mutating func grow() {
        let larger = UnsafeMutablePointer<Completion>.allocate(capacity: capacity * 2)
        larger.moveInitialize(from: places + taken, count: count - taken)
        places.deallocate()
        places = larger
        (taken, count, capacity) = (0, count - taken, capacity * 2)
    }
}

/// How an operation ended.
public struct Completion: Sendable {
    /// The worker's number for the operation.
    public let ticket: Int
    /// When its first statement was sent; meaningless when it failed before that.
    public internal(set) var sent: Nanoseconds
    /// When its last answer was whole.
    public internal(set) var done: Nanoseconds
    /// What its time in the target went into.
    public let waits: Waits
    /// SQLSTATE or client code; `nil` for success.
    public let failure: String?
    /// Rows that came back, or that a put inserted.
    public let rows: Int
    /// Of those, what the client gets: one page at most.
    public let delivered: Int
    /// The cursor of the next page, when there is one.
    public let nextCursor: PageCursor?
    /// The last message of the page.
    public let last: PageCursor?
    /// The hashes of the page, where the operation wanted them.
    public let hashes: [PageCursor]
    /// Bytes on the wire: of the message that was put, or of the reply.
    public let bytes: Int
    /// Hashes that were asked for.
    public let asked: Int
    /// Number of the page in its walk, from 1; 0 for what asks for none.
    public let page: Int
    /// Age of the oldest data that was asked for, at the intended start and in archive time, nanoseconds; `nil` where no
    /// time was named.
    public let age: Nanoseconds?

    /// Says how an operation ended, by default well and with nothing to show for it.
    public init(
        ticket: Int, sent: Nanoseconds, done: Nanoseconds, waits: Waits, failure: String? = nil, rows: Int = 0,
        delivered: Int = 0, nextCursor: PageCursor? = nil, last: PageCursor? = nil, hashes: [PageCursor] = [],
        bytes: Int = 0, asked: Int = 0, page: Int = 0, age: Nanoseconds? = nil
    ) {
        self.ticket = ticket
        self.sent = sent
        self.done = done
        self.waits = waits
        self.failure = failure
        self.rows = rows
        self.delivered = delivered
        self.nextCursor = nextCursor
        self.last = last
        self.hashes = hashes
        self.bytes = bytes
        self.asked = asked
        self.page = page
        self.age = age
    }
}

/// Where an operation's time went, summed over its statements; nanoseconds.
public struct Waits: Sendable {
    /// For a free connection. A put that goes in a batch waits for the batch to leave, which counts here too.
    public var connection: Nanoseconds = 0
    /// From sending a statement to the first byte of its answer.
    public var firstByte: Nanoseconds = 0
    /// From the first byte to the last.
    public var transfer: Nanoseconds = 0

    /// Waits in nanoseconds, all statements of the operation together.
    public init(connection: Nanoseconds = 0, firstByte: Nanoseconds = 0, transfer: Nanoseconds = 0) {
        self.connection = connection
        self.firstByte = firstByte
        self.transfer = transfer
    }
}

/// A moment worth noting, such as a lost connection.
public struct TargetEvent: Sendable {
    /// On the target's clock.
    public let at: Nanoseconds
    /// What it was, such as `connection.lost`.
    public let kind: String
    /// More about it for people, one line.
    public let detail: String

    /// Notes a moment.
    public init(at: Nanoseconds, kind: String, detail: String) {
        self.at = at
        self.kind = kind
        self.detail = detail
    }
}
