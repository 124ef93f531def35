import ArchiveDriver
import PostgresClient
import TestSupport
import Testing
import WakuModel

/// Hours are made for messages of any time, as a node makes those of its own.
@Suite(.ownThreads) struct MissingPartitionTests {
    private static let epoch = 1_767_636_000
    private static let hour = 3_600

    private struct Archive {
        let connection: Connection
        let missing: MissingPartitions
        let parameters: ConnectionParameters
        let schema: ArchiveSchema

        func partitions(_ parent: String) throws -> [String] {
            try connection.run(
                "SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = '\(parent)'::regclass ORDER BY 1"
            ).compactMap { $0[0] }.sorted()
        }
    }

    private func archive(_ version: Int) async throws -> Archive {
        let parameters = try await TestServers.archive(schema: version, partitionsFrom: Self.epoch, hours: 1)
        let schema = try ArchiveSchema(version: version, folder: "\(packageRoot)/sql/schema")
        let connection = try Connection.open(parameters)
        return Archive(
            connection: connection, missing: MissingPartitions(connection, schema), parameters: parameters,
            schema: schema)
    }

    private func time(_ hours: Int, _ seconds: Int = 0) -> Int64 {
        Int64(Self.epoch + hours * Self.hour + seconds) * 1_000_000_000
    }

    private func message(_ time: Int64) throws -> Message {
        Message(payload: [1], contentTopic: try ContentTopic("/app/1/chat/proto"), timestamp: time)
    }

    @Test(arguments: [7, 8]) func missingHoursAreMadeOnceAndTakeMessages(_ version: Int) async throws {
        let archive = try await archive(version)
        let times = [time(5, 10), time(-30), time(0, 3_599), time(5)]
        let made = try archive.missing.make(for: times)
        #expect(made.map(\.start) == [-30, 5].map { Self.epoch + $0 * Self.hour })
        #expect(made.allSatisfy { $0.end - $0.start == Self.hour })
        #expect(try archive.partitions("messages").count == 3)
        if version == 8 { #expect(try archive.partitions("messages_lookup").count == 3) }
        #expect(try archive.missing.make(for: times).isEmpty)
        let session = ArchiveSession(archive.connection)
        for time in times { #expect(try session.put(message(time), on: PubsubTopic("/waku/2/rs/16/32"))) }
        #expect(try archive.connection.value("SELECT COUNT(*) FROM messages") == "4")
        #expect(try archive.connection.value("SELECT COUNT(*) FROM messages_lookup") == "4")
        // The check that attaching needs is gone, as the node leaves it.
        #expect(
            try archive.connection.value("SELECT COUNT(*) FROM pg_constraint WHERE contype = 'c' AND conrelid <> 0")
                == "0")
    }

    @Test func aLookUpPartitionThatIsMissingIsMadeWithItsRows() async throws {
        let archive = try await archive(8)
        let session = ArchiveSession(archive.connection)
        let topic = try PubsubTopic("/waku/2/rs/16/32")
        try session.put(message(time(0, 1)), on: topic)
        try archive.connection.run("DROP TABLE lookup_\(Self.epoch)_\(Self.epoch + Self.hour)")
        let hash = try message(time(0, 1)).hash(on: topic)
        #expect(try session.ask(StoreQuery(hashes: [hash])).rows.isEmpty)
        #expect(try archive.missing.make(for: [time(0, 2)]).isEmpty)
        #expect(try session.ask(StoreQuery(hashes: [hash])).rows.map(\.hash) == [hash])
    }

    @Test func theLockOfAnotherNodeIsWaitedFor() async throws {
        let archive = try await archive(8)
        let other = try Connection.open(archive.parameters)
        try other.run("SELECT pg_advisory_lock(123456789)")
        var pauses = 0
        let missing = MissingPartitions(archive.connection, archive.schema) {
            pauses += 1
            if pauses == 3 { _ = try? other.run("SELECT pg_advisory_unlock(123456789)") }
        }
        #expect(try missing.make(for: [time(1)]).count == 1)
        #expect(try archive.partitions("messages").count == 2 && pauses == 3)
    }

    @Test func aLockThatNobodyLetsGoOfEndsInAnError() async throws {
        let archive = try await archive(8)
        let other = try Connection.open(archive.parameters)
        try other.run("SELECT pg_advisory_lock(123456789)")
        do {
            try MissingPartitions(archive.connection, archive.schema) {}.make(for: [time(1)])
            Issue.record("the lock was not heeded")
        } catch {
            #expect(error.code == .client(.timeOut) && error.message.contains("held the lock on partition work"))
        }
        #expect(try archive.partitions("messages").count == 1)
    }
}
