/// Operations by intended start, earliest first; equal ones in the order of insertion.
public struct DueHeap: Sendable {
    private var items: [(operation: Operation, order: UInt64)] = []
    private var inserted: UInt64 = 0

    public init() {}

    public var isEmpty: Bool { items.isEmpty }
    public var count: Int { items.count }
    public var first: Operation? { items.first?.operation }

    /// - Complexity: O(log count).
    public mutating func insert(_ operation: Operation) {
        items.append((operation, inserted))
        inserted += 1
        var child = items.count - 1
        while child > 0, precedes(child, (child - 1) / 2) {
            items.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// - Precondition: not empty.
    /// - Complexity: O(log count).
    public mutating func removeFirst() -> Operation {
        items.swapAt(0, items.count - 1)
        let first = items.removeLast().operation
        var parent = 0
        while 2 * parent + 1 < items.count {
            var child = 2 * parent + 1
            if child + 1 < items.count, precedes(child + 1, child) { child += 1 }
            guard precedes(child, parent) else { break }
            items.swapAt(child, parent)
            parent = child
        }
        return first
    }

    private func precedes(_ left: Int, _ right: Int) -> Bool {
        (items[left].operation.due, items[left].order) < (items[right].operation.due, items[right].order)
    }
}
