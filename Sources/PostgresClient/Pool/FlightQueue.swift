/// A statement on its way on one connection, or the sync behind some.
public struct Flight: Sendable {
    /// What was sent.
    public enum Kind: Sendable {
        /// A statement of the owner's.
        case statement
        /// Preparing one, for the same owner.
        case prepare
        /// The end of an implicit transaction in pipeline mode.
        case sync
        /// A statement that a new connection begins with.
        case greeting
    }

    /// What was sent.
    public let kind: Kind
    /// The owner's number for whoever waits for it; meaningless for syncs and greetings.
    public let ticket: Int
    /// The owner's number of the prepared statement; -1 for others.
    public let statement: Int

    init(_ kind: Kind, ticket: Int = -1, statement: Int = -1) {
        self.kind = kind
        self.ticket = ticket
        self.statement = statement
    }
}

/// First in, first out, without moving its elements: a ring that grows to twice its size.
public struct Ring<Element>: ~Copyable {
    private var places: UnsafeMutablePointer<Element>
    private var capacity: Int
    private var head = 0
    /// How many are inside.
    public private(set) var count = 0

    /// - Parameter capacity: places to begin with; a power of two.
    public init(capacity: Int = 8) {
        self.capacity = capacity
        places = .allocate(capacity: capacity)
    }

    deinit {
        for offset in 0..<count { (places + ((head + offset) & (capacity - 1))).deinitialize(count: 1) }
        places.deallocate()
    }

    /// Whether nothing is inside.
    public var isEmpty: Bool { count == 0 }
    /// The oldest; `nil` when empty.
    public var first: Element? { count == 0 ? nil : places[head] }

    /// - Complexity: O(1), amortised; allocates only when more are inside than ever before.
    @inline(__always)
    public mutating func append(_ element: Element) {
        if count == capacity { grow() }
        (places + ((head &+ count) & (capacity &- 1))).initialize(to: element)
        count += 1
    }

    /// - Complexity: O(1).
    @inline(__always)
    public mutating func popFirst() -> Element? {
        guard count > 0 else { return nil }
        let place = places + head
        head = (head &+ 1) & (capacity &- 1)
        count -= 1
        return place.move()
    }

    /// Whether any element inside satisfies a condition.
    /// - Complexity: O(count).
    func contains(where condition: (Element) -> Bool) -> Bool {
        (0..<count).contains { condition(places[(head + $0) & (capacity - 1)]) }
    }

    private mutating func grow() {
        let larger = UnsafeMutablePointer<Element>.allocate(capacity: capacity * 2)
        for offset in 0..<count {
            (larger + offset).initialize(to: (places + ((head + offset) & (capacity - 1))).move())
        }
        places.deallocate()
        places = larger
        head = 0
        capacity *= 2
    }
}

/// Small numbers, with the smallest found in a few steps however many there could be.
package struct NumberSet: ~Copyable {
    private var words: UnsafeMutablePointer<UInt64>
    private var capacity = 1
    package private(set) var count = 0

    package init() {
        words = .allocate(capacity: 1)
        words.pointee = 0
    }

    deinit { words.deallocate() }

    /// The smallest number inside; `nil` when empty.
    /// - Complexity: O(largest / 64).
    @inline(__always)
    package var first: Int? {
        guard count > 0 else { return nil }
        if words[0] != 0 { return words[0].trailingZeroBitCount }
        for index in 0..<capacity where words[index] != 0 { return index << 6 + words[index].trailingZeroBitCount }
        return nil
    }

    @inline(__always)
    package func contains(_ number: Int) -> Bool {
        number >> 6 < capacity && words[number >> 6] & (1 &<< UInt64(truncatingIfNeeded: number & 63)) != 0
    }

    @inline(__always)
    package mutating func insert(_ number: Int) {
        while number >> 6 >= capacity { grow() }
        guard !contains(number) else { return }
        words[number >> 6] |= 1 &<< UInt64(truncatingIfNeeded: number & 63)
        count &+= 1
    }

    @inline(__always)
    package mutating func remove(_ number: Int) {
        guard contains(number) else { return }
        words[number >> 6] &= ~(1 &<< UInt64(truncatingIfNeeded: number & 63))
        count -= 1
    }

    package mutating func removeAll() {
        words.update(repeating: 0, count: capacity)
        count = 0
    }

    private mutating func grow() {
        let larger = UnsafeMutablePointer<UInt64>.allocate(capacity: capacity * 2)
        larger.initialize(repeating: 0, count: capacity * 2)
        larger.update(from: words, count: capacity)
        words.deallocate()
        words = larger
        capacity *= 2
    }
}
