import FoundationEssentials
import TestSupport
import Testing

/// One request by hand: `put` and `query`.
@Suite(.ownThreads) struct ByHandTests {
    private static let workload = """
        archivebench: workload/1
        name: nothing
        summary: an archive without history
        archive-epoch: 2026-01-05T18:00:00Z
        topics: [{name: all, shard: 16/32, count: 20}]
        messages:
          streams:
            - {name: only, arrivals: {process: poisson, rate: 1/s}, to: [{topics: all}], classes: [{name: chat, payload: {constant: 200B}}]}
        history: {partitions: 1, rows: 0}
        phases: {warm-up: 1s, measure: 3s, drain-limit: 5s}
        """
    private static let variant = """
        archivebench: variant/1
        name: small
        summary: small
        settings: {shared_buffers: 32MB, fsync: off}
        """

    /// Three messages of two hours that have no partition, one of them twice, and one that is ephemeral.
    private static let messages = [
        line("Cf8A", 1_767_700_800_000_000_000), line("AQ==", 1_767_700_860_000_000_000, ", \"meta\": \"AgM=\""),
        line("AQ==", 1_767_700_860_000_000_000, ", \"meta\": \"AgM=\""), line("Ag==", 1_767_705_000_000_000_000),
        line("Aw==", 1_767_705_000_000_000_000, ", \"ephemeral\": true"),
    ]

    private static func line(_ payload: String, _ time: Int, _ more: String = "") -> String {
        """
        {"shard": "16/32", "contentTopic": "/app/1/chat/proto", "payload": "\(payload)", "timestamp": \(time)\(more)}
        """
    }

    private struct Delivered: Decodable {
        struct Outcome: Decodable, Equatable {
            let line: Int
            let messageHash, fate: String
        }

        let partitions: [String]
        let messages: [Outcome]
        let complete: Bool
    }

    private struct Answer: Decodable {
        struct Entry: Decodable {
            let messageHash: String
            let message: Content?
            let pubsubTopic: String?
        }

        struct Content: Decodable {
            let payload, contentTopic: String
            let meta: String?
            let version: Int
            let timestamp: Int64
            let ephemeral: Bool
        }

        let requestId, statusDesc: String
        let statusCode: Int
        let messages: [Entry]
        let paginationCursor: String?
    }

    private func read<Value: Decodable>(_ ending: Tool.Ending, as type: Value.Type = Value.self) throws -> Value {
        #expect(ending.status == 0, "\(ending.error)")
        return try JSONDecoder().decode(type, from: Data(ending.out.utf8))
    }

