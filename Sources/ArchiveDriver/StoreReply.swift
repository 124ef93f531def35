import PostgresClient
import WakuModel

/// What comes back of a store request: the page and the cursor of the next one.
public struct StoreReply: Sendable {
    /// One row of the archive. A hash-only query fills in the hash alone.
    public struct Row: Sendable, Equatable {
        public var hash: MessageHash
        public var pubsubTopic: String?
        public var contentTopic: String?
        /// Hexadecimal, as stored.
        public var payload: String?
        public var version: Int?
        public var timestamp: Int64?
        /// Hexadecimal, as stored; `nil` for NULL.
        public var meta: String?

        package init(
            hash: MessageHash, pubsubTopic: String? = nil, contentTopic: String? = nil, payload: String? = nil,
            version: Int? = nil, timestamp: Int64? = nil, meta: String? = nil
        ) {
            self.hash = hash
            self.pubsubTopic = pubsubTopic
            self.contentTopic = contentTopic
            self.payload = payload
            self.version = version
            self.timestamp = timestamp
            self.meta = meta
        }
    }

    /// The page in the order the node returns it; empty unless rows were wanted.
    public private(set) var rows: [Row] = []
    /// Rows the server sent, the one beyond the page included.
    public private(set) var rowCount = 0
    /// Set when more rows came than the page holds: the hash of the last row of the page.
    public private(set) var nextCursor: MessageHash?
    private let pageSize: Int
    private let keepsRows: Bool
    private var lastOfPage: MessageHash?

    init(pageSize: Int, keepsRows: Bool) {
        self.pageSize = pageSize
        self.keepsRows = keepsRows
    }

    mutating func take(_ result: borrowing QueryResult) {
        guard result.kind == .rows else { return }
        let count = result.rowCount
        let last = pageSize - 1 - rowCount
        if last >= 0 && last < count { lastOfPage = MessageHash.parse(result.bytes(last, 0)) }
        if keepsRows { for row in 0..<count { rows.append(Self.row(result, row)) } }
        rowCount += count
    }

    /// Cuts the page and turns one that was read backward, so that every page is oldest first.
    mutating func close(direction: StoreQuery.Direction) {
        if rowCount > pageSize { nextCursor = lastOfPage }
        if rows.count > pageSize { rows.removeLast(rows.count - pageSize) }
        if direction == .backward { rows.reverse() }
    }

    private static func row(_ result: borrowing QueryResult, _ index: Int) -> Row {
        var row = Row(hash: MessageHash.parse(result.bytes(index, 0)) ?? .zero)
        guard result.columnCount == 7 else { return row }
        row.pubsubTopic = result.text(index, 1)
        row.contentTopic = result.text(index, 2)
        row.payload = result.text(index, 3)
        row.version = result.text(index, 4).flatMap { Int($0) }
        row.timestamp = result.text(index, 5).flatMap { Int64($0) }
        row.meta = result.text(index, 6)
        return row
    }
}
