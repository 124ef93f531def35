/// A statement to be prepared: its number in a ``StatementBook``, which knows its name and text.
package struct ArchiveStatement: Hashable, Sendable {
    package let id: Int

    // Those that a store node prepares have the same numbers in every book.
    package static let insertRow = ArchiveStatement(id: 0)
    package static let insertLookup = ArchiveStatement(id: 1)
    package static let timestampOfHash = ArchiveStatement(id: 2)
    package static let hashesByAllAscending = ArchiveStatement(id: 3)
    package static let hashesByAllDescending = ArchiveStatement(id: 4)

    /// The statements that a store node prepares, with the names and texts it gives them, in the order of their numbers.
    ///
    /// Eight more exist in the node; they need a combination of arguments that clients do not send, and of those only the
    /// two `WithoutCursorAndData` ones can succeed. Source: the archive's documented driver, parts 2.2 and 2.4 of the
    /// project's notes on the node.
    static let nodes: [(name: StaticString, text: StaticString, parameters: Int)] = [
        (
            "InsertRow",
            """
            INSERT INTO messages (id, messageHash, pubsubTopic, contentTopic, payload, version, timestamp, meta) \
            VALUES ($1, $2, $3, $4, $5, $6, $7, CASE WHEN $8 = '' THEN NULL ELSE $8 END) ON CONFLICT DO NOTHING;
            """, 8
        ),
        (
            "InsertRowMessagesLookup",
            "INSERT INTO messages_lookup (messageHash, timestamp) VALUES ($1, $2) ON CONFLICT DO NOTHING;", 2
        ),
        ("SelectMessageByHashInMessagesLookup", "SELECT timestamp FROM messages_lookup\n    WHERE messageHash = $1", 1),
        (
            "SelectWithoutCursorAndDataAsc",
            """
            SELECT messageHash FROM messages WHERE contentTopic IN ($1) AND messageHash IN ($2) AND pubsubTopic = $3 \
            AND timestamp >= $4 AND timestamp <= $5 ORDER BY timestamp ASC, messageHash ASC LIMIT $6;
            """, 6
        ),
        (
            "SelectWithoutCursorAndDataDesc",
            """
            SELECT messageHash FROM messages WHERE contentTopic IN ($1) AND messageHash IN ($2) AND pubsubTopic = $3 \
            AND timestamp >= $4 AND timestamp <= $5 ORDER BY timestamp DESC, messageHash DESC LIMIT $6;
            """, 6
        ),
    ]
}

/// Which of a node's two pools a statement goes through.
package enum PoolKind: Int, Sendable {
    case write
    case read
}
