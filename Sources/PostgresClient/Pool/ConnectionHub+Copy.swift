import LinuxSystem

/// Rows on their way into a COPY, and how far they got.
final class CopyRows {
    let buffer = TextBuffer(capacity: 1 << 16)
    var sent = 0
}

extension ConnectionHub {
    /// Sends the rows of a COPY, once its result says that the server is ready for them. What the socket does not take
    /// now follows when it is writable; the end of the COPY comes as the end of its statement.
    ///
    /// - Parameters:
    ///   - connection: which the COPY went through, not of a pool that pipelines.
    ///   - owner: whose statement it is.
    ///   - write: writes all rows, whole lines.
    public func sendCopy(on connection: PooledConnection, _ owner: Owner, _ write: (TextBuffer) -> Void) {
        let rows = connection.copyRows ?? CopyRows()
        rows.buffer.clear()
        rows.sent = 0
        write(rows.buffer)
        connection.copyRows = rows
        connection.isCopying = true
        goOnCopying(connection)
    }

    /// Hands rows over piece by piece as the socket takes them, so that no more than a piece is held twice.
    func goOnCopying(_ connection: PooledConnection) {
        guard let rows = connection.copyRows else { return }
        while rows.sent < rows.buffer.count {
            guard flush(connection) else { return }
            let end = min(rows.sent + Self.copyPiece, rows.buffer.count)
            connection.wire.copyData(UnsafeBufferPointer(rebasing: rows.buffer.content[rows.sent..<end]))
            rows.sent = end
        }
        connection.wire.copyDone()
        connection.isCopying = false
        // The answer that is waited for is still to come.
        connection.firstByte = 0
        _ = flush(connection)
    }

    /// Bytes handed over at once.
    private static var copyPiece: Int { 1 << 16 }

    /// Takes a connection back from an owner that held it and needs it no more, as after a BEGIN that failed.
    ///
    /// - Parameters:
    ///   - connection: nothing happens to one that is not held, or `nil`.
    ///   - owner: whose it was.
    public func letGo(of connection: PooledConnection?, _ owner: Owner) {
        // With a statement in flight it is already somebody else's.
        guard let connection, connection.isHeld, connection.statements == 0 else { return }
        connection.isHeld = false
        connection.pool.sort(connection)
        serve(connection.pool, owner)
    }
}
