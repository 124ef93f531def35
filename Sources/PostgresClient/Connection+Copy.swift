import CLibpq

/// COPY into the server without waiting.
///
/// Reference: PostgreSQL documentation, "libpq", "Functions Associated with the COPY Command".
extension Connection {
    /// Hands rows of a COPY to libpq, any part of them.
    ///
    /// - Returns: `false` when there was no room for them: wait until the descriptor is writable and call again.
    func putCopyData(_ bytes: UnsafeBufferPointer<UInt8>) throws(PostgresError) -> Bool {
        guard let start = bytes.baseAddress else { return true }
        let text = UnsafeRawPointer(start).assumingMemoryBound(to: CChar.self)
        return try isTaken(PQputCopyData(raw, text, Int32(bytes.count)))
    }

    /// Says that all rows are there. The statement's answer comes as any other.
    ///
    /// - Returns: `false` when there was no room for it: wait until the descriptor is writable and call again.
    func endCopy() throws(PostgresError) -> Bool { try isTaken(PQputCopyEnd(raw, nil)) }

    private func isTaken(_ answer: Int32) throws(PostgresError) -> Bool {
        guard answer >= 0 else { throw sendFailure(statement: "COPY", parameters: nil) }
        return answer == 1
    }
}
