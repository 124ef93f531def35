import PostgresClient
import WakuModel

/// A store request on its way through its statements. No I/O, no clock.
///
/// ```
/// for every batch of 100 hashes (one empty batch more when the count is a multiple of 100, unless it is dropped):
///     [cursor: its timestamp | bounded by-hash look-up: the timestamps of the hashes] → the statement of the batch
/// ```
struct QueryWalk {
    /// Hashes that go into one statement.
    static let batch = 100
    /// Content topics that the node takes with a cursor. It looks at their number only then.
    private static let mostTopicsOfLaterPages = 10

    private enum State: Equatable {
        case cursorTime(batch: Int)
        case bounds(batch: Int)
        case select(batch: Int)
        case done
    }

    /// How a batch is asked for.
    private enum Path {
        case byHash
        case allArguments
        case generic
    }

    private let book: StatementBook
    private var state: State
    private var isSent = false
    private var failure: PostgresError.Code?
    let query: StoreQuery
    private var cursorTime: Int64?
    /// What the look-up of a batch found.
    private var found: [MessageHash] = []
    private var earliest = Int64.max
    private var latest = Int64.min
    private(set) var reply: StoreReply

    init(_ query: StoreQuery, _ book: StatementBook, keepsRows: Bool, keepsHashes: Bool) {
        self.book = book
        self.query = query
        state = .done
        reply = StoreReply(pageSize: query.pageSize, keepsRows: keepsRows, keepsHashes: keepsHashes)
        state = first(ofBatch: 0)
    }

    // MARK: What to send

    func step() -> NextStep {
        if let failure { return .failed(failure) }
        if isSent { return .waits }
        if state != .done && refusal != nil { return .failed(.client(.refusedByDriver)) }
        switch state {
        case .done: return .finished
        case .cursorTime: return send(.timestampOfHash)
        case .bounds(let batch):
            guard isPrepared else { return .send(Step(.simple, .read)) }
            return send(book.query(hashShape(.bounds, hashes(ofBatch: batch).count)))
        case .select(let batch):
            if isPrepared { return send(book.query(shape(ofBatch: batch))) }
            guard path(ofBatch: batch) == .allArguments else { return .send(Step(.simple, .read)) }
            // The node passes six values with five lengths, or binds the hash to the timestamp: only this one works.
            guard !query.includeData, query.cursor == nil else { return .failed(.client(.refusedByDriver)) }
            return send(query.direction == .forward ? .hashesByAllAscending : .hashesByAllDescending)
        }
    }

    private func send(_ statement: ArchiveStatement) -> NextStep {
        var step = Step(.prepared(statement), .read)
        step.binaryResults = book.behaviour.results == .binary
        return .send(step)
    }

    mutating func noteSent() { isSent = true }

    func writeParameters(into parameters: BoundParameters) {
        parameters.clear()
        switch state {
        case .cursorTime:
            if let cursor = query.cursor { parameters.add { $0.append(cursor, book.behaviour.hashes) } }
        case .bounds(let batch): addHashes(hashes(ofBatch: batch), to: parameters)
        case .select(let batch):
            if !isPrepared {
                addAllArguments(batch, to: parameters)
            } else if path(ofBatch: batch) == .byHash {
                addByHash(batch, to: parameters)
            } else {
                addPage(batch, to: parameters)
            }
        case .done: preconditionFailure("no parameters at the end")
        }
    }

    func writeText(into buffer: TextBuffer) {
        let text = StoreQueryText(buffer: buffer, column: book.behaviour.hashes)
        switch state {
        case .bounds(let batch):
            text.writeByHash(query, .init(.bounds, hashes: hashes(ofBatch: batch)))
        case .select(let batch) where path(ofBatch: batch) == .byHash:
            text.writeByHash(
                query,
                .init(
                    hashQuery, hashes: asked(ofBatch: batch), wholeRows: wantsWholeRows, earliest: earliest,
                    latest: latest))
        case .select(let batch):
            let cursor = cursorTime.flatMap { time in query.cursor.map { (timestamp: time, hash: $0) } }
            text.writeGeneric(query, .init(cursor: cursor, hashes: hashes(ofBatch: batch)))
        case .cursorTime, .done: preconditionFailure("no text in \(state)")
        }
    }

    mutating func assumeCursor(at time: Int64) {
        if case .cursorTime = state { cursorTime = time }
    }

    // MARK: What comes back

