import ArchiveDriver
import LinuxSystem
import PostgresClient
import Testbed
import WakuModel
import Workload

/// Migrates a filled archive of schema 7 to schema 8 as a store node does at its start, while others go on asking for
/// messages by hash and storing new ones.
///
/// The node sends the script's statements one by one, each its own transaction, under an advisory lock; then its partition
/// factory makes the look-up partitions anew, newest hour first.
public struct MigrationStudy: Sendable {
    /// What goes on beside it.
    public struct Plan: Sendable {
        /// Hash queries, 1/s; above 0.
        public var queryRate: Double
        /// New messages, 1/s; 0 for none.
        public var putRate: Double
        /// Different messages that are asked for, spread over the history from its oldest to its newest.
        public var messages: Int
        /// How long the traffic runs before the migration at least, nanoseconds; longer until the first answer.
        public var before: Nanoseconds

        /// - Parameters:
        ///   - queryRate: hash queries, 1/s.
        ///   - putRate: new messages, 1/s.
        ///   - messages: different ones that are asked for.
        ///   - before: how long the traffic runs before the migration at least, nanoseconds.
        public init(
            queryRate: Double = 100, putRate: Double = 10, messages: Int = 40, before: Nanoseconds = 2_000_000_000
        ) {
            self.queryRate = queryRate
            self.putRate = putRate
            self.messages = messages
            self.before = before
        }
    }

    private let plan: Plan
    private let parameters: ConnectionParameters
    private let spec: WorkloadSpec
    private let seed: UInt64
    private let schemaFolder: String

    /// - Parameters:
    ///   - plan: what goes on beside it.
    ///   - parameters: of a database with an archive of schema 7, filled with the workload's history.
    ///   - spec: of that history; it has some rows.
    ///   - seed: of that history.
    ///   - schemaFolder: of the schema's scripts.
    public init(
        _ plan: Plan, on parameters: ConnectionParameters, _ spec: WorkloadSpec, seed: UInt64, schemaFolder: String
    ) {
        self.plan = plan
        self.parameters = parameters
        self.spec = spec
        self.seed = seed
        self.schemaFolder = schemaFolder
    }

    private static let (from, to) = (7, 8)

    /// Runs it.
    ///
    /// - Parameter progress: told now and then what is going on.
    /// - Returns: what was seen.
    /// - Throws: `TestbedProblem` when the archive is not of schema 7 or does not answer before the migration;
    ///   `PostgresError` when the migration itself fails.
    public func run(progress: @escaping @Sendable (String) -> Void) async throws -> MigrationReport {
        let clock = MigrationClock()
        let script = try script()
        let connections = try Connections(parameters)
        async let asked = onThread { study in
            try MigrationTraffic(clock: clock, rate: study.plan.queryRate).ask(
                study.hashes(), ArchiveSession(connections.queries))
        }
        async let stored = onThread { study in
            let (topic, message) = study.newMessage()
            return try MigrationTraffic(clock: clock, rate: study.plan.putRate).put(
                message, on: topic, ArchiveSession(connections.puts))
        }
        async let looked = onThread { _ in try connections.watch(until: clock) }
        async let migrated = onThread { study in
            defer { clock.end() }
            try study.checkBefore(connections.migration)
            Clock.pause(study.plan.before)
            // On a busy host that may not have been enough for a single answer.
            clock.awaitAnswer()
            clock.begin()
            return try MigrationRun(connections.migration, script, epoch: study.spec.archiveEpoch, progress).run()
        }
        let run = try await migrated
        let sight = MigrationSight(
            run: run, queries: try await asked, puts: try await stored, locks: try await looked, start: clock.start ?? 0
        )
        return try sight.report(plan, spec, connections.migration)
    }

    /// `@unchecked Sendable`, because all are constants, and each connection is used by one thread only: ``run(progress:)``
    /// gives each of its four tasks another one, and takes the migration's up again after that task has ended.
    private struct Connections: @unchecked Sendable {
        let migration, queries, puts, observer: Connection
        /// The others by the number of their backend, and that of the migration.
        private let names: [Int32: String]
        private let holder: Int32

        init(_ parameters: ConnectionParameters) throws(PostgresError) {
            migration = try Connection.open(parameters)
            queries = try Connection.open(parameters)
            puts = try Connection.open(parameters)
            observer = try Connection.open(parameters)
            holder = migration.backendPID
            names = [holder: "migration", queries.backendPID: "queries", puts.backendPID: "puts"]
        }

        func watch(until clock: MigrationClock) throws(PostgresError) -> MigrationSight.Locks {
            let watch = LockWatch(observer, holder: holder, names: names)
            while !clock.isOver {
                if clock.start != nil { try watch.look() }
                Clock.pause(LockWatch.interval)
            }
            return MigrationSight.Locks(locks: watch.locks, waits: watch.waits)
        }
    }

    private func onThread<Value: Sendable>(
        _ body: @escaping @Sendable (MigrationStudy) throws -> Value
    ) async throws -> Value {
        try await WorkerThread.run { Result { try body(self) } }.get()
    }

    private func script() throws -> SQLScript {
        // Reading them all says whether they are there.
        _ = try ArchiveSchema(version: Self.to, folder: schemaFolder)
        let path = "\(schemaFolder)/v\(Self.to)/up.sql"
        return SQLScript(name: "v\(Self.to)", file: path, text: Host.read(path) ?? "")
    }

    private func checkBefore(_ connection: Connection) throws {
        let version = try connection.value("SELECT version FROM version")
        guard version == String(Self.from) else {
            throw TestbedProblem("the archive has schema \(version ?? "none"); the study begins with \(Self.from)")
        }
    }

    /// Evenly spread over the history, the oldest first.
    private func hashes() -> [MessageHash] {
        let traffic = Traffic(spec, seed: seed)
        let (rows, count) = (spec.history.rows, min(plan.messages, spec.history.rows))
        return (0..<count).map { place in
            let number = count == 1 ? 0 : place * (rows - 1) / (count - 1)
            let (topic, message) = traffic.message(Int64(number))
            return message.hash(on: topic)
        }
    }

    /// As one of the history, in the hour in which the archive is live.
    private func newMessage() -> (PubsubTopic, Message) {
        var (topic, message) = Traffic(spec, seed: seed).message(0)
        message.timestamp = Int64(spec.archiveEpoch) * 1_000_000_000
        return (topic, message)
    }
}
