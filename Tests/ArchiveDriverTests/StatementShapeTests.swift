import ArchiveDriver
import LinuxSystem
import PostgresClient
import TestSupport
import Testing
import WakuModel
import Workload

@Suite(.ownThreads) struct StatementShapeTests {
    @Test func nodesStatementsHaveNames() {
        let book = StatementBook()
        let statements: [ArchiveStatement] = [
            .insertRow, .insertLookup, .timestampOfHash, .hashesByAllAscending, .hashesByAllDescending,
        ]
        #expect(
            statements.map { StatementShapes.name(of: String(cString: book.text($0))) } == [
                "messages.insert", "lookup.insert", "lookup.timestamp", "query.hashes.first", "query.hashes.first",
            ])
    }

    @Test func normalisedTextsHaveNames() {
        let page =
            "/* requestId=4fa3 */ SELECT messageHash, pubsubTopic, contentTopic, payload, version, timestamp, meta FROM messages  WHERE"
        #expect(
            StatementShapes.name(of: "\(page) contentTopic IN ($1 /*, ... */) AND timestamp >= $2")
                == "query.page.first")
        #expect(
            StatementShapes.name(of: "\(page) (timestamp, messageHash) > ($1,$2) AND contentTopic") == "query.page.next"
        )
        #expect(StatementShapes.name(of: "/* requestId= */ SELECT COUNT($1) FROM messages") == "job.message-count")
    }

    @Test func statementsOfOthersHaveNone() {
        for text in ["SELECT 1", "INSERT INTO messages2 VALUES (1)", "SELECT * FROM pg_stat_activity", "", "/* open"] {
            #expect(StatementShapes.name(of: text) == nil, "\(text)")
        }
    }

    @Test(arguments: [7, 8]) func partitionStatementsHaveNames(_ version: Int) throws {
        let schema = try ArchiveSchema(version: version, folder: "\(packageRoot)/sql/schema")
        let partition = HourPartition(start: 3_600, end: 7_200)
        let made = partition.creation(schema)
        #expect(made.table.allSatisfy { StatementShapes.name(of: $0) == "partition.create" })
        #expect(
            made.attachment.map(StatementShapes.name) == [
                "partition.constraint", "partition.attach", "partition.constraint",
            ])
    }

    /// Every job of a node, each of its statements answered with nothing.
    @Test(arguments: ClockworkSpec.JobKind.allCases) func jobsStatementsHaveNames(_ kind: ClockworkSpec.JobKind) throws
    {
        var clockwork = ClockworkSpec.standard
        clockwork.setRetention([.time(seconds: 3_600), .size(bytes: 1), .capacity(messages: 1)])
        let schema = try ArchiveSchema(version: 8, folder: "\(packageRoot)/sql/schema")
        for answer in [[], [["messages_3600_7200"]], [["t"]], [["900"]]] as [[[String?]]] {
            let job = MaintenanceJob(kind, clockwork, schema, now: 900_000_000_000_000)
            var statements = 0
            while let step = job.next, statements < 50 {
                #expect(StatementShapes.name(of: step.text) != nil, "\(step.text)")
                job.take(.rows(answer, affected: 0))
                statements += 1
            }
            #expect(statements > 0)
        }
    }

    @Test func maintenanceIsToldAndReadBack() throws {
        let text = "/* requestId= */ ALTER TABLE messages DETACH PARTITION messages_3600_7200 CONCURRENTLY;"
        let statement = try #require(MaintenanceStatement(text, node: 1, duration: 12_345_000))
        #expect(statement.what == "node 1: partition.detach, messages_3600_7200")
        #expect(MaintenanceStatement(detail: statement.detail) == statement)
        #expect(MaintenanceStatement("SELECT version();", node: 0, duration: 1) == nil)
        #expect(MaintenanceStatement(detail: "lost") == nil)
    }

    /// The statements that the documentation names, by the behaviours that send them.
    static let sent: [(words: String, shapes: Set<String>)] = [
        (
            "", queries.union(["messages.insert", "lookup.insert", "query.by-hash"])
        ),
        ("put: transaction, queries: prepared", queries.union(["messages.insert", "lookup.insert", "query.by-hash"])),
        ("put: one-statement, by-hash: bounded", queries.union(["put.one-statement", "query.by-hash-bounded"])),
        (
            "put: batched, by-hash: bounded-first, queries: prepared, lists: array",
            queries.union(["put.multi-row", "lookup.bounds", "query.by-hash-between"])
        ),
        ("put: batched, batch: {form: unnest}", queries.union(["put.unnest", "query.by-hash"])),
        ("put: batched, batch: {form: copy}", queries.union(["put.staged", "query.by-hash"])),
        ("hashes: bytea", queries.union(["messages.insert", "lookup.insert", "query.by-hash"])),
        (
            "hashes: bytea, put: batched, batch: {form: unnest}, by-hash: bounded-first, queries: prepared, "
                + "lists: array",
            queries.union(["put.unnest", "lookup.bounds", "query.by-hash-between"])
        ),
        (
            "hashes: bytea, put: batched, batch: {form: copy}, by-hash: bounded",
            queries.union(["put.staged", "query.by-hash-bounded"])
        ),
    ]
    private static let queries: Set<String> = [
        "query.page.first", "query.page.next", "query.hashes.first", "query.hashes.next", "lookup.timestamp",
    ]

    @Test(arguments: sent.indices) func eachStatementHasAnInstance(_ index: Int) async throws {
        let (words, shapes) = Self.sent[index]
        let behaviour = try words.isEmpty ? DriverBehaviour.faithful : Behaviours.read(words)
        let start = 1_767_636_000
        let parameters = try await TestServers.archive(schema: 8, partitionsFrom: start, hours: 1)
        let connection = try Connection.open(parameters)
        #expect(try StatementInstances(connection, behaviour: behaviour).visit { _ in } == false, "an empty archive")
        let session = ArchiveSession(try Connection.open(parameters))
        let topic = try PubsubTopic("/waku/2/rs/16/32")
        for number in 0..<3 {
            try session.put(
                Message(
                    payload: [UInt8(number)], contentTopic: try ContentTopic("/waku/1/0x0a0b0c0d/rfc26"), meta: [],
                    version: 1, timestamp: Int64(start) * 1_000_000_000 + Int64(number)), on: topic)
        }
        try Behaviours.prepare(connection, hashes: behaviour.hashes.rawValue)
        var seen: [String] = []
        let hadMessages = try StatementInstances(connection, behaviour: behaviour).visit { instance in
            let plan = try connection.run("EXPLAIN (ANALYZE, FORMAT JSON) \(instance.text)")
            #expect(plan.first?.first??.contains("\"Node Type\"") == true)
            seen.append(instance.shape)
        }
        #expect(hadMessages)
        #expect(Set(seen) == shapes && seen.count == shapes.count, "\(seen)")
        #expect(try TestServers.count(parameters, "messages") == 3, "what was explained was rolled back")
        #expect(try TestServers.count(parameters, "messages_lookup") == 3)
    }
}