    mutating func take(_ result: borrowing QueryResult) {
        switch state {
        case .cursorTime:
            if result.hasRows && result.rowCount > 0 { cursorTime = result.integer(0, 0) }
        case .bounds:
            guard result.hasRows else { return }
            for row in 0..<result.rowCount {
                guard let time = result.integer(row, 0), let hash = MessageHash.read(result.bytes(row, 1)) else {
                    continue
                }
                earliest = min(earliest, time)
                latest = max(latest, time)
                found.append(hash)
            }
        case .select: reply.take(result)
        case .done: preconditionFailure("a result after the end")
        }
    }

    mutating func finishStatement(_ failure: PostgresError.Code?) {
        isSent = false
        if let failure {
            self.failure = failure
            return
        }
        switch state {
        case .cursorTime(let batch):
            state = .select(batch: batch)
            if cursorTime == nil { self.failure = .client(.cursorNotFound) }
        case .bounds(let batch):
            if found.isEmpty { finish(batch) } else { state = .select(batch: batch) }
        case .select(let batch): finish(batch)
        case .done: preconditionFailure("finished twice")
        }
    }

    private mutating func finish(_ batch: Int) {
        if isLast(batch) {
            state = .done
            reply.close(direction: query.direction)
        } else {
            state = first(ofBatch: batch + 1)
            cursorTime = nil
            found.removeAll(keepingCapacity: true)
            (earliest, latest) = (.max, .min)
        }
    }

    // MARK: Batches

    private func isLast(_ batch: Int) -> Bool {
        let next = (batch + 1) * Self.batch
        return next > query.hashes.count || next == query.hashes.count && book.behaviour.surplus == .dropped
    }

    private func first(ofBatch batch: Int) -> State {
        if query.cursor != nil { return .cursorTime(batch: batch) }
        let looksFirst = book.behaviour.byHash == .boundedFirst && path(ofBatch: batch) == .byHash
        return looksFirst ? .bounds(batch: batch) : .select(batch: batch)
    }

    private func hashes(ofBatch batch: Int) -> ArraySlice<MessageHash> {
        query.hashes[min(batch * Self.batch, query.hashes.count)..<min((batch + 1) * Self.batch, query.hashes.count)]
    }

    /// The hashes that a query by hashes alone is for: all of the batch, or those that are known.
    private func asked(ofBatch batch: Int) -> ArraySlice<MessageHash> {
        book.behaviour.byHash == .boundedFirst ? found[...] : hashes(ofBatch: batch)
    }

    private func path(ofBatch batch: Int) -> Path {
        let hashes = !hashes(ofBatch: batch).isEmpty
        let topics = !query.contentTopics.isEmpty
        let (shard, start, end) = (query.pubsubTopic != nil, query.startTime != nil, query.endTime != nil)
        if hashes && query.cursor == nil && !topics && !shard && !start && !end { return .byHash }
        if hashes && topics && shard && start && end { return .allArguments }
        return .generic
    }

    // MARK: Refusals

    /// Why the node refuses the request before it asks its archive; `nil` when it does not. Later pages of many topics, a
    /// cursor that no message can be; and, since it stands in its texts, an identifier that might end the comment it is put
    /// in.
    var refusal: StaticString? {
        if let cursor = query.cursor {
            if query.contentTopics.count > Self.mostTopicsOfLaterPages {
                return "more than 10 content topics with a cursor"
            }
            if cursor == .zero { return "a cursor of zeros only" }
        }
        return isPrepared || Self.isHarmless(query.requestID) ? nil : "the request's identifier could be read as SQL"
    }

    /// Why the one path fails that has no refusal.
    static let failing: StaticString =
        "its statement for content topics, hashes, shard and both times at once fails with data or a cursor"

    /// Whether an identifier may stand in a comment. Hexadecimal digits, which nodes and clients make, always may.
    private static func isHarmless(_ identifier: String) -> Bool {
        let isHexadecimal = identifier.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
        if isHexadecimal { return true }
        let text = identifier.lowercased()
        return !text.utf8.contains { "'\";#\\%_/*\0".utf8.contains($0) } && !riskyWords.contains { text.contains($0) }
    }

    private static let riskyWords = [
        " or ", " and ", " union ", " select ", "insert ", "delete ", "update ", "drop ", "exec ", "--",
    ]

    // MARK: Shapes and values

    private var isPrepared: Bool { book.behaviour.queries == .prepared }

