import PostgresClient
import WakuModel

/// A statement of a store request as the node's own driver sends it, to be shown.
public struct RequestStatement: Sendable, Equatable, Encodable {
    /// As ``StatementShapes`` names it.
    public let shape: String
    /// The name that it is prepared under, once a connection; `nil` for a text in the simple protocol.
    public let preparedAs: String?
    /// Letter by letter what is sent. Where a cursor's timestamp stands in it, which only the archive knows, it is
    /// ``cursorTimestamp``.
    public let text: String
    /// Values of a prepared statement in their order, as quoted literals.
    public let parameters: [String]

    package init(shape: String, preparedAs: String?, text: String, parameters: [String]) {
        self.shape = shape
        self.preparedAs = preparedAs
        self.text = text
        self.parameters = parameters
    }

    /// What stands for the answer to `lookup.timestamp`; in psql a variable put in as a literal.
    public static let cursorTimestamp = ":'cursor_timestamp'"

    /// What a request sends when its cursor is found, in the order of sending; asks no server.
    ///
    /// - Throws: ``PostgresError`` `driver-refused` for what the node itself does not send.
    public static func all(of query: StoreQuery) throws(PostgresError) -> [RequestStatement] {
        let book = StatementBook()
        let writer = Writer(book: book)
        var machine = RequestMachine(query, book)
        var statements: [RequestStatement] = []
        while case .send(let step) = machine.step() {
            statements.append(writer.statement(step, &machine))
            machine.noteSent()
            machine.assumeCursor(at: .min)
            machine.finishStatement()
        }
        if case .failed(let code) = machine.step() { throw PostgresError(code, machine.words(code)) }
        return statements
    }

    private struct Writer {
        let book: StatementBook
        let text = TextBuffer()
        let values = BoundParameters()

        func statement(_ step: Step, _ machine: inout RequestMachine) -> RequestStatement {
            guard case .prepared(let statement) = step.form else {
                machine.writeText(into: text)
                return make(nil, Self.named(String(cString: text.cString()), machine.query), [])
            }
            machine.writeParameters(into: values)
            return make(
                String(cString: book.name(statement)), String(cString: book.text(statement)), values.literals)
        }

        private func make(_ name: String?, _ text: String, _ parameters: [String]) -> RequestStatement {
            RequestStatement(
                shape: StatementShapes.name(of: text) ?? "unknown", preparedAs: name, text: text,
                parameters: parameters)
        }

        /// The cursor is the first condition: what begins as it does later in the text is somebody's literal.
        private static func named(_ text: String, _ query: StoreQuery) -> String {
            guard query.cursor != nil, let place = text.firstRange(of: "('\(Int64.min)',") else { return text }
            return "\(text[..<place.lowerBound])(\(RequestStatement.cursorTimestamp),\(text[place.upperBound...])"
        }
    }
}
