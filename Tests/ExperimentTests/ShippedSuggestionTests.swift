import ArchiveDriver
import Experiment
import LinuxSystem
import PostgresClient
import RunRecord
import TestSupport
import Testbed
import Testing
import WakuModel
import Workload

@Suite(.ownThreads) struct ShippedSuggestionTests {
    private static let folder = "\(packageRoot)/Workloads/variants"
    private static let bases: Set<String> = ["compose", "sandbox", "status-prod"]

    private static func read(_ name: String) throws -> (Variant, SuggestionDescription?) {
        var driver = DriverBehaviour.faithful
        let variant = try Variant(path: "\(folder)/\(name).yaml") { driver = DriverBehaviour(variant: $0) }
        return (variant, SuggestionDescription(variant, driver: driver))
    }

    private static var names: [String] {
        TestSupport.names(in: folder).map { String($0.dropLast(".yaml".count)) }.sorted()
    }

    @Test func eachVariantIsABaseOrASuggestionThatChangesSomething() throws {
        #expect(Self.names.count > 40)
        for name in Self.names {
            let (variant, description) = try Self.read(name)
            #expect(variant.name == name)
            guard !Self.bases.contains(name) else {
                #expect(variant.suggestion == nil && description == nil)
                continue
            }
            let found = try #require(description, "\(name)")
            #expect(Self.bases.contains(found.base) && !found.changes.isEmpty, "\(name)")
            // One honest sentence each.
            for words in [found.expectation, found.risk] { #expect(words.hasSuffix("."), "\(name): \(words)") }
        }
    }

    @Test func aDescriptionSaysWhatChanges() throws {
        let locks = try #require(try Self.read("max-locks").1)
        #expect(locks.base == "compose" && locks.changes == ["max_locks_per_transaction: 64 → 2160"])
        #expect(locks.undo == "set back")
        let jit = try #require(try Self.read("jit-off").1)
        #expect(jit.changes == ["jit: the server's default → off"])
        let index = try #require(try Self.read("index-drop-shard").1)
        #expect(index.changes == ["index-drop-shard.sql: Drops the index on the shard alone."])
        #expect(index.undo == "index-drop-shard-undo.sql")
        #expect(try Self.read("analyze-lookup").1?.undo == nil)
        #expect(try Self.read("schema-7").1?.changes == ["schema: 8 → 7"])
        #expect(try Self.read("schema-7").1?.undo == nil)
        #expect(try Self.read("put-transaction").1?.changes.first?.hasPrefix("put: Begin, InsertRow") == true)
        #expect(try Self.read("postgres-18").1?.changes == ["PostgreSQL: the newest installed → 18"])
    }

    /// The server of this machine takes the settings of each, those for another version and of optional parts aside.
    @Test func theServerTakesTheirSettings() async throws {
        let installation = try await TestServers.installation()
        for name in Self.names {
            let variant = try Self.read(name).0
            if let major = variant.postgresMajor, major != installation.major { continue }
            let own = Set(variant.changedSettings.map(\.name))
            var changes = variant
            changes.settings.removeAll { !own.contains($0.name) }
            if installation.major < 15 && name == "wal-compression-lz4" { continue }
            try await SettingsCheck.check(changes, on: installation)
        }
    }

    // MARK: Patches

    /// Seventeen hours of a Tuesday, a whole Wednesday, and three hours of the Thursday on which a week since 1970 begins.
    private static let epoch = 1_767_682_800
    private static let hours = 44

    private func makeArchive(_ version: Int, _ cluster: ManagedCluster) async throws {
        try await cluster.dropDatabase(named: ClusterRecord.database)
        try await cluster.createDatabase()
        let connection = try Connection.open(cluster.record.parameters())
        let schema = try ArchiveSchema(version: version, folder: "\(packageRoot)/sql/schema")
        try schema.install(on: connection)
        let session = ArchiveSession(connection)
        for (number, partition) in HourPartition.hours(Self.hours, from: Self.epoch).enumerated() {
            try partition.create(on: connection, schema)
            try session.put(
                Message(
                    payload: [UInt8(number)], contentTopic: try ContentTopic("/waku/1/0x00000001/rfc26"),
                    timestamp: Int64(partition.start) * 1_000_000_000 + 7),
                on: try PubsubTopic("/waku/2/rs/16/32"))
        }
    }

    /// Everything that is in the archive, in order; hashes as digits, whatever their type.
    private func content(_ cluster: ManagedCluster) throws -> [String?] {
        let connection = try Connection.open(cluster.record.parameters())
        return [
            try connection.value(
                """
                SELECT md5(string_agg(m::text, ',' ORDER BY messageHash))
                FROM (SELECT ltrim(messageHash::text, '\\x') AS messageHash, payload, timestamp, meta, id, version,
                             pubsubTopic, contentTopic
                      FROM messages) m
                """),
            try connection.value(
                """
                SELECT md5(string_agg(ltrim(messageHash::text, '\\x') || timestamp, ',' ORDER BY messageHash))
                FROM messages_lookup
                """),
        ]
    }

    @Test func eachPatchIsAppliedAndUndoneOnBothSchemas() async throws {
        let cluster = try await TestServers.privateCluster(["max_locks_per_transaction": "1000"])
        for version in [7, 8] {
            try await makeArchive(version, cluster)
            let before = try content(cluster)
            for name in Self.names {
                var variant = try Self.read(name).0
                guard variant.patch != nil else { continue }
                variant.settings = []
                let application = SuggestionApplication(variant, to: cluster)
                let applied = try await application.apply()
                #expect(!applied.statements.isEmpty && applied.lines.count == applied.statements.count + 1)
                #expect(try content(cluster) == before, "\(name) on schema \(version)")
                try checkWhatItMade(name, version, cluster)
                if variant.patch?.undo != nil {
                    let undone = try await application.undo(applied)
                    #expect(undone.last?.hasPrefix("tables as before: ") == true, "\(name): \(undone)")
                }
                #expect(try content(cluster) == before, "\(name) undone on schema \(version)")
            }
        }
        await cluster.remove()
    }

    /// Patches that change something that can be counted.
    private func checkWhatItMade(_ name: String, _ version: Int, _ cluster: ManagedCluster) throws {
        let connection = try Connection.open(cluster.record.parameters())
        func partitions(of parent: String) throws -> [String] {
            try connection.run(
                "SELECT relname FROM pg_inherits JOIN pg_class ON oid = inhrelid WHERE inhparent = '\(parent)'::regclass ORDER BY 1"
            ).compactMap { $0.first ?? nil }
        }
        let types = try connection.value(
            """
            SELECT string_agg(DISTINCT format_type(atttypid, atttypmod), ', ')
            FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
            WHERE attname = 'messagehash' AND c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
            """)
        #expect(types == (name == "hash-bytea" ? "bytea" : "character varying"), "\(name)")
        let indexes = Int(
            try connection.value("SELECT count(*) FROM pg_index WHERE indrelid = 'messages'::regclass") ?? "")
        switch name {
        case "partitions-daily":
            let day = HourPartition(start: 1_767_744_000, end: 1_767_830_400)
            let found = try partitions(of: "messages")
            #expect(found.count == 5 && found.contains(day.messages), "\(found)")
            if version == 8 { #expect(try partitions(of: "messages_lookup").contains(day.lookup)) }
        case "partitions-weekly":
            #expect(try partitions(of: "messages").count == 4)
            if version == 8 { #expect(try partitions(of: "messages_lookup").count == 4) }
        case "index-drop-hash", "index-drop-shard": #expect(indexes == 4)
        case "index-query", "index-order": #expect(indexes == 6)
        default: #expect(indexes == 5)
        }
    }
}
