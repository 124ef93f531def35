import RunRecord
import Telemetry
import Testing

@Suite struct PlanTests {
    /// A page over partitions: the first is not executed, one is pruned when execution starts.
    static func page(_ partitions: [(name: String, loops: Int)], removed: Int, type: String = "Index Scan") -> String {
        let scans = partitions.map {
            """
            {"Node Type": "\(type)", "Scan Direction": "Forward", "Relation Name": "\($0.name)", "Actual Loops": \($0.loops), "Actual Rows": 2.00}
            """
        }
        return """
            [{"Plan": {"Node Type": "Limit", "Actual Rows": 21, "Actual Loops": 1, "Shared Hit Blocks": 12,
              "Shared Read Blocks": 3, "WAL Bytes": 40, "Plans": [
                {"Node Type": "Merge Append", "Subplans Removed": \(removed), "Actual Loops": 1,
                 "Plans": [\(scans.joined(separator: ", "))]}]},
              "Planning": {"Shared Hit Blocks": 5}, "Planning Time": 1.25, "Execution Time": 3.5}]
            """
    }

    static let two = page([("messages_1_2", 0), ("messages_2_3", 1)], removed: 1)

    @Test func figuresAreThoseOfTheText() throws {
        let document = try PlanDocument.read(Self.two)
        #expect(document.planningTime == 1.25)
        #expect(document.executionTime == 3.5)
        #expect(document.plan.rows == 21)
        #expect((document.plan.blocks.sharedHit, document.plan.blocks.sharedRead) == (12, 3))
        #expect(document.planning?.blocks.sharedHit == 5)
        #expect(document.plan.walBytes == 40)
        #expect(document.plan.partitions.map { [$0.planned, $0.executed] } == [3, 1])
        #expect(document.plan.outline == "Limit > Merge Append > Index Scan")
    }

    @Test func shapeKnowsNoPartitions() throws {
        let two = try PlanDocument.read(Self.two).plan
        let three = try PlanDocument.read(
            Self.page([("messages_7_8", 1), ("messages_8_9", 1), ("messages_9_10", 1)], removed: 0)
        ).plan
        #expect(two.shape == "Limit(Merge Append(Index Scan Forward messages))")
        #expect(two.fingerprint == three.fingerprint)
        #expect(two.fingerprint == "1582df0a137c77ee")
    }

    @Test func anotherTreeHasAnotherFingerprint() throws {
        let index = try PlanDocument.read(Self.two).plan
        let whole = try PlanDocument.read(Self.page([("messages_1_2", 1)], removed: 0, type: "Seq Scan")).plan
        let other = try PlanDocument.read(Self.page([("lookup_1_2", 1)], removed: 0)).plan
        #expect(Set([index.fingerprint, whole.fingerprint, other.fingerprint]).count == 3)
    }

    private static func scan(_ table: String, loops: Int, rows: Int = 0, planned: Int = 1, hit: Int = 0) -> String {
        """
        {"Node Type": "Index Scan", "Parent Relationship": "Member", "Scan Direction": "Forward",
         "Relation Name": "\(table)", "Index Name": "\(table)_pkey", "Plan Rows": \(planned), "Actual Rows": \(rows),
         "Actual Loops": \(loops), "Shared Hit Blocks": \(hit), "Shared Read Blocks": 0}
        """
    }

    /// A look-up by hashes: its bound is worked out first, then rows come through a join.
    static let byHash = """
        [{"Plan": {"Node Type": "Limit", "Plan Rows": 5, "Actual Rows": 2, "Actual Loops": 1, "Plans": [
          {"Node Type": "Result", "Parent Relationship": "InitPlan", "Subplan Name": "InitPlan 2 (returns $1)",
           "Actual Rows": 1, "Actual Loops": 1, "Plans": [\(scan("lookup_1_2", loops: 1, rows: 1))]},
          {"Node Type": "Nested Loop", "Parent Relationship": "Outer", "Join Type": "Inner", "Actual Rows": 2,
           "Actual Loops": 1, "Plans": [
            {"Node Type": "Append", "Parent Relationship": "Outer", "Subplans Removed": 1, "Actual Rows": 3,
             "Actual Loops": 1, "Plans": [\(scan("lookup_1_2", loops: 1)), \(scan("lookup_2_3", loops: 1))]},
            {"Node Type": "Append", "Parent Relationship": "Inner", "Actual Rows": 1, "Actual Loops": 3, "Plans": [
              \(scan("messages_1_2", loops: 2, rows: 1, hit: 8)), \(scan("messages_2_3", loops: 0)),
              \(scan("messages_3_4", loops: 1, planned: 4, hit: 3))]}]}]}}]
        """

