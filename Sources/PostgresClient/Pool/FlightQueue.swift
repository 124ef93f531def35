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
public struct Ring<Element> {
    private var places: [Element?]
    private var head = 0
    public private(set) var count = 0

    /// - Parameter capacity: places to begin with; a power of two.
    public init(capacity: Int = 8) { places = Array(repeating: nil, count: capacity) }

    public var isEmpty: Bool { count == 0 }
    public var first: Element? { count == 0 ? nil : places[head] }

    /// - Complexity: O(1), amortised; allocates only when more are inside than ever before.
    public mutating func append(_ element: Element) {
        if count == places.count {
            places = (0..<count).map { places[(head + $0) & (places.count - 1)] } + Array(repeating: nil, count: count)
            head = 0
        }
        places[(head + count) & (places.count - 1)] = element
        count += 1
    }

    /// - Complexity: O(1).
    public mutating func popFirst() -> Element? {
        guard count > 0 else { return nil }
        defer {
            places[head] = nil
            head = (head + 1) & (places.count - 1)
            count -= 1
        }
        return places[head]
    }
}

/// Small numbers, with the smallest found in a few steps however many there could be.
struct NumberSet {
    private var words: [UInt64] = []
    private(set) var count = 0

    /// The smallest number inside; `nil` when empty.
    /// - Complexity: O(largest / 64).
    var first: Int? {
        guard count > 0 else { return nil }
        for index in words.indices where words[index] != 0 { return index * 64 + words[index].trailingZeroBitCount }
        return nil
    }

    func contains(_ number: Int) -> Bool {
        number >> 6 < words.count && words[number >> 6] & (1 << UInt64(number & 63)) != 0
    }

    mutating func insert(_ number: Int) {
        while number >> 6 >= words.count { words.append(0) }
        guard !contains(number) else { return }
        words[number >> 6] |= 1 << UInt64(number & 63)
        count += 1
    }

    mutating func remove(_ number: Int) {
        guard contains(number) else { return }
        words[number >> 6] &= ~(1 << UInt64(number & 63))
        count -= 1
    }

    mutating func removeAll() {
        for index in words.indices { words[index] = 0 }
        count = 0
    }
}