    /// Hashes as BYTEA besides.
    @Test(arguments: [
        ("7", ""), ("8", ""), ("8", "\nsql: {patch: hash-bytea, undo: hash-bytea-undo}\ndriver: {hashes: bytea}"),
    ])
    func whatIsPutIsAnswered(_ schema: String, _ more: String) async throws {
        let (tool, folder) = (Tool(), try TemporaryFolder())
        let file = try folder.write(Self.messages.joined(separator: "\n"), as: "m.jsonl")
        for script in ["hash-bytea.sql", "hash-bytea-undo.sql"] {
            _ = try folder.write(readText("\(packageRoot)/sql/suggestions/\(script)"), as: script)
        }
        let up = try await tool.run([
            "up", try folder.write(Self.workload, as: "w.yaml"), "--variant",
            try folder.write(Self.variant + more, as: "v.yaml"), "--schema", schema,
        ])
        let id = String(try #require(up.out.firstMatch(of: #/Cluster (\w+) is running/#), "\(up.error)").output.1)
        let delivered: Delivered = try read(await tool("put", "--cluster", id, "--from", file, "--json"))
        #expect(delivered.complete && delivered.messages.map(\.line) == [1, 2, 3, 4, 5])
        #expect(delivered.messages.map(\.fate) == ["stored", "stored", "duplicate", "stored", "ephemeral"])
        #expect(delivered.partitions == ["messages_1767700800_1767704400", "messages_1767704400_1767708000"])
        let hashes = delivered.messages.map(\.messageHash)

        // The dry run knows the hashes without a server, and a second put finds everything there.
        let dry: Delivered = try read(await tool("put", "--from", file, "--dry-run", "--json"))
        #expect(dry.messages.map(\.messageHash) == hashes && dry.partitions.isEmpty && !dry.complete)
        let again = try await tool("put", "--cluster", id, "--from", file)
        let words = ["duplicate", "duplicate", "duplicate", "duplicate", "not stored: ephemeral"]
        #expect(again.out == zip(hashes, words).map { "\($0)  \($1)\n" }.joined())
        #expect(again.error == "4 duplicate, 1 not stored: ephemeral\n")

        try await asks(tool, id, hashes)
        let ending = try await tool("clean", id)
        #expect(ending.out == "removed \(id)\n" && tool.isClean())
    }

    private func asks(_ tool: Tool, _ id: String, _ hashes: [String]) async throws {
        let stored = [hashes[0], hashes[1], hashes[3]]
        let page: Answer = try read(
            await tool(
                "query", "--cluster", id, "--shard", "16/32", "--include-data", "--page-size", "2", "--request-id", "0a"
            ))
        #expect(page.messages.map(\.messageHash) == Array(stored.prefix(2)) && page.paginationCursor == stored[1])
        #expect(page.statusCode == 200 && page.statusDesc == "OK" && page.requestId == "0a")
        let second = try #require(page.messages.last?.message)
        #expect(second.payload == "AQ==" && second.meta == "AgM=" && second.contentTopic == "/app/1/chat/proto")
        #expect(second.timestamp == 1_767_700_860_000_000_000 && second.version == 0 && !second.ephemeral)
        #expect(page.messages.allSatisfy { $0.pubsubTopic == "/waku/2/rs/16/32" })
        let next: Answer = try read(await tool("query", "--cluster", id, "--shard", "16/32", "--cursor", stored[1]))
        #expect(next.messages.map(\.messageHash) == [stored[2]] && next.paginationCursor == nil)
        #expect(next.messages.allSatisfy { $0.message == nil && $0.pubsubTopic == nil })
        let newest: Answer = try read(
            await tool(
                "query", "--cluster", id, "--backward", "--page-size", "1", "--end", "2026-01-06T12:59:59Z",
                "--content-topic", "/app/1/chat/proto"))
        #expect(newest.messages.map(\.messageHash) == [stored[1]] && newest.paginationCursor == stored[1])
        let byHash: Answer = try read(await tool("query", "--cluster", id, "--hash", "\(stored[0]),\(stored[2])"))
        #expect(byHash.messages.map(\.messageHash) == [stored[2], stored[0]])
        #expect(byHash.messages.allSatisfy { $0.message == nil })

        let unknown = "0x" + String(repeating: "ab", count: 32)
        let missing = try await tool("query", "--cluster", id, "--cursor", unknown)
        #expect(missing.status == 2 && missing.out.isEmpty)
        #expect(missing.error == "archivebench: the cursor is no message of the archive (cursor-missing)\n")
        let plans = try await tool("query", "--cluster", id, "--shard", "16/32", "--cursor", stored[1], "--explain")
        #expect(plans.status == 0 && plans.out.contains("\"Execution Time\""), "\(plans.error)")
        struct Plan: Decodable { let shape, text: String }
        let shapes = try JSONDecoder().decode([Plan].self, from: Data(plans.out.utf8)).map(\.shape)
        #expect(shapes == ["lookup.timestamp", "query.hashes.next"])
    }

    /// Where each shard has a database, one of them is named.
    @Test func aDatabaseOfSeveralIsNamed() async throws {
        let (tool, folder) = (Tool(), try TemporaryFolder())
        let workload =
            Self.workload.replacing("name: nothing", with: "name: divided")
            .replacing("{name: all, shard: 16/32, count: 20}", with: "{name: all, shard: 16/32..33, count: 20}")
            + "\nwriters: {count: 1, databases: per-shard}"
        let up = try await tool.run([
            "up", try folder.write(workload, as: "w.yaml"), "--variant", try folder.write(Self.variant, as: "v.yaml"),
        ])
        let id = String(try #require(up.out.firstMatch(of: #/Cluster (\w+) is running/#), "\(up.error)").output.1)
        let unnamed = try await tool("query", "--cluster", id)
        #expect(
            unnamed.status == 2 && unnamed.error.contains("--database: archive_16_32, archive_16_33"),
            "\(unnamed.error)")
        let file = try folder.write(Self.messages[0].replacing("16/32", with: "16/33"), as: "m.jsonl")
        let put = try await tool("put", "--cluster", id, "--database", "archive_16_33", "--from", file)
        #expect(put.status == 0 && put.error.hasSuffix("1 stored\n"), "\(put.error)")
        for (database, count) in [("archive_16_32", 0), ("archive_16_33", 1)] {
            let found: Answer = try read(await tool("query", "--cluster", id, "--database", database))
            #expect(found.messages.count == count)
        }
        let unknown = try await tool("query", "--cluster", id, "--database", "archive")
        #expect(unknown.status == 2 && unknown.error.contains("has archive_16_32, archive_16_33"), "\(unknown.error)")
        _ = try await tool("clean", id)
        #expect(tool.isClean())
    }

    @Test func statementsAreShownWithoutAServer() async throws {
        let tool = Tool()
        let cursor = String(repeating: "ab", count: 32)
        let ending = try await tool("query", "--shard", "16/32", "--cursor", cursor, "--sql")
        #expect(
            ending.out == """
                -- 1  lookup.timestamp, prepared as SelectMessageByHashInMessagesLookup
                --    $1 = '\(cursor)'
                SELECT timestamp FROM messages_lookup
                    WHERE messageHash = $1

                -- 2  query.hashes.next, simple protocol; :'cursor_timestamp' is the timestamp of the statement before
                /* requestId= */ SELECT messageHash FROM messages WHERE (timestamp, messageHash) > \
                (:'cursor_timestamp','\(cursor)') AND pubsubTopic = '/waku/2/rs/16/32' \
                ORDER BY timestamp ASC, messageHash ASC LIMIT '21'

                """)
        struct Statement: Decodable { let shape: String }
        let json = try await tool("query", "--hash", cursor, "--sql", "--json")
        #expect(try JSONDecoder().decode([Statement].self, from: Data(json.out.utf8)).map(\.shape) == ["query.by-hash"])
    }

