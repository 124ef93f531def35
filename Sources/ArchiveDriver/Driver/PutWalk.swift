import PostgresClient
import WakuModel

/// A put on its way through its statements. No I/O, no clock.
///
/// ```
/// separate, pipelined:  InsertRow → InsertRowMessagesLookup
/// transaction:          Begin → InsertRow → InsertRowMessagesLookup → Commit     after a failure: Rollback
/// one statement:        InsertBoth
/// ```
struct PutWalk {
    private enum Rollback {
        case none
        case sent
        case over
    }

    private let book: StatementBook
    /// Statements sent, and statements whose results are there.
    private var sent = 0
    private var answered = 0
    /// Statements whose results were taken: in a pipeline a statement is over only when its sync has come.
    private var taken = 0
    private var failure: PostgresError.Code?
    private var rollback = Rollback.none
    /// What was written first, needed for the look-up row.
    private var stored: (hash: MessageHash, timestamp: Int64) = (.zero, 0)
    /// Rows that the put made: none when another node was first.
    private(set) var inserted = 0

    init(_ book: StatementBook) { self.book = book }

    func step() -> NextStep {
        if rollback == .sent { return .waits }
        if let failure {
            if sent > answered { return .waits }
            return needsRollback ? .send(rollbackStep) : .failed(failure)
        }
        let count = book.putStatements.count
        if sent == count { return answered == count ? .finished : .waits }
        if sent > answered && book.behaviour.put != .pipelined { return .waits }
        return .send(step(sent))
    }

    private func step(_ index: Int) -> Step {
        let statement = book.putStatements[index]
        let isLast = index == book.putStatements.count - 1
        var step = Step(.prepared(statement), .write)
        step.needsMessage = statement == .insertRow || statement == book.insertBoth
        step.holdsConnection = !isLast && book.behaviour.put != .separate
        step.sendsOn = !isLast && book.behaviour.put == .pipelined
        step.endsUnit = !step.sendsOn || book.behaviour.sync == .statement
        return step
    }

    /// Once BEGIN has succeeded only COMMIT or ROLLBACK give the connection back.
    private var needsRollback: Bool { book.behaviour.put == .transaction && answered > 1 && rollback == .none }

    private var rollbackStep: Step { Step(.prepared(book.rollback), .write) }

    /// Writes the parameters of a step that needs the message.
    mutating func writeRow(_ topic: PubsubTopic, _ message: Message, into parameters: BoundParameters) {
        stored = (message.hash(on: topic), message.timestamp)
        let (hash, hashes) = (stored.hash, book.behaviour.hashes)
        parameters.clear()
        parameters.add { $0.append("0" as StaticString) }
        parameters.add { $0.append(hash, hashes) }
        parameters.add { $0.append(topic.text) }
        parameters.add { $0.append(message.contentTopic.text) }
        parameters.add { $0.appendHex(message.payload) }
        parameters.add { $0.append(Int64(message.version)) }
        parameters.add { $0.append(message.timestamp) }
        parameters.add { $0.appendHex(message.meta) }
    }

    /// Writes the parameters of any other step.
    func writeParameters(into parameters: BoundParameters) {
        parameters.clear()
        guard failure == nil, sent < book.putStatements.count, book.putStatements[sent] == .insertLookup else { return }
        let stored = stored
        parameters.add { $0.append(stored.hash, book.behaviour.hashes) }
        parameters.add { $0.append(stored.timestamp) }
    }

    mutating func noteSent() {
        if failure != nil { rollback = .sent } else { sent += 1 }
    }

    mutating func take(_ result: borrowing QueryResult) {
        taken = max(taken, answered)
        guard rollback == .none, taken < book.putStatements.count else { return }
        let statement = book.putStatements[taken]
        taken += 1
        if statement == .insertRow || statement == book.insertBoth { inserted += result.affectedRows }
    }

    mutating func finishStatement(_ failure: PostgresError.Code?) {
        if rollback == .sent {
            rollback = .over
            return
        }
        answered += 1
        if self.failure == nil, let failure {
            self.failure = failure
            // What was inserted goes with the transaction, unless it was one of its own.
            let isOwn = book.behaviour.put == .separate || book.behaviour.sync == .statement
            if answered == 1 || !isOwn { inserted = 0 }
        }
    }
}

extension TextBuffer {
    /// Appends two lower-case hexadecimal digits a byte.
    func appendHex(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { Hex.write($0, to: room($0.count * 2)) }
    }
}
