import ArchiveDriver
import LoadRunner
import Measurement
import PostgresClient
import TestSupport
import Testing
import WakuModel
import Workload

/// Batches under load: when they leave, and what becomes of their puts when they fail.
@Suite(.serialized) struct BatchLoadTests {
    /// One load of puts at equal distances from one node, and what was there and what it left.
    private struct Outcome {
        let puts: LabelResult
        let events: [TargetEvent]
        /// Hashes of the messages that were put, in the order in which they were due.
        let offered: [String]
        let stored: Int
        let trace: String

        func sent(_ name: String) -> Int {
            trace.split(separator: "\n").count { $0.contains("Bind") && $0.contains("\"\(name)\"") }
        }
    }

    private static func load(
        _ words: String, rate: String, measure: String, trigger body: String? = nil
    ) async throws -> Outcome {
        let folder = try TemporaryFolder()
        var clockwork = try TestWorkloads.clockwork(rate: rate, measure: measure)
        // The server is shared with other tests.
        clockwork.writers.writeConnections = 4
        let (spec, behaviour) = (clockwork, try Behaviours.read(words))
        let parameters = try await TestServers.database()
        let schema = try ArchiveSchema(version: 8, folder: "\(packageRoot)/sql/schema")
        let connection = try Connection.open(parameters)
        try schema.install(on: connection)
        try HistoryLoader(Traffic(spec, seed: 1), schema: schema, connection: connection).load { _ in true }
        if let body {
            try connection.run(
                """
                CREATE FUNCTION act() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN IF NEW.messageHash \(body); END IF; RETURN NEW; END $$;
                CREATE TRIGGER act BEFORE INSERT ON messages FOR EACH ROW EXECUTE FUNCTION act()
                """)
        }
        let result = try await LoadRunner.run(spec, seed: 1, control: LoadControl()) { traffic in
            try ArchiveTarget(
                parameters, traffic: traffic, schema: schema, behaviour: behaviour, tracePath: "\(folder.path)/trace")
        }
        let puts = try TruthTests.only(result, "put")
        #expect(puts.measure.identityHolds && puts.measure.abandoned == 0)
        #expect(try TestServers.count(parameters, "messages") == TestServers.count(parameters, "messages_lookup"))
        return Outcome(
            puts: puts, events: result.events, offered: try hashes(spec, puts.measure.scheduled),
            stored: try TestServers.count(parameters, "messages"), trace: try readText("\(folder.path)/trace"))
    }

    private static func hashes(_ spec: WorkloadSpec, _ count: Int) throws -> [String] {
        let traffic = Traffic(spec, seed: 1)
        return try (0..<count).map { _ in
            let operation = try #require(traffic.next())
            let (topic, message) = traffic.message(of: operation)
            return message.hash(on: topic).description
        }
    }

    // MARK: When they leave

    /// A put each 10 ms; none would ever leave if batches of a thousand were waited for. From its first put a batch
    /// collects for 55 ms, so that no more than one in 55 ms leaves however the host behaves, and all do.
    @Test(arguments: ["", ", queries: prepared, window: 4"])
    func noPutWaitsForABatchToBeFull(_ more: String) async throws {
        let outcome = try await Self.load(
            "put: batched, batch: {form: unnest, most: 1000, wait: 55ms}\(more)", rate: "100/s", measure: "1500ms")
        let batches = outcome.sent("InsertArrays")
        #expect(outcome.puts.measure.completed == 149 && outcome.stored == 149)
        #expect((5...30).contains(batches), "\(batches) batches")
        // What is held back is neither backlog nor unaccounted: it waited before it was sent.
        #expect(outcome.puts.measure.backlog == 0 && outcome.puts.measure.failures.isEmpty)
        #expect(outcome.puts.connectionWait.value(at: 1) ?? 0 >= 54_900_000)
        #expect(outcome.puts.service.count == 149)
    }

    /// A put each 2.5 ms, and batches of seven that may wait for seconds: all are full but the last.
    @Test func aFullBatchWaitsForNothing() async throws {
        let outcome = try await Self.load(
            "put: batched, batch: {form: unnest, most: 7, wait: 3s}", rate: "400/s", measure: "1s")
        #expect(outcome.puts.measure.completed == 399 && outcome.stored == 399)
        #expect(outcome.sent("InsertArrays") == 57)
    }

    // MARK: Failures

    /// What is to be expected of batches of which each is full, by hand: those with a message that the server refuses
    /// fail whole, and what an earlier statement of such a batch has stored stays.
    private static func expectation(
        _ offered: [String], most: Int, pieces: Bool, isBad: (String) -> Bool
    ) -> (failed: Int, stored: Int) {
        var (failed, stored) = (0, 0)
        for start in stride(from: 0, to: offered.count, by: most) {
            var batch = offered[start..<min(start + most, offered.count)].sorted()[...]
            guard batch.contains(where: isBad) else {
                stored += batch.count
                continue
            }
            failed += batch.count
            while pieces {
                let piece = batch.prefix(1 << (Int.bitWidth - 1 - batch.count.leadingZeroBitCount))
                guard !piece.contains(where: isBad) else { break }
                stored += piece.count
                batch = batch.dropFirst(piece.count)
            }
        }
        return (failed, stored)
    }

