import ArchiveDriver
import Experiment
import LinuxSystem
import PostgresClient
import RunRecord
import Synchronization
import TestSupport
import Testbed
import Testing
import WakuModel
import Workload

/// A server that is not ours is read without doing it harm.
@Suite(.ownThreads) struct CarefulReadingTests {
    /// Relation locks that our session has or waits for, until the survey is over; by a thread of its own, before whose
    /// first look the survey does not begin.
    private static func locks(_ parameters: ConnectionParameters, _ manners: ReadingManners) async throws -> (
        modes: Set<String>, survey: ArchiveSurvey
    ) {
        let (isWatching, isOver) = (Flag(), Flag())
        async let survey = WorkerThread.run { () -> Result<ArchiveSurvey, any Error> in
            defer { isOver.set() }
            while !isWatching.isSet { Clock.pause(1_000_000) }
            return Result { try ArchiveSurveyor(parameters, manners: manners).survey() }
        }
        async let modes = WorkerThread.run { () -> Result<Set<String>, any Error> in
            defer { isWatching.set() }
            return Result { try watchLocks(parameters, isWatching, until: isOver) }
        }
        return (try await modes.get(), try await survey.get())
    }

    private static func watchLocks(
        _ parameters: ConnectionParameters, _ isWatching: Flag, until isOver: Flag
    ) throws -> Set<String> {
        let connection = try Connection.open(parameters)
        var modes: Set<String> = []
        while !isOver.isSet {
            let rows = try connection.run(
                """
                SELECT DISTINCT l.mode FROM pg_locks l JOIN pg_stat_activity a USING (pid)
                WHERE a.application_name = 'archivebench characterize' AND l.locktype = 'relation'
                  AND a.datname = current_database()
                """)
            modes.formUnion(rows.compactMap { $0[0] })
            isWatching.set()
            Clock.pause(2_000_000)
        }
        return modes
    }

    /// Somebody changes a partition meanwhile: our statement waits for it, is ended at its time-out, and all others are read.
    @Test func noLockIsStrongerThanAccessShareAndTimeOutsEndStatements() async throws {
        let parameters = try await ForeignArchive.make()
        let first = ForeignArchive.start + 7 * 3_600
        let partition = "messages_\(first)_\(first + 3_600)"
        let other = try Connection.open(parameters)
        try other.run("BEGIN; LOCK TABLE \(partition) IN ACCESS EXCLUSIVE MODE")
        var manners = CharacterizationTests.manners()
        manners.statementTimeout = 700_000_000
        let (modes, found) = try await Self.locks(parameters, manners)
        try other.run("ROLLBACK")
        // At least the waiting was seen.
        #expect(modes == ["AccessShareLock"], "\(modes)")
        // One statement asks for sizes, one for rows.
        #expect(found.cost.timedOut == 2 && found.endedEarly == nil)
        #expect(found.notKnown.contains { $0.contains(partition) }, "\(found.notKnown)")
        #expect(found.partitions.count { $0.sample == nil } == 1)
        #expect(found.rows.count == ForeignArchive.rows - ForeignArchive.inOddHours)
        // What was not read is estimated, not left out.
        #expect(found.estimatedRows.reduce(0, +).rounded() == Double(ForeignArchive.rows))
    }

    /// The share of time that is promised is kept, and printed.
    @Test func theShareOfTimeIsKept() async throws {
        let parameters = try await ForeignArchive.make()
        var manners = CharacterizationTests.manners(sample: 2_000)
        manners.share = 0.2
        let survey = try ArchiveSurveyor(parameters, manners: manners).survey()
        #expect(survey.cost.statements > ForeignArchive.hours && survey.cost.busy > 0)
        #expect(Double(survey.cost.busy) / Double(survey.cost.elapsed) <= 0.2, "\(survey.cost)")
    }

    /// A role that may read the archive's table, and none of its partitions by name, reads all of it; its own settings are
    /// not the server's.
    @Test func aRoleWithNoMoreThanTheTableReadsIt() async throws {
        var parameters = try await ForeignArchive.make()
        let name = "reader_\(parameters.database)"
        try Connection.open(parameters).run(
            "CREATE ROLE \(name) LOGIN; GRANT SELECT ON messages TO \(name); ALTER ROLE \(name) SET random_page_cost = 7"
        )
        parameters.user = name
        let survey = try ArchiveSurveyor(parameters, manners: CharacterizationTests.manners()).survey()
        #expect(survey.rows.count == ForeignArchive.rows)
        #expect(!survey.settings.contains { $0.name == "random_page_cost" })
    }

