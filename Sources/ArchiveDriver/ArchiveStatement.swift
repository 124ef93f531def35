/// The statements that a store node prepares, with the names and texts it gives them.
///
/// Eight more exist in the node; they need a combination of arguments that clients do not send, and of those only the
/// two `WithoutCursorAndData` ones can succeed. Source: the archive's documented driver, parts 2.2 and 2.4 of the
/// project's notes on the node.
package enum ArchiveStatement: UInt8, CaseIterable, Sendable {
    case insertRow
    case insertLookup
    case timestampOfHash
    case hashesByAllAscending
    case hashesByAllDescending

    /// A C string, because that is how it is sent.
    package var name: StaticString {
        switch self {
        case .insertRow: "InsertRow"
        case .insertLookup: "InsertRowMessagesLookup"
        case .timestampOfHash: "SelectMessageByHashInMessagesLookup"
        case .hashesByAllAscending: "SelectWithoutCursorAndDataAsc"
        case .hashesByAllDescending: "SelectWithoutCursorAndDataDesc"
        }
    }

    /// A C string, because that is how it is sent.
    package var text: StaticString {
        switch self {
        case .insertRow:
            """
            INSERT INTO messages (id, messageHash, pubsubTopic, contentTopic, payload, version, timestamp, meta) \
            VALUES ($1, $2, $3, $4, $5, $6, $7, CASE WHEN $8 = '' THEN NULL ELSE $8 END) ON CONFLICT DO NOTHING;
            """
        case .insertLookup:
            "INSERT INTO messages_lookup (messageHash, timestamp) VALUES ($1, $2) ON CONFLICT DO NOTHING;"
        case .timestampOfHash:
            "SELECT timestamp FROM messages_lookup\n    WHERE messageHash = $1"
        case .hashesByAllAscending:
            """
            SELECT messageHash FROM messages WHERE contentTopic IN ($1) AND messageHash IN ($2) AND pubsubTopic = $3 \
            AND timestamp >= $4 AND timestamp <= $5 ORDER BY timestamp ASC, messageHash ASC LIMIT $6;
            """
        case .hashesByAllDescending:
            """
            SELECT messageHash FROM messages WHERE contentTopic IN ($1) AND messageHash IN ($2) AND pubsubTopic = $3 \
            AND timestamp >= $4 AND timestamp <= $5 ORDER BY timestamp DESC, messageHash DESC LIMIT $6;
            """
        }
    }

    var bit: UInt8 { 1 << rawValue }
}

extension StaticString {
    /// The literal as the C string that it is in memory.
    var cString: UnsafePointer<CChar> { UnsafeRawPointer(utf8Start).assumingMemoryBound(to: CChar.self) }
}

/// Which of a node's two pools a statement goes through.
package enum PoolKind: Int, Sendable {
    case write
    case read
}
