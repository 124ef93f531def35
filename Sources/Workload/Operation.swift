import WakuModel

/// Where a page ends: what a reply hands out and the next request hands back.
public typealias PageCursor = MessageHash

/// One thing a store node does, before anything is known of how it goes. Small, without references, cheap to copy.
public struct Operation: Sendable {
    /// Intended start, nanoseconds from the start of warm-up.
    public var due: UInt64
    /// A put: the message's number. A request: the number of its chain or session within its entry. A maintenance job:
    /// how often its node did it before.
    public var number: Int64
    /// A put: when the message arrived at the first node. A request: the intended start of its first page.
    public var origin: UInt64
    /// After so many nanoseconds from its intended start the client stops waiting; 0 for never.
    public var patience: UInt64 = 0
    /// The last message of the page before; meaningless on page 0.
    public var cursor: PageCursor
    // Plain numbers: an optional range is copied by a call of the runtime.
    private var firstCandidate: Int64
    private var lastCandidate: Int64
    private var labelNumber: Int32
    private var nodeNumber: Int32
    private var pageNumber: Int32
    private var sessionNumber: Int32 = -1
    private var askNumber: Int32 = 0
    /// Whether its client sends it again, after a failure or a time-out.
    public var isRetry = false
    /// Whether the hashes in the reply are wanted, and not their number alone.
    public var wantsHashes = false

    package init(
        due: UInt64, label: Int, node: Int, number: Int64, origin: UInt64, page: Int, candidates: ClosedRange<Int64>?,
        cursor: PageCursor
    ) {
        self.due = due
        self.number = number
        self.origin = origin
        self.cursor = cursor
        firstCandidate = candidates?.lowerBound ?? 1
        lastCandidate = candidates?.upperBound ?? 0
        labelNumber = Int32(label)
        nodeNumber = Int32(node)
        pageNumber = Int32(page)
    }

    /// Index into ``Traffic/labels``.
    public var label: Int {
        get { Int(labelNumber) }
        set { labelNumber = Int32(newValue) }
    }

    /// The store node that does it.
    public var node: Int {
        get { Int(nodeNumber) }
        set { nodeNumber = Int32(newValue) }
    }

    /// A request: 0 for the first page.
    public var page: Int {
        get { Int(pageNumber) }
        set { pageNumber = Int32(newValue) }
    }

    /// The session it belongs to; -1 for none.
    public var session: Int {
        get { Int(sessionNumber) }
        set { sessionNumber = Int32(newValue) }
    }

    /// What of its session's plan it asks for.
    public var ask: Int {
        get { Int(askNumber) }
        set { askNumber = Int32(newValue) }
    }

    /// Messages that a query by hash may name, or the number of the topic that a query by topics names because a trace has
    /// it; `nil` when it names none, or none is known.
    public var candidates: ClosedRange<Int64>? {
        firstCandidate <= lastCandidate ? firstCandidate...lastCandidate : nil
    }
}

/// What latency is kept by: a request class, and within it one entry of the workload.
public struct RequestLabel: Sendable {
    public let requestClass: String
    /// Name of the workload's entry; `put` for messages, `clockwork` for the node's own jobs.
    public let entry: String
    /// Index of the entry in the workload's queries; `nil` for others.
    public var query: Int?
    /// Index of the entry in the workload's clients; `nil` for others.
    public var client: Int?
    public var role: RequestRole?
    /// Index of the job in the workload's clockwork; `nil` for others.
    public var job: Int?
    public var mostHashes = 0
    public var mostTopics = 0
    public var longestWindow: UInt64 = 0

    package init(_ requestClass: String, entry: String) {
        self.requestClass = requestClass
        self.entry = entry
    }

    /// Whether it is a put of a message.
    public var isPut: Bool { query == nil && client == nil && job == nil }

    /// All labels of a workload, in a fixed order: put, put.duplicate, then first and later pages of each query, the
    /// requests of each client, and the node's jobs.
    package static func all(of spec: WorkloadSpec) -> [RequestLabel] {
        ["put", "put.duplicate"].map { RequestLabel($0, entry: "put") } + queries(spec) + clients(spec)
            + spec.clockwork.jobs.enumerated().map { index, job in
                var label = RequestLabel("maintenance.\(job.kind.rawValue)", entry: "clockwork")
                label.job = index
                return label
            }
    }

    private static func queries(_ spec: WorkloadSpec) -> [RequestLabel] {
        spec.queries.enumerated().flatMap { index, query in
            [query.shape.firstClass, query.shape.nextClass].map { name in
                var label = RequestLabel(name, entry: query.name)
                label.query = index
                label.mostHashes = query.shape.mostHashes
                label.mostTopics = query.shape.mostTopics
                label.longestWindow = query.shape.longestWindow
                return label
            }
        }
    }

    private static func clients(_ spec: WorkloadSpec) -> [RequestLabel] {
        spec.clients.enumerated().flatMap { index, client in
            client.kind.requests.map { request in
                var label = RequestLabel(request.requestClass, entry: client.name)
                label.client = index
                label.role = request.role
                label.mostHashes = request.mostHashes
                label.mostTopics = request.mostTopics
                label.longestWindow = request.longestWindow
                return label
            }
        }
    }

    static let put = 0
    static let duplicatePut = 1
    static func first(ofQuery index: Int) -> Int { 2 + 2 * index }
    static func next(ofQuery index: Int) -> Int { 3 + 2 * index }
}
