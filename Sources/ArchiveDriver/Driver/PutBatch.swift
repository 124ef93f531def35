import PostgresClient
import WakuModel

/// Several puts that go to the archive together, as ``DriverBehaviour/Batch`` has it. No I/O, no clock; used again after
/// ``reset()``.
///
/// Rows are ordered by their hash: two nodes that batch the same messages lock them in the same order. All tickets of a
/// batch are over together, and fail together.
///
/// ```
/// multi-row:  InsertRows64 → InsertRows8 → InsertRows1, each a transaction     (73 messages)
/// unnest:     InsertArrays
/// copy:       Begin → COPY → InsertStaged → Commit                              after a failure: Rollback
/// ```
package final class PutBatch {
    private struct Row {
        let hash: MessageHash
        let timestamp: Int64
        let version: UInt32
        /// In the store: pubsub topic, content topic, payload, meta, one behind the other.
        let shard: Range<Int>
        let topic: Range<Int>
        let payload: Range<Int>
        let meta: Range<Int>
    }

    private enum Phase: Equatable {
        case collecting
        /// The statement of rows from here on.
        case rows(from: Int)
        case begin
        case copy
        case move
        case commit
        case rollback
        case over
    }

    private let book: StatementBook
    private var rows: [Row] = []
    private let store = TextBuffer(capacity: 1 << 16)
    private var phase = Phase.collecting
    private var isSent = false
    private var failure: PostgresError.Code?
    /// Tickets of the puts, in the order in which they came.
    package private(set) var tickets: [Int] = []
    /// When the batch has to go at the latest, on the clock of ``add(_:_:_:now:)``; `nil` while it is empty.
    package private(set) var deadline: UInt64?
    /// Rows that the batch made. Whose they are is unknown.
    package private(set) var inserted = 0

    package init(_ book: StatementBook) { self.book = book }

    /// Messages in it.
    package var count: Int { rows.count }

    private var behaviour: DriverBehaviour.Batch { book.behaviour.batch }
    private var hashes: DriverBehaviour.Hashes { book.behaviour.hashes }

    // MARK: Collecting

    /// Takes a put.
    ///
    /// - Parameters:
    ///   - ticket: whose put it is.
    ///   - topic: where the message was sent.
    ///   - message: what to store; copied.
    ///   - now: nanoseconds.
    /// - Returns: whether the batch is full and has to go now.
    package func add(_ ticket: Int, _ topic: PubsubTopic, _ message: Message, now: UInt64) -> Bool {
        precondition(
            phase == .collecting && rows.count < behaviour.most, "a batch takes nothing while it is on its way")
        if deadline == nil { deadline = now + behaviour.wait }
        tickets.append(ticket)
        rows.append(
            Row(
                hash: message.hash(on: topic), timestamp: message.timestamp, version: message.version,
                shard: keep { $0.append(topic.text) }, topic: keep { $0.append(message.contentTopic.text) },
                payload: keep { $0.appendHex(message.payload) }, meta: keep { $0.appendHex(message.meta) }))
        return rows.count == behaviour.most
    }

    private func keep(_ write: (TextBuffer) -> Void) -> Range<Int> {
        let start = store.count
        write(store)
        return start..<store.count
    }

    /// Nothing more comes: the batch can go.
    package func close() {
        rows.sort { $0.hash.words < $1.hash.words }
        phase = behaviour.form == .copy ? .begin : .rows(from: 0)
    }

    /// Empties it for the next puts.
    package func reset() {
        rows.removeAll(keepingCapacity: true)
        tickets.removeAll(keepingCapacity: true)
        store.clear()
        phase = .collecting
        isSent = false
        failure = nil
        deadline = nil
        inserted = 0
    }

    // MARK: Statements

    /// What to do now, after ``close()``; as ``RequestMachine/step()``.
    package func step() -> NextStep {
        if isSent { return .waits }
        switch phase {
        case .collecting: return .waits
        case .rows(let start): return .send(rowsStep(start))
        case .begin: return .send(held(.prepared(book.begin)))
        case .copy: return .send(held(.copyIn))
        case .move: return .send(held(.prepared(book.insertStaged)))
        case .commit: return .send(Step(.prepared(book.commit), .write))
        case .rollback: return .send(Step(.prepared(book.rollback), .write))
        case .over: return failure.map { .failed($0) } ?? .finished
        }
    }

    private func held(_ form: Step.Form) -> Step {
        var step = Step(form, .write)
        step.holdsConnection = true
        return step
    }

    private func rowsStep(_ start: Int) -> Step {
        let statement = behaviour.form == .unnest ? book.insertArrays : book.multiRow(piece(start))
        return Step(.prepared(statement), .write)
    }

    /// Rows of the statement that begins at a row.
    private func piece(_ start: Int) -> Int {
        let rest = rows.count - start
        guard behaviour.form == .multiRow, rest > 0 else { return rest }
        return 1 << (Int.bitWidth - 1 - rest.leadingZeroBitCount)
    }

    /// Writes the parameters of a prepared step.
    package func writeParameters(into parameters: BoundParameters) {
        parameters.clear()
        guard case .rows(let start) = phase else { return }
        if behaviour.form == .unnest { return addArrays(to: parameters) }
        for row in rows[start..<start + piece(start)] { add(row, to: parameters) }
    }

    /// Writes the text of the COPY statement, a C string.
    package func writeText(into buffer: TextBuffer) {
        buffer.clear()
        buffer.append(PutStatements.copy)
        buffer.terminate()
    }

    /// Writes the rows that go behind the COPY statement, all of them; no C string.
    package func writeCopyData(into buffer: TextBuffer) {
        buffer.clear()
        for row in rows {
            buffer.appendEscaped(row.hash, hashes)
            buffer.append("\t" as StaticString)
            appendCopied(row.shard, to: buffer)
            buffer.append("\t" as StaticString)
            appendCopied(row.topic, to: buffer)
            buffer.append("\t" as StaticString)
            buffer.append(bytes(row.payload))
            buffer.append("\t" as StaticString)
            buffer.append(Int64(row.version))
            buffer.append("\t" as StaticString)
            buffer.append(row.timestamp)
            buffer.append("\t" as StaticString)
            buffer.append(bytes(row.meta))
            buffer.append("\n" as StaticString)
        }
    }

    /// The step was sent.
    package func noteSent() { isSent = true }

    /// Takes one result of the step that was sent.
    package func take(_ result: borrowing QueryResult) {
        switch phase {
        case .rows, .move: inserted += result.affectedRows
        default: break
        }
    }

    /// The step that was sent is over.
    ///
    /// - Parameter failure: what became of it instead of a result.
    package func finishStatement(failure: PostgresError.Code? = nil) {
        isSent = false
        if self.failure == nil, let failure {
            self.failure = failure
            let isOpen = phase == .copy || phase == .move || phase == .commit
            phase = isOpen ? .rollback : .over
            if isOpen { inserted = 0 }
            return
        }
        switch phase {
        case .rows(let start):
            let next = start + piece(start)
            phase = next == rows.count ? .over : .rows(from: next)
        case .begin: phase = .copy
        case .copy: phase = .move
        case .move: phase = .commit
        case .commit, .rollback: phase = .over
        case .collecting, .over: preconditionFailure("nothing was sent")
        }
    }

    // MARK: Values

    private func bytes(_ range: Range<Int>) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(rebasing: store.content[range])
    }

    private func add(_ row: Row, to parameters: BoundParameters) {
        parameters.add { $0.append(row.hash, hashes) }
        parameters.add { $0.append(bytes(row.shard)) }
        parameters.add { $0.append(bytes(row.topic)) }
        parameters.add { $0.append(bytes(row.payload)) }
        parameters.add { $0.append(Int64(row.version)) }
        parameters.add { $0.append(row.timestamp) }
        parameters.add { $0.append(bytes(row.meta)) }
    }

    private func addArrays(to parameters: BoundParameters) {
        addArray(to: parameters) { $1.appendEscaped($0.hash, self.hashes) }
        addArray(to: parameters) { $1.appendArrayElement(self.bytes($0.shard)) }
        addArray(to: parameters) { $1.appendArrayElement(self.bytes($0.topic)) }
        addArray(to: parameters) { $1.appendArrayElement(self.bytes($0.payload)) }
        addArray(to: parameters) { $1.append(Int64($0.version)) }
        addArray(to: parameters) { $1.append($0.timestamp) }
        addArray(to: parameters) { $1.appendArrayElement(self.bytes($0.meta)) }
    }

    private func addArray(to parameters: BoundParameters, _ write: (Row, TextBuffer) -> Void) {
        parameters.add { buffer in
            buffer.append("{" as StaticString)
            for index in rows.indices {
                if index > 0 { buffer.append("," as StaticString) }
                write(rows[index], buffer)
            }
            buffer.append("}" as StaticString)
        }
    }

    /// Appends a text as COPY wants it (PostgreSQL documentation, COPY, "Text Format").
    private func appendCopied(_ range: Range<Int>, to buffer: TextBuffer) {
        for byte in bytes(range) {
            switch byte {
            case UInt8(ascii: "\\"): buffer.append("\\\\" as StaticString)
            case UInt8(ascii: "\t"): buffer.append("\\t" as StaticString)
            case UInt8(ascii: "\n"): buffer.append("\\n" as StaticString)
            case UInt8(ascii: "\r"): buffer.append("\\r" as StaticString)
            default: buffer.room(1).pointee = byte
            }
        }
    }
}

extension TextBuffer {
    /// Appends an element of an array literal, quoted (PostgreSQL documentation, 8.15.2).
    func appendArrayElement(_ text: UnsafeBufferPointer<UInt8>) {
        append("\"" as StaticString)
        for byte in text {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { append("\\" as StaticString) }
            room(1).pointee = byte
        }
        append("\"" as StaticString)
    }

    /// The same of a text.
    func appendArrayElement(_ text: String) {
        var text = text
        text.withUTF8 { appendArrayElement($0) }
    }
}
