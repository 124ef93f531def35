/// A recording that a trial replayed. The file itself is not kept beside the record.
public struct TraceDescription: Codable, Sendable, Equatable {
    /// As the workload names it.
    public var file: String
    /// SHA-256 of the file, lower-case hex.
    public var digest: String
    /// Rows from the start on.
    public var rows: Int

    /// What a trace is known by.
    public init(file: String, digest: String, rows: Int) {
        self.file = file
        self.digest = digest
        self.rows = rows
    }
}