    /// The size of batches in a behaviour's words.
    private static func most(_ words: String) throws -> Int {
        let digits = try #require(words.firstMatch(of: /most: (\d+)/)?.1)
        return try #require(Int(digits))
    }

    private static let forms = [
        "form: multi-row, most: 6, wait: 3s}", "form: unnest, most: 4, wait: 3s}", "form: copy, most: 5, wait: 3s}",
        "form: unnest, most: 4, wait: 3s}, queries: prepared, window: 4",
    ]

    /// One in sixteen messages is refused.
    @Test(arguments: forms) func aBatchThatFailsFailsAllItsPuts(_ words: String) async throws {
        let outcome = try await Self.load(
            "put: batched, batch: {\(words)", rate: "300/s", measure: "1500ms",
            trigger: ">= 'f' THEN RAISE EXCEPTION 'refused'")
        let (pieces, most) = (words.contains("multi-row"), try Self.most(words))
        let expected = Self.expectation(
            outcome.offered, most: most, pieces: pieces, isBad: { $0 >= "f" })
        let offered = outcome.offered.count
        #expect(offered > 440 && expected.failed > 50)
        #expect(outcome.puts.measure.failures == ["P0001": expected.failed])
        #expect(outcome.stored == expected.stored)
        #expect(pieces ? expected.stored > offered - expected.failed : expected.stored == offered - expected.failed)
        #expect(outcome.events.isEmpty)
        let rollbacks = outcome.sent("Rollback")
        #expect(words.contains("copy") ? rollbacks * 5 == expected.failed : rollbacks == 0)
    }

    /// One message in 64 ends the connection that it comes on, in the middle of its statement.
    @Test(arguments: forms.prefix(3)) func aConnectionLostInTheMiddleFailsTheBatch(_ words: String) async throws {
        let outcome = try await Self.load(
            "put: batched, batch: {\(words)", rate: "300/s", measure: "1500ms",
            trigger: "< '04' THEN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(60)")
        let (pieces, most) = (words.contains("multi-row"), try Self.most(words))
        let expected = Self.expectation(
            outcome.offered, most: most, pieces: pieces, isBad: { $0 < "04" })
        let failures = outcome.puts.measure.failures
        #expect(expected.failed > 10 && failures.values.reduce(0, +) == expected.failed, "\(failures)")
        #expect(Set(failures.keys).isSubset(of: ["57P01", "connection-lost"]))
        #expect(outcome.stored == expected.stored)
        #expect(outcome.events.contains { $0.kind == "connection.lost" })
    }

    /// In a pipeline the others that are on their way on the same connection fail, too, though they may be stored.
    @Test func aConnectionLostInAPipelineIsAccountedFor() async throws {
        let outcome = try await Self.load(
            "put: batched, batch: {form: unnest, most: 3, wait: 3s}, queries: prepared, window: 8, write-connections: 2",
            rate: "300/s", measure: "1500ms",
            trigger: "< '04' THEN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(60)")
        let bad = outcome.offered.count { $0 < "04" }
        let failures = outcome.puts.measure.failures
        #expect(failures.values.reduce(0, +) >= bad && bad > 3, "\(failures)")
        #expect(Set(failures.keys).isSubset(of: ["57P01", "connection-lost", "group-aborted"]), "\(failures)")
        #expect(outcome.puts.measure.completed > 300 && outcome.stored >= outcome.puts.measure.completed)
        #expect(outcome.events.contains { $0.kind == "connection.lost" })
    }

    /// A BEGIN that fails gives its connection back: the next put needs it, there is no other.
    @Test(arguments: ["put: transaction", "put: batched, batch: {form: copy, most: 2, wait: 1ms}"])
    func aBeginThatFailsGivesItsConnectionBack(_ words: String) async throws {
        let behaviour = try Behaviours.read("\(words), write-connections: 1")
        let spec = try TestWorkloads.clockwork(rate: "100/s", measure: "1s", drain: "5s")
        let schema = try ArchiveSchema(version: 8, folder: "\(packageRoot)/sql/schema")
        let script = StubScript { statement in
            statement.text == "BEGIN"
                ? .answer(.failure(sqlState: "57014", message: "canceled"), after: 0)
                : .answer(StubScript.usualResult(for: statement.text), after: 0)
        }
        let (result, log) = try await StubServer.run(script) { parameters in
            try await LoadRunner.run(spec, seed: 1, control: LoadControl()) { traffic in
                try ArchiveTarget(parameters, traffic: traffic, schema: schema, behaviour: behaviour)
            }
        }
        let puts = try TruthTests.only(result, "put")
        #expect(puts.measure.failures == ["57014": 99] && log.connections == 1)
    }
}
