/// The statements of a store node as its documentation gives them, with placeholders for what changes: `H` for hashes,
/// `T` for content topics, `S` for a shard, `N` for a time.
enum DocumentedShapes {
    /// What the workload of the traced run must send in the simple protocol.
    static let simple: Set<String> = [
        // By hash: presence (page 50), fetch (page 20), a hundred (page 100) and its surplus query.
        byHash(limit: 51), byHash(limit: 21), byHash(limit: 101),
        "/* requestId=R */ \(data) ORDER BY timestamp ASC, messageHash ASC LIMIT '101'",
        // Hashes by topics, backward, page 100, first and later pages.
        "/* requestId=R */ SELECT messageHash FROM messages WHERE \(topics) \(descending) LIMIT '101'",
        "/* requestId=R */ SELECT messageHash FROM messages WHERE (timestamp, messageHash) < (N,H) AND \(topics) \(descending) LIMIT '101'",
        // Data by topics, forward, page 50.
        "/* requestId=R */ \(data) WHERE \(topics) \(ascending) LIMIT '51'",
        "/* requestId=R */ \(data) WHERE (timestamp, messageHash) > (N,H) AND \(topics) \(ascending) LIMIT '51'",
        // Data by time alone, page 100.
        "/* requestId=R */ \(data) WHERE timestamp >= N AND timestamp <= N \(ascending) LIMIT '101'",
        "/* requestId=R */ \(data) WHERE (timestamp, messageHash) > (N,H) AND timestamp >= N AND timestamp <= N \(ascending) LIMIT '101'",
    ]

    /// Name and text of what it must prepare and execute.
    static let prepared: Set<String> = [
        "InsertRow: INSERT INTO messages (id, messageHash, pubsubTopic, contentTopic, payload, version, timestamp, meta) VALUES ($1, $2, $3, $4, $5, $6, $7, CASE WHEN $8 = '' THEN NULL ELSE $8 END) ON CONFLICT DO NOTHING;",
        "InsertRowMessagesLookup: INSERT INTO messages_lookup (messageHash, timestamp) VALUES ($1, $2) ON CONFLICT DO NOTHING;",
        "SelectMessageByHashInMessagesLookup: SELECT timestamp FROM messages_lookup\n    WHERE messageHash = $1",
    ]

    private static let data =
        "SELECT messageHash, pubsubTopic, contentTopic, payload, version, timestamp, meta FROM messages "
    private static let topics = "contentTopic IN (T) AND pubsubTopic = S AND timestamp >= N AND timestamp <= N"
    private static let ascending = "ORDER BY timestamp ASC, messageHash ASC"
    private static let descending = "ORDER BY timestamp DESC, messageHash DESC"

    private static func byHash(limit: Int) -> String {
        """
        /* requestId=R */ WITH min_timestamp AS (
          SELECT MIN(timestamp) AS min_ts FROM messages_lookup WHERE messagehash IN ( H ) )
        SELECT m.messageHash, pubsubTopic, contentTopic, payload, version, m.timestamp, meta
        FROM messages m INNER JOIN messages_lookup l ON m.timestamp = l.timestamp AND m.messagehash = l.messagehash
        WHERE l.timestamp >= (SELECT min_ts FROM min_timestamp) AND l.messagehash IN ( H )
        ORDER BY m.timestamp DESC, m.messagehash DESC LIMIT \(limit);
        """
    }

    /// A text with its literals replaced; lists of one kind become one placeholder.
    static func shape(of text: String) -> String {
        text.replacing(#/requestId=[0-9a-f]{20} /#, with: "requestId=R ")
            .replacing(#/'[0-9a-f]{64}'(,'[0-9a-f]{64}')*/#, with: "H")
            .replacing(#/'\/waku\/1\/0x[0-9a-f]{8}\/rfc26'(,'\/waku\/1\/0x[0-9a-f]{8}\/rfc26')*/#, with: "T")
            .replacing(#/'\/waku\/2\/rs\/16\/[0-9]+'/#, with: "S")
            .replacing(#/'[0-9]{19}'/#, with: "N")
    }

    /// The hash in a page's cursor condition.
    static func cursor(of text: String) -> String? {
        text.firstMatch(of: #/\(timestamp, messageHash\) [<>] \('[0-9]+','([0-9a-f]{64})'\)/#).map {
            String($0.output.1)
        }
    }
}
