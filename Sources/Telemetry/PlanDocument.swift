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
    let join: String?
    let direction: String?
    let operation: String?
    let loops: Double?
    package let rows: Double?
    let removed: Int?
    package let walBytes: Int?
    let children: [PlanNode]
    package let blocks: StatementBlocks

    private enum CodingKeys: String, CodingKey {
        case type = "Node Type"
        case relation = "Relation Name"
        case join = "Join Type"
        case direction = "Scan Direction"
        case operation = "Operation"
        case loops = "Actual Loops"
        case rows = "Actual Rows"
        case removed = "Subplans Removed"
        case walBytes = "WAL Bytes"
        case children = "Plans"
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        type = try values.decode(String.self, forKey: .type)
        relation = try values.decodeIfPresent(String.self, forKey: .relation)
        join = try values.decodeIfPresent(String.self, forKey: .join)
        direction = try values.decodeIfPresent(String.self, forKey: .direction)
        operation = try values.decodeIfPresent(String.self, forKey: .operation)
        loops = try values.decodeIfPresent(Double.self, forKey: .loops)
        rows = try values.decodeIfPresent(Double.self, forKey: .rows)
        removed = try values.decodeIfPresent(Int.self, forKey: .removed)
        walBytes = try values.decodeIfPresent(Int.self, forKey: .walBytes)
        children = try values.decodeIfPresent([PlanNode].self, forKey: .children) ?? []
        blocks = try BlockKeys.blocks(from: decoder)
    }

    // MARK: Shape

    /// The tree in words: node types, join types, directions and relation families. Branches of an Append that look alike
    /// are told once, so partitions do not matter.
    package var shape: String {
        var branches: [String] = []
        for child in children {
            let words = child.shape
            if !(isAppend && branches.contains(words)) { branches.append(words) }
        }
        let own = [type, operation, join, direction, relation.map(Self.family)].compactMap { $0 }.joined(separator: " ")
        return branches.isEmpty ? own : "\(own)(\(branches.joined(separator: ", ")))"
    }

    /// Sixteen hex digits of ``shape`` (FNV-1a, 64 bits: Fowler, Noll, Vo; draft-eastlake-fnv).
    package var fingerprint: String {
        let hash = shape.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// Node types along the first branch.
    package var outline: String { children.first.map { "\(type) > \($0.outline)" } ?? type }

    /// A partition's name without its bounds: groups of digits behind underscores are left out.
    private static func family(_ relation: String) -> String {
        relation.split(separator: "_").filter { !$0.allSatisfy(\.isNumber) }.joined(separator: "_")
    }

    private var isAppend: Bool { type == "Append" || type == "Merge Append" }

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