    private var hashQuery: HashQuery {
        switch book.behaviour.byHash {
        case .node: .node
        case .bounded: .bounded
        case .boundedFirst: .between
        }
    }

    private var wantsWholeRows: Bool { query.includeData || book.behaviour.hashOnly == .rows }

    private func hashShape(_ kind: HashQuery, _ hashes: Int) -> QueryShape {
        QueryShape(
            byHash: kind, wantsData: kind != .bounds && wantsWholeRows, hashes: hashes,
            arrays: book.behaviour.lists == .array)
    }

    private func shape(ofBatch batch: Int) -> QueryShape {
        if path(ofBatch: batch) == .byHash { return hashShape(hashQuery, asked(ofBatch: batch).count) }
        return QueryShape(
            byHash: nil, wantsData: query.includeData, hasCursor: query.cursor != nil,
            hasShard: query.pubsubTopic != nil, hasStart: query.startTime != nil, hasEnd: query.endTime != nil,
            ascends: query.direction == .forward, topics: query.contentTopics.count,
            hashes: hashes(ofBatch: batch).count, arrays: book.behaviour.lists == .array)
    }

    private func addByHash(_ batch: Int, to parameters: BoundParameters) {
        addHashes(asked(ofBatch: batch), to: parameters)
        if hashQuery == .between {
            parameters.add { $0.append(earliest) }
            parameters.add { $0.append(latest) }
        }
        parameters.add { $0.append(Int64(query.pageSize + 1)) }
    }

    private func addPage(_ batch: Int, to parameters: BoundParameters) {
        if let cursor = query.cursor {
            parameters.add { $0.append(cursorTime ?? 0) }
            parameters.add { $0.append(cursor, book.behaviour.hashes) }
        }
        addTopics(to: parameters)
        addHashes(hashes(ofBatch: batch), to: parameters)
        if let shard = query.pubsubTopic { parameters.add { $0.append(shard.text) } }
        if let start = query.startTime { parameters.add { $0.append(start) } }
        if let end = query.endTime { parameters.add { $0.append(end) } }
        parameters.add { $0.append(Int64(query.pageSize + 1)) }
    }

    private func addTopics(to parameters: BoundParameters) {
        guard !query.contentTopics.isEmpty else { return }
        guard book.behaviour.lists == .array else {
            for topic in query.contentTopics { parameters.add { $0.append(topic.text) } }
            return
        }
        parameters.add { buffer in
            buffer.append("{" as StaticString)
            for (index, topic) in query.contentTopics.enumerated() {
                if index > 0 { buffer.append("," as StaticString) }
                buffer.appendArrayElement(topic.text)
            }
            buffer.append("}" as StaticString)
        }
    }

    private func addHashes(_ hashes: ArraySlice<MessageHash>, to parameters: BoundParameters) {
        guard !hashes.isEmpty else { return }
        guard book.behaviour.lists == .array else {
            for hash in hashes { parameters.add { $0.append(hash, book.behaviour.hashes) } }
            return
        }
        parameters.add { buffer in
            buffer.append("{" as StaticString)
            for (index, hash) in hashes.enumerated() {
                if index > 0 { buffer.append("," as StaticString) }
                buffer.appendEscaped(hash, book.behaviour.hashes)
            }
            buffer.append("}" as StaticString)
        }
    }

    /// The node joins lists with commas into one parameter, in which several hashes are none. Bytes have no commas:
    /// those of several hashes one behind the other are none either.
    private func addAllArguments(_ batch: Int, to parameters: BoundParameters) {
        parameters.add { $0.append(query.contentTopics.map(\.text).joined(separator: ",")) }
        let digits = hashes(ofBatch: batch).map(\.description)
        let isBytea = book.behaviour.hashes == .bytea
        let joined = isBytea ? "\\x\(digits.joined(separator: ""))" : digits.joined(separator: ",")
        parameters.add { $0.append(joined) }
        parameters.add { $0.append(query.pubsubTopic?.text ?? "") }
        parameters.add { $0.append(query.startTime ?? 0) }
        parameters.add { $0.append(query.endTime ?? 0) }
        parameters.add { $0.append(Int64(query.pageSize + 1)) }
    }
}

extension QueryResult {
    /// Whether it is of a query: all its rows, or one of them in single-row mode.
    var hasRows: Bool { kind == .rows || kind == .singleRow }
}
