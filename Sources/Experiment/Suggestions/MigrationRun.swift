import ArchiveDriver
import LinuxSystem
import PostgresClient
import Testbed
import Workload

/// The migration itself, statement by statement on one connection.
struct MigrationRun {
    /// What it did.
    struct Outcome: Sendable {
        var scriptSeconds = 0.0
        var rebuildSeconds = 0.0
        var rebuilt = 0
        var steps: [MigrationReport.Step] = []
    }

    private let connection: Connection
    private let script: SQLScript
    /// Archive time of the partition factory's pass, seconds.
    private let epoch: Int
    private let progress: @Sendable (String) -> Void

    init(
        _ connection: Connection, _ script: SQLScript, epoch: Int, _ progress: @escaping @Sendable (String) -> Void
    ) {
        self.connection = connection
        self.script = script
        self.epoch = epoch
        self.progress = progress
    }

    /// The node's own lock around a migration.
    private static let lock = 841_886

    func run() throws -> Outcome {
        var outcome = Outcome()
        let start = Clock.now()
        guard try connection.value("SELECT pg_try_advisory_lock(\(Self.lock))") == "t" else {
            throw TestbedProblem("another migration is under way on this archive; wait for its end")
        }
        for statement in script.statements {
            let began = Clock.now()
            try connection.run(statement.text)
            Self.count(Self.name(of: statement.text), since: began, &outcome.steps)
        }
        try connection.run("SELECT pg_advisory_unlock(\(Self.lock))")
        outcome.scriptSeconds = Double(Clock.now() - start) / 1e9
        let rebuild = Clock.now()
        try factoryPass(&outcome)
        outcome.rebuildSeconds = Double(Clock.now() - rebuild) / 1e9
        return outcome
    }

    /// The pass that every node makes at its start.
    private func factoryPass(_ outcome: inout Outcome) throws {
        let schema = try ArchiveSchema(version: 8, folder: String(script.file.dropLast("/v8/up.sql".count)))
        let job = MaintenanceJob(.partitionFactory, .standard, schema, now: Int64(epoch) * 1_000_000_000)
        var told = Clock.now()
        while let step = job.next {
            let began = Clock.now()
            do throws(PostgresError) {
                let rows = try connection.run(step.text)
                job.take(.rows(rows, affected: 0))
            } catch {
                if error.isConnectionFailure { throw error }
                job.take(.failure(code: error.code.description, message: error.message))
            }
            Self.count(Self.name(of: step.text), since: began, &outcome.steps)
            if Clock.now() > told + 1_000_000_000 {
                told = Clock.now()
                progress("\(job.events.count { $0.kind == "lookup.rebuilt" }) look-up partitions made anew")
            }
        }
        outcome.rebuilt = job.events.count { $0.kind == "lookup.rebuilt" }
        if let failure = job.failure {
            throw TestbedProblem("the partition factory's pass failed with \(failure); the archive is half migrated")
        }
    }

    private static func count(_ name: String, since began: Nanoseconds, _ steps: inout [MigrationReport.Step]) {
        let seconds = Double(Clock.now() - began) / 1e9
        let place = steps.firstIndex { $0.name == name } ?? steps.count
        if place == steps.count { steps.append(.init(name: name, count: 0, seconds: 0, longestSeconds: 0)) }
        steps[place].count += 1
        steps[place].seconds += seconds
        steps[place].longestSeconds = max(steps[place].longestSeconds, seconds)
    }

    /// What a statement does; the first beginning that it holds.
    private static func name(of text: String) -> String {
        let kinds = [
            "ATTACH PARTITION", "ADD CONSTRAINT", "DROP CONSTRAINT", "INSERT INTO", "DROP TABLE", "UPDATE version",
            "PARTITION BY", "CREATE TABLE",
        ]
        let names = ["PARTITION BY": "CREATE TABLE messages_lookup", "CREATE TABLE": "CREATE TABLE of a partition"]
        let kind = kinds.first { text.contains($0) } ?? "catalog"
        return names[kind] ?? kind
    }
}
