import PostgresClient
import WakuModel

/// One request on its way through its statements, as the store node's own driver walks it: what to send next, and what
/// to make of each answer. No I/O, no clock.
///
/// ```
/// put:    InsertRow → InsertRowMessagesLookup
/// query:  for every batch of 100 hashes (one empty batch more when the count is a multiple of 100):
///             [cursor: its timestamp] → the statement of the batch
/// ```
package struct RequestMachine {
    /// Hashes that go into one statement.
    static let batch = 100

    /// What to do next.
    package enum Step: Equatable {
        case prepared(ArchiveStatement, PoolKind)
        /// A text in the simple protocol, on the read pool.
        case simple
        case finished
        case failed(PostgresError.ClientCode)
    }

    private enum State: Equatable {
        case putRow
        case putLookup
        case cursorTime(batch: Int)
        case select(batch: Int)
        case done
    }

    /// How a batch is asked for.
    private enum Path {
        case byHash
        case allArguments
        case generic
    }

    private var state: State
    package let query: StoreQuery
    /// What the put wrote first, needed for its second statement.
    private var stored: (hash: MessageHash, timestamp: Int64) = (.zero, 0)
    /// Rows that the put made: none when another node was first.
    package private(set) var inserted = 0
    private var cursorTime: Int64?
    package private(set) var reply: StoreReply

    /// A put. The message itself is handed to ``writeRow(_:_:into:)`` when it is time.
    package static let put = RequestMachine(state: .putRow, query: StoreQuery(), keepsRows: false)

    /// A store request; `keepsRows` or `keepsHashes` when the reply's rows or hashes are wanted, and not their number
    /// and the next cursor only.
    package init(_ query: StoreQuery, keepsRows: Bool = false, keepsHashes: Bool = false) {
        self.init(
            state: query.cursor == nil ? .select(batch: 0) : .cursorTime(batch: 0), query: query, keepsRows: keepsRows,
            keepsHashes: keepsHashes)
    }

    private init(state: State, query: StoreQuery, keepsRows: Bool, keepsHashes: Bool = false) {
        self.state = state
        self.query = query
        reply = StoreReply(pageSize: query.pageSize, keepsRows: keepsRows, keepsHashes: keepsHashes)
    }

    /// What to do now.
    package func step() -> Step {
        switch state {
        case .putRow: return .prepared(.insertRow, .write)
        case .putLookup: return .prepared(.insertLookup, .write)
        case .cursorTime: return refusal() ?? .prepared(.timestampOfHash, .read)
        case .done: return .finished
        case .select(let batch):
            if let refusal = refusal() { return refusal }
            guard path(ofBatch: batch) == .allArguments else { return .simple }
            // The node passes six values with five lengths, or binds the hash to the timestamp: only this one works.
            guard !query.includeData, query.cursor == nil else { return .failed(.refusedByDriver) }
            return .prepared(query.direction == .forward ? .hashesByAllAscending : .hashesByAllDescending, .read)
        }
    }

    /// Writes the parameters of ``ArchiveStatement/insertRow``.
    package mutating func writeRow(_ topic: PubsubTopic, _ message: Message, into parameters: TextParameters) {
        stored = (message.hash(on: topic), message.timestamp)
        let hash = stored.hash
        parameters.clear()
        parameters.add { $0.append("0" as StaticString) }
        parameters.add { hash.writeHex(to: $0.room(64)) }
        parameters.add { $0.append(topic.text) }
        parameters.add { $0.append(message.contentTopic.text) }
        parameters.add { Self.writeHex(message.payload, to: $0) }
        parameters.add { $0.append(Int64(message.version)) }
        parameters.add { $0.append(message.timestamp) }
        parameters.add { Self.writeHex(message.meta, to: $0) }
    }

    /// Writes the parameters of any other prepared statement.
    package func writeParameters(into parameters: TextParameters) {
        parameters.clear()
        switch state {
        case .putLookup:
            let stored = stored
            parameters.add { stored.hash.writeHex(to: $0.room(64)) }
            parameters.add { $0.append(stored.timestamp) }
        case .cursorTime:
            if let cursor = query.cursor { parameters.add { cursor.writeHex(to: $0.room(64)) } }
        case .select(let batch):
            // The node joins lists with commas into one parameter.
            parameters.add { $0.append(query.contentTopics.map(\.text).joined(separator: ",")) }
            parameters.add { $0.append(hashes(ofBatch: batch).map(\.description).joined(separator: ",")) }
            parameters.add { $0.append(query.pubsubTopic?.text ?? "") }
            parameters.add { $0.append(query.startTime ?? 0) }
            parameters.add { $0.append(query.endTime ?? 0) }
            parameters.add { $0.append(Int64(query.pageSize + 1)) }
        case .putRow, .done: preconditionFailure("no such parameters in \(state)")
        }
    }

    /// Writes the text of a ``Step/simple`` step.
    package func writeText(into buffer: TextBuffer) {
        guard case .select(let batch) = state else { preconditionFailure("no text in \(state)") }
        let text = StoreQueryText(buffer: buffer)
        if path(ofBatch: batch) == .byHash {
            text.writeByHash(query, hashes: hashes(ofBatch: batch))
        } else {
            let cursor = cursorTime.flatMap { time in query.cursor.map { (timestamp: time, hash: $0) } }
            text.writeGeneric(query, .init(cursor: cursor, hashes: hashes(ofBatch: batch)))
        }
    }

    /// Takes one result of the current statement.
    mutating func take(_ result: borrowing QueryResult) {
        switch state {
        case .cursorTime:
            cursorTime = result.rowCount > 0 ? result.text(0, 0).flatMap { Int64($0) } : nil
        case .select: reply.take(result)
        case .putRow: inserted = result.affectedRows
        case .putLookup: break
        case .done: preconditionFailure("a result after the end")
        }
    }

    /// The current statement is over.
    ///
    /// - Returns: the code the request fails with, if it does.
    package mutating func finishStatement() -> PostgresError.ClientCode? {
        switch state {
        case .putRow: state = .putLookup
        case .putLookup: finish()
        case .cursorTime(let batch):
            guard cursorTime != nil else { return .cursorNotFound }
            state = .select(batch: batch)
        case .select(let batch):
            let next = batch + 1
            if next * Self.batch <= query.hashes.count {
                state = query.cursor == nil ? .select(batch: next) : .cursorTime(batch: next)
            } else {
                finish()
            }
        case .done: preconditionFailure("finished twice")
        }
        return nil
    }

    private mutating func finish() {
        state = .done
        reply.close(direction: query.direction)
    }

    private func hashes(ofBatch batch: Int) -> ArraySlice<MessageHash> {
        query.hashes[min(batch * Self.batch, query.hashes.count)..<min((batch + 1) * Self.batch, query.hashes.count)]
    }

    private func path(ofBatch batch: Int) -> Path {
        let hashes = !hashes(ofBatch: batch).isEmpty
        let topics = !query.contentTopics.isEmpty
        let (shard, start, end) = (query.pubsubTopic != nil, query.startTime != nil, query.endTime != nil)
        if hashes && query.cursor == nil && !topics && !shard && !start && !end { return .byHash }
        if hashes && topics && shard && start && end { return .allArguments }
        return .generic
    }

    /// Content topics that the node takes with a cursor. It looks at their number only then.
    private static let mostTopicsOfLaterPages = 10

    /// The node refuses a request whose identifier might end the comment it is put in, and later pages of many topics.
    private func refusal() -> Step? {
        if query.cursor != nil && query.contentTopics.count > Self.mostTopicsOfLaterPages {
            return .failed(.refusedByDriver)
        }
        let forbidden = query.requestID.utf8.contains { "'\";#\\%_/*\0".utf8.contains($0) }
        return forbidden || query.requestID.contains("--") ? .failed(.refusedByDriver) : nil
    }

    private static func writeHex(_ bytes: [UInt8], to buffer: TextBuffer) {
        bytes.withUnsafeBytes { Hex.write($0, to: buffer.room($0.count * 2)) }
    }
}
