/// One plan of one instance of a statement shape: an entry of `plans/summary.json`. The plan itself, as the server gave
/// it, is the file named by ``file``.
public struct PlanRecord: Codable, Sendable, Equatable {
    /// When the statement was explained.
    public enum Moment: String, Codable, Sendable, CaseIterable {
        /// Before warm-up, by ArchiveBench; writes were rolled back.
        case before
        /// After the load, by ArchiveBench; writes were rolled back.
        case after
        /// While the load ran: a statement of the load itself that took long (`auto_explain`).
        case slow
    }

    /// Name of the shape, as in ``ServerStatements``.
    public var shape: String
    /// When it was explained.
    public var when: Moment
    /// Path within the run's folder, such as `plans/query.page.first-before.json`.
    public var file: String
    /// When a slow statement was logged, seconds from the start of warm-up; `nil` for the others.
    public var atSeconds: Double?
    /// Milliseconds; `nil` where the server did not tell (slow ones).
    public var planningMs: Double?
    /// Execution, milliseconds.
    public var executionMs: Double
    /// The shape of the plan: sixteen hex digits over the tree of node types, join types, scan directions and relation
    /// families; equal where only partitions, numbers or times differ.
    public var fingerprint: String
    /// Node types from the root down, such as `Limit > Append > Index Scan`, the first branch each.
    public var outline: String
    /// Leaf scans of partitions that the plan holds, and those that were executed; `nil` where no partition is scanned.
    public var partitionsPlanned: Int?
    /// Partitions that were looked into; `nil` where the plan does not tell.
    public var partitionsExecuted: Int?
    /// Rows of the root node.
    public var rows: Double
    /// Blocks of execution, of the whole tree.
    public var blocks: StatementBlocks
    /// Blocks that planning touched; `nil` where the server does not tell.
    public var planningBlocks: StatementBlocks?
    /// WAL bytes; `nil` where the server did not tell.
    public var walBytes: Int?

    /// Takes each value as it is.
    public init(
        shape: String, when: Moment, file: String, atSeconds: Double?, planningMs: Double?, executionMs: Double,
        fingerprint: String, outline: String, partitionsPlanned: Int?, partitionsExecuted: Int?, rows: Double,
        blocks: StatementBlocks, planningBlocks: StatementBlocks?, walBytes: Int?
    ) {
        self.shape = shape
        self.when = when
        self.file = file
        self.atSeconds = atSeconds
        self.planningMs = planningMs
        self.executionMs = executionMs
        self.fingerprint = fingerprint
        self.outline = outline
        self.partitionsPlanned = partitionsPlanned
        self.partitionsExecuted = partitionsExecuted
        self.rows = rows
        self.blocks = blocks
        self.planningBlocks = planningBlocks
        self.walBytes = walBytes
    }
}
