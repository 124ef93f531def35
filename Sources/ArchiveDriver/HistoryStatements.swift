import Workload

/// What ``HistoryLoader`` sends to a server of somebody's, told before it is sent.
public enum HistoryStatements {
    /// The statements of one of the history's hours, which are those of every other but for the names; its rows are left
    /// out.
    ///
    /// - Parameters:
    ///   - spec: the workload.
    ///   - schema: of the archive.
    /// - Returns: in their order; nothing without a history.
    public static func hour(of spec: WorkloadSpec, _ schema: ArchiveSchema) -> [String] {
        guard spec.history.partitions > 0 else { return [] }
        let partition = HourPartition(start: spec.archiveEpoch - 3_600, end: spec.archiveEpoch)
        let (table, attachment) = partition.plainCreation(schema)
        let lookup = schema.partitionsLookup ? partition.lookup : "messages_lookup"
        return ["SET synchronous_commit = off", "BEGIN"] + table
            + [
                "COPY \(partition.messages) (\(HistoryLoader.columns)) FROM STDIN",
                "COPY \(lookup) (messageHash, timestamp) FROM STDIN",
            ] + attachment + ["COMMIT", "RESET synchronous_commit"]
    }

    /// The statements that make one of the hours that the load begins with.
    public static func liveHour(of spec: WorkloadSpec, _ schema: ArchiveSchema) -> [String] {
        let creation = HistoryLoader.livePartitions(of: spec).first?.creation(schema)
        return creation.map { $0.table + $0.attachment } ?? []
    }

    /// The statements that bring the loaded archive into its state; those in parentheses only where autovacuum is on.
    public static func settling(_ state: HistoryState) -> [String] {
        let tables = "messages, messages_lookup"
        let analysed = ["SELECT COUNT(1) FROM messages", "ANALYZE messages"]
        return switch state {
        case .fresh: []
        case .vacuumed: ["VACUUM \(tables)", "ANALYZE \(tables)"]
        case .asFound: ["(VACUUM (ANALYZE) \(tables))"] + analysed
        case .bloated(let passes):
            [
                "ALTER TABLE messages_lookup SET (autovacuum_enabled = off)",
                "INSERT INTO messages_lookup … of an hour's rows, and DELETE FROM messages_lookup of them, \(passes) times",
            ] + analysed
        }
    }
}