    @Test(arguments: [
        BadInputTests.Case(arguments: ["query"], status: 2, words: "--cluster"),
        BadInputTests.Case(arguments: ["query", "--cluster", "no-such"], status: 2, words: "no such kept cluster"),
        BadInputTests.Case(arguments: ["query", "--sql", "--explain"], status: 2, words: "choose one of them"),
        BadInputTests.Case(
            arguments: ["query", "--sql", "--shard", "16"], status: 2, words: "--shard: '16' is not a shard"),
        BadInputTests.Case(arguments: ["query", "--sql", "--hash", "x"], status: 2, words: "--hash: message hash 'x'"),
        BadInputTests.Case(
            arguments: ["query", "--sql", "--start", "now"], status: 2, words: "--start: 'now' is not a time"),
        BadInputTests.Case(
            arguments: ["query", "--sql", "--start", "9999-01-01T00:00:00Z"], status: 2, words: "beyond the year 2250"),
        BadInputTests.Case(arguments: ["query", "--sql", "--page-size=-1"], status: 2, words: "use 0 or more"),
        BadInputTests.Case(
            arguments: ["query", "--sql", "--timeout", "0s"], status: 2, words: "--timeout 0s: use 1ms to 24d"),
        BadInputTests.Case(
            arguments: ["query", "--sql", "--request-id", "a'b"], status: 2,
            words: "could be read as SQL (driver-refused)"),
        BadInputTests.Case(
            arguments: ["query", "--sql", "--cursor", String(repeating: "0", count: 64)], status: 2,
            words: "a cursor of zeros only (driver-refused)"),
        BadInputTests.Case(arguments: ["put"], status: 2, words: "--from"),
        BadInputTests.Case(
            arguments: ["put", "--from", "/nonexistent"], status: 2, words: "/nonexistent: no such file"),
    ])
    func wrongWordsAreTold(_ wrong: BadInputTests.Case) async throws {
        let tool = Tool()
        let ending = try await tool.run(wrong.arguments)
        #expect(ending.status == wrong.status && ending.out.isEmpty)
        #expect(ending.error.contains(wrong.words) && ending.error.split(separator: "\n").count == 1, "\(ending.error)")
        #expect(tool.isClean())
    }

    @Test func allWrongLinesAreToldBeforeAnythingIsOpened() async throws {
        let (tool, folder) = (Tool(), try TemporaryFolder())
        let wrong = Self.messages[0].replacing("Cf8A", with: "?")
        let file = try folder.write([Self.messages[0], wrong, "{", wrong].joined(separator: "\n"), as: "m.jsonl")
        let ending = try await tool("put", "--cluster", "no-such", "--from", file)
        #expect(ending.status == 2 && ending.out.isEmpty)
        #expect(
            ending.error.split(separator: "\n").map { $0.dropFirst(file.count).prefix(3) } == [":2:", ":3:", ":4:"])
    }
}
