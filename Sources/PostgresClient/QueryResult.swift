import CLibpq

/// One result of a statement; its memory belongs to libpq and goes with it.
public struct QueryResult: ~Copyable {
    let raw: OpaquePointer

    init(_ raw: OpaquePointer) { self.raw = raw }

    deinit { PQclear(raw) }

    /// What kind of result it is.
    public enum Kind: Sendable {
        case rows
        case command
        case copyIn
        case empty
        case error
        case other
    }

    public var kind: Kind {
        switch PQresultStatus(raw) {
        case PGRES_TUPLES_OK, PGRES_SINGLE_TUPLE: .rows
        case PGRES_COMMAND_OK: .command
        case PGRES_COPY_IN: .copyIn
        case PGRES_EMPTY_QUERY: .empty
        case PGRES_FATAL_ERROR, PGRES_BAD_RESPONSE, PGRES_NONFATAL_ERROR: .error
        default: .other
        }
    }

    public var rowCount: Int { Int(PQntuples(raw)) }
    public var columnCount: Int { Int(PQnfields(raw)) }

    /// Name of a column.
    public func columnName(_ column: Int) -> String { PQfname(raw, Int32(column)).map { String(cString: $0) } ?? "" }

    /// The bytes of a value; empty for NULL. Valid as long as the result.
    public func bytes(_ row: Int, _ column: Int) -> UnsafeBufferPointer<UInt8> {
        let length = Int(PQgetlength(raw, Int32(row), Int32(column)))
        guard let start = PQgetvalue(raw, Int32(row), Int32(column)) else {
            return UnsafeBufferPointer(start: nil, count: 0)
        }
        return UnsafeBufferPointer(
            start: UnsafeRawPointer(start).assumingMemoryBound(to: UInt8.self), count: length)
    }

    /// Whether a value is NULL.
    public func isNull(_ row: Int, _ column: Int) -> Bool { PQgetisnull(raw, Int32(row), Int32(column)) == 1 }

    /// A value as text; `nil` for NULL.
    public func text(_ row: Int, _ column: Int) -> String? {
        isNull(row, column) ? nil : String(decoding: bytes(row, column), as: UTF8.self)
    }

    /// Rows a command touched; 0 for commands that touch none.
    public var affectedRows: Int { PQcmdTuples(raw).flatMap { Int(String(cString: $0)) } ?? 0 }

    /// SQLSTATE of an error.
    public var sqlState: String? {
        // PG_DIAG_SQLSTATE is the character 'C' (libpq-fe.h), a macro that Swift does not import.
        PQresultErrorField(raw, Int32(UInt8(ascii: "C"))).map { String(cString: $0) }
    }

    /// The server's words about an error.
    public var errorMessage: String {
        // PG_DIAG_MESSAGE_PRIMARY is 'M'.
        if let primary = PQresultErrorField(raw, Int32(UInt8(ascii: "M"))) { return String(cString: primary) }
        return PQresultErrorMessage(raw).map { String(cString: $0) } ?? ""
    }
}
