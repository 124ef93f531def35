import PostgresClient
import WakuModel

/// One request on its way through its statements, as a behaviour has them: what to send next, and what to make of each
/// answer. No I/O, no clock.
///
/// The owner goes in a circle: ``step()``; for a `send` it writes parameters or text, sends them, and calls
/// ``noteSent()``; for every statement that is over, in the order of sending, it hands the results to ``take(_:)`` and
/// calls ``finishStatement(failure:)``. A result of a pipeline that was aborted by an earlier failure is a failure too.
package struct RequestMachine {
    private var put: PutWalk?
    private var ask: QueryWalk?

    /// A put. The message itself is handed to ``writeRow(_:_:into:)`` when a step needs it.
    ///
    /// - Parameter book: of a behaviour that does not batch; batches are a ``PutBatch``'s.
    /// - Returns: a put before its first step.
    package static func put(_ book: StatementBook) -> RequestMachine {
        precondition(book.behaviour.put != .batched, "a put of a batch has no statements of its own")
        return RequestMachine(put: PutWalk(book))
    }

    private init(put: PutWalk) { self.put = put }

    /// A store request.
    ///
    /// - Parameters:
    ///   - query: what is asked.
    ///   - book: the worker's statements.
    ///   - keepsRows: when the reply's rows are wanted, and not their number and the next cursor only.
    ///   - keepsHashes: the same for the hashes of the page.
    package init(_ query: StoreQuery, _ book: StatementBook, keepsRows: Bool = false, keepsHashes: Bool = false) {
        ask = QueryWalk(query, book, keepsRows: keepsRows, keepsHashes: keepsHashes)
    }

    /// What was asked; an empty request for a put.
    package var query: StoreQuery { ask?.query ?? Self.nothing }
    /// What came back so far; empty for a put.
    package var reply: StoreReply { ask?.reply ?? Self.noReply }
    /// Whether it is a store request.
    package var asks: Bool { ask != nil }
    /// Rows that a put made: none when another node was first.
    package var inserted: Int { put?.inserted ?? 0 }

    private static let nothing = StoreQuery()
    private static let noReply = StoreReply(pageSize: 0, keepsRows: false)

    /// What a failure of our own side means.
    package func words(_ code: PostgresError.Code) -> String {
        switch code {
        case .client(.cursorNotFound): "the cursor is no message of the archive"
        case .client(.refusedByDriver): "the node does not send this request: \(ask?.refusal ?? QueryWalk.failing)"
        default: code.description
        }
    }

    /// Goes on as if the look-up of a cursor had found a message of this time: for requests that are shown and not sent.
    package mutating func assumeCursor(at time: Int64) { ask?.assumeCursor(at: time) }

    /// What to do now.
    package func step() -> NextStep { put?.step() ?? ask?.step() ?? .finished }

    /// Writes the parameters of a step that needs the message.
    package mutating func writeRow(_ topic: PubsubTopic, _ message: Message, into parameters: BoundParameters) {
        put?.writeRow(topic, message, into: parameters)
    }

    /// Writes the parameters of any other prepared step.
    package func writeParameters(into parameters: BoundParameters) {
        put?.writeParameters(into: parameters)
        ask?.writeParameters(into: parameters)
    }

    /// Writes the text of a ``Step/Form/simple`` step, a C string.
    package func writeText(into buffer: TextBuffer) { ask?.writeText(into: buffer) }

    /// The step was sent: the next one may be asked for.
    package mutating func noteSent() {
        put?.noteSent()
        ask?.noteSent()
    }

    /// Takes one result of the oldest statement that is not over.
    package mutating func take(_ result: borrowing QueryResult) {
        put?.take(result)
        ask?.take(result)
    }

    /// The oldest statement is over.
    ///
    /// - Parameter failure: what became of it instead of a result.
    package mutating func finishStatement(failure: PostgresError.Code? = nil) {
        put?.finishStatement(failure)
        ask?.finishStatement(failure)
    }
}
