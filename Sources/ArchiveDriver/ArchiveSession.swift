import PostgresClient
import WakuModel

/// One request at a time on one connection, with the same statements as under load: for tests, for inspection, and for
/// whoever wants to ask the archive a question. Nothing is pipelined; transactions are kept.
public final class ArchiveSession {
    private let connection: Connection
    private let book: StatementBook
    /// Statements that the connection has prepared, by their number in the book.
    private var prepared = NumberSet()
    private var isSetUp = false
    private let text = TextBuffer()
    private let values = BoundParameters()
    /// What the last failure was, in the server's words.
    private var error: PostgresError?

    /// - Parameters:
    ///   - connection: open, and used by nobody else.
    ///   - behaviour: how the driver works.
    public init(_ connection: Connection, behaviour: DriverBehaviour = .faithful) {
        self.connection = connection
        book = StatementBook(behaviour)
    }

    /// Stores a message.
    ///
    /// - Returns: whether it is new; `false` when the archive has it already.
    /// - Throws: ``PostgresError``: the server's words of the statement that failed, or `connection-lost`.
    @discardableResult
    public func put(_ message: Message, on topic: PubsubTopic) throws(PostgresError) -> Bool {
        if book.behaviour.put == .batched { return try put([(message, topic)]) == 1 }
        var machine = RequestMachine.put(book)
        try perform(&machine) { machine, step throws(PostgresError) in
            if step.needsMessage {
                machine.writeRow(topic, message, into: values)
            } else {
                machine.writeParameters(into: values)
            }
            try execute(step)
        }
        return machine.inserted > 0
    }

    /// Stores messages: together where the behaviour batches, otherwise one after the other.
    ///
    /// - Parameter messages: what to store and where it was sent; any number.
    /// - Returns: how many of them are new.
    /// - Throws: ``PostgresError`` as ``put(_:on:)``; what came before stays.
    @discardableResult
    public func put(_ messages: [(message: Message, topic: PubsubTopic)]) throws(PostgresError) -> Int {
        var inserted = 0
        guard book.behaviour.put == .batched else {
            for (message, topic) in messages { inserted += try put(message, on: topic) ? 1 : 0 }
            return inserted
        }
        let batch = PutBatch(book)
        for (index, entry) in messages.enumerated() {
            let isFull = batch.add(index, entry.topic, entry.message, now: 0)
            guard isFull || index == messages.count - 1 else { continue }
            batch.close()
            try perform(batch)
            inserted += batch.inserted
            batch.reset()
        }
        return inserted
    }

    /// Asks for a page.
    ///
    /// - Throws: ``PostgresError`` `cursor-missing` for an unknown cursor, `driver-refused` for what the node itself
    ///   does not send, with the reason.
    public func ask(_ query: StoreQuery) throws(PostgresError) -> StoreReply {
        var machine = RequestMachine(query, book, keepsRows: true)
        try perform(&machine) { machine, step throws(PostgresError) in
            if step.form == .simple {
                machine.writeText(into: text)
                try connection.sendSimple(text.cString())
            } else {
                machine.writeParameters(into: values)
                try execute(step)
            }
        }
        return machine.reply
    }

    // MARK: Going through statements

    private func perform(
        _ machine: inout RequestMachine, _ send: (inout RequestMachine, Step) throws(PostgresError) -> Void
    ) throws(PostgresError) {
        try setUp()
        while let step = try next(machine.step(), words: machine.words) {
            try prepare(step)
            try send(&machine, step)
            machine.noteSent()
            machine.finishStatement(
                failure: try collect { result throws(PostgresError) in machine.take(result) })
        }
    }

    private func perform(_ batch: PutBatch) throws(PostgresError) {
        try setUp()
        while let step = try next(batch.step(), words: \.description) {
            try prepare(step)
            batch.noteSent()
            if step.form == .copyIn {
                batch.finishStatement(failure: try copy(batch))
                continue
            }
            batch.writeParameters(into: values)
            try execute(step)
            batch.finishStatement(
                failure: try collect { result throws(PostgresError) in batch.take(result) })
        }
    }

    /// The step to send; `nil` at the end.
    private func next(_ step: NextStep, words: (PostgresError.Code) -> String) throws(PostgresError) -> Step? {
        switch step {
        case .send(let step): return step
        case .finished: return nil
        case .waits: preconditionFailure("every statement was waited for")
        case .failed(let code):
            defer { error = nil }
            throw error ?? PostgresError(code, words(code))
        }
    }

    private func setUp() throws(PostgresError) {
        guard !isSetUp else { return }
        for pool in [PoolKind.write, .read] {
            for text in book.behaviour.greetings(pool) { try connection.run(text) }
        }
        isSetUp = true
    }

    private func execute(_ step: Step) throws(PostgresError) {
        guard case .prepared(let statement) = step.form else { preconditionFailure("not a prepared step") }
        try connection.sendPrepared(name: book.name(statement), values, binaryResults: step.binaryResults)
    }

    private func copy(_ batch: PutBatch) throws(PostgresError) -> PostgresError.Code? {
        batch.writeText(into: text)
        do throws(PostgresError) {
            try connection.copyIn(String(cString: text.cString())) { buffer in
                batch.writeCopyData(into: buffer)
                return false
            }
            return nil
        } catch {
            return try note(error)
        }
    }

    private func collect(
        _ take: (borrowing QueryResult) throws(PostgresError) -> Void
    ) throws(PostgresError) -> PostgresError.Code? {
        do throws(PostgresError) {
            try connection.collect(statement: "store request", take)
            return nil
        } catch {
            return try note(error)
        }
    }

    /// Keeps the first failure for later; without a connection there is no later.
    private func note(_ failure: PostgresError) throws(PostgresError) -> PostgresError.Code {
        guard connection.isAlive else { throw failure }
        if error == nil { error = failure }
        return failure.code
    }

    private func prepare(_ step: Step) throws(PostgresError) {
        guard case .prepared(let statement) = step.form, !prepared.contains(statement.id) else { return }
        try connection.sendPrepare(name: book.name(statement), text: book.text(statement))
        try connection.collect(statement: String(cString: book.name(statement))) { _ throws(PostgresError) in }
        prepared.insert(statement.id)
    }
}
