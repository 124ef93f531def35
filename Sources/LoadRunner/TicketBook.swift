import LinuxSystem
import Workload

/// The operations in flight, each under a small number that is used again after it ended.
package struct TicketBook: ~Copyable {
    private struct Entry {
        var operation: Operation
        /// How often the number was handed out, so that a late alarm is not taken for a new operation's.
        var use: UInt32
        var isInUse: Bool
        /// Whether the client has stopped waiting.
        var isForsaken: Bool
    }

    private var entries: UnsafeMutablePointer<Entry>
    private var capacity = 64
    private var count = 0
    /// Numbers to be used again, a stack.
    private var free: UnsafeMutablePointer<Int>
    private var freeCount = 0

    package init() {
        entries = .allocate(capacity: capacity)
        free = .allocate(capacity: capacity)
    }

    deinit {
        entries.deallocate()
        free.deallocate()
    }

    package var isEmpty: Bool { freeCount == count }

    /// - Complexity: O(1), amortised; allocates only when more are in flight than ever before.
    package mutating func take(_ operation: Operation) -> Int {
        if freeCount > 0 {
            freeCount -= 1
            let ticket = free[freeCount]
            entries[ticket].operation = operation
            entries[ticket].use &+= 1
            entries[ticket].isInUse = true
            entries[ticket].isForsaken = false
            return ticket
        }
        if count == capacity { grow() }
        (entries + count).initialize(to: Entry(operation: operation, use: 0, isInUse: true, isForsaken: false))
        count += 1
        return count - 1
    }

    /// Ends an operation.
    ///
    /// - Precondition: the ticket is in use.
    /// - Returns: the operation, and whether its client had stopped waiting.
    package mutating func giveBack(_ ticket: Int) -> (operation: Operation, isForsaken: Bool) {
        precondition(ticket < count && entries[ticket].isInUse, "an operation completed twice")
        entries[ticket].isInUse = false
        free[freeCount] = ticket
        freeCount += 1
        return (entries[ticket].operation, entries[ticket].isForsaken)
    }

    /// An alarm for an operation in flight.
    package func alarm(_ ticket: Int, at moment: Nanoseconds) -> Alarm {
        Alarm(at: moment, ticket: ticket, use: entries[ticket].use)
    }

    /// The client stops waiting.
    ///
    /// - Returns: the operation; `nil` when it has ended.
    package mutating func forsake(_ alarm: Alarm) -> Operation? {
        guard entries[alarm.ticket].use == alarm.use, entries[alarm.ticket].isInUse else { return nil }
        entries[alarm.ticket].isForsaken = true
        return entries[alarm.ticket].operation
    }

    package func forEach(_ body: (Int, Operation) -> Void) {
        for ticket in 0..<count where entries[ticket].isInUse { body(ticket, entries[ticket].operation) }
    }

    private mutating func grow() {
        let larger = UnsafeMutablePointer<Entry>.allocate(capacity: capacity * 2)
        larger.moveInitialize(from: entries, count: count)
        entries.deallocate()
        entries = larger
        let numbers = UnsafeMutablePointer<Int>.allocate(capacity: capacity * 2)
        numbers.moveInitialize(from: free, count: freeCount)
        free.deallocate()
        free = numbers
        capacity *= 2
    }
}

/// The moment at which a client stops waiting.
package struct Alarm {
    package let at: Nanoseconds
    package let ticket: Int
    let use: UInt32
}

extension Alarm: Due {
    package var due: UInt64 { at }
}

/// Alarms by their moment, earliest first.
package typealias AlarmQueue = TimeHeap<Alarm>
