import ArchiveDriver
import PostgresClient
import Telemetry
import TestSupport
import Testbed
import Testing

/// What planning reads at the oldest end, on a real server.
@Suite(.ownThreads) struct OldestEndTests {
    private static let epoch = 1_767_636_000

    private func fill(_ connection: Connection, _ version: Int) throws {
        let schema = try ArchiveSchema(version: version, folder: "\(packageRoot)/sql/schema")
        try schema.install(on: connection)
        for partition in HourPartition.hours(2, from: Self.epoch) { try partition.create(on: connection, schema) }
        try connection.run(
            """
            INSERT INTO messages (pubsubTopic, contentTopic, payload, version, id, timestamp, messageHash, meta)
            SELECT '/waku/2/rs/16/32', '/a/1/b/proto', '00', 0, '', (\(Self.epoch) + number)::bigint * 1000000000,
                   lpad(to_hex(number), 64, '0'), '' FROM generate_series(0, 7199) AS number
            """)
    }

    private func blocks(_ end: OldestEnd, _ connection: Connection) throws -> [Int] {
        _ = try Plans.planningBlocks(end.plain, on: connection)
        return try (0..<2).compactMap { _ in try Plans.planningBlocks(end.asking, on: connection) }
    }

    /// On a server of its own: where anybody's transaction is older, rows that were deleted since are not read past.
    @Test(arguments: [7, 8]) func planningReadsPastRowsThatWereDeleted(_ version: Int) async throws {
        let cluster = try await TestServers.privateCluster(["autovacuum": "off"])
        do { try check(Connection.open(cluster.record.parameters()), version) } catch {
            await cluster.remove()
            throw error
        }
        await cluster.remove()
    }

    private func check(_ connection: Connection, _ version: Int) throws {
        try fill(connection, version)
        #expect(try OldestEnd.find(on: connection).isEmpty)
        try connection.run("ANALYZE messages")
        let ends = try OldestEnd.find(on: connection)
        #expect(ends.map(\.oldest) == [0, 3_600].map { Int64(Self.epoch + $0) * 1_000_000_000 })
        #expect(ends.allSatisfy { $0.middle > $0.oldest + 1_700_000_000_000 })
        let before = try blocks(ends[0], connection)
        #expect(before.count == 2 && before[0] == before[1] && before[0] > 0)
        try connection.run("DELETE FROM messages WHERE timestamp < \(ends[0].middle)")
        let (deleted, other) = (try blocks(ends[0], connection), try blocks(ends[1], connection))
        #expect(deleted[0] > before[0] + 10, "\(before), then \(deleted)")
        #expect(deleted[1] < deleted[0])
        #expect(other == before)
    }
}