    /// A partition that was forgotten long ago is no year of silence, and nothing that is kept on purpose.
    @Test func aForgottenPartitionIsNoSilence() async throws {
        let parameters = try await ForeignArchive.make()
        let plain = try CharacterizationTests.characterization(parameters)
        let old = Int64(ForeignArchive.start - 400 * 86_400) * 1_000_000_000
        try Connection.open(parameters).run(
            """
            CREATE TABLE messages_old PARTITION OF messages FOR VALUES FROM ('\(old)') TO ('\(old + 3_600_000_000_000)');
            INSERT INTO messages SELECT (jsonb_populate_record(m, jsonb_build_object('timestamp', \(old + 1)))).*
            FROM messages m LIMIT 5
            """)
        let found = try CharacterizationTests.characterization(parameters)
        #expect(found.workload.history.partitions == plain.workload.history.partitions)
        for shard in plain.fit.shards {
            let other = try #require(found.fit.shards.first { $0.shard == shard.shard })
            #expect(abs(other.perSecond / shard.perSecond - 1) < 0.1, "\(shard.shard): \(other.perSecond)")
        }
    }

    @Test func whatIsNoArchiveIsRefusedInOneLine() async throws {
        let empty = try await TestServers.database()
        func refusal(_ parameters: ConnectionParameters) -> String {
            do {
                _ = try ArchiveSurveyor(parameters, manners: CharacterizationTests.manners()).survey()
                return "none"
            } catch { return "\(error)" }
        }
        #expect(refusal(empty) == "there is no table public.messages: this database holds no archive of a store node")
        try Connection.open(empty).run("CREATE TABLE messages (timestamp bigint)")
        #expect(refusal(empty).contains("is not partitioned"))
        let bare = try await TestServers.archive(schema: 8, partitionsFrom: ForeignArchive.start, hours: 2)
        let survey = try ArchiveSurveyor(bare, manners: CharacterizationTests.manners()).survey()
        #expect(survey.rows.isEmpty && survey.statedVersion == 8)
        #expect(throws: CharacterizationProblem.self) { _ = try CharacterizationTests.characterization(bare) }
    }

    // MARK: A server of its own

    /// Sessions that work for as long as they are let.
    private static func busy(_ count: Int, _ parameters: ConnectionParameters) throws -> [Connection] {
        try (0..<count).map { _ in
            let connection = try Connection.open(parameters)
            try connection.sendSimple("SELECT pg_sleep(600)")
            _ = try connection.flush()
            return connection
        }
    }

    /// Load, requests and duplicates need a server that nobody else uses.
    @Test func loadIsRefusedAndRequestsAreCounted() async throws {
        let cluster = try await TestServers.privateCluster(["shared_preload_libraries": "pg_stat_statements"])
        do {
            try Self.checkLoadAndRequests(cluster.record.parameters())
        } catch {
            await cluster.remove()
            throw error
        }
        await cluster.remove()
    }

