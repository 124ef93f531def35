import FoundationEssentials
import RunRecord

/// A plan as EXPLAIN (FORMAT JSON) or `auto_explain` writes it, as far as it is looked at.
package struct PlanDocument: Decodable {
    package let plan: PlanNode
    package let planning: Planning?
    package let planningTime: Double?
    package let executionTime: Double?
    /// Only in what `auto_explain` writes.
    package let queryText: String?

    private enum CodingKeys: String, CodingKey {
        case plan = "Plan"
        case planning = "Planning"
        case planningTime = "Planning Time"
        case executionTime = "Execution Time"
        case queryText = "Query Text"
    }

    /// What planning touched.
    package struct Planning: Decodable {
        package let blocks: StatementBlocks

        package init(from decoder: any Decoder) throws { blocks = try BlockKeys.blocks(from: decoder) }
    }

    /// Reads the server's text: one plan, or a list of one.
    ///
    /// - Throws: what the decoder finds wrong.
    package static func read(_ json: String) throws -> PlanDocument {
        let data = Data(json.utf8)
        if let list = try? JSONDecoder().decode([PlanDocument].self, from: data), let first = list.first {
            return first
        }
        return try JSONDecoder().decode(PlanDocument.self, from: data)
    }
}

/// One node of a plan.
package struct PlanNode: Decodable {
    let type: String
    let relation: String?
    let index: String?
    let join: String?
    let direction: String?
    let operation: String?
    /// What it is to the node above, such as `Outer` or `InitPlan`.
    let relationship: String?
    /// Such as `CTE found` or `InitPlan 1 (returns $0)`.
    let subplan: String?
    /// The WITH query that is read.
    let cte: String?
    let loops: Double?
    package let rows: Double?
    let estimatedRows: Double?
    let removed: Int?
    package let walBytes: Int?
    let children: [PlanNode]
    package let blocks: StatementBlocks
    /// Shared blocks; `nil` where the plan does not tell.
    let touched: Int?

    private enum CodingKeys: String, CodingKey {
        case type = "Node Type"
        case relation = "Relation Name"
        case index = "Index Name"
        case join = "Join Type"
        case direction = "Scan Direction"
        case operation = "Operation"
        case relationship = "Parent Relationship"
        case subplan = "Subplan Name"
        case cte = "CTE Name"
        case loops = "Actual Loops"
        case rows = "Actual Rows"
        case estimatedRows = "Plan Rows"
        case removed = "Subplans Removed"
        case walBytes = "WAL Bytes"
        case children = "Plans"
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        type = try values.decode(String.self, forKey: .type)
        relation = try values.decodeIfPresent(String.self, forKey: .relation)
        index = try values.decodeIfPresent(String.self, forKey: .index)
        join = try values.decodeIfPresent(String.self, forKey: .join)
        direction = try values.decodeIfPresent(String.self, forKey: .direction)
        operation = try values.decodeIfPresent(String.self, forKey: .operation)
        relationship = try values.decodeIfPresent(String.self, forKey: .relationship)
        subplan = try values.decodeIfPresent(String.self, forKey: .subplan)
        cte = try values.decodeIfPresent(String.self, forKey: .cte)
        loops = try values.decodeIfPresent(Double.self, forKey: .loops)
        rows = try values.decodeIfPresent(Double.self, forKey: .rows)
        estimatedRows = try values.decodeIfPresent(Double.self, forKey: .estimatedRows)
        removed = try values.decodeIfPresent(Int.self, forKey: .removed)
        walBytes = try values.decodeIfPresent(Int.self, forKey: .walBytes)
        children = try values.decodeIfPresent([PlanNode].self, forKey: .children) ?? []
        blocks = try BlockKeys.blocks(from: decoder)
        touched = try BlockKeys.touched(from: decoder)
    }

    // MARK: Shape

    /// The tree in words: node types, join types, directions, families of relations and indexes. Branches of an Append
    /// that look alike are told once, so partitions do not matter.
    package var shape: String {
        var branches: [String] = []
        for child in children {
            let words = child.shape
            if !(isAppend && branches.contains(words)) { branches.append(words) }
        }
        let words: [String?] = [
            type, operation, join, direction, relation.map(Self.family), index.map { "using \(Self.family($0))" },
        ]
        let own = words.compactMap { $0 }.joined(separator: " ")
        return branches.isEmpty ? own : "\(own)(\(branches.joined(separator: ", ")))"
    }

    /// Sixteen hex digits of ``shape`` (FNV-1a, 64 bits: Fowler, Noll, Vo; draft-eastlake-fnv).
    package var fingerprint: String {
        let hash = shape.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// Node types along the first branch that rows come through: what is worked out beforehand or besides is passed by,
    /// unless there is nothing else.
    package var outline: String {
        let branch = children.first { !$0.isAside } ?? children.first
        return branch.map { "\(type) > \($0.outline)" } ?? type
    }

    /// The name of a partition, or of its index, without its bounds: groups of digits behind underscores are left out.
    private static func family(_ name: String) -> String {
        name.split(separator: "_").filter { !$0.allSatisfy(\.isNumber) }.joined(separator: "_")
    }

    private var isAppend: Bool { type == "Append" || type == "Merge Append" }

    /// Whether its rows are no rows of the node above.
    private var isAside: Bool { relationship == "InitPlan" || relationship == "SubPlan" }

    // MARK: Lines

    /// Lines that are kept of one plan; only trees whose partitions are read in many ways have more.
    private static let mostLines = 100

    /// The tree as lines from the root down. Nodes below an Append that are alike but for their partition are one line.
    package var lines: [PlanLine] {
        var lines: [PlanLine] = []
        Self.tell([self], depth: 0, into: &lines)
        let more = lines.count - Self.mostLines
        guard more > 0 else { return lines }
        return Array(lines.prefix(Self.mostLines)) + [PlanLine(depth: 0, what: "\(more) more lines, left out")]
    }

    /// Tells nodes, and what is below them.
    ///
    /// - Parameters:
    ///   - nodes: of one shape, at least one.
    ///   - depth: of the nodes.
    ///   - lines: gets theirs and those of all that is below them.
    private static func tell(_ nodes: [PlanNode], depth: Int, into lines: inout [PlanLine]) {
        guard let first = nodes.first else { return }
        lines.append(line(nodes, first, depth: depth))
        guard !first.isAppend else {
            for group in alike(nodes.flatMap(\.children)) { tell(group, depth: depth + 1, into: &lines) }
            return
        }
        for place in first.children.indices {
            let branch = nodes.compactMap { $0.children.indices.contains(place) ? $0.children[place] : nil }
            tell(branch, depth: depth + 1, into: &lines)
        }
    }

    /// Nodes of one shape together, in the order in which shapes come first.
    private static func alike(_ nodes: [PlanNode]) -> [[PlanNode]] {
        var places: [String: Int] = [:]
        var groups: [[PlanNode]] = []
        for node in nodes {
            let key = "\(node.label ?? ""): \(node.shape)"
            if let place = places[key] {
                groups[place].append(node)
            } else {
                places[key] = groups.count
                groups.append([node])
            }
        }
        return groups
    }

    private static func line(_ nodes: [PlanNode], _ first: PlanNode, depth: Int) -> PlanLine {
        var line = PlanLine(depth: depth, what: first.what)
        line.nodes = nodes.count
        let executed = nodes.filter { ($0.loops ?? 0) > 0 }
        if let executions = sum(nodes.map(\.loops)) {
            line.nodesExecuted = executed.count
            line.executions = executions
            line.rows = executed.isEmpty ? nil : sum(executed.map { $0.inAll($0.rows) })
            line.estimatedRows = executed.isEmpty ? nil : sum(executed.map { $0.inAll($0.estimatedRows) })
        } else {
            line.estimatedRows = sum(nodes.map(\.estimatedRows))
        }
        let removed = nodes.reduce(0) { $0 + ($1.removed ?? 0) }
        line.pruned = removed > 0 ? removed : nil
        let touched = nodes.compactMap(\.touched)
        line.blocks = touched.count == nodes.count ? touched.reduce(0, +) : nil
        return line
    }

    /// Rows of one execution, of all of them; `nil` where one of the two is not known.
    private func inAll(_ rows: Double?) -> Double? { rows.flatMap { rows in loops.map { rows * $0 } } }

    /// `nil` when one of them is not known.
    private static func sum(_ values: [Double?]) -> Double? {
        let known = values.compactMap { $0 }
        return known.count == values.count ? known.reduce(0, +) : nil
    }

    /// What the node does and on what, as EXPLAIN words it, without bounds of partitions.
    private var what: String {
        let place = relation.map(Self.family) ?? cte
        let before = place == nil ? "on" : "using"
        let words: [String?] = [
            label.map { "\($0):" }, type, operation, join == "Inner" ? nil : join,
            direction == "Forward" ? nil : direction, place.map { "on \($0)" },
            index.map { "\(before) \(Self.family($0))" },
        ]
        return words.compactMap { $0 }.joined(separator: " ")
    }

    /// What it is to the node above where that is more than a source of its rows, such as `CTE found` or `InitPlan`.
    private var label: String? {
        if let subplan, subplan.hasPrefix("CTE ") { return subplan }
        return isAside ? relationship : nil
    }

    // MARK: Partitions

    /// Scans of partitions: those that were planned (pruned ones at the start of execution among them), and those that were
    /// executed at least once. A partition is a relation below an Append, or one with bounds in its name: where planning
    /// leaves one only, there is no Append. `nil` where there is none of both.
    package var partitions: (planned: Int, executed: Int)? {
        var found: (planned: Int, executed: Int)?
        collect(isBelowAppend: false, into: &found)
        return found
    }

    private func collect(isBelowAppend: Bool, into found: inout (planned: Int, executed: Int)?) {
        if isAppend { Self.add(removed ?? 0, executed: 0, to: &found) }
        if let relation, isBelowAppend || (isScan && Self.family(relation) != relation) {
            Self.add(1, executed: (loops ?? 0) > 0 ? 1 : 0, to: &found)
        }
        for child in children { child.collect(isBelowAppend: isBelowAppend || isAppend, into: &found) }
    }

    private static func add(_ planned: Int, executed: Int, to found: inout (planned: Int, executed: Int)?) {
        let before = found ?? (0, 0)
        found = (before.planned + planned, before.executed + executed)
    }

    /// Not what changes a partition: a row that is stored names it, too.
    private var isScan: Bool { type.hasSuffix(" Scan") }
}

/// Names of the counters of blocks in a plan.
private enum BlockKeys: String, CodingKey {
    case sharedHit = "Shared Hit Blocks"
    case sharedRead = "Shared Read Blocks"
    case sharedDirtied = "Shared Dirtied Blocks"
    case sharedWritten = "Shared Written Blocks"
    case localHit = "Local Hit Blocks"
    case localRead = "Local Read Blocks"
    case localDirtied = "Local Dirtied Blocks"
    case localWritten = "Local Written Blocks"
    case tempRead = "Temp Read Blocks"
    case tempWritten = "Temp Written Blocks"

    /// Shared blocks that were found or read; `nil` where none of both is told.
    static func touched(from decoder: any Decoder) throws -> Int? {
        let values = try decoder.container(keyedBy: BlockKeys.self)
        let hit = try values.decodeIfPresent(Int.self, forKey: .sharedHit)
        let read = try values.decodeIfPresent(Int.self, forKey: .sharedRead)
        return hit == nil && read == nil ? nil : (hit ?? 0) + (read ?? 0)
    }

    static func blocks(from decoder: any Decoder) throws -> StatementBlocks {
        let values = try decoder.container(keyedBy: BlockKeys.self)
        func count(_ key: BlockKeys) throws -> Int { try values.decodeIfPresent(Int.self, forKey: key) ?? 0 }
        var blocks = StatementBlocks()
        (blocks.sharedHit, blocks.sharedRead) = (try count(.sharedHit), try count(.sharedRead))
        (blocks.sharedDirtied, blocks.sharedWritten) = (try count(.sharedDirtied), try count(.sharedWritten))
        (blocks.localHit, blocks.localRead) = (try count(.localHit), try count(.localRead))
        (blocks.localDirtied, blocks.localWritten) = (try count(.localDirtied), try count(.localWritten))
        (blocks.tempRead, blocks.tempWritten) = (try count(.tempRead), try count(.tempWritten))
        return blocks
    }
}
