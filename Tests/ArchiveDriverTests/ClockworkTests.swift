import ArchiveDriver
import PostgresClient
import TestSupport
import Testing
import WakuModel
import Workload

/// The node's own jobs, against a real server, statement by statement.
@Suite(.ownThreads) struct ClockworkTests {
    private static let epoch = 1_767_636_000
    private static let hour = 3_600

    /// What a job sent, did, and how it ended.
    private struct Outcome {
        var statements: [String] = []
        var events: [String] = []
        var failure: String?

        func count(of beginning: String) -> Int { statements.count { $0.contains(beginning) } }
    }

    private struct Archive {
        let parameters: ConnectionParameters
        let read: Connection
        let write: Connection
        let schema: ArchiveSchema

        func partitions() throws -> [String] {
            try read.run(
                "SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'messages'::regclass ORDER BY 1"
            ).compactMap { $0.first ?? nil }
        }

        func count(_ table: String) throws -> Int {
            Int(try read.value("SELECT COUNT(*) FROM \(table)") ?? "") ?? -1
        }

        /// Runs a job with blocking connections in the place of the pools.
        func run(_ kind: ClockworkSpec.JobKind, _ policies: [RetentionPolicy] = [], at seconds: Int) throws -> Outcome {
            var clockwork = ClockworkSpec.standard
            clockwork.setRetention(policies)
            let job = MaintenanceJob(kind, clockwork, schema, now: Int64(seconds) * 1_000_000_000)
            var outcome = Outcome()
            while let step = job.next {
                outcome.statements.append(step.text)
                let connection = step.pool == .read ? read : write
                var rows: [[String?]] = []
                var affected = 0
                do throws(PostgresError) {
                    try connection.sendSimple(step.text)
                    try connection.collect(statement: "job") { result throws(PostgresError) in
                        affected += result.affectedRows
                        guard result.kind == .rows else { return }
                        for row in 0..<result.rowCount {
                            rows.append((0..<result.columnCount).map { result.text(row, $0) })
                        }
                    }
                    job.take(.rows(rows, affected: affected))
                } catch {
                    job.take(.failure(code: error.code.description, message: error.message))
                }
            }
            outcome.events = job.events.map(\.kind)
            outcome.failure = job.failure
            return outcome
        }
    }

    /// An archive of some hours from the epoch on, each with as many messages as asked for.
    private func archive(_ version: Int, hours: Int, rows: Int = 0) async throws -> Archive {
        let parameters = try await TestServers.archive(schema: version, partitionsFrom: Self.epoch, hours: hours)
        let archive = Archive(
            parameters: parameters, read: try Connection.open(parameters), write: try Connection.open(parameters),
            schema: try ArchiveSchema(version: version, folder: "\(packageRoot)/sql/schema"))
        let session = ArchiveSession(archive.write)
        let topic = try ContentTopic("/waku/1/0x00000001/rfc26")
        for hour in 0..<hours {
            for row in 0..<rows {
                let time = Int64(Self.epoch + hour * Self.hour + row * 60) * 1_000_000_000
                try session.put(
                    Message(payload: [UInt8(hour), UInt8(row)], contentTopic: topic, timestamp: time),
                    on: try PubsubTopic("/waku/2/rs/16/32"))
            }
        }
        return archive
    }

    // MARK: Small jobs

