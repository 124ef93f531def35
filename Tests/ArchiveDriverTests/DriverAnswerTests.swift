import ArchiveDriver
import PostgresClient
import TestSupport
import Testing
import WakuModel

/// Every behaviour leaves the same archive, and gives the same answers.
@Suite(.ownThreads) struct DriverAnswerTests {
    private static let epoch = 1_767_636_000

    // MARK: Messages and questions

    private struct Stored {
        let message: Message
        let topic: PubsubTopic
        let hash: MessageHash
    }

    private static let topics = [
        "/app/1/a/proto", "/app/1/it's/proto", "/app/1/b\"c\\d/proto", "/app/1/{x,y}/proto", "/waku/1/0x00000001/rfc26",
        "/app/1/tab\there/proto",
    ]

    private static func shard(_ number: Int) throws -> PubsubTopic { try PubsubTopic("/waku/2/rs/16/\(number % 3)") }

    /// Messages over three hours, some at the same moment, some empty, some with `meta`.
    private static func messages(_ count: Int, _ random: inout some RandomNumberGenerator) throws -> [Stored] {
        try (0..<count).map { index in
            let second = Int64(epoch) + Int64.random(in: 0..<10_000, using: &random) / 10 * 10
            let message = Message(
                payload: (0..<Int.random(in: 0...40, using: &random)).map { _ in .random(in: 0...255, using: &random) },
                contentTopic: try ContentTopic(topics[Int.random(in: 0..<topics.count, using: &random)]),
                meta: index % 3 == 0 ? [UInt8(index % 256), 0x0A] : [], version: UInt32(index % 2),
                timestamp: second * 1_000_000_000 + Int64(index % 2))
            let topic = try shard(index)
            return Stored(message: message, topic: topic, hash: message.hash(on: topic))
        }
    }

