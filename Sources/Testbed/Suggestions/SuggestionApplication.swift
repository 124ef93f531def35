import LinuxSystem
import PostgresClient

/// Puts a variant in force on a managed server with a filled archive: its settings, then its patch.
///
/// Its driver's behaviour, its version of the schema and of PostgreSQL are decided earlier, when the archive is built.
public struct SuggestionApplication: Sendable {
    private let variant: Variant
    private let cluster: ManagedCluster

    /// - Parameters:
    ///   - variant: fitted to the host.
    ///   - cluster: running, with the archive in it and nobody else connected.
    public init(_ variant: Variant, to cluster: ManagedCluster) {
        self.variant = variant
        self.cluster = cluster
    }

    /// What was done, and what the tables looked like before.
    public struct Applied: Sendable {
        /// How each part was put in force, one line each, for people.
        public let lines: [String]
        /// Statements of the patch.
        public let statements: [RunStatement]
        /// Before the patch; `nil` without one.
        public let schemaBefore: SchemaFingerprint?
    }

    /// Applies a variant.
    ///
    /// - Parameters:
    ///   - variant: fitted to the host.
    ///   - cluster: running, with the archive in it and nobody else connected; may be made from the variant or from its base.
    /// - Returns: how each part was put in force, one line each, such as `work_mem: read back as 64MB after a reload`.
    /// - Throws: as ``apply()``.
    public static func apply(_ variant: Variant, to cluster: ManagedCluster) async throws -> [String] {
        try await SuggestionApplication(variant, to: cluster).apply().lines
    }

    /// Applies it.
    ///
    /// - Returns: what was done.
    /// - Throws: `SpecProblems` with the places of settings that the server refuses or does not take over,
    ///   ``TestbedProblem`` with the end of its log when it does not start (its former settings are in force again then),
    ///   or with the place of the statement that failed.
    public func apply() async throws -> Applied {
        let settings = try await SettingsApplication(variant, cluster).apply()
        guard let patch = variant.patch else { return Applied(lines: settings, statements: [], schemaBefore: nil) }
        let (before, statements) = try await run(patch.apply)
        let undo = patch.undo.map { "taken back by \($0.name).sql" } ?? Variant.notReversible
        let archives = cluster.record.archives.count
        let places = archives > 1 ? ", in each of \(archives) databases" : ""
        let lines = settings + ["\(patch.apply.name).sql, \(undo)\(places):"] + statements.map { "  \($0.words)" }
        return Applied(lines: lines, statements: statements, schemaBefore: before)
    }

    /// Takes the patch back and sees that the tables are as they were.
    ///
    /// - Parameter applied: what ``apply()`` returned.
    /// - Returns: what was done, one line each.
    /// - Throws: ``TestbedProblem`` when there is no way back, a statement fails, or the tables are not as before.
    public func undo(_ applied: Applied) async throws -> [String] {
        guard let patch = variant.patch, let before = applied.schemaBefore else { return ["no patch to take back"] }
        guard let undo = patch.undo else {
            throw TestbedProblem("\(variant.file): \(patch.apply.name) is not reversible; make the archive anew")
        }
        let statements = try await run(undo).statements
        let after = try await run(nil).before
        if let difference = before.firstDifference(to: after) {
            throw TestbedProblem("\(undo.file): the tables are not as before (\(difference)); mend the script")
        }
        return statements.map(\.words) + ["tables as before: \(before.lines.count) definitions compared"]
    }

    /// Reads the fingerprint, then runs a script where there is one; on one database of the archive after the other.
    private func run(
        _ script: SQLScript?
    ) async throws -> (before: SchemaFingerprint, statements: [RunStatement]) {
        let archives = cluster.record.archiveParameters
        // libpq's blocking work keeps a thread busy; it gets its own, not one of the executor's.
        return try await WorkerThread.run {
            Result {
                var before: [(database: String, tables: SchemaFingerprint)] = []
                var statements: [RunStatement] = []
                for parameters in archives {
                    let run = ScriptRun(
                        connection: try Connection.open(parameters), observer: try Connection.open(parameters))
                    before.append((parameters.database, try SchemaFingerprint(run.observer)))
                    statements += try script.map(run.run) ?? []
                }
                return (SchemaFingerprint(before), statements)
            }
        }.get()
    }
}
