import LinuxSystem
import Workload

/// The operations in flight, each under a small number that is used again after it ended.
struct TicketBook {
    private var operations: [Operation?] = []
    /// How often each number was handed out, so that a late alarm is not taken for a new operation's.
    private var uses: [UInt32] = []
    /// Whether the client of an operation has stopped waiting.
    private var isForsaken: [Bool] = []
    private var free: [Int] = []

    var isEmpty: Bool { free.count == operations.count }

    /// - Complexity: O(1), amortised; allocates only when more are in flight than ever before.
    mutating func take(_ operation: Operation) -> Int {
        if let ticket = free.popLast() {
            operations[ticket] = operation
            uses[ticket] &+= 1
            isForsaken[ticket] = false
            return ticket
        }
        operations.append(operation)
        uses.append(0)
        isForsaken.append(false)
        return operations.count - 1
    }

    /// Ends an operation.
    ///
    /// - Precondition: the ticket is in use.
    /// - Returns: the operation, and whether its client had stopped waiting.
    mutating func giveBack(_ ticket: Int) -> (operation: Operation, isForsaken: Bool) {
        guard let operation = operations[ticket] else { preconditionFailure("ticket \(ticket) completed twice") }
        operations[ticket] = nil
        free.append(ticket)
        return (operation, isForsaken[ticket])
    }

    /// An alarm for an operation in flight.
    func alarm(_ ticket: Int, at moment: Nanoseconds) -> Alarm { Alarm(at: moment, ticket: ticket, use: uses[ticket]) }

    /// The client stops waiting.
    ///
    /// - Returns: the operation; `nil` when it has ended.
    mutating func forsake(_ alarm: Alarm) -> Operation? {
        guard uses[alarm.ticket] == alarm.use, let operation = operations[alarm.ticket] else { return nil }
        isForsaken[alarm.ticket] = true
        return operation
    }

    func forEach(_ body: (Int, Operation) -> Void) {
        for (ticket, operation) in operations.enumerated() {
            if let operation { body(ticket, operation) }
        }
    }
}

/// The moment at which a client stops waiting.
struct Alarm {
    let at: Nanoseconds
    let ticket: Int
    let use: UInt32
}

/// Alarms by their moment, earliest first: a binary heap.
struct AlarmQueue {
    private var alarms: [Alarm] = []

    var first: Alarm? { alarms.first }

    /// - Complexity: O(log count).
    mutating func insert(_ alarm: Alarm) {
        alarms.append(alarm)
        var child = alarms.count - 1
        while child > 0, alarms[child].at < alarms[(child - 1) / 2].at {
            alarms.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// - Precondition: not empty.
    /// - Complexity: O(log count).
    mutating func removeFirst() -> Alarm {
        alarms.swapAt(0, alarms.count - 1)
        let first = alarms.removeLast()
        var parent = 0
        while 2 * parent + 1 < alarms.count {
            var child = 2 * parent + 1
            if child + 1 < alarms.count, alarms[child + 1].at < alarms[child].at { child += 1 }
            guard alarms[child].at < alarms[parent].at else { break }
            alarms.swapAt(child, parent)
            parent = child
        }
        return first
    }
}
