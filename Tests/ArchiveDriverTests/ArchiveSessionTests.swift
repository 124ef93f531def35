import ArchiveDriver
import PostgresClient
import TestSupport
import Testing
import WakuModel

/// What a store node answers, on a real archive.
@Suite(.ownThreads) struct ArchiveSessionTests {
    private static let epoch = 1_767_636_000
    private static let shard = "/waku/2/rs/16/32"

    private struct Archive {
        let session: ArchiveSession
        let connection: Connection
        let messages: [Message]
        let topic: PubsubTopic
        var hashes: [MessageHash] { messages.map { $0.hash(on: topic) } }
    }

    /// Thirty messages, one a minute, of three topics in turn; two of them share a timestamp.
    private func archive(schema: Int) async throws -> Archive {
        let parameters = try await TestServers.archive(schema: schema, partitionsFrom: Self.epoch, hours: 2)
        let connection = try Connection.open(parameters)
        let session = ArchiveSession(try Connection.open(parameters))
        let topic = try PubsubTopic(Self.shard)
        var messages: [Message] = []
        for index in 0..<30 {
            let minute = index == 11 ? 10 : index
            let message = Message(
                payload: [UInt8(index), 0xFF], contentTopic: try ContentTopic("/app/1/t\(index % 3)/proto"),
                meta: index % 2 == 0 ? [] : [1, 2], version: 1,
                timestamp: Int64(Self.epoch + minute * 60) * 1_000_000_000)
            try session.put(message, on: topic)
            messages.append(message)
        }
        return Archive(session: session, connection: connection, messages: messages, topic: topic)
    }

    @Test(arguments: [7, 8]) func whatIsPutIsFoundWhole(_ schema: Int) async throws {
        let archive = try await archive(schema: schema)
        let reply = try archive.session.ask(StoreQuery(hashes: [archive.hashes[3]]))
        #expect(
            reply.rows == [
                StoreReply.Row(
                    hash: archive.hashes[3], pubsubTopic: Self.shard, contentTopic: "/app/1/t0/proto", payload: "03ff",
                    version: 1, timestamp: archive.messages[3].timestamp, meta: "0102")
            ])
        let plain = try archive.session.ask(StoreQuery(hashes: [archive.hashes[2]]))
        #expect(plain.rows.first?.meta == nil)
        #expect(try archive.connection.value("SELECT string_agg(DISTINCT id, ',') FROM messages") == "0")
    }

    @Test(arguments: [7, 8]) func theSecondOfferChangesNothing(_ schema: Int) async throws {
        let archive = try await archive(schema: schema)
        try archive.session.put(archive.messages[5], on: archive.topic)
        #expect(try archive.connection.value("SELECT COUNT(*) FROM messages") == "30")
        #expect(try archive.connection.value("SELECT COUNT(*) FROM messages_lookup") == "30")
    }

    @Test(arguments: [7, 8], StoreQuery.Direction.allCases)
    func pagesWalkThroughAllMessagesOnce(_ schema: Int, _ direction: StoreQuery.Direction) async throws {
        let archive = try await archive(schema: schema)
        var query = StoreQuery(pubsubTopic: archive.topic, direction: direction, pageSize: 7)
        var pages: [[MessageHash]] = []
        repeat {
            let reply = try archive.session.ask(query)
            let times = reply.rows.compactMap(\.timestamp)
            // Oldest first within every page, whichever way the pages walk.
            #expect(times == times.sorted())
            pages.append(reply.rows.map(\.hash))
            query.cursor = reply.nextCursor
        } while query.cursor != nil
        #expect(pages.map(\.count) == [7, 7, 7, 7, 2])
        let walked = direction == .forward ? pages.flatMap { $0 } : pages.reversed().flatMap { $0 }
        #expect(Set(walked) == Set(archive.hashes) && walked.count == 30)
        let order = archive.messages.map { ($0.timestamp, $0.hash(on: archive.topic).description) }.sorted { $0 < $1 }
        #expect(walked.map(\.description) == order.map(\.1))
    }

    @Test(arguments: [7, 8]) func topicsTimesAndLimitsNarrow(_ schema: Int) async throws {
        let archive = try await archive(schema: schema)
        let times = archive.messages.map(\.timestamp)
        let reply = try archive.session.ask(
            StoreQuery(
                includeData: false, pubsubTopic: archive.topic, contentTopics: [try ContentTopic("/app/1/t1/proto")],
                startTime: times[4], endTime: times[16]))
        // Both ends are inclusive: 4, 7, 10, 13, 16.
        #expect(reply.rows.map(\.hash) == [4, 7, 10, 13, 16].map { archive.hashes[$0] })
        #expect(reply.rows.allSatisfy { $0.payload == nil })
        #expect(reply.nextCursor == nil)
        let other = try archive.session.ask(StoreQuery(pubsubTopic: try PubsubTopic("/waku/2/rs/16/64")))
        #expect(other.rows.isEmpty)
    }

    @Test(arguments: [7, 8]) func hashesIgnoreDirectionAndDataAndArriveNewestFirst(_ schema: Int) async throws {
        let archive = try await archive(schema: schema)
        let asked = [1, 20, 8].map { archive.hashes[$0] } + [MessageHash(words: (9, 9, 9, 9))]
        let forward = try archive.session.ask(StoreQuery(includeData: false, hashes: asked))
        #expect(forward.rows.map(\.hash) == [20, 8, 1].map { archive.hashes[$0] })
        #expect(forward.rows.allSatisfy { $0.payload != nil })
        let backward = try archive.session.ask(StoreQuery(hashes: asked, direction: .backward))
        #expect(backward.rows.map(\.hash) == [1, 8, 20].map { archive.hashes[$0] })
        let cut = try archive.session.ask(StoreQuery(hashes: archive.hashes, pageSize: 10))
        #expect(cut.rows.count == 10 && cut.rowCount == 11)
        #expect(cut.nextCursor == cut.rows.last?.hash)
    }

    @Test(arguments: [7, 8]) func aHundredHashesBringTheWholeArchiveAlong(_ schema: Int) async throws {
        let archive = try await archive(schema: schema)
        let strangers = (0..<90).map { MessageHash(words: (8, 8, 8, UInt64($0))) }
        let reply = try archive.session.ask(StoreQuery(hashes: Array(archive.hashes[..<10]) + strangers, pageSize: 100))
        // Ten by hash, and thirty by the query without any condition.
        #expect(reply.rowCount == 40)
    }

    @Test(arguments: [7, 8]) func anUnknownCursorIsAnError(_ schema: Int) async throws {
        let archive = try await archive(schema: schema)
        do {
            _ = try archive.session.ask(StoreQuery(cursor: MessageHash(words: (1, 1, 1, 1))))
            Issue.record("an unknown cursor was accepted")
        } catch {
            #expect(error.code == .client(.cursorNotFound))
        }
        // The session can be used on.
        #expect(try archive.session.ask(StoreQuery()).rows.count == 20)
    }

    @Test(arguments: [7, 8]) func aMessageWithoutPartitionIsLostWithTheServersCode(_ schema: Int) async throws {
        let archive = try await archive(schema: schema)
        var message = archive.messages[0]
        message.timestamp = Int64(Self.epoch + 86_400) * 1_000_000_000
        do {
            try archive.session.put(message, on: archive.topic)
            Issue.record("a row without partition was accepted")
        } catch {
            #expect(error.code == .sqlState("23514"))
        }
    }
}
