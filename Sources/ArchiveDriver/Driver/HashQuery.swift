/// The queries by hashes alone, as pieces to be written with values inlined or bound.
enum HashQuery: Int {
    /// The node's join with its lower bound.
    case node
    /// Looks timestamps up and bounds them on both sides, in one statement.
    case bounded
    /// The first of two statements: which hashes are known, and when they were sent.
    case bounds
    /// The second: between the earliest and the latest.
    case between

    enum Piece {
        case text(StaticString)
        /// `IN (…)`, or what stands for it.
        case hashes
        /// The columns that are wanted.
        case columns
        case earliest
        case latest
        case limit
    }

    static let wholeRow: StaticString = "m.messageHash, pubsubTopic, contentTopic, payload, version, m.timestamp, meta"
    static let hashOnly: StaticString = "m.messageHash"

    var pieces: [Piece] {
        switch self {
        case .node: Self.nodePieces
        case .bounded: Self.boundedPieces
        case .bounds: Self.boundsPieces
        case .between: Self.betweenPieces
        }
    }

    private static let nodePieces: [Piece] = [
        .text("WITH min_timestamp AS (\n  SELECT MIN(timestamp) AS min_ts FROM messages_lookup WHERE messagehash "),
        .hashes, .text(" )\nSELECT "), .columns,
        .text(
            """

            FROM messages m INNER JOIN messages_lookup l ON m.timestamp = l.timestamp AND m.messagehash = l.messagehash
            WHERE l.timestamp >= (SELECT min_ts FROM min_timestamp) AND l.messagehash\u{20}
            """), .hashes, .text("\nORDER BY m.timestamp DESC, m.messagehash DESC LIMIT "), .limit, .text(";"),
    ]

    // The look-up is part of the answer, not only a bound: a message whose look-up row was lost is not found by the node.
    private static let boundedPieces: [Piece] = [
        .text("WITH found AS MATERIALIZED (\n  SELECT timestamp, messageHash FROM messages_lookup WHERE messageHash "),
        .hashes, .text(" )\nSELECT "), .columns,
        .text(
            """

            FROM messages m INNER JOIN found f ON m.timestamp = f.timestamp AND m.messageHash = f.messageHash
            WHERE m.timestamp BETWEEN (SELECT MIN(timestamp) FROM found) AND (SELECT MAX(timestamp) FROM found) \
            AND m.messageHash\u{20}
            """), .hashes, .text("\nORDER BY m.timestamp DESC, m.messageHash DESC LIMIT "), .limit, .text(";"),
    ]

    private static let boundsPieces: [Piece] = [
        .text("SELECT timestamp, messageHash FROM messages_lookup WHERE messageHash "), .hashes, .text(";"),
    ]

    private static let betweenPieces: [Piece] = [
        .text("SELECT "), .columns, .text("\nFROM messages m\nWHERE m.timestamp BETWEEN "), .earliest, .text(" AND "),
        .latest, .text(" AND m.messageHash "), .hashes,
        .text("\nORDER BY m.timestamp DESC, m.messageHash DESC LIMIT "), .limit, .text(";"),
    ]
}
