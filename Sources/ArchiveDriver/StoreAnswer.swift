import FoundationEssentials
import PostgresClient
import WakuModel

/// A reply as the node's REST interface writes it (`GET /store/v3/messages`): hashes in hexadecimal behind `0x`, payload
/// and meta in base64, times in nanoseconds.
///
/// Messages are there when the request asked for data. A request by hashes alone reads them in any case, and the node leaves
/// them out of what it answers.
public struct StoreAnswer: Encodable, Sendable {
    /// One message of the page, or its hash alone.
    public struct Entry: Encodable, Sendable {
        /// 64 hexadecimal digits behind `0x`.
        public let messageHash: String
        /// `nil` when only hashes were asked for.
        public let message: Content?
        /// Where the message was sent; `nil` when only hashes were asked for.
        public let pubsubTopic: String?
    }

    /// What a message says.
    public struct Content: Encodable, Sendable {
        /// Base64.
        public let payload: String
        /// What the message is about.
        public let contentTopic: String
        /// Base64; `nil` for a message without.
        public let meta: String?
        /// Of the payload's encoding.
        public let version: Int
        /// Nanoseconds since 1970.
        public let timestamp: Int64
        /// No stored message is.
        public let ephemeral = false

        private enum CodingKeys: CodingKey {
            case payload, contentTopic, meta, version, timestamp, ephemeral
        }
    }

    /// As the request had it.
    public let requestId: String
    /// 200: what fails has no answer.
    public let statusCode = 200
    /// In a word.
    public let statusDesc = "OK"
    /// The page, in the order in which the node returns it.
    public let messages: [Entry]
    /// What to ask the next page with; `nil` when there is none.
    public let paginationCursor: String?

    private enum CodingKeys: CodingKey {
        case requestId, statusCode, statusDesc, messages, paginationCursor
    }

    /// - Parameters:
    ///   - reply: with its rows.
    ///   - query: what was asked.
    /// - Throws: ``PostgresError`` `bad-reply` for a row whose payload or meta is not hexadecimal.
    public init(_ reply: StoreReply, to query: StoreQuery) throws(PostgresError) {
        requestId = query.requestID
        paginationCursor = reply.nextCursor.map { "0x\($0)" }
        var entries: [Entry] = []
        for row in reply.rows {
            var message: Content?
            if query.includeData { message = try Content(row) }
            entries.append(
                Entry(
                    messageHash: "0x\(row.hash)", message: message,
                    pubsubTopic: query.includeData ? row.pubsubTopic : nil))
        }
        messages = entries
    }
}

extension StoreAnswer.Content {
    init(_ row: StoreReply.Row) throws(PostgresError) {
        payload = try Self.base64(row.payload ?? "", "payload", row.hash)
        meta = if let text = row.meta { try Self.base64(text, "meta", row.hash) } else { nil }
        contentTopic = row.contentTopic ?? ""
        version = row.version ?? 0
        timestamp = row.timestamp ?? 0
    }

    private static func base64(
        _ digits: String, _ column: String, _ hash: MessageHash
    ) throws(PostgresError) -> String {
        let digits = Array(digits.utf8)
        let bytes = stride(from: 0, to: digits.count - 1, by: 2).map { Hex.byte(digits[$0], digits[$0 + 1]) }
        guard digits.count % 2 == 0, !bytes.contains(-1) else {
            throw PostgresError(.client(.unexpectedReply), "the \(column) of message 0x\(hash) is not hexadecimal")
        }
        return Data(bytes.map { UInt8(truncatingIfNeeded: $0) }).base64EncodedString()
    }
}
