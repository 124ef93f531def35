import CLibpq
import Glibc
import LinuxSystem

/// Pipeline mode, rows one at a time, and COPY out.
///
/// Reference: PostgreSQL documentation, "libpq", sections "Pipeline Mode", "Retrieving Query Results Row-by-Row" and
/// "Functions Associated with the COPY Command".
extension Connection {
    /// Lets statements be sent before the answers of earlier ones have come. Only prepared statements and preparing
    /// itself work then; the answer of each statement still ends with ``Reply/done``.
    ///
    /// - Throws: ``PostgresError`` `not-sent` while a statement is under way.
    public func enterPipeline() throws(PostgresError) {
        guard PQenterPipelineMode(raw) == 1 else { throw sendFailure(statement: "pipeline", parameters: nil) }
    }

    /// Goes back to one statement at a time.
    ///
    /// - Throws: ``PostgresError`` `not-sent` while answers are outstanding.
    public func leavePipeline() throws(PostgresError) {
        guard PQexitPipelineMode(raw) == 1 else { throw sendFailure(statement: "pipeline", parameters: nil) }
    }

    /// Ends the implicit transaction of the statements since the last sync. libpq 15 also writes everything to the
    /// socket here. Its own answer is one result of kind `pipelineSync`, with no ``Reply/done`` behind it.
    public func sendSync() throws(PostgresError) {
        guard PQpipelineSync(raw) == 1 else { throw sendFailure(statement: "sync", parameters: nil) }
    }

    /// Has the rows of the statement sent last come as one result each. Call it at once after sending.
    ///
    /// - Returns: whether it could be set; otherwise the rows come in one result.
    @discardableResult
    public func takeSingleRows() -> Bool { PQsetSingleRowMode(raw) == 1 }

    /// Runs a `COPY … TO STDOUT` and waits for all of it.
    ///
    /// - Parameters:
    ///   - sql: the COPY statement.
    ///   - limit: nanoseconds until it counts as failed.
    ///   - take: gets one row at a time, with its line end in the text format; valid during the call.
    /// - Throws: ``PostgresError``: what the server said, `time-out`, or `connection-lost`.
    public func copyOut(
        _ sql: String, limit: Nanoseconds = Connection.noLimit, take: (UnsafeBufferPointer<UInt8>) -> Void
    ) throws(PostgresError) {
        try sendSimple(sql)
        let deadline = Clock.now() + limit
        var isCopy = false
        // COPY data is read inside, as soon as the server announces it: until its end there is no other result.
        try collect(statement: "COPY", until: deadline) { result throws(PostgresError) in
            guard result.kind == .copyOut else { return }
            isCopy = true
            try readCopy(until: deadline, take)
        }
        if !isCopy {
            throw PostgresError(.client(.unexpectedReply), "the server sent no COPY data", statement: "COPY")
        }
    }

    private func readCopy(
        until deadline: Nanoseconds, _ take: (UnsafeBufferPointer<UInt8>) -> Void
    ) throws(PostgresError) {
        var row: UnsafeMutablePointer<CChar>?
        while true {
            let length = PQgetCopyData(raw, &row, 1)
            switch length {
            case 1...:
                take(
                    UnsafeBufferPointer(
                        start: UnsafeRawPointer(row).map { $0.assumingMemoryBound(to: UInt8.self) },
                        count: Int(length)))
                PQfreemem(row)
            case 0:
                try waitToRead(until: deadline, "COPY")
                try readInput()
            case -1: return
            default: throw PostgresError(.client(.connectionLost), lastMessage, statement: "COPY")
            }
        }
    }
}