    @Test func theOutlineFollowsTheRows() throws {
        #expect(try PlanDocument.read(Self.byHash).plan.outline == "Limit > Nested Loop > Append > Index Scan")
    }

    @Test func partitionsThatAreReadAlikeAreOneLine() throws {
        let lines = try PlanDocument.read(Self.byHash).plan.lines
        #expect(
            lines.map { "\($0.depth) \($0.what), \($0.nodes)" } == [
                "0 Limit, 1", "1 InitPlan: Result, 1", "2 Index Scan on lookup using lookup_pkey, 1",
                "1 Nested Loop, 1", "2 Append, 1", "3 Index Scan on lookup using lookup_pkey, 2", "2 Append, 1",
                "3 Index Scan on messages using messages_pkey, 3",
            ])
        let messages = try #require(lines.last)
        #expect(messages.nodesExecuted == 2 && messages.executions == 3 && messages.blocks == 11)
        // Two executions with one row each and one without: one, one and four were expected.
        #expect(messages.rows == 2 && messages.estimatedRows == 6)
        #expect(lines.map(\.pruned) == [nil, nil, nil, nil, 1, nil, nil, nil])
        #expect(lines.first?.blocks == nil && lines.first?.rows == 2 && lines.first?.estimatedRows == 5)
    }

    @Test func anotherIndexIsAnotherPlan() throws {
        func plan(_ index: String) throws -> PlanNode {
            try PlanDocument.read(
                """
                [{"Plan": {"Node Type": "Index Scan", "Relation Name": "messages_1_2", "Index Name": "\(index)"}}]
                """
            ).plan
        }
        let time = try plan("messages_1_2_timestamp_idx")
        #expect(time.shape == "Index Scan messages using messages_timestamp_idx")
        #expect(try plan("messages_7_8_timestamp_idx").fingerprint == time.fingerprint)
        #expect(try plan("messages_1_2_pkey").fingerprint != time.fingerprint)
        #expect(time.lines.map(\.what) == ["Index Scan on messages using messages_timestamp_idx"])
        #expect(time.lines.first?.nodesExecuted == nil && time.lines.first?.rows == nil)
    }

    @Test func aPlanOfCountlessLinesIsCut() throws {
        let scans = (0..<150).map { #"{"Node Type": "Seq Scan", "Relation Name": "m\#($0)x"}"# }
        let lines = try PlanDocument.read(
            #"[{"Plan": {"Node Type": "Append", "Plans": [\#(scans.joined(separator: ", "))]}}]"#
        ).plan.lines
        #expect(lines.count == 101 && lines.last?.what == "51 more lines, left out")
    }

    @Test func aPlanWithoutAppendHasNoPartitions() throws {
        let plan = try PlanDocument.read(
            #"{"Query Text": "q", "Plan": {"Node Type": "ModifyTable", "Plans": [{"Node Type": "Result"}]}}"#)
        #expect(plan.plan.partitions == nil)
        #expect(plan.queryText == "q")
        #expect(throws: (any Error).self) { try PlanDocument.read("{}") }
    }

    /// Planning has left one partition, and with it no Append.
    @Test(arguments: [
        (name: "messages_1_2", loops: 1, found: [1, 1]), ("messages_1_2", 0, [1, 0]), ("version", 1, nil),
    ])
    func aScanOfOnePartitionIsOne(_ scan: (name: String, loops: Int, found: [Int]?)) throws {
        let plan = try PlanDocument.read(
            """
            [{"Plan": {"Node Type": "Limit", "Actual Loops": 1, "Plans": [
              {"Node Type": "Index Scan", "Relation Name": "\(scan.name)", "Actual Loops": \(scan.loops)}]}}]
            """)
        #expect(plan.plan.partitions.map { [$0.planned, $0.executed] } == scan.found)
    }

    @Test func changingAPartitionIsNoScan() throws {
        let plan = try PlanDocument.read(
            """
            [{"Plan": {"Node Type": "ModifyTable", "Relation Name": "messages_1_2", "Actual Loops": 1, "Plans": [
              {"Node Type": "Result", "Actual Loops": 1}]}}]
            """)
        #expect(plan.plan.partitions == nil)
    }
}
