import WakuModel

/// What tells one prepared query from another: everything but its values.
struct QueryShape {
    /// A query by hashes alone; any other when `nil`.
    var byHash: HashQuery?
    var wantsData = false
    var hasCursor = false
    var hasShard = false
    var hasStart = false
    var hasEnd = false
    var ascends = false
    /// Elements of the lists.
    var topics = 0
    var hashes = 0
    var arrays = false

    /// One number for each shape.
    var key: Int {
        var bits = byHash.map { $0.rawValue + 1 } ?? 0
        bits = bits << 1 | (wantsData ? 1 : 0)
        bits = bits << 1 | (hasCursor ? 1 : 0)
        bits = bits << 1 | (hasShard ? 1 : 0)
        bits = bits << 1 | (hasStart ? 1 : 0)
        bits = bits << 1 | (hasEnd ? 1 : 0)
        bits = bits << 1 | (ascends ? 1 : 0)
        return (bits << 24 | Self.elements(topics, arrays)) << 8 | Self.elements(hashes, arrays)
    }

    private static func elements(_ count: Int, _ arrays: Bool) -> Int { arrays ? min(count, 1) : count }

    /// The statement's name.
    var name: String {
        var parts: [String] = []
        switch byHash {
        case .node?: parts.append("PageByHash")
        case .bounded?: parts.append("PageByHashBounded")
        case .bounds?: parts.append("BoundsOfHashes")
        case .between?: parts.append("PageBetween")
        case nil: parts.append(ascends ? "PageAscending" : "PageDescending")
        }
        if wantsData { parts.append("data") }
        if hasCursor { parts.append("cursor") }
        if topics > 0 { parts.append("topics" + (arrays ? "" : "\(topics)")) }
        if hashes > 0 { parts.append("hashes" + (arrays ? "" : "\(hashes)")) }
        if hasShard { parts.append("shard") }
        if hasStart { parts.append("start") }
        if hasEnd { parts.append("end") }
        return parts.joined(separator: "_")
    }

    /// The statement's text and the number of its parameters.
    func text() -> (text: String, parameters: Int) {
        var writer = Writer(arrays: arrays)
        if let byHash { writeHashQuery(byHash, &writer) } else { writePage(&writer) }
        return (writer.text, writer.parameters)
    }

    /// Parameters: the hashes, then the bounds, then the limit.
    private func writeHashQuery(_ query: HashQuery, _ writer: inout Writer) {
        let list = writer.list(hashes, blanks: true)
        let bounds = query == .between ? (writer.next(), writer.next()) : ("", "")
        let limit = query == .bounds ? "" : writer.next()
        for piece in query.pieces {
            switch piece {
            case .text(let text): writer.text += "\(text)"
            case .hashes: writer.text += list
            case .columns: writer.text += "\(wantsData ? HashQuery.wholeRow : HashQuery.hashOnly)"
            case .earliest: writer.text += bounds.0
            case .latest: writer.text += bounds.1
            case .limit: writer.text += limit
            }
        }
    }

    /// Conditions and parameters in the order of the node's text.
    private func writePage(_ writer: inout Writer) {
        writer.text =
            wantsData
            ? "SELECT messageHash, pubsubTopic, contentTopic, payload, version, timestamp, meta FROM messages"
            : "SELECT messageHash FROM messages"
        var conditions: [String] = []
        if hasCursor {
            conditions.append("(timestamp, messageHash) \(ascends ? ">" : "<") (\(writer.next()), \(writer.next()))")
        }
        if topics > 0 { conditions.append("contentTopic " + writer.list(topics)) }
        if hashes > 0 { conditions.append("messageHash " + writer.list(hashes)) }
        if hasShard { conditions.append("pubsubTopic = \(writer.next())") }
        if hasStart { conditions.append("timestamp >= \(writer.next())") }
        if hasEnd { conditions.append("timestamp <= \(writer.next())") }
        if !conditions.isEmpty { writer.text += " WHERE " + conditions.joined(separator: " AND ") }
        let direction = ascends ? "ASC" : "DESC"
        writer.text += " ORDER BY timestamp \(direction), messageHash \(direction) LIMIT \(writer.next())"
    }

    private struct Writer {
        let arrays: Bool
        var text = ""
        var parameters = 0

        init(arrays: Bool) { self.arrays = arrays }

        mutating func next() -> String {
            parameters += 1
            return "$\(parameters)"
        }

        mutating func list(_ count: Int, blanks: Bool = false) -> String {
            if arrays { return "= ANY(\(next()))" }
            let elements = (0..<count).map { _ in next() }.joined(separator: ",")
            return blanks ? "IN ( \(elements) )" : "IN (\(elements))"
        }
    }
}
