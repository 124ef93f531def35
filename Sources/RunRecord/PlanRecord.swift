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
    /// The shape of the plan: sixteen hex digits over the tree of node types, join types, scan directions, relations
    /// and indexes without the bounds of partitions; equal where only partitions, numbers or times differ. Without
    /// indexes in records from before ``lines`` were kept.
    public var fingerprint: String
    /// Node types from the root down, such as `Limit > Append > Index Scan`, the first branch each; what is worked out
    /// beforehand or besides (`InitPlan`, `SubPlan`) is left out.
    public var outline: String
    /// The whole tree from its root down; `nil` in records from before it was kept.
    public var lines: [PlanLine]?
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

/// A line of a plan's tree: one node, or nodes below an Append that are alike but for their partition.
public struct PlanLine: Codable, Sendable, Equatable {
    /// Steps from the root.
    public var depth: Int
    /// What is done, such as `Index Scan Backward on messages using messages_timestamp_idx`; bounds of partitions are
    /// left out of names.
    public var what: String
    /// Nodes that it stands for.
    public var nodes = 1
    /// Those that were executed at least once; `nil` where the plan does not tell.
    public var nodesExecuted: Int?
    /// Executions of all nodes together; `nil` where the plan does not tell.
    public var executions: Double?
    /// Partitions that were left out when execution began; `nil` for none.
    public var pruned: Int?
    /// Rows that the planner expected of as many executions; of one execution of each node where the plan does not tell
    /// how many there were; `nil` where there was none.
    public var estimatedRows: Double?
    /// Rows of all executions together; `nil` where the plan does not tell.
    public var rows: Double?
    /// Shared blocks that the nodes touched, with all that is below them; `nil` where the plan does not tell.
    public var blocks: Int?

    /// A line of which no number is known.
    public init(depth: Int, what: String) {
        self.depth = depth
        self.what = what
    }
}
