import PostgresClient
import WakuModel

/// One request at a time on one connection, with the same statements as under load: for tests, for inspection, and for
/// whoever wants to ask the archive a question.
public final class ArchiveSession {
    private let connection: Connection
    private var prepared: UInt8 = 0
    private let text = TextBuffer()
    private let values = TextParameters()

    /// - Parameter connection: open, and used by nobody else.
    public init(_ connection: Connection) { self.connection = connection }

    /// Stores a message: two statements, two transactions.
    public func put(_ message: Message, on topic: PubsubTopic) throws(PostgresError) {
        _ = try perform(RequestMachine.put) { machine in machine.writeRow(topic, message, into: values) }
    }

    /// Asks for a page.
    ///
    /// - Throws: ``PostgresError`` `cursor-missing` for an unknown cursor, `driver-refused` for what the node itself
    ///   does not send.
    public func ask(_ query: StoreQuery) throws(PostgresError) -> StoreReply {
        try perform(RequestMachine(query, keepsRows: true)) { _ in }.reply
    }

    private func perform(
        _ request: RequestMachine, writeRow: (inout RequestMachine) -> Void
    ) throws(PostgresError) -> RequestMachine {
        var machine = request
        while true {
            switch machine.step() {
            case .finished: return machine
            case .failed(let code): throw PostgresError(.client(code), "the node's driver does not send this request")
            case .simple:
                machine.writeText(into: text)
                try connection.sendSimple(text.cString())
            case .prepared(let statement, _):
                try prepare(statement)
                if statement == .insertRow { writeRow(&machine) } else { machine.writeParameters(into: values) }
                try connection.sendPrepared(name: statement.name.cString, values)
            }
            try connection.collect(statement: "store request") { result throws(PostgresError) in machine.take(result) }
            if let code = machine.finishStatement() {
                throw PostgresError(.client(code), "the cursor is no message of the archive")
            }
        }
    }

    private func prepare(_ statement: ArchiveStatement) throws(PostgresError) {
        guard prepared & statement.bit == 0 else { return }
        try connection.sendPrepare(name: statement.name.cString, text: statement.text.cString)
        try connection.collect(statement: statement.name.description) { _ throws(PostgresError) in }
        prepared |= statement.bit
    }
}
