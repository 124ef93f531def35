/// What went wrong between us and a server: a closed set of codes, the server's words, and which statement it was.
///
/// Parameters appear by number and size only; neither values nor passwords ever reach a message.
public struct PostgresError: Error, CustomStringConvertible, Sendable {
    /// The kind of failure, as reports count it.
    public enum Code: Hashable, Sendable, CustomStringConvertible {
        /// The server refused: five characters (PostgreSQL documentation, appendix A).
        case sqlState(String)
        /// It did not come to an answer of the server.
        case client(ClientCode)

        /// `57P01`, or `connection-lost`. At most fifteen bytes.
        public var description: String {
            switch self {
            case .sqlState(let state): state
            case .client(let code): code.rawValue
            }
        }
    }

    /// Failures that have no SQLSTATE. Raw values stand in records; at most fifteen bytes each.
    public enum ClientCode: String, CaseIterable, Sendable {
        /// An open connection ended.
        case connectionLost = "connection-lost"
        /// No connection could be opened.
        case refused = "refused"
        /// No answer within the limit.
        case timeOut = "time-out"
        /// The cursor of a store query is no message of the archive.
        case cursorNotFound = "cursor-missing"
        /// The server sent something that does not fit what was asked.
        case unexpectedReply = "bad-reply"
        /// The store node's own driver refuses this combination before sending it.
        case refusedByDriver = "driver-refused"
        /// Another statement of the same group of a pipeline failed, so this one was not executed, or undone.
        case pipelineAborted = "group-aborted"
        /// The client library could not take the statement.
        case notSent = "not-sent"
    }

    /// One word in size, so that "no error", which is nearly always, costs nothing to pass on.
    private final class Storage: Sendable {
        let code: Code
        let message: String
        let statement: String?
        let parameters: String?

        init(_ code: Code, _ message: String, _ statement: String?, _ parameters: String?) {
            self.code = code
            self.message = message
            self.statement = statement
            self.parameters = parameters
        }
    }

    private let storage: Storage

    /// SQLSTATE of the server, or what went wrong on our side.
    public var code: Code { storage.code }
    /// The server's or the library's words, one line, without a trailing newline.
    public var message: String { storage.message }
    /// The prepared statement's name, or the first words of a simple statement.
    public var statement: String? { storage.statement }
    /// Sizes of the parameters, such as `$1: 64 bytes`.
    public var parameters: String? { storage.parameters }

    /// A failure in words; line breaks in the message become spaces.
    public init(_ code: Code, _ message: String, statement: String? = nil, parameters: String? = nil) {
        storage = Storage(code, Self.oneLine(message), statement, parameters)
    }

    /// Code, message, statement and sizes of parameters on one line.
    public var description: String {
        var text = "\(code): \(message)"
        if let statement { text += " [\(statement)]" }
        if let parameters { text += " (\(parameters))" }
        return text
    }

    /// Matches a family: `catch let error as PostgresError where error.isConnectionFailure`.
    public var isConnectionFailure: Bool {
        switch code {
        case .client(.connectionLost), .client(.refused): true
        case .client: false
        // Class 08 is "connection exception", 57P01 to 57P03 are shutdown, crash and start-up.
        case .sqlState(let state): state.hasPrefix("08") || ["57P01", "57P02", "57P03"].contains(state)
        }
    }

    private static func oneLine(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).map { line in String(line.drop { $0 == " " || $0 == "\t" }) }
            .joined(separator: " ")
    }
}