    private static func query(_ stored: [Stored], _ random: inout some RandomNumberGenerator) throws -> StoreQuery {
        func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }
        func anyTime() -> Int64 { stored[Int.random(in: 0..<stored.count, using: &random)].message.timestamp }
        func strange() -> MessageHash { MessageHash(words: (9, 9, 9, UInt64.random(in: 0 ... .max, using: &random))) }
        func hashes(_ count: Int, known: Int) -> [MessageHash] {
            (0..<count).map { _ in
                chance(known) ? stored[Int.random(in: 0..<stored.count, using: &random)].hash : strange()
            }
        }
        var query = StoreQuery(
            requestID: "0a1b", includeData: chance(50), direction: chance(50) ? .forward : .backward,
            pageSize: [nil, 3, 20, 50, 100].randomElement(using: &random) ?? nil)
        if chance(45) {
            let count = [1, 1, 1, 10, 10, 99, 100, 101, 200].randomElement(using: &random) ?? 1
            query.hashes = hashes(count, known: [0, 30, 70, 100].randomElement(using: &random) ?? 100)
            if chance(70) { return query }
        }
        if chance(40) { query.pubsubTopic = try shard(Int.random(in: 0..<3, using: &random)) }
        if chance(60) {
            query.contentTopics = try topics.shuffled(using: &random).prefix(Int.random(in: 1...5, using: &random))
                .map { try ContentTopic($0) }
        }
        if chance(3) { query.contentTopics = try (0..<11).map { try ContentTopic("/app/1/n\($0)/proto") } }
        if chance(60) { query.startTime = anyTime() }
        if chance(50) { query.endTime = anyTime() }
        if chance(40) {
            query.cursor = chance(90) ? stored[Int.random(in: 0..<stored.count, using: &random)].hash : strange()
        }
        return query
    }

    /// What a request came to.
    private struct Answer: Equatable {
        var failure: PostgresError.Code?
        var hashes: [MessageHash] = []
        var rows: [StoreReply.Row] = []
        var rowCount = 0
        var nextCursor: MessageHash?
        var last: MessageHash?

        /// Of a request for hashes the rest of the rows is nobody's business.
        init(_ session: ArchiveSession, _ query: StoreQuery) {
            do throws(PostgresError) {
                let reply = try session.ask(query)
                hashes = reply.rows.map(\.hash)
                if query.includeData { rows = reply.rows }
                (rowCount, nextCursor, last) = (reply.rowCount, reply.nextCursor, reply.lastOfPage)
            } catch {
                failure = error.code
            }
        }
    }

    /// Whether the node takes its own prepared select, which refuses most requests and matches single elements only.
    private static func isOfAllArguments(_ query: StoreQuery) -> Bool {
        !query.hashes.isEmpty && !query.contentTopics.isEmpty && query.pubsubTopic != nil && query.startTime != nil
            && query.endTime != nil
    }

    // MARK: Same answers

    @Test(arguments: [7, 8]) func answersAreTheNodes(_ schema: Int) async throws {
        var random = SplitMix(state: UInt64(schema))
        let parameters = try await TestServers.archive(schema: schema, partitionsFrom: Self.epoch, hours: 3)
        let stored = try Self.messages(400, &random)
        let loader = try Connection.open(parameters)
        try ArchiveSession(loader).put(stored.map { ($0.message, $0.topic) })
        // Messages that lost their look-up row, and look-up rows that lost their message.
        try loader.run(
            """
            DELETE FROM messages_lookup WHERE messageHash < '10';
            DELETE FROM messages WHERE messageHash >= '10' AND messageHash < '20'
            """)
        let queries = try (0..<300).map { _ in try Self.query(stored, &random) }
            .filter { !Self.isOfAllArguments($0) }
        let node = ArchiveSession(try Connection.open(parameters))
        let expected = queries.map { Answer(node, $0) }
        checkMix(queries, expected)
        for hashes in Behaviours.hashes {
            try Behaviours.prepare(loader, hashes: hashes)
            for words in ["put: separate"] + Behaviours.queries {
                let behaviour = try Behaviours.read("\(words), hashes: \(hashes)")
                let session = ArchiveSession(try Connection.open(parameters), behaviour: behaviour)
                for (query, answer) in zip(queries, expected) {
                    let found = Answer(session, query)
                    #expect(found == answer, "\(words), hashes: \(hashes): \(query)")
                    if found != answer { break }
                }
            }
        }
    }

    /// With one hash more, of no message, the node sends no query without hashes, and answers what was asked for.
    @Test(arguments: [7, 8]) func withoutTheSurplusTheAnswerIsWhatWasAskedFor(_ schema: Int) async throws {
        var random = SplitMix(state: 17)
        let parameters = try await TestServers.archive(schema: schema, partitionsFrom: Self.epoch, hours: 3)
        let stored = try Self.messages(250, &random)
        try ArchiveSession(try Connection.open(parameters)).put(stored.map { ($0.message, $0.topic) })
        let strange = (0..<200).map { MessageHash(words: (9, 9, 9, UInt64($0))) }
        let node = ArchiveSession(try Connection.open(parameters))
        var queries: [StoreQuery] = []
        for (asked, known) in [(100, 30), (100, 100), (200, 120), (99, 99), (101, 50), (1, 1), (0, 0)] {
            let hashes: [MessageHash] = stored.prefix(known).map(\.hash) + strange.prefix(asked - known)
            for includeData in [true, false] {
                queries.append(StoreQuery(includeData: includeData, hashes: hashes, pageSize: 100))
                queries.append(
                    StoreQuery(
                        includeData: includeData, pubsubTopic: try Self.shard(1), hashes: hashes, direction: .backward,
                        pageSize: 10))
            }
        }
        var longer = 0
        let prepared = "queries: prepared, lists: array, by-hash: bounded-first"
        for words in ["surplus: dropped", "surplus: dropped, \(prepared)"] {
            let session = ArchiveSession(try Connection.open(parameters), behaviour: try Behaviours.read(words))
            for query in queries {
                var withoutSurplus = query
                if !query.hashes.isEmpty && query.hashes.count % 100 == 0 { withoutSurplus.hashes.append(.zero) }
                let (found, expected) = (Answer(session, query), Answer(node, withoutSurplus))
                #expect(found == expected, "\(words): \(query)")
                if Answer(node, query).rowCount > found.rowCount { longer += 1 }
            }
        }
        #expect(longer == 24, "the node's surplus adds rows")
    }

    /// The one select of the node's own that works with topics, hashes, a shard and both times matches single hashes.
    @Test(arguments: [7, 8]) func theNodesOwnSelectMatchesASingleHashOfEitherType(_ schema: Int) async throws {
        var random = SplitMix(state: 19)
        let parameters = try await TestServers.archive(schema: schema, partitionsFrom: Self.epoch, hours: 3)
        let stored = try Self.messages(40, &random)
        let loader = try Connection.open(parameters)
        try ArchiveSession(loader).put(stored.map { ($0.message, $0.topic) })
        let one = stored[0]
        let cases: [(asked: [Stored], found: [MessageHash])] = [([one], [one.hash]), ([one, stored[1]], [])]
        for hashes in Behaviours.hashes {
            try Behaviours.prepare(loader, hashes: hashes)
            let behaviour = try Behaviours.read("hashes: \(hashes)")
            let session = ArchiveSession(try Connection.open(parameters), behaviour: behaviour)
            for (asked, found) in cases {
                let query = StoreQuery(
                    includeData: false, pubsubTopic: one.topic, contentTopics: [one.message.contentTopic],
                    startTime: one.message.timestamp, endTime: one.message.timestamp, hashes: asked.map(\.hash))
                let answer = Answer(session, query)
                #expect(answer.failure == nil && answer.hashes == found, "\(hashes)")
            }
        }
    }

    /// The questions are worth asking: pages, ends, failures of both kinds, misses.
    private func checkMix(_ queries: [StoreQuery], _ answers: [Answer]) {
        #expect(queries.count > 250)
        #expect(
            answers.count { $0.nextCursor != nil } > 30
                && answers.count { $0.failure == nil && $0.nextCursor == nil } > 30)
        #expect(answers.contains { $0.failure == .client(.cursorNotFound) })
        #expect(answers.contains { $0.failure == .client(.refusedByDriver) })
        #expect(answers.count { $0.rows.contains { $0.meta != nil && $0.timestamp != nil } } > 20)
        #expect(zip(queries, answers).contains { !$0.hashes.isEmpty && $1.rowCount == 0 && $1.failure == nil })
        #expect(queries.contains { $0.hashes.count == 100 } && queries.contains { $0.hashes.count == 101 })
    }

    @Test(arguments: [7, 8]) func whatTheNodesPreparedSelectsCannotIsAnswered(_ schema: Int) async throws {
        var random = SplitMix(state: 7)
        let parameters = try await TestServers.archive(schema: schema, partitionsFrom: Self.epoch, hours: 3)
        let stored = try Self.messages(60, &random)
        try ArchiveSession(try Connection.open(parameters)).put(stored.map { ($0.message, $0.topic) })
        let (first, end) = (Int64(Self.epoch) * 1_000_000_000, Int64(Self.epoch + 10_800) * 1_000_000_000)
        let wanted = stored.filter { $0.topic.text == "/waku/2/rs/16/0" }.prefix(9).sorted {
            ($0.message.timestamp, $0.hash.description) < ($1.message.timestamp, $1.hash.description)
        }
        var query = StoreQuery(
            requestID: "a;b", pubsubTopic: try Self.shard(0),
            contentTopics: try Self.topics.map { try ContentTopic($0) },
            startTime: first, endTime: end, hashes: stored.prefix(27).map(\.hash), pageSize: 5)
        for words in ["put: separate", "by-hash: bounded"] {
            let session = ArchiveSession(try Connection.open(parameters), behaviour: try Behaviours.read(words))
            #expect(Answer(session, query).failure == .client(.refusedByDriver))
        }
        for words in Behaviours.queries where words.contains("prepared") {
            let session = ArchiveSession(try Connection.open(parameters), behaviour: try Behaviours.read(words))
            query.cursor = nil
            let page = Answer(session, query)
            #expect(page.hashes == wanted.prefix(5).map(\.hash) && page.nextCursor == wanted[4].hash, "\(words)")
            query.cursor = page.nextCursor
            #expect(Answer(session, query).hashes == wanted.dropFirst(5).map(\.hash), "\(words)")
        }
    }

    // MARK: Same archive

    private func tables(_ connection: Connection) throws -> [String] {
        let messages = try connection.run(
            """
            SELECT pubsubTopic, contentTopic, payload, version, id, \(Behaviours.digits), timestamp, meta,
                   tableoid::regclass
            FROM messages ORDER BY messageHash, timestamp
            """)
        let lookup = try connection.run(
            """
            SELECT \(Behaviours.digits), timestamp, tableoid::regclass FROM messages_lookup
            ORDER BY messageHash, timestamp
            """)
        return (messages + lookup).map { $0.map { $0 ?? "NULL" }.joined(separator: "|") }
    }

    @Test(arguments: [7, 8]) func archivesAreTheNodes(_ schema: Int) async throws {
        var random = SplitMix(state: 11)
        let parameters = try await TestServers.archive(schema: schema, partitionsFrom: Self.epoch, hours: 3)
        let connection = try Connection.open(parameters)
        let stored = try Self.messages(150, &random)
        // Some are offered twice, close together and far apart.
        let offers = (stored + stored.prefix(20) + [stored[140], stored[140]]).map { ($0.message, $0.topic) }
        try ArchiveSession(try Connection.open(parameters)).put(offers)
        let expected = try tables(connection)
        #expect(
            expected.count == 300
                && expected.contains { $0.hasSuffix("|NULL|messages_\(Self.epoch)_\(Self.epoch + 3_600)") })
        for hashes in Behaviours.hashes {
            try Behaviours.prepare(connection, hashes: hashes)
            for words in ["put: separate"] + Behaviours.puts {
                try connection.run("TRUNCATE messages, messages_lookup")
                let behaviour = try Behaviours.read("\(words), hashes: \(hashes)")
                let session = ArchiveSession(try Connection.open(parameters), behaviour: behaviour)
                try session.put(offers)
                #expect(try tables(connection) == expected, "\(words), hashes: \(hashes)")
            }
        }
    }

    /// Hours that are made later have hashes as the others do.
    @Test(arguments: [7, 8]) func aPartitionThatIsMadeLaterIsLikeTheOthers(_ schema: Int) async throws {
        var random = SplitMix(state: 23)
        let parameters = try await TestServers.archive(schema: schema, partitionsFrom: Self.epoch, hours: 1)
        let connection = try Connection.open(parameters)
        try Behaviours.prepare(connection, hashes: "bytea")
        let archive = try ArchiveSchema(version: schema, folder: "\(packageRoot)/sql/schema")
        for partition in HourPartition.hours(2, from: Self.epoch + 3_600) {
            try partition.create(on: connection, archive)
        }
        let stored = try Self.messages(60, &random)
        let behaviour = try Behaviours.read("hashes: bytea, queries: prepared, results: binary")
        let session = ArchiveSession(try Connection.open(parameters), behaviour: behaviour)
        let made = try session.put(stored.map { ($0.message, $0.topic) })
        #expect(made == 60)
        let newest = try #require(stored.max { $0.message.timestamp < $1.message.timestamp })
        #expect(newest.message.timestamp >= Int64(Self.epoch + 3_600) * 1_000_000_000)
        let answer = Answer(session, StoreQuery(includeData: false, hashes: [newest.hash]))
        #expect(answer.failure == nil && answer.hashes == [newest.hash])
    }

    @Test(arguments: [7, 8]) func aPutThatFailsLeavesNothingAndTheConnectionUsable(_ schema: Int) async throws {
        var random = SplitMix(state: 13)
        let parameters = try await TestServers.archive(schema: schema, partitionsFrom: Self.epoch, hours: 3)
        let connection = try Connection.open(parameters)
        let stored = try Self.messages(2, &random)
        var lost = stored[0].message
        lost.timestamp = Int64(Self.epoch + 86_400) * 1_000_000_000
        for (words, hashes) in Behaviours.hashes.flatMap({ hashes in Behaviours.puts.map { ($0, hashes) } }) {
            if words == Behaviours.puts.first { try Behaviours.prepare(connection, hashes: hashes) }
            let own = try Connection.open(parameters)
            let session = ArchiveSession(own, behaviour: try Behaviours.read("\(words), hashes: \(hashes)"))
            do {
                try session.put(lost, on: stored[0].topic)
                Issue.record("a row without partition was accepted: \(words)")
            } catch {
                #expect(error.code == .sqlState("23514"), "\(words)")
            }
            #expect(try tables(connection).isEmpty, "\(words)")
            try session.put(stored[1].message, on: stored[1].topic)
            #expect(try tables(connection).count == 2, "\(words)")
            #expect(try own.value("SELECT txid_current_if_assigned() IS NULL") == "t")
            try connection.run("TRUNCATE messages, messages_lookup")
        }
    }
}

/// A small generator with a seed (SplitMix64, Steele, Lea and Flood 2014).
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
