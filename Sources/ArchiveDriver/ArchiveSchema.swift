import FoundationEssentials
import PostgresClient

/// The archive's tables, made by replaying the node's content scripts one version after the other.
///
/// Replay, not a final shape: a dropped column leaves a hole in the parent table that partitions made later do not
/// have, and PostgreSQL converts every routed row for it.
public struct ArchiveSchema: Sendable {
    /// Versions that a trial can run on: what released nodes use, and what comes next.
    public static let supported = [7, 8]

    public let version: Int
    private let scripts: [String]

    /// Why the scripts cannot be used; one line.
    public struct Problem: Error, CustomStringConvertible {
        public let description: String
    }

    /// Reads the scripts of all versions up to one, from the folder that holds `v1` … `v8`.
    ///
    /// - Throws: ``Problem`` for a version that is not supported or a missing script.
    public init(version: Int, folder: String) throws(Problem) {
        guard Self.supported.contains(version) else {
            throw Problem(
                description:
                    "schema \(version) is not supported; choose \(Self.supported.map(String.init).joined(separator: " or "))"
            )
        }
        var scripts: [String] = []
        for number in 1...version {
            let path = "\(folder)/v\(number)/up.sql"
            guard let data = FileManager.default.contents(atPath: path) else {
                throw Problem(description: "\(path): missing; the installation is incomplete")
            }
            scripts.append(String(decoding: data, as: UTF8.self))
        }
        self.version = version
        self.scripts = scripts
    }

    /// Whether the look-up table is partitioned.
    public var partitionsLookup: Bool { version >= 8 }

    /// What ``install(on:)`` runs, script by script.
    public var installation: [String] { scripts }

    /// Makes the tables in an empty database.
    public func install(on connection: Connection) throws(PostgresError) {
        for script in scripts { try connection.run(script) }
        let found = try connection.value("SELECT version FROM version")
        guard found == String(version) else {
            throw PostgresError(.client(.unexpectedReply), "schema is version \(found ?? "none"), expected \(version)")
        }
    }
}

/// One hourly partition: `messages_<a>_<b>` with its sibling `lookup_<a>_<b>`, named by seconds since 1970.
public struct HourPartition: Sendable, Hashable {
    /// Seconds; inclusive.
    public let start: Int
    /// Seconds; exclusive.
    public let end: Int

    public init(start: Int, end: Int) {
        self.start = start
        self.end = end
    }

    /// The partitions of so many hours from a full hour on.
    public static func hours(_ count: Int, from start: Int) -> [HourPartition] {
        (0..<count).map { HourPartition(start: start + $0 * 3_600, end: start + ($0 + 1) * 3_600) }
    }

    public var messages: String { "messages_\(start)_\(end)" }
    public var lookup: String { "lookup_\(start)_\(end)" }

    /// The node's five statements (four before schema 8), each in its block under the advisory lock.
    public func creation(_ schema: ArchiveSchema) -> (table: [String], attachment: [String]) {
        let plain = plainCreation(schema)
        return (plain.table.map(Self.locked), plain.attachment.map(Self.locked))
    }

    /// The same statements without block and lock, for when nobody else is there.
    func plainCreation(_ schema: ArchiveSchema) -> (table: [String], attachment: [String]) {
        let bounds = "FROM (\(start)000000000) TO (\(end)000000000)"
        let lookupTable = "CREATE TABLE IF NOT EXISTS \(lookup) PARTITION OF messages_lookup FOR VALUES \(bounds);"
        let table = """
            CREATE TABLE IF NOT EXISTS \(messages) (LIKE messages INCLUDING DEFAULTS INCLUDING CONSTRAINTS);
            """
        let check = """
            ALTER TABLE \(messages) ADD CONSTRAINT \(messages)_by_range_check \
            CHECK ( timestamp >= \(start)000000000 AND timestamp < \(end)000000000 );
            """
        let attachment = "ALTER TABLE messages ATTACH PARTITION \(messages) FOR VALUES \(bounds);"
        let drop = "ALTER TABLE \(messages) DROP CONSTRAINT \(messages)_by_range_check;"
        let tables = schema.partitionsLookup ? [lookupTable, table] : [table]
        return (tables, [check, attachment, drop])
    }

    /// The node's statements that make a missing look-up partition anew: table, rows, and its attachment.
    var lookupRebuild: (table: String, backfill: String, attachment: [String]) {
        let table = """
            CREATE TABLE IF NOT EXISTS \(lookup) (LIKE messages_lookup INCLUDING DEFAULTS INCLUDING CONSTRAINTS \
            INCLUDING INDEXES);
            """
        let backfill = """
            INSERT INTO \(lookup) (messageHash, timestamp) SELECT messageHash, timestamp FROM \(messages) \
            ON CONFLICT DO NOTHING;
            """
        let check = """
            ALTER TABLE \(lookup) ADD CONSTRAINT \(lookup)_by_range_check \
            CHECK ( timestamp >= \(start)000000000 AND timestamp < \(end)000000000 );
            """
        let attach = """
            ALTER TABLE messages_lookup ATTACH PARTITION \(lookup) \
            FOR VALUES FROM (\(start)000000000) TO (\(end)000000000);
            """
        let drop = "ALTER TABLE \(lookup) DROP CONSTRAINT \(lookup)_by_range_check;"
        return (Self.locked(table), backfill, [check, attach, drop].map(Self.locked))
    }

    /// Makes the partition as the node does.
    public func create(on connection: Connection, _ schema: ArchiveSchema) throws(PostgresError) {
        let statements = creation(schema)
        for statement in statements.table + statements.attachment { try connection.run(statement) }
    }

    /// The advisory lock that keeps two nodes from partition work at the same time.
    static let lockNumber = 123_456_789

    private static func locked(_ statement: String) -> String {
        """
        DO $$
        BEGIN
            IF NOT pg_try_advisory_lock(\(lockNumber)) THEN
                RAISE EXCEPTION 'could not acquire advisory lock';
            END IF;
            BEGIN
                \(statement)
            EXCEPTION WHEN OTHERS THEN
                PERFORM pg_advisory_unlock(\(lockNumber));
                RAISE;
            END;
            PERFORM pg_advisory_unlock(\(lockNumber));
        END $$;
        """
    }
}
