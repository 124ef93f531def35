import LinuxSystem
import PostgresClient
import TestSupport
import Testing

@Suite(.ownThreads) struct PipelineTests {
    private func connection() async throws -> Connection {
        let connection = try Connection.open(try await TestServers.database())
        try connection.run("CREATE TABLE numbers (n int8 PRIMARY KEY)")
        try connection.sendPrepare(name: "insert", text: "INSERT INTO numbers VALUES ($1)")
        try connection.collect(statement: "prepare") { _ throws(PostgresError) in }
        return connection
    }

    /// Waits for one result more; `nil` for the end of a statement.
    private func next(_ connection: Connection) throws -> (kind: QueryResult.Kind, state: String?)? {
        while true {
            switch connection.nextReply() {
            case .incomplete:
                Clock.pause(1_000_000)
                try connection.readInput()
                _ = try connection.flush()
            case .done: return nil
            case .result(let result): return (result.kind, result.sqlState)
            }
        }
    }

    @Test func statementsBetweenTwoSyncsShareATransaction() async throws {
        let connection = try await connection()
        let values = BoundParameters()
        try connection.enterPipeline()
        // The second 1 breaks its group: the first 1 of the same group goes, too, and 2 is not executed.
        for group in [[1, 1, 2], [3]] {
            for number in group {
                values.clear()
                values.addBinary(Int64(number))
                try connection.sendPrepared(name: "insert", values)
            }
            try connection.sendSync()
        }
        var seen: [String] = []
        while seen.count(where: { $0 == "pipelineSync" }) < 2 {
            guard let result = try next(connection) else {
                seen.append("end")
                continue
            }
            seen.append(result.state ?? "\(result.kind)")
        }
        #expect(
            seen == [
                "command", "end", "23505", "end", "pipelineAborted", "end", "pipelineSync", "command", "end",
                "pipelineSync",
            ])
        try connection.leavePipeline()
        #expect(try connection.run("SELECT n FROM numbers") == [["3"]])
    }

    @Test func binaryValuesGoInAndOut() async throws {
        let connection = try Connection.open(try await TestServers.database())
        let text = "SELECT $1::int8, $2::int4, $3::text, NULL::int8, (-7)::int2, $1::int8 = $4::int8"
        try connection.sendPrepare(name: "echo", text: text)
        try connection.collect(statement: "prepare") { _ throws(PostgresError) in }
        let values = BoundParameters()
        for binaryResults in [true, false] {
            values.clear()
            values.addBinary(Int64.min + 1)
            values.addBinary(Int32(-3))
            values.addBinary { $0.append("a\u{e9}" as StaticString) }
            values.add { $0.append(Int64.min + 1) }
            #expect(values.redacted == "$1: 8 bytes, $2: 4 bytes, $3: 3 bytes, $4: 20 bytes")
            try connection.sendPrepared(name: "echo", values, binaryResults: binaryResults)
            try connection.collect(statement: "echo") { result throws(PostgresError) in
                #expect(result.isBinary(0) == binaryResults)
                #expect(result.integer(0, 0) == Int64.min + 1)
                #expect(result.integer(0, 1) == -3)
                #expect(result.text(0, 2) == "a\u{e9}")
                #expect(result.integer(0, 3) == nil && result.isNull(0, 3))
                #expect(result.integer(0, 4) == -7)
                #expect(result.bytes(0, 5)[0] == (binaryResults ? 1 : UInt8(ascii: "t")))
            }
        }
    }

    @Test func rowsComeOneAtATime() async throws {
        let connection = try Connection.open(try await TestServers.database())
        try connection.sendSimple("SELECT generate_series(1, 5)")
        #expect(connection.takeSingleRows())
        var rows: [Int64] = []
        var last: (kind: QueryResult.Kind, rows: Int)?
        try connection.collect(statement: "series") { result throws(PostgresError) in
            if result.kind == .singleRow { rows.append(result.integer(0, 0) ?? -1) }
            last = (result.kind, result.rowCount)
        }
        #expect(rows == [1, 2, 3, 4, 5])
        #expect(last?.kind == .rows && last?.rows == 0)
    }

    @Test func copyOutHandsOutEachRow() async throws {
        let connection = try Connection.open(try await TestServers.database())
        var lines: [String] = []
        try connection.copyOut("COPY (SELECT n, n * n FROM generate_series(1, 3) n) TO STDOUT") {
            lines.append(String(decoding: $0, as: UTF8.self))
        }
        #expect(lines == ["1\t1\n", "2\t4\n", "3\t9\n"])
        #expect(throws: PostgresError.self) { try connection.copyOut("COPY no_such_table TO STDOUT") { _ in } }
        #expect(throws: PostgresError.self) { try connection.copyOut("SELECT 1") { _ in } }
        #expect(try connection.value("SELECT 2") == "2")
    }
}
