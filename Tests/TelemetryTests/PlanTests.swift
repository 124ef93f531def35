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
