import Workload

/// The operations in flight, each under a small number that is used again after it ended.
struct TicketBook {
    private var operations: [Operation?] = []
    private var free: [Int] = []

    var isEmpty: Bool { free.count == operations.count }

    /// - Complexity: O(1), amortised; allocates only when more are in flight than ever before.
    mutating func take(_ operation: Operation) -> Int {
        if let ticket = free.popLast() {
            operations[ticket] = operation
            return ticket
        }
        operations.append(operation)
        return operations.count - 1
    }

    /// - Precondition: the ticket is in use.
    mutating func giveBack(_ ticket: Int) -> Operation {
        guard let operation = operations[ticket] else { preconditionFailure("ticket \(ticket) completed twice") }
        operations[ticket] = nil
        free.append(ticket)
        return operation
    }

    func forEach(_ body: (Int, Operation) -> Void) {
        for (ticket, operation) in operations.enumerated() {
            if let operation { body(ticket, operation) }
        }
    }
}
