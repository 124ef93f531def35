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
    /// The last row of the page, whether or not there is another page.
    public private(set) var lastOfPage: MessageHash?
    /// The hashes of the page in the order they came; empty unless they were wanted.
    public private(set) var hashes: [MessageHash] = []
    private let pageSize: Int
    private let keepsRows: Bool
    private let keepsHashes: Bool

    init(pageSize: Int, keepsRows: Bool, keepsHashes: Bool = false) {
        self.pageSize = pageSize
        self.keepsRows = keepsRows
        self.keepsHashes = keepsHashes
    }

    /// Messages or hashes that the client gets.
    public var pageCount: Int { min(rowCount, pageSize) }

    mutating func take(_ result: borrowing QueryResult) {
        guard result.hasRows else { return }
        let count = result.rowCount
        let ofPage = min(count, pageSize - rowCount)
        if ofPage > 0 { lastOfPage = MessageHash.read(result.bytes(ofPage - 1, 0)) }
        if keepsHashes && ofPage > 0 {
            for row in 0..<ofPage { hashes.append(MessageHash.read(result.bytes(row, 0)) ?? .zero) }
        }
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
        var row = Row(hash: MessageHash.read(result.bytes(index, 0)) ?? .zero)
        guard result.columnCount == 7 else { return row }
        row.pubsubTopic = result.text(index, 1)
        row.contentTopic = result.text(index, 2)
        row.payload = result.text(index, 3)
        row.version = result.integer(index, 4).map { Int($0) }
        row.timestamp = result.integer(index, 5)
        row.meta = result.text(index, 6)
        return row
    }
}
