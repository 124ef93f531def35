import CLibpq
import Glibc
import LinuxSystem

/// Calls that wait, for orchestration: schema, history, inspection. Never for measured work.
extension Connection {
    /// A year: statements of a large archive take hours, and what ends them is a lost connection or a person.
    public static let noLimit: Nanoseconds = 31_536_000_000_000_000

    /// Opens a connection and waits for it.
    ///
    /// - Parameters:
    ///   - parameters: where the server is.
    ///   - limit: nanoseconds at most; the parameters' own limit when not given.
    /// - Returns: the open connection, in non-blocking mode.
    /// - Throws: ``PostgresError`` `refused` or `time-out`.
    public static func open(
        _ parameters: ConnectionParameters, limit: Nanoseconds? = nil
    ) throws(PostgresError) -> Connection {
        let connection = try Connection(starting: parameters)
        let seconds = Nanoseconds(max(0, parameters.connectTimeout))
        let deadline = Clock.now() + (limit ?? (seconds > 0 ? seconds * 1_000_000_000 : noLimit))
        var opening = Opening.needsWrite
        while true {
            switch opening {
            case .ready: return connection
            case .needsRead: try connection.await(POLLIN, until: deadline, "connecting to \(parameters.redacted)")
            case .needsWrite: try connection.await(POLLOUT, until: deadline, "connecting to \(parameters.redacted)")
            }
            opening = try connection.continueOpening()
        }
    }

    /// Runs one or more statements and returns the rows of the last one that had any, as text.
    ///
    /// - Parameters:
    ///   - sql: statements in the simple protocol; several share one implicit transaction.
    ///   - limit: nanoseconds until it counts as failed.
    /// - Returns: rows of columns; `nil` for NULL.
    /// - Throws: ``PostgresError``: the server's first error, `time-out`, or `connection-lost`.
    @discardableResult
    public func run(_ sql: String, limit: Nanoseconds = Connection.noLimit) throws(PostgresError) -> [[String?]] {
        try sendSimple(sql)
        var rows: [[String?]] = []
        try collect(statement: Self.firstWords(sql), until: Clock.now() + limit) { result throws(PostgresError) in
            guard result.kind == .rows else { return }
            rows = (0..<result.rowCount).map { row in
                (0..<result.columnCount).map { result.text(row, $0) }
            }
        }
        return rows
    }

    /// The single value of a statement; `nil` for NULL or no row.
    public func value(_ sql: String) throws(PostgresError) -> String? { try run(sql).first?.first ?? nil }

    /// Sends rows by `COPY … FROM STDIN`.
    ///
    /// - Parameters:
    ///   - sql: the COPY statement.
    ///   - fill: called again and again with an empty buffer to put whole lines in; returns `false` after the last.
    /// - Throws: ``PostgresError``: what the server said of the statement or of a row, or `connection-lost`.
    public func copyIn(_ sql: String, fill: (TextBuffer) -> Bool) throws(PostgresError) {
        try sendSimple(sql)
        let deadline = Clock.now() + Self.noLimit
        var accepted = false
        let name = Self.firstWords(sql)
        while !accepted {
            try finishSending(until: deadline)
            switch nextReply() {
            case .incomplete:
                try self.await(POLLIN, until: deadline, name)
                try readInput()
            case .done: throw PostgresError(.client(.unexpectedReply), "the server took no COPY data", statement: name)
            case .result(let result):
                guard result.kind != .error else {
                    let error = self.error(of: result, statement: name)
                    try collect(statement: name, until: deadline) { _ throws(PostgresError) in }
                    throw error
                }
                accepted = result.kind == .copyIn
            }
        }
        let buffer = TextBuffer(capacity: 1 << 18)
        var more = true
        while more {
            buffer.clear()
            more = fill(buffer)
            try put(buffer, until: deadline, name)
        }
        while true {
            let state = PQputCopyEnd(raw, nil)
            if state == 1 { break }
            if state < 0 { throw PostgresError(.client(.connectionLost), lastMessage, statement: name) }
            try self.await(POLLOUT, until: deadline, name)
        }
        try collect(statement: name, until: deadline) { _ throws(PostgresError) in }
    }

    private func put(_ buffer: TextBuffer, until deadline: Nanoseconds, _ name: String) throws(PostgresError) {
        guard buffer.count > 0 else { return }
        while true {
            switch PQputCopyData(raw, buffer.cString(), Int32(buffer.count)) {
            case 1:
                // Keep libpq's own buffer small: let the server catch up before more rows are made.
                try finishSending(until: deadline)
                return
            case 0: try self.await(POLLOUT, until: deadline, name)
            default: throw PostgresError(.client(.connectionLost), lastMessage, statement: name)
            }
        }
    }

    /// Waits for all results of what was sent, and hands each that is no error to `take`.
    ///
    /// - Throws: ``PostgresError``: the first error, after the statement is over; `time-out` at the deadline.
    public func collect(
        statement: String, until deadline: Nanoseconds = .max,
        _ take: (borrowing QueryResult) throws(PostgresError) -> Void
    ) throws(PostgresError) {
        var failure: PostgresError?
        while true {
            try finishSending(until: deadline)
            switch nextReply() {
            case .incomplete:
                try self.await(POLLIN, until: deadline, statement)
                try readInput()
            case .done:
                if let failure { throw failure }
                return
            case .result(let result):
                if result.kind == .error {
                    failure = failure ?? error(of: result, statement: statement)
                } else {
                    try take(result)
                }
            }
        }
    }

    private func finishSending(until deadline: Nanoseconds) throws(PostgresError) {
        while try !flush() {
            let ready = try self.await(POLLIN | POLLOUT, until: deadline, "sending")
            if ready & Int16(POLLIN) != 0 { try readInput() }
        }
    }

    /// Waits for something to read.
    func waitToRead(until deadline: Nanoseconds, _ what: String) throws(PostgresError) {
        try self.await(POLLIN, until: deadline, what)
    }

    @discardableResult
    private func await(_ events: Int32, until deadline: Nanoseconds, _ what: String) throws(PostgresError) -> Int16 {
        var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        while true {
            let now = Clock.now()
            guard now < deadline else {
                throw PostgresError(.client(.timeOut), "no answer within the limit", statement: what)
            }
            let milliseconds = min((deadline - now) / 1_000_000 + 1, 1_000_000)
            if poll(&entry, 1, Int32(milliseconds)) > 0 { return entry.revents }
        }
    }

    private static func firstWords(_ sql: String) -> String {
        let words = sql.split(whereSeparator: \.isWhitespace).prefix(6).joined(separator: " ")
        return words.count > 60 ? words.prefix(60) + "…" : words
    }
}
