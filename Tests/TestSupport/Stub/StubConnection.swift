import LinuxSystem

/// One client of a stub server: what it sent and was not looked at yet, what it has prepared, what it is owed.
final class StubConnection {
    /// A statement under way.
    struct Work {
        /// Index into the log.
        let entry: Int
        let result: StubResult
        let isSimple: Bool
        /// From the first part of its answer to the second.
        let lasting: Nanoseconds
        var isOpened = false
    }

    /// A statement that was bound: what is done about it is decided, and not begun.
    struct Portal {
        let entry: Int
        let reaction: StubReaction
        let format: Int16
    }

    let number: Int
    let descriptor: Int32
    var reader = StubReader()
    var writer = StubWriter()
    var interest: EventLoop.Interest = .read
    var isStarted = false
    var prepared: [String: String] = [:]
    var portal: Portal?
    /// The statement that those behind it wait for.
    var work: Work?
    /// After an error in the extended protocol everything up to the next Sync is passed over.
    var skipsToSync = false
    /// Numbers of the statements bound since the last Sync.
    var unsynced: [Int] = []
    /// What is in the writer may go.
    var mayFlush = false
    /// Entries of the log whose answers stand in the writer.
    var owed: [Int] = []
    private var inbox: [(message: StubMessage, arrived: Nanoseconds)] = []
    private var next = 0

    init(number: Int, descriptor: Int32) {
        self.number = number
        self.descriptor = descriptor
    }

    /// Takes bytes that were read at a moment.
    func take(_ bytes: ArraySlice<UInt8>, at moment: Nanoseconds) {
        reader.append(bytes)
        while let message = reader.next() {
            inbox.append((message, moment))
            // Nothing sensible comes after what is not understood.
            if case .unknown = message { return }
        }
    }

    /// The next message, unless a statement is under way.
    func popMessage() -> (message: StubMessage, arrived: Nanoseconds)? {
        guard work == nil, next < inbox.count else { return nil }
        defer {
            next += 1
            if next == inbox.count {
                inbox.removeAll(keepingCapacity: true)
                next = 0
            }
        }
        return inbox[next]
    }
}

/// Which connection is to be answered when: a binary heap, the soonest first, equal moments in the order of insertion.
struct StubTimers {
    struct Timer {
        let due: Nanoseconds
        let order: Int
        let connection: Int

        func precedes(_ other: Timer) -> Bool { (due, order) < (other.due, other.order) }
    }

    private var heap: [Timer] = []
    private var inserted = 0

    var first: Timer? { heap.first }

    mutating func insert(_ connection: Int, at due: Nanoseconds) {
        inserted += 1
        heap.append(Timer(due: due, order: inserted, connection: connection))
        var child = heap.count - 1
        while child > 0, heap[child].precedes(heap[(child - 1) / 2]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func removeFirst() -> Timer {
        heap.swapAt(0, heap.count - 1)
        let first = heap.removeLast()
        var parent = 0
        while true {
            let children = (2 * parent + 1)..<min(2 * parent + 3, max(2 * parent + 1, heap.count))
            guard let least = children.min(by: { heap[$0].precedes(heap[$1]) }), heap[least].precedes(heap[parent])
            else { return first }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
