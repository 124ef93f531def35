import CLinux
import Glibc

/// One epoll set with a time-out to the nanosecond: a thread waits here for its sockets and for its next due moment.
///
/// Confined to the thread that made it. Not a run loop: it calls nobody back; the owner asks what is ready.
public final class EventLoop {
    /// What a descriptor is watched for.
    public struct Interest: OptionSet, Sendable {
        /// Bits of epoll(7).
        public let rawValue: UInt32
        /// A set from bits of epoll(7).
        public init(rawValue: UInt32) { self.rawValue = rawValue }
        /// Something can be read without waiting.
        public static let read = Interest(rawValue: UInt32(CLINUX_READABLE))
        /// Something can be written without waiting.
        public static let write = Interest(rawValue: UInt32(CLINUX_WRITABLE))
        /// That the other side closes is told apart from what there is to read.
        public static let closing = Interest(rawValue: UInt32(CLINUX_CLOSING))
        /// News are told once, when they come ("edge-triggered"): the owner goes on until there is no more.
        public static let once = Interest(rawValue: CLINUX_ONCE)
    }

    /// A descriptor that became ready.
    public struct Ready {
        /// The owner's number for the descriptor.
        public let token: UInt64
        /// Something can be read, an error or the end among it.
        public let readable: Bool
        /// Something can be written, or the attempt tells what is wrong.
        public let writable: Bool
        /// The other side has closed, or the connection broke: reading goes on to its end.
        public let closing: Bool
    }

    private static let capacity = 512
    /// Whether the kernel takes time-outs in nanoseconds with the wait itself: one call where the timer needs three.
    private let waitsExactly: Bool
    private static let timerToken = UInt64.max
    private let epoll: Int32
    private let timer: Int32
    private var armedFor: Nanoseconds = 0
    /// The clock after the last wake.
    private var woken: Nanoseconds = 0
    private let events: UnsafeMutablePointer<clinux_event>
    private var count = 0

    /// - Throws: ``SystemError`` when the process has no descriptors left.
    public init() throws(SystemError) {
        epoll = clinux_epoll_create()
        guard epoll >= 0 else { throw SystemError("epoll_create1") }
        timer = clinux_timer_create()
        guard timer >= 0 else {
            let error = SystemError("timerfd_create")
            close(epoll)
            throw error
        }
        events = .allocate(capacity: Self.capacity)
        waitsExactly = clinux_epoll_wait_for(epoll, events, 1, 0) >= 0
        clinux_wake_exactly()
        guard clinux_epoll_control(epoll, 1, timer, Interest.read.rawValue, Self.timerToken) == 0 else {
            throw SystemError("epoll_ctl")
        }
    }

    deinit {
        close(timer)
        close(epoll)
        events.deallocate()
    }

    /// Begins to watch a descriptor.
    public func add(_ descriptor: Int32, token: UInt64, for interest: Interest) throws(SystemError) {
        guard clinux_epoll_control(epoll, 1, descriptor, interest.rawValue, token) == 0 else {
            throw SystemError("epoll_ctl add")
        }
    }

    /// Watches a known descriptor for something else.
    public func change(_ descriptor: Int32, token: UInt64, for interest: Interest) throws(SystemError) {
        guard clinux_epoll_control(epoll, 3, descriptor, interest.rawValue, token) == 0 else {
            throw SystemError("epoll_ctl modify")
        }
    }

    /// Stops watching a descriptor; one already closed is not an error.
    public func remove(_ descriptor: Int32) {
        _ = clinux_epoll_control(epoll, 2, descriptor, 0, 0)
    }

    /// Waits until a watched descriptor is ready or `deadline` is reached, whichever comes first.
    ///
    /// - Returns: the clock after waking. The descriptors are read with ``ready(_:)`` for `0 ..< readyCount`.
    public func wait(until deadline: Nanoseconds) -> Nanoseconds {
        let found: Int32
        if deadline <= woken {
            found = clinux_epoll_wait(epoll, events, Int32(Self.capacity), 0)
        } else if waitsExactly {
            let now = Clock.now()
            found = clinux_epoll_wait_for(epoll, events, Int32(Self.capacity), max(deadline, now) - now)
        } else {
            found = waitWithTimer(until: deadline)
        }
        count = max(0, Int(found))
        woken = Clock.now()
        return woken
    }

    /// Kernels before 5.11. The timer is set only when the deadline is another than the last; one in the past goes off at
    /// once.
    private func waitWithTimer(until deadline: Nanoseconds) -> Int32 {
        if armedFor != deadline {
            clinux_timer_set(timer, deadline)
            armedFor = deadline
        }
        count = max(0, Int(clinux_epoll_wait(epoll, events, Int32(Self.capacity), -1)))
        dropTimerEvent()
        return Int32(count)
    }

    /// How many descriptors the last ``wait(until:)`` found ready.
    public var readyCount: Int { count }

    /// One of the descriptors the last ``wait(until:)`` found ready. Errors and hang-ups count as readable and
    /// writable, so that the owner's next read or write meets them.
    public func ready(_ index: Int) -> Ready {
        let event = events[index]
        let broken = event.events & UInt32(CLINUX_ERROR | CLINUX_HANGUP) != 0
        return Ready(
            token: event.token,
            readable: broken || event.events & UInt32(CLINUX_READABLE) != 0,
            writable: broken || event.events & UInt32(CLINUX_WRITABLE) != 0,
            closing: broken || event.events & UInt32(CLINUX_CLOSING) != 0)
    }

    /// Asks the processor to bring memory into its cache, lines of 64 bytes; nothing happens where it will not.
    @inlinable @inline(__always)
    public static func bringNear(_ place: UnsafeRawPointer, lines: Int) {
        for line in 0..<lines { clinux_prefetch(place + line * 64) }
    }

    private func dropTimerEvent() {
        var index = 0
        while index < count && events[index].token != Self.timerToken { index += 1 }
        guard index < count else { return }
        var expirations: UInt64 = 0
        _ = read(timer, &expirations, 8)
        armedFor = 0
        count -= 1
        events[index] = events[count]
    }
}
