import ArchiveDriver
import PostgresClient
import Telemetry
import Testbed
import Workload

/// Everything that a trial in a marked database would send, with size and time, worked out before anything is sent. Of
/// statements that read the catalog and settings once, one part says what they read.
public struct ExternalPlan: Sendable, Encodable {
    /// Statements that belong together.
    public struct Part: Sendable, Encodable {
        /// What they are for, and how often they are sent.
        public let title: String
        /// As they go to the server, in their order.
        public let statements: [String]
    }

    /// The server, as `user@host:port/database (TLS …)`.
    public let target: String
    /// As the server has it.
    public let serverVersion: String
    /// Room that the database will need at most, bytes; an estimate on the safe side.
    public let diskBytes: Int
    /// Time from start to end, seconds; an estimate.
    public let secondsEstimated: Double
    /// Operations of the load by request class, warm-up included; later pages not counted.
    public let operations: [String: Int]
    /// In the order in which they are sent.
    public let parts: [Part]
    /// Request classes whose statements are not among the parts, because none comes early in the load.
    public let notShown: [String]

    /// Works it out; nothing is opened.
    ///
    /// - Parameters:
    ///   - request: of the trial.
    ///   - external: its target, checked.
    /// - Throws: `ArchiveSchema.Problem`, `TestbedProblem`.
    public init(_ request: TrialRequest, _ external: ExternalTrial) throws {
        let (plan, spec) = (TrialPlan(request), request.offered)
        let schema = try ArchiveSchema(version: request.schemaVersion, folder: request.schemaFolder)
        let load = LoadStatements(Traffic(spec, seed: request.seed), schema: schema, behaviour: request.driver)
        target = external.target.parameters.shown
        serverVersion = external.serverVersion
        diskBytes = plan.diskBytes
        secondsEstimated = plan.seconds.rounded()
        operations = plan.operations
        notShown = load.unseen
        parts =
            Self.before(request, external, schema)
            + load.examples.map { Part(title: "load: \($0.requestClass)", statements: $0.statements) }
            + Self.after(request, external, schema)
    }

    private static func before(
        _ request: TrialRequest, _ external: ExternalTrial, _ schema: ArchiveSchema
    ) -> [Part] {
        let spec = request.offered
        var parts = [
            Part(
                title: "checks, which only read",
                statements: external.target.looks(known: ArchiveSchema.tableNames) + [
                    ExternalArchiveBuilder.others, ExternalArchiveBuilder.room,
                ]),
            Part(
                title: "keeps other trials out, by a session that stays until the end",
                statements: [ExternalArchiveBuilder.claiming, ExternalArchiveBuilder.others]),
            emptying,
            Part(title: "the archive's tables, schema \(schema.version)", statements: schema.installation),
            Part(
                title:
                    "the history, \(spec.history.rows) rows: these for each of \(spec.history.partitions) hours",
                statements: HistoryStatements.hour(of: spec, schema)),
            Part(
                title:
                    "the hours that the load begins with: these for each of \(HistoryLoader.livePartitions(of: spec).count)",
                statements: HistoryStatements.liveHour(of: spec, schema)),
            Part(title: "how the history is left", statements: HistoryStatements.settling(request.historyState)),
            Part(
                title: "what is recorded of the server, each once",
                statements: [
                    "SELECT pg_database_size(current_database())", "SHOW data_checksums",
                    "SELECT system_identifier FROM pg_control_system()", "SELECT of all settings from pg_settings",
                ]),
            Part(title: "the round trip, \(ExternalArchive.roundTrips) times", statements: ["SELECT 1"]),
            Part(title: "whether hashes are what the driver writes", statements: [ArchiveSchema.typeOfHashes]),
        ]
        guard request.telemetry else { return parts }
        let major = Int(external.serverVersion.prefix { $0.isNumber }) ?? ExternalTarget.oldestMajor
        parts.append(
            Part(
                title: "statistics of statements, in the marked database, where this role may",
                statements: ["CREATE EXTENSION IF NOT EXISTS pg_stat_statements SCHEMA public"]))
        parts.append(
            Part(
                title: "plans, before and after the load: each of its statements; those that write are taken back",
                statements: [
                    "BEGIN", "EXPLAIN (ANALYZE, BUFFERS, WAL, SETTINGS, FORMAT JSON) one of the load's statements",
                    "ROLLBACK",
                ]))
        parts.append(
            Part(
                title: "what planning reads at the oldest end, after the load; nothing is executed",
                statements: [
                    OldestEnd.statement,
                    "EXPLAIN (BUFFERS, FORMAT JSON) SELECT 1 FROM one of these WHERE timestamp < one of its limits",
                ]))
        parts.append(
            Part(
                title: "looks at the server, once a second (the first 2.5 times) while the load runs",
                statements: ServerQueries(major: major).sampled(of: [external.target.parameters.database])))
        return parts
    }

    private static func after(
        _ request: TrialRequest, _ external: ExternalTrial, _ schema: ArchiveSchema
    ) -> [Part] {
        let ending = [
            Part(
                title: "ends what the load's own sessions still run",
                statements: [ExternalArchiveBuilder.cancelling(external.measured)]),
            Part(
                title: "sizes and shape of the archive at the end",
                statements: ["SELECT of names, sizes and counts of the archive's tables from the catalog"]),
        ]
        guard !external.keepsArchive else { return ending }
        return ending + [
            Part(
                title: "checks again, which only read",
                statements: external.target.looks(known: ArchiveSchema.tableNames)),
            emptying, Part(title: "the archive's tables again, empty", statements: schema.installation),
        ]
    }

    private static let emptying = Part(
        title: "empties the marked database, 50 tables a statement",
        statements: [ArchiveSchema.dropping("each table of public that matches \(ArchiveSchema.tableNames)")])
}
