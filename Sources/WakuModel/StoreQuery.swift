/// A store request (13/WAKU2-STORE, version 3) in the terms of the archive.
public struct StoreQuery: Sendable, Equatable {
    /// Order in which pages walk through time.
    public enum Direction: String, Sendable, CaseIterable {
        /// Oldest first.
        case forward
        /// Newest first; the page itself is still returned oldest first.
        case backward
    }

    /// Messages a page holds when the request does not say.
    public static let defaultPageSize = 20
    /// Messages a page holds at most; a larger wish is cut to it silently.
    public static let maximumPageSize = 100

    /// Identifies the request in the server's log: hexadecimal digits only, or empty.
    public var requestID: String
    /// Whether whole messages are wanted, or their hashes only.
    public var includeData: Bool
    /// Only messages of this shard; `nil` for all.
    public var pubsubTopic: PubsubTopic?
    /// Only messages of one of these topics; empty for all.
    public var contentTopics: [ContentTopic]
    /// Earliest timestamp, inclusive, nanoseconds since 1970.
    public var startTime: Int64?
    /// Latest timestamp, inclusive, nanoseconds since 1970.
    public var endTime: Int64?
    /// Only these messages; empty for all.
    public var hashes: [MessageHash]
    /// The last message of the page before; exclusive.
    public var cursor: MessageHash?
    /// Whether the page goes on towards newer or towards older messages.
    public var direction: Direction
    /// As requested; `nil` and 0 mean ``defaultPageSize``.
    public var requestedPageSize: Int?

    /// A query for whole messages, oldest first, unless told otherwise.
    public init(
        requestID: String = "", includeData: Bool = true, pubsubTopic: PubsubTopic? = nil,
        contentTopics: [ContentTopic] = [], startTime: Int64? = nil, endTime: Int64? = nil,
        hashes: [MessageHash] = [], cursor: MessageHash? = nil, direction: Direction = .forward, pageSize: Int? = nil
    ) {
        self.requestID = requestID
        self.includeData = includeData
        self.pubsubTopic = pubsubTopic
        self.contentTopics = contentTopics
        self.startTime = startTime
        self.endTime = endTime
        self.hashes = hashes
        self.cursor = cursor
        self.direction = direction
        self.requestedPageSize = pageSize
    }

    /// Messages the page holds at most, after default and cap.
    public var pageSize: Int {
        guard let requestedPageSize, requestedPageSize > 0 else { return Self.defaultPageSize }
        return min(requestedPageSize, Self.maximumPageSize)
    }
}
