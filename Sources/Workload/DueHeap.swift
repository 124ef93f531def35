/// Something that is due at a moment.
public protocol Due: Sendable {
    /// Nanoseconds, on the clock of whoever waits for it.
    var due: UInt64 { get }
}

extension Operation: Due {}

/// Operations by their intended start.
public typealias DueHeap = TimeHeap<Operation>

/// What is due, earliest first, and what is due at the same moment in the order of insertion: a binary heap. It allocates
/// only when more are inside than ever before.
public struct TimeHeap<Element: Due>: Sendable {
    private var items: [(element: Element, order: UInt64)] = []
    private var inserted: UInt64 = 0

    /// An empty heap.
    public init() {}

    /// Whether nothing is inside.
    public var isEmpty: Bool { items.isEmpty }
    /// How many are inside.
    public var count: Int { items.count }
    /// The earliest; `nil` when empty.
    public var first: Element? { items.first?.element }

    /// Puts one in.
    ///
    /// - Complexity: O(log count).
    public mutating func insert(_ element: Element) {
        items.append((element, inserted))
        inserted += 1
        var child = items.count - 1
        while child > 0, precedes(child, (child - 1) / 2) {
            items.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// Takes the earliest out.
    ///
    /// - Precondition: not empty.
    /// - Complexity: O(log count).
    public mutating func removeFirst() -> Element {
        items.swapAt(0, items.count - 1)
        let first = items.removeLast().element
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
        (items[left].element.due, items[left].order) < (items[right].element.due, items[right].order)
    }
}
