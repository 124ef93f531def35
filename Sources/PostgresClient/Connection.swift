import CLibpq
import Glibc

/// One connection of libpq, driven from outside: the owner waits for the descriptor and calls.
///
/// Confined to the thread that made it. Nothing here blocks; the calls that do are in `Connection+Blocking.swift`.
/// Reference: PostgreSQL documentation, "libpq — C Library", sections 34.1 and 34.4.
public final class Connection {
    /// What a connection being opened waits for.
    public enum Opening: Sendable {
        case needsRead
        case needsWrite
        case ready
    }

    let raw: OpaquePointer
    /// Notices and warnings of the server, the newest hundred.
    public private(set) var notices: [String] = []

    /// Begins to connect. Go on with ``continueOpening()`` as it asks.
    ///
    /// - Throws: ``PostgresError`` `refused` when the attempt fails at once.
    public init(starting parameters: ConnectionParameters) throws(PostgresError) {
        guard let raw = parameters.withKeywords({ PQconnectStartParams($0, $1, 0) }) else {
            throw PostgresError(.client(.refused), "out of memory")
        }
        self.raw = raw
        guard PQstatus(raw) != CONNECTION_BAD else {
            throw PostgresError(.client(.refused), lastMessage)
        }
        PQsetNoticeReceiver(raw, noticeReceiver, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit {
        PQfinish(raw)
    }

    /// The socket, which may change while a connection is being opened.
    public var descriptor: Int32 { PQsocket(raw) }

    /// Process number of the server's backend; 0 before the connection is open.
    public var backendPID: Int32 { PQbackendPID(raw) }

    /// Version of the server as a number, such as 150018.
    public var serverVersionNumber: Int32 { PQserverVersion(raw) }

    /// A setting the server reported by itself, such as `server_version`.
    public func reportedSetting(_ name: String) -> String? { PQparameterStatus(raw, name).map { String(cString: $0) } }

    /// Goes on with opening after the descriptor became ready.
    ///
    /// - Throws: ``PostgresError`` `refused`, with the server's words: libpq hands out no SQLSTATE for a connection that
    ///   did not open.
    public func continueOpening() throws(PostgresError) -> Opening {
        switch PQconnectPoll(raw) {
        case PGRES_POLLING_READING: return .needsRead
        case PGRES_POLLING_WRITING: return .needsWrite
        case PGRES_POLLING_OK:
            guard PQsetnonblocking(raw, 1) == 0 else { throw PostgresError(.client(.refused), lastMessage) }
            return .ready
        default: throw PostgresError(.client(.refused), lastMessage)
        }
    }

    /// Sends a text in the simple protocol. The text is a C string that stays valid during the call.
    public func sendSimple(_ text: UnsafePointer<CChar>) throws(PostgresError) {
        guard PQsendQuery(raw, text) == 1 else { throw sendFailure(statement: nil, parameters: nil) }
    }

    /// Sends a statement to be prepared under a name, its parameter types left to the server.
    public func sendPrepare(name: UnsafePointer<CChar>, text: UnsafePointer<CChar>) throws(PostgresError) {
        guard PQsendPrepare(raw, name, text, 0, nil) == 1 else {
            throw sendFailure(statement: String(cString: name), parameters: nil)
        }
    }

    /// Sends an execution of a prepared statement.
    ///
    /// - Parameters:
    ///   - name: of the statement, a C string.
    ///   - parameters: each in its own format.
    ///   - binaryResults: whether all columns come in binary format instead of text.
    /// - Throws: ``PostgresError`` `not-sent` or `connection-lost`.
    public func sendPrepared(
        name: UnsafePointer<CChar>, _ parameters: BoundParameters, binaryResults: Bool = false
    ) throws(PostgresError) {
        let sent = parameters.withPointers { values, lengths, formats in
            PQsendQueryPrepared(
                raw, name, Int32(parameters.count), values, lengths, formats, binaryResults ? 1 : 0)
        }
        guard sent == 1 else {
            throw sendFailure(statement: String(cString: name), parameters: parameters.redacted)
        }
    }

    /// Pushes out what is waiting to be sent.
    ///
    /// - Returns: `true` when all is out; otherwise wait until the descriptor is writable (and readable) and call again.
    public func flush() throws(PostgresError) -> Bool {
        switch PQflush(raw) {
        case 0: return true
        case 1: return false
        default: throw PostgresError(.client(.connectionLost), lastMessage)
        }
    }

    /// Takes what the socket has. Call it when the descriptor is readable, then ``nextReply()``.
    public func readInput() throws(PostgresError) {
        guard PQconsumeInput(raw) == 1 else { throw PostgresError(.client(.connectionLost), lastMessage) }
    }

    /// What is known of the answer so far.
    public enum Reply: ~Copyable {
        /// More must arrive first.
        case incomplete
        /// The statement is over; the connection can take the next one.
        case done
        /// One result.
        case result(QueryResult)
    }

    /// The next result of the statement that was sent, without waiting.
    public func nextReply() -> Reply {
        if PQisBusy(raw) == 1 { return .incomplete }
        guard let result = PQgetResult(raw) else { return .done }
        return .result(QueryResult(result))
    }

    /// Whether the connection is still usable, as far as libpq knows.
    public var isAlive: Bool { PQstatus(raw) == CONNECTION_OK }

    /// The error of a result that carries one.
    public func error(of result: borrowing QueryResult, statement: String?, parameters: String? = nil) -> PostgresError
    {
        let code: PostgresError.Code
        if let state = result.sqlState {
            code = .sqlState(state)
        } else {
            code = .client(isAlive ? .unexpectedReply : .connectionLost)
        }
        return PostgresError(code, result.errorMessage, statement: statement, parameters: parameters)
    }

    /// What encrypts the open connection; `nil` for plain text. GSSAPI is not asked for (``ConnectionParameters``).
    ///
    /// - Throws: ``PostgresError`` `refused` for an encryption that nobody but libpq can read.
    func tlsChannel() throws(PostgresError) -> TLSChannel? { PQsslInUse(raw) == 1 ? try TLSChannel(raw) : nil }

    /// The library's last words, or a stand-in where it has none.
    var lastMessage: String {
        let text = PQerrorMessage(raw).map { String(cString: $0) } ?? ""
        return text.isEmpty ? "connection failed without a reason" : text
    }

    fileprivate func note(_ text: String) {
        if notices.count == 100 { notices.removeFirst() }
        notices.append(text)
    }

    func sendFailure(statement: String?, parameters: String?) -> PostgresError {
        PostgresError(
            .client(isAlive ? .notSent : .connectionLost), lastMessage, statement: statement, parameters: parameters)
    }
}

/// Called by libpq on the thread that reads input, which is the connection's own.
private func noticeReceiver(context: UnsafeMutableRawPointer?, result: OpaquePointer?) {
    guard let context, let text = PQresultErrorMessage(result) else { return }
    Unmanaged<Connection>.fromOpaque(context).takeUnretainedValue().note(String(cString: text))
}
