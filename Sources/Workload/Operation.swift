import WakuModel

/// Where a page ends: what a reply hands out and the next request hands back.
public typealias PageCursor = MessageHash

/// One thing a store node does, before anything is known of how it goes. Small, without references, cheap to copy.
public struct Operation: Sendable {
    /// Intended start, nanoseconds from the start of warm-up.
    public var due: UInt64
    /// Index into ``Traffic/labels``.
    public var label: Int
    /// The store node that does it.
    public var node: Int
    /// A put: the message's number. A query: the number of its chain within its entry of the mix.
    public var number: Int64
    /// A put: when the message arrived at the first node. A query: the intended start of its first page.
    public var origin: UInt64
    /// A query: 0 for the first page.
    public var page: Int
    /// Messages that a query by hash may name; `nil` when it names none, or none is known.
    public var candidates: ClosedRange<Int64>?
    /// The last message of the page before; meaningless on page 0.
    public var cursor: PageCursor

    package init(
        due: UInt64, label: Int, node: Int, number: Int64, origin: UInt64, page: Int, candidates: ClosedRange<Int64>?,
        cursor: PageCursor
    ) {
        self.due = due
        self.label = label
        self.node = node
        self.number = number
        self.origin = origin
        self.page = page
        self.candidates = candidates
        self.cursor = cursor
    }
}

/// What latency is kept by: a request class, and within it one entry of the workload's mix.
public struct RequestLabel: Sendable {
    public let requestClass: String
    /// Name of the workload's entry; `put` for messages.
    public let entry: String
    /// Index of the entry in the workload's queries; `nil` for puts.
    public let query: Int?
    public let mostHashes: Int
    public let mostTopics: Int
    public let longestWindow: UInt64

    /// Whether it is a put of a message.
    public var isPut: Bool { query == nil }

    /// All labels of a workload, in a fixed order: put, put.duplicate, then first and later pages of each entry.
    static func all(of spec: WorkloadSpec) -> [RequestLabel] {
        let puts = ["put", "put.duplicate"].map {
            RequestLabel(requestClass: $0, entry: "put", query: nil, mostHashes: 0, mostTopics: 0, longestWindow: 0)
        }
        return puts
            + spec.queries.enumerated().flatMap { index, query in
                [query.shape.firstClass, query.shape.nextClass].map { name in
                    RequestLabel(
                        requestClass: name, entry: query.name, query: index, mostHashes: query.shape.mostHashes,
                        mostTopics: query.shape.mostTopics, longestWindow: query.shape.longestWindow)
                }
            }
    }

    static let put = 0
    static let duplicatePut = 1
    static func first(ofQuery index: Int) -> Int { 2 + 2 * index }
    static func next(ofQuery index: Int) -> Int { 3 + 2 * index }
}