    private static func checkLoadAndRequests(_ parameters: ConnectionParameters) throws {
        let connection = try Connection.open(parameters)
        try connection.run(ForeignArchive.script)
        var manners = CharacterizationTests.manners()
        (manners.ignoresLoad, manners.mostActive) = (false, 2)
        do {
            let sleepers = try busy(3, parameters)
            defer { withExtendedLifetime(sleepers) {} }
            // The server may need a moment to begin with them.
            while try connection.value("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") != "3" {
                Clock.pause(10_000_000)
            }
            #expect {
                _ = try ArchiveSurveyor(parameters, manners: manners).survey()
            } throws: { error in
                "\(error)".contains("under load: 3 sessions") && "\(error)".contains("--force-load")
            }
            manners.ignoresLoad = true
            let forced = try ArchiveSurveyor(parameters, manners: manners).survey()
            #expect(forced.activeSessions == 3 && forced.rows.count == ForeignArchive.rows)
            // Without the library's table in this database the mix is not known, and so are duplicates.
            #expect(forced.statements == nil && forced.notKnown.contains { $0.contains("pg_stat_statements") })
            try TestServers.terminateOthers(parameters)
        }
        try checkRequests(parameters)
    }

    private static func checkRequests(_ parameters: ConnectionParameters) throws {
        let connection = try Connection.open(parameters)
        try connection.run("CREATE EXTENSION pg_stat_statements; SELECT pg_stat_statements_reset()")
        let shard = try PubsubTopic(ForeignArchive.shards[0])
        try ask(connection, shard)
        let found = try CharacterizationTests.characterization(parameters)
        // Each of the messages was offered twice.
        #expect(found.fit.archive.duplicateShare == 0.5 && found.fit.archive.removals == 0)
        #expect(found.workload.writers.count == 2)
        let mix = try #require(found.fit.comparisons.first { $0.aspect == .mix })
        let real = Dictionary(uniqueKeysWithValues: mix.parts.map { ($0.name, $0.real) })
        let all = 20.0 + 40 + 30 + 10
        #expect(
            real == [
                "query.page.first": 20 / all, "query.page.next": 40 / all, "query.hashes.first": 30 / all,
                "query.by-hash": 10 / all,
            ])
        #expect(mix.distance.kolmogorovSmirnov < 1e-6 && mix.observations == 100, "\(mix)")
        let queries = Dictionary(uniqueKeysWithValues: found.workload.queries.map { ($0.name, $0) })
        let (pages, hashes) = (
            try #require(queries["data-by-topics-3"]), try #require(queries["hashes-by-topics-10-backward"])
        )
        #expect(pages.pages == 3 && pages.shape.mostTopics == 3 && hashes.shape.mostTopics == 10)
        #expect(hashes.direction == .backward && hashes.pages == 1)
        let byHash = try #require(queries["by-hash-2-5"])
        #expect(byHash.shape.mostHashes == 5)
        func rate(_ query: QuerySpec) -> Double {
            query.arrivals.level(at: 0, found.workload.calendar).rate
        }
        #expect(abs(rate(pages) / rate(byHash) - 2) < 1e-4 && abs(rate(hashes) / rate(byHash) - 3) < 1e-4)
    }

    /// Twenty times three pages of three topics, thirty times hashes of ten, ten times two to five hashes, and thirty messages
    /// offered twice.
    private static func ask(_ connection: Connection, _ shard: PubsubTopic) throws {
        let session = ArchiveSession(connection)
        let topics = try (1...10).map { try ContentTopic("/\(ForeignArchive.topicWord)/1/topic-\($0)/proto") }
        let begin = Int64(ForeignArchive.start) * 1_000_000_000
        let end = begin + Int64(ForeignArchive.hours) * 3_600_000_000_000
        for _ in 0..<20 {
            var query = StoreQuery(
                pubsubTopic: shard, contentTopics: Array(topics.prefix(3)), startTime: begin, endTime: end, pageSize: 30
            )
            for _ in 0..<3 { query.cursor = try session.ask(query).nextCursor }
        }
        for _ in 0..<30 {
            _ = try session.ask(
                StoreQuery(
                    includeData: false, pubsubTopic: shard, contentTopics: topics, startTime: begin, endTime: end,
                    direction: .backward, pageSize: 20))
        }
        let hashes = try connection.run("SELECT m.messageHash FROM messages AS m LIMIT 5").compactMap {
            $0[0].flatMap { MessageHash.parse($0.utf8) }
        }
        for number in 0..<10 {
            _ = try session.ask(StoreQuery(includeData: true, hashes: Array(hashes.prefix(2 + number % 4))))
        }
        for number in 0..<30 {
            let message = Message(
                payload: [UInt8(number)], contentTopic: topics[0], meta: [], version: 0,
                timestamp: begin + 1_000 + Int64(number))
            for _ in 0..<2 { try session.put(message, on: shard) }
        }
    }

    /// An end that another task sets.
    private final class Flag: Sendable {
        private let state = Mutex(false)
        var isSet: Bool { state.withLock { $0 } }
        func set() { state.withLock { $0 = true } }
    }
}
