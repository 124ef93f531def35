import PostgresClient
import WakuModel

/// Writes the texts that a store node builds for a store request: everything inlined as quoted literals, to be sent in
/// the simple protocol.
struct StoreQueryText {
    let buffer: TextBuffer
    /// What the tables have hashes in.
    var column = DriverBehaviour.Hashes.hex

    /// Conditions of the generic query; absent ones are left out.
    struct Conditions {
        /// The cursor with its timestamp.
        var cursor: (timestamp: Int64, hash: MessageHash)?
        var hashes: ArraySlice<MessageHash> = []
    }

    /// The generic query, ending in a NUL byte. Conditions stand in the node's fixed order.
    func writeGeneric(_ query: StoreQuery, _ conditions: Conditions) {
        buffer.clear()
        writeRequestID(query.requestID)
        // With data the node's text has a blank of its own behind the table, so WHERE comes after two.
        if query.includeData {
            buffer.append(
                "SELECT messageHash, pubsubTopic, contentTopic, payload, version, timestamp, meta FROM messages "
                    as StaticString)
        } else {
            buffer.append("SELECT messageHash FROM messages" as StaticString)
        }
        writeConditions(query, conditions)
        switch query.direction {
        case .forward: buffer.append(" ORDER BY timestamp ASC, messageHash ASC LIMIT '" as StaticString)
        case .backward: buffer.append(" ORDER BY timestamp DESC, messageHash DESC LIMIT '" as StaticString)
        }
        buffer.append(Int64(query.pageSize + 1))
        buffer.append("'" as StaticString)
        buffer.terminate()
    }

    /// What a query by hashes alone needs.
    struct ByHash {
        let query: HashQuery
        let hashes: ArraySlice<MessageHash>
        /// Whether whole rows are wanted, or hashes only.
        let wholeRows: Bool
        let earliest: Int64
        let latest: Int64

        init(
            _ query: HashQuery, hashes: ArraySlice<MessageHash>, wholeRows: Bool = true, earliest: Int64 = 0,
            latest: Int64 = 0
        ) {
            self.query = query
            self.hashes = hashes
            self.wholeRows = wholeRows
            self.earliest = earliest
            self.latest = latest
        }
    }

    /// A query by hashes alone, ending in a NUL byte: newest first, whatever was asked for.
    func writeByHash(_ query: StoreQuery, _ values: ByHash) {
        buffer.clear()
        writeRequestID(query.requestID)
        for piece in values.query.pieces {
            switch piece {
            case .text(let text): buffer.append(text)
            case .columns: buffer.append(values.wholeRows ? HashQuery.wholeRow : HashQuery.hashOnly)
            case .earliest: writeNumber(values.earliest)
            case .latest: writeNumber(values.latest)
            case .limit: buffer.append(Int64(query.pageSize + 1))
            case .hashes:
                buffer.append("IN ( " as StaticString)
                writeHashes(values.hashes)
                buffer.append(" )" as StaticString)
            }
        }
        buffer.terminate()
    }

    private func writeNumber(_ number: Int64) {
        buffer.append("'" as StaticString)
        buffer.append(number)
        buffer.append("'" as StaticString)
    }

    private func writeRequestID(_ identifier: String) {
        buffer.append("/* requestId=" as StaticString)
        buffer.append(identifier)
        buffer.append(" */ " as StaticString)
    }

    private func writeConditions(_ query: StoreQuery, _ conditions: Conditions) {
        var first = true
        func join() {
            buffer.append(first ? " WHERE " as StaticString : " AND " as StaticString)
            first = false
        }
        if let cursor = conditions.cursor {
            join()
            buffer.append("(timestamp, messageHash) " as StaticString)
            buffer.append(query.direction == .forward ? "> ('" as StaticString : "< ('" as StaticString)
            buffer.append(cursor.timestamp)
            buffer.append("'," as StaticString)
            writeHash(cursor.hash)
            buffer.append(")" as StaticString)
        }
        if !query.contentTopics.isEmpty {
            join()
            buffer.append("contentTopic IN (" as StaticString)
            for (index, topic) in query.contentTopics.enumerated() {
                if index > 0 { buffer.append("," as StaticString) }
                writeLiteral(topic.text)
            }
            buffer.append(")" as StaticString)
        }
        if !conditions.hashes.isEmpty {
            join()
            buffer.append("messageHash IN (" as StaticString)
            writeHashes(conditions.hashes)
            buffer.append(")" as StaticString)
        }
        if let topic = query.pubsubTopic {
            join()
            buffer.append("pubsubTopic = " as StaticString)
            writeLiteral(topic.text)
        }
        if let start = query.startTime {
            join()
            buffer.append("timestamp >= '" as StaticString)
            buffer.append(start)
            buffer.append("'" as StaticString)
        }
        if let end = query.endTime {
            join()
            buffer.append("timestamp <= '" as StaticString)
            buffer.append(end)
            buffer.append("'" as StaticString)
        }
    }

    private func writeHashes(_ hashes: ArraySlice<MessageHash>) {
        for (index, hash) in hashes.enumerated() {
            if index > 0 { buffer.append("," as StaticString) }
            writeHash(hash)
        }
    }

    private func writeHash(_ hash: MessageHash) {
        buffer.append("'" as StaticString)
        buffer.append(hash, column)
        buffer.append("'" as StaticString)
    }

    /// Single quotes are doubled; nothing else is special while `standard_conforming_strings` is on.
    private func writeLiteral(_ text: String) {
        buffer.append("'" as StaticString)
        if text.utf8.contains(UInt8(ascii: "'")) {
            for character in text { buffer.append(character == "'" ? "''" : String(character)) }
        } else {
            buffer.append(text)
        }
        buffer.append("'" as StaticString)
    }
}
