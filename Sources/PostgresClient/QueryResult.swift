import CLibpq

/// One result of a statement: libpq's, whose memory goes with it, or an answer in the buffer of a hub's connection, valid
/// while the owner is being told of it.
public struct QueryResult: ~Copyable {
    /// `nil` for one of a hub.
    private let raw: OpaquePointer?
    /// Meaningful where `raw` is `nil`.
    private let reply: UnsafePointer<WireReply>?

    init(_ raw: OpaquePointer) {
        self.raw = raw
        reply = nil
    }

    @inline(__always)
    init(_ reply: UnsafePointer<WireReply>) {
        raw = nil
        self.reply = reply
    }

    @inline(__always)
    deinit { if let raw { PQclear(raw) } }

    /// What kind of result it is.
    public enum Kind: Sendable {
        case rows
        /// One row of many, in single-row mode; the last result of the statement is ``rows``, and empty.
        case singleRow
        case command
        case copyIn
        case copyOut
        /// All statements before a sync of the pipeline are over, and what they changed is committed.
        case pipelineSync
        /// Not executed, because an earlier statement since the last sync failed.
        case pipelineAborted
        case empty
        case error
        case other
    }

    /// What kind it is. Statuses are plain numbers here, in the order of how often they come (libpq-fe.h, ExecStatusType).
    public var kind: Kind {
        if let reply { return reply.pointee.kind }
        let status = PQresultStatus(raw)
        if status == PGRES_TUPLES_OK { return .rows }
        if status == PGRES_COMMAND_OK { return .command }
        return Self.rareKind(status)
    }

    @inline(never)
    private static func rareKind(_ status: ExecStatusType) -> Kind {
        switch status {
        case PGRES_SINGLE_TUPLE: .singleRow
        case PGRES_COPY_IN: .copyIn
        case PGRES_COPY_OUT: .copyOut
        case PGRES_PIPELINE_SYNC: .pipelineSync
        case PGRES_PIPELINE_ABORTED: .pipelineAborted
        case PGRES_EMPTY_QUERY: .empty
        case PGRES_FATAL_ERROR, PGRES_BAD_RESPONSE, PGRES_NONFATAL_ERROR: .error
        default: .other
        }
    }

    /// Rows of this result.
    public var rowCount: Int { reply?.pointee.rowCount ?? Int(PQntuples(raw)) }
    /// Columns of each row.
    public var columnCount: Int { reply?.pointee.columnCount ?? Int(PQnfields(raw)) }

    /// Name of a column.
    public func columnName(_ column: Int) -> String {
        if let reply { return reply.pointee.column(column)?.name ?? "" }
        return PQfname(raw, Int32(column)).map { String(cString: $0) } ?? ""
    }

    /// The bytes of a value; empty for NULL. Valid as long as the result.
    public func bytes(_ row: Int, _ column: Int) -> UnsafeBufferPointer<UInt8> {
        if let reply { return reply.pointee.value(row, column) ?? UnsafeBufferPointer(start: nil, count: 0) }
        let length = Int(PQgetlength(raw, Int32(row), Int32(column)))
        guard let start = PQgetvalue(raw, Int32(row), Int32(column)) else {
            return UnsafeBufferPointer(start: nil, count: 0)
        }
        return UnsafeBufferPointer(
            start: UnsafeRawPointer(start).assumingMemoryBound(to: UInt8.self), count: length)
    }

    /// Whether a value is NULL.
    public func isNull(_ row: Int, _ column: Int) -> Bool {
        if let reply { return reply.pointee.value(row, column) == nil }
        return PQgetisnull(raw, Int32(row), Int32(column)) == 1
    }

    /// A value as text; `nil` for NULL.
    public func text(_ row: Int, _ column: Int) -> String? {
        isNull(row, column) ? nil : String(decoding: bytes(row, column), as: UTF8.self)
    }

    /// Whether a column came in binary format.
    public func isBinary(_ column: Int) -> Bool {
        if let reply { return reply.pointee.column(column)?.isBinary ?? false }
        return PQfformat(raw, Int32(column)) == 1
    }

    /// An integer in either format: decimal text, or the protocol's two, four or eight bytes; `nil` for NULL and for what
    /// is none.
    public func integer(_ row: Int, _ column: Int) -> Int64? {
        guard !isNull(row, column) else { return nil }
        let bytes = bytes(row, column)
        guard isBinary(column) else { return Int64(String(decoding: bytes, as: UTF8.self)) }
        guard let first = bytes.first, [2, 4, 8].contains(bytes.count) else { return nil }
        return bytes.dropFirst().reduce(Int64(Int8(bitPattern: first))) { $0 << 8 | Int64($1) }
    }

    /// Rows a command touched; 0 for commands that touch none.
    public var affectedRows: Int {
        // The last word of the command's tag, such as `INSERT 0 1`; a tag of one word touched none.
        if let reply { return reply.pointee.tag.split(separator: " ").dropFirst().last.flatMap { Int($0) } ?? 0 }
        return PQcmdTuples(raw).flatMap { Int(String(cString: $0)) } ?? 0
    }

    /// SQLSTATE of an error; of a hub's statement the owner hears it with its ``Answer``.
    public var sqlState: String? {
        guard let raw else { return nil }
        // PG_DIAG_SQLSTATE is the character 'C' (libpq-fe.h), a macro that Swift does not import.
        return PQresultErrorField(raw, Int32(UInt8(ascii: "C"))).map { String(cString: $0) }
    }

    /// The server's words about an error.
    public var errorMessage: String {
        guard let raw else { return "" }
        // PG_DIAG_MESSAGE_PRIMARY is 'M'.
        if let primary = PQresultErrorField(raw, Int32(UInt8(ascii: "M"))) { return String(cString: primary) }
        return PQresultErrorMessage(raw).map { String(cString: $0) } ?? ""
    }
}