    @Test func healthCheckAsksBothPools() async throws {
        let archive = try await archive(8, hours: 1)
        let outcome = try archive.run(.healthCheck, at: Self.epoch)
        #expect(
            outcome.statements == [
                "/* requestId= */ SELECT version();", "/* requestId= */ SELECT version();",
            ])
        #expect(try archive.run(.messageCount, at: Self.epoch).count(of: "SELECT COUNT(1) FROM messages") == 1)
        #expect(try archive.run(.exporter, at: Self.epoch).failure == nil)
    }

    @Test func analyzeIsLeftToWhoeverHoldsTheLock() async throws {
        let archive = try await archive(8, hours: 1)
        let free = try archive.run(.analyze, at: Self.epoch)
        #expect(free.statements.count == 3 && free.events == ["analyze.done"])
        let other = try Connection.open(archive.parameters)
        try other.run("SELECT pg_advisory_lock(111111)")
        let busy = try archive.run(.analyze, at: Self.epoch)
        #expect(busy.statements.count == 1 && busy.events == ["analyze.skipped"])
    }

    // MARK: Partition factory

    @Test(arguments: [(8, 6), (7, 2)]) func anIdlePassOnlyAsksTheCatalog(_ version: Int, _ queries: Int) async throws {
        let archive = try await archive(version, hours: 2)
        let outcome = try archive.run(.partitionFactory, at: Self.epoch + 60)
        #expect(outcome.statements.count == queries && outcome.events.isEmpty && outcome.failure == nil)
        #expect(outcome.statements.allSatisfy { $0.hasPrefix("/* requestId= */ SELECT") })
    }

    @Test(arguments: [7, 8]) func theNextHourIsMadeWhenTheHourTurned(_ version: Int) async throws {
        let archive = try await archive(version, hours: 2)
        let outcome = try archive.run(.partitionFactory, at: Self.epoch + Self.hour + 5)
        #expect(outcome.events == ["partition.created"])
        #expect(outcome.count(of: "DO $$") == (version == 8 ? 5 : 4))
        let next = HourPartition(start: Self.epoch + 2 * Self.hour, end: Self.epoch + 3 * Self.hour)
        #expect(try archive.partitions().contains(next.messages))
        // It takes rows, and a second pass finds nothing to do.
        try ArchiveSession(archive.write).put(
            Message(
                payload: [1], contentTopic: try ContentTopic("/waku/1/0x00000001/rfc26"),
                timestamp: Int64(next.start + 10) * 1_000_000_000), on: try PubsubTopic("/waku/2/rs/16/32"))
        #expect(try archive.count(next.messages) == 1)
        #expect(try archive.run(.partitionFactory, at: Self.epoch + Self.hour + 60).events.isEmpty)
    }

    @Test func aPassWhoseTimeHasRunAheadBeginsNow() async throws {
        let archive = try await archive(8, hours: 1)
        let outcome = try archive.run(.partitionFactory, at: Self.epoch + 10 * Self.hour + 1_800)
        #expect(outcome.events == ["partition.created"])
        // The first partition is shorter: from now to the full hour.
        let (start, end) = (Self.epoch + 10 * Self.hour + 1_800, Self.epoch + 11 * Self.hour)
        #expect(try archive.partitions().contains("messages_\(start)_\(end)"))
    }

    @Test func aBusyLockStopsTheMakingAndIsTolerated() async throws {
        let archive = try await archive(8, hours: 2)
        let other = try Connection.open(archive.parameters)
        try other.run("SELECT pg_advisory_lock(123456789)")
        let outcome = try archive.run(.partitionFactory, at: Self.epoch + Self.hour + 5)
        #expect(outcome.events == ["lock.busy"] && outcome.failure == nil)
        #expect(outcome.count(of: "DO $$") == 1)
        #expect(try archive.partitions().count == 2)
    }

    @Test func tablesOfNobodyAreDropped() async throws {
        let archive = try await archive(8, hours: 2)
        try archive.write.run(
            "CREATE TABLE messages_10_20 (LIKE messages); CREATE TABLE lookup_10_20 (LIKE messages_lookup)")
        let outcome = try archive.run(.partitionFactory, at: Self.epoch + 60)
        #expect(outcome.events.sorted() == ["lookup.stray-dropped", "partition.orphan-dropped"])
        #expect(try archive.read.value("SELECT to_regclass('messages_10_20')") == nil)
        #expect(try archive.read.value("SELECT to_regclass('lookup_10_20')") == nil)
        #expect(try archive.read.value("SELECT to_regclass('messages_lookup')") == "messages_lookup")
    }

    @Test func missingLookUpPartitionsAreRebuiltNewestFirst() async throws {
        let archive = try await archive(8, hours: 3, rows: 4)
        for hour in 0..<2 {
            let start = Self.epoch + hour * Self.hour
            try archive.write.run("DROP TABLE lookup_\(start)_\(start + Self.hour)")
        }
        #expect(try archive.count("messages_lookup") == 4)
        let outcome = try archive.run(.partitionFactory, at: Self.epoch + Self.hour + 60)
        #expect(outcome.events == ["lookup.rebuilt", "lookup.rebuilt"])
        let made = outcome.statements.filter { $0.contains("CREATE TABLE IF NOT EXISTS lookup_") }
        #expect(made.count == 2 && made[0].contains("lookup_\(Self.epoch + Self.hour)_"))
        #expect(try archive.count("messages_lookup") == 12)
        #expect(
            try archive.read.value(
                "SELECT COUNT(*) FROM messages m JOIN messages_lookup l USING (messagehash, timestamp)") == "12")
    }

    // MARK: Retention

    @Test(arguments: [7, 8]) func timeDropsWholeHoursAndDeletesInTheNext(_ version: Int) async throws {
        let archive = try await archive(version, hours: 5, rows: 10)
        // Two and a half hours are kept of four and three quarters: two partitions go, and the third's first rows.
        let now = Self.epoch + 4 * Self.hour + 2_700
        let outcome = try archive.run(.retention, [.time(seconds: 9_000)], at: now)
        #expect(outcome.events.count { $0 == "partition.dropped" } == 2)
        #expect(outcome.events.count { $0 == "lookup.deleted" } == (version == 7 ? 2 : 0))
        #expect(outcome.count(of: "DELETE FROM messages_lookup") == (version == 7 ? 2 : 0))
        #expect(outcome.count(of: "DROP TABLE IF EXISTS lookup_") == (version == 8 ? 2 : 0))
        #expect(outcome.count(of: "CONCURRENTLY") == 2 && outcome.failure == nil)
        #expect(try archive.partitions().count == 3)
        // The border lies 900 s into the third hour: its fifteenth minute, so ten of ten rows are older.
        #expect(try archive.count("messages") == 20)
        // The look-up rows of the boundary partition stay, as in the node.
        #expect(try archive.count("messages_lookup") == 30)
    }

    @Test(arguments: [7, 8]) func sizeDropsTheOldestUntilItFits(_ version: Int) async throws {
        let archive = try await archive(version, hours: 6, rows: 2)
        let before = Int(try archive.read.value("SELECT pg_database_size(current_database())") ?? "") ?? 0
        // A little less than two empty partitions.
        let outcome = try archive.run(
            .retention, [.size(bytes: before - 60_000)], at: Self.epoch + 5 * Self.hour + 10)
        let dropped = outcome.events.count { $0 == "partition.dropped" }
        #expect(dropped >= 1 && dropped <= 2)
        let after = Int(try archive.read.value("SELECT pg_database_size(current_database())") ?? "") ?? 0
        #expect(after <= before - 60_000)
        // A limit that cannot be met leaves the current hour, and says so.
        let hopeless = try archive.run(.retention, [.size(bytes: 1_000_000)], at: Self.epoch + 5 * Self.hour + 10)
        #expect(hopeless.events.last == "retention.failed" && hopeless.failure == nil)
        #expect(try archive.partitions() == ["messages_\(Self.epoch + 5 * Self.hour)_\(Self.epoch + 6 * Self.hour)"])
    }

    @Test func capacityDeletesOnlyOnceThirtyPercentOver() async throws {
        let archive = try await archive(7, hours: 3, rows: 10)
        #expect(try archive.run(.retention, [.capacity(messages: 24)], at: Self.epoch).statements.count == 1)
        let outcome = try archive.run(.retention, [.capacity(messages: 20)], at: Self.epoch)
        #expect(outcome.events == ["messages.deleted", "lookup.deleted"])
        #expect(try archive.count("messages") == 23)
        #expect(try archive.count("messages_lookup") == 23)
    }

    @Test func policiesAreAppliedOneAfterTheOther() async throws {
        let archive = try await archive(8, hours: 4, rows: 5)
        let outcome = try archive.run(
            .retention, [.time(seconds: 7_000), .capacity(messages: 3)], at: Self.epoch + 3 * Self.hour + 3_000)
        #expect(outcome.events.first == "partition.dropped" && outcome.events.last == "lookup.deleted")
        #expect(try archive.count("messages") == 3)
    }

    @Test func aPendingDetachIsFinished() async throws {
        let archive = try await archive(8, hours: 3, rows: 1)
        let name = "messages_\(Self.epoch)_\(Self.epoch + Self.hour)"
        // Somebody reads the archive, the detach waits for them, and is cancelled while it waits.
        let reader = try Connection.open(archive.parameters)
        try reader.run("BEGIN ISOLATION LEVEL REPEATABLE READ")
        try reader.run("SELECT COUNT(*) FROM messages")
        try archive.write.run("SET statement_timeout = '300ms'")
        #expect(throws: PostgresError.self) {
            try archive.write.run("ALTER TABLE messages DETACH PARTITION \(name) CONCURRENTLY")
        }
        try archive.write.run("RESET statement_timeout")
        try reader.run("COMMIT")
        let outcome = try archive.run(
            .retention, [.time(seconds: 3_600)], at: Self.epoch + 2 * Self.hour + 10)
        #expect(outcome.events.prefix(2) == ["detach.finalized", "partition.dropped"])
        #expect(try archive.partitions().count == 2)
    }
}
