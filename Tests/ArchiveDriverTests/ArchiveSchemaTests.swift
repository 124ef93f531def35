import ArchiveDriver
import PostgresClient
import TestSupport
import Testing
import WakuModel
import Workload

@Suite(.ownThreads) struct ArchiveSchemaTests {
    private static let epoch = 1_767_636_000

    private func lines(_ connection: Connection, _ sql: String) throws -> [String] {
        try connection.run(sql).map { $0.map { $0 ?? "NULL" }.joined(separator: " ") }
    }

    @Test(arguments: [7, 8]) func tablesHaveColumnsAndHistoryOfTheNode(_ version: Int) async throws {
        let connection = try Connection.open(
            try await TestServers.archive(schema: version, partitionsFrom: Self.epoch, hours: 1))
        let columns = """
            SELECT attnum, attname, atttypid::regtype, attnotnull FROM pg_attribute
            WHERE attrelid = '%'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum
            """
        func of(_ table: String) -> String { columns.split(separator: "%").joined(separator: table) }
        // The hole at 5 is the timestamp that version 6 dropped; a partition made afterwards has none.
        #expect(
            try lines(connection, of("messages")) == [
                "1 pubsubtopic character varying t", "2 contenttopic character varying t",
                "3 payload character varying f", "4 version integer t", "6 id character varying t",
                "7 messagehash character varying t", "8 timestamp bigint t", "9 meta character varying f",
            ])
        #expect(
            try lines(connection, of("messages_\(Self.epoch)_\(Self.epoch + 3_600)")).map {
                $0.split(separator: " ")[0]
            }
                == ["1", "2", "3", "4", "5", "6", "7", "8"])
        #expect(
            try lines(connection, of("messages_lookup"))
                == ["1 timestamp bigint t", "2 messagehash character varying t"])
        #expect(try connection.value("SELECT version FROM version") == String(version))
    }

    @Test(arguments: [7, 8]) func indexesAreTheVersions(_ version: Int) async throws {
        let connection = try Connection.open(
            try await TestServers.archive(schema: version, partitionsFrom: Self.epoch, hours: 1))
        let (start, end) = (Self.epoch, Self.epoch + 3_600)
        let names = try lines(
            connection, "SELECT indexname FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1")
        let partition = ["contenttopic_idx", "messagehash_idx", "pkey", "pubsubtopic_idx", "timestamp_idx"]
            .map { "messages_\(start)_\(end)_\($0)" }
        let parents = [
            "idx_messages_messagehash", "idx_messages_timestamp", "idx_query_contenttopic", "idx_query_pubsubtopic",
            "messageindex", "messageindexlookuptable",
        ]
        let lookup =
            version == 7
            ? ["idx_messages_lookup_messagehash", "idx_messages_lookup_timestamp"] : ["lookup_\(start)_\(end)_pkey"]
        #expect(names.sorted() == (partition + parents + lookup).sorted())
    }

    @Test(arguments: [7, 8]) func partitionsHaveTheDocumentedBounds(_ version: Int) async throws {
        let connection = try Connection.open(
            try await TestServers.archive(schema: version, partitionsFrom: Self.epoch, hours: 2))
        let bounds = try lines(
            connection,
            """
            SELECT c.relname, pg_get_expr(c.relpartbound, c.oid) FROM pg_class c
            WHERE c.relispartition AND c.relkind = 'r' ORDER BY 1
            """)
        let expected = HourPartition.hours(2, from: Self.epoch).flatMap { hour in
            (version == 8 ? [hour.lookup] : []).map {
                "\($0) FOR VALUES FROM ('\(hour.start)000000000') TO ('\(hour.end)000000000')"
            } + ["\(hour.messages) FOR VALUES FROM ('\(hour.start)000000000') TO ('\(hour.end)000000000')"]
        }
        #expect(bounds == expected.sorted())
        // The check that made attaching cheap is gone again.
        #expect(
            try connection.value(
                "SELECT COUNT(*) FROM pg_constraint WHERE contype = 'c' AND connamespace = 'public'::regnamespace")
                == "0")
        #expect(
            try connection.value(
                """
                SELECT COUNT(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
                WHERE l.locktype = 'advisory' AND d.datname = current_database()
                """) == "0")
    }

    @Test func aBusyAdvisoryLockIsAnErrorAndChangesNothing() async throws {
        let parameters = try await TestServers.archive(schema: 8, partitionsFrom: Self.epoch, hours: 1)
        let (holder, other) = (try Connection.open(parameters), try Connection.open(parameters))
        let schema = try ArchiveSchema(version: 8, folder: "\(packageRoot)/sql/schema")
        try holder.run("SELECT pg_advisory_lock(123456789)")
        #expect(throws: PostgresError.self) {
            try HourPartition.hours(1, from: Self.epoch + 3_600)[0].create(on: other, schema)
        }
        #expect(try other.value("SELECT COUNT(*) FROM pg_inherits") != "0")
        #expect(try other.value("SELECT to_regclass('messages_\(Self.epoch + 3_600)_\(Self.epoch + 7_200)')") == nil)
    }

    @Test func unsupportedVersionsAndMissingScriptsAreTold() {
        #expect(throws: ArchiveSchema.Problem.self) {
            try ArchiveSchema(version: 6, folder: "\(packageRoot)/sql/schema")
        }
        #expect(throws: ArchiveSchema.Problem.self) { try ArchiveSchema(version: 8, folder: "/nonexistent") }
    }

    @Test(arguments: [7, 8]) func historyIsWhatTheTrafficSays(_ version: Int) async throws {
        let spec = try TestWorkloads.everything(rows: 500, partitions: 3)
        let parameters = try await TestServers.database()
        let connection = try Connection.open(parameters)
        let schema = try ArchiveSchema(version: version, folder: "\(packageRoot)/sql/schema")
        try schema.install(on: connection)
        let traffic = Traffic(spec, seed: 1)
        var reported = 0
        try HistoryLoader(traffic, schema: schema, connection: connection).load { rows in
            reported = rows
            return true
        }
        #expect(reported == 500)
        #expect(try ArchiveInspector(connection).partitionCount() == 5)
        let (topic, message) = traffic.message(123)
        let reply = try ArchiveSession(connection).ask(StoreQuery(hashes: [message.hash(on: topic)]))
        #expect(reply.rows.first?.timestamp == message.timestamp)
        #expect(reply.rows.first?.payload?.utf8.count == message.payload.count * 2)
        for table in ["messages", "messages_lookup"] {
            #expect(try connection.value("SELECT COUNT(*) FROM \(table)") == "500")
        }
        // Statistics as a node leaves them: of the messages, never of the look-up table.
        #expect(try connection.value("SELECT COUNT(*) > 0 FROM pg_stats WHERE tablename = 'messages'") == "t")
        #expect(
            try connection.value(
                "SELECT COUNT(*) FROM pg_stats WHERE tablename LIKE '%lookup%'") == "0")
        #expect(throws: HistoryLoader.Stopped.self) {
            try HistoryLoader(traffic, schema: schema, connection: connection).load { _ in false }
        }
    }
}
