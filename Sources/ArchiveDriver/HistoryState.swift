import PostgresClient
import Workload

/// How a loaded archive is left.
public enum HistoryState: Sendable, Equatable {
    /// As the variant's servers are found after days of running: vacuumed where autovacuum is on, never where it is off;
    /// messages counted and analysed, as the nodes do.
    case asFound
    /// As loaded: no vacuum, no statistics but what the index builds left.
    case fresh
    /// Vacuumed and analysed, whatever the variant.
    case vacuumed
    /// Schema 7's look-up table after so many retention passes, each of which deleted an hour's rows that no vacuum took
    /// away: the bloat that fleets have seen.
    case bloated(passes: Int)

    /// Passes of ``bloated(passes:)`` where no number is given: a day's.
    public static let standardPasses = 24

    /// Reads `fresh`, `vacuumed`, `bloated` or `bloated:48`; `nil` for anything else.
    public init?(_ text: String) {
        switch text {
        case "fresh": self = .fresh
        case "vacuumed": self = .vacuumed
        case "bloated": self = .bloated(passes: Self.standardPasses)
        default:
            guard text.hasPrefix("bloated:"), let passes = Int(text.dropFirst("bloated:".count)),
                (1...100_000).contains(passes)
            else { return nil }
            self = .bloated(passes: passes)
        }
    }

    /// The state in the words it is asked for with.
    public var text: String {
        switch self {
        case .asFound: "as-found"
        case .fresh: "fresh"
        case .vacuumed: "vacuumed"
        case .bloated(let passes): "bloated:\(passes)"
        }
    }
}

extension HistoryState {
    /// Brings an archive back into this state after a patch.
    ///
    /// - Parameters:
    ///   - connection: to the archive.
    ///   - schema: of its tables.
    ///   - spec: the workload that its history is of.
    /// - Returns: what was done, for the record.
    /// - Throws: `PostgresError` of a statement.
    public func settleAgain(
        _ connection: Connection, _ schema: ArchiveSchema, _ spec: WorkloadSpec
    ) throws(PostgresError) -> String {
        try HistorySettler(connection, schema, spec, rows: spec.history.rows).settleAgain(self)
    }
}

/// Brings a loaded archive into its state.
struct HistorySettler {
    private let connection: Connection
    private let schema: ArchiveSchema
    private let spec: WorkloadSpec
    /// Of the history in this database, about.
    private let rows: Int
    /// Whether the server is somebody else's.
    private let isGuest: Bool

    init(_ connection: Connection, _ schema: ArchiveSchema, _ spec: WorkloadSpec, rows: Int, isGuest: Bool = false) {
        self.connection = connection
        self.schema = schema
        self.spec = spec
        self.rows = rows
        self.isGuest = isGuest
    }

    /// What is vacuumed and analysed: without names the whole database, with the server's shared catalogues.
    private var tables: String { isGuest ? " messages, messages_lookup" : "" }

    /// - Returns: what was done, for the record.
    func settle(_ state: HistoryState) throws(PostgresError) -> String {
        let words: String
        switch state {
        case .fresh: words = "as loaded: never vacuumed, never analysed"
        case .vacuumed:
            try connection.run("VACUUM" + tables)
            try connection.run("ANALYZE" + tables)
            words = "vacuumed, everything analysed"
        case .asFound: words = try asFound()
        case .bloated(let passes):
            words = try bloat(passes) + "; " + analysed() + ", no vacuum"
        }
        if isGuest { return words + ", no checkpoint" }
        try connection.run("CHECKPOINT")
        return words + ", checkpoint"
    }

    /// Brings an archive that a patch has rewritten back into its state: rows written anew have no hint bits, and no
    /// visibility map where there was one. Bloat is what it was or is gone, as the patch left it.
    ///
    /// - Returns: what was done, for the record.
    func settleAgain(_ state: HistoryState) throws(PostgresError) -> String {
        switch state {
        case .asFound, .vacuumed: return try settle(state)
        case .fresh, .bloated:
            try connection.run("CHECKPOINT")
            return "left as the patch wrote it, checkpoint"
        }
    }

    private func asFound() throws(PostgresError) -> String {
        guard try connection.value("SHOW autovacuum") == "on" else {
            return try analysed() + ", messages_lookup never analysed, nothing vacuumed, as autovacuum is off"
        }
        try connection.run("VACUUM (ANALYZE)" + tables)
        return try "vacuumed and analysed as autovacuum would have, " + analysed()
    }

    /// What the node itself does for its tables, and it does no more.
    private func analysed() throws(PostgresError) -> String {
        try connection.run("SELECT COUNT(1) FROM messages")
        try connection.run("ANALYZE messages")
        return "messages counted and analysed"
    }

    /// An hour's look-up rows come and go, pass by pass, before those of the history.
    private func bloat(_ passes: Int) throws(PostgresError) -> String {
        guard !schema.partitionsLookup else {
            throw PostgresError(
                .client(.unexpectedReply), "schema 8 drops look-up partitions whole and cannot be bloated; use schema 7"
            )
        }
        // The bloat is what is asked for, so no autovacuum may take it away, whatever the variant.
        try connection.run("ALTER TABLE messages_lookup SET (autovacuum_enabled = off)")
        let hour = max(1_000, rows / max(1, spec.history.partitions))
        let first = (spec.archiveEpoch - (spec.history.partitions + passes) * 3_600)
        for pass in 0..<passes {
            let start = Int64(first + pass * 3_600) * 1_000_000_000
            try connection.run(
                """
                INSERT INTO messages_lookup (messageHash, timestamp)
                SELECT encode(sha256(int8send(\(start) + n)), 'hex'), \(start) + n * (3600000000000 / \(hour))
                FROM generate_series(0, \(hour - 1)) n
                """)
            try connection.run("DELETE FROM messages_lookup WHERE timestamp < \(start + 3_600_000_000_000)")
        }
        return "look-up table bloated by \(passes) retention passes of \(hour) rows each, never vacuumed"
    }
}
