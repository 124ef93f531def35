/// The texts of puts that are not the node's. Each writes the same rows, and leaves the same rows of others alone.
///
/// The look-up row stands in a WITH query: both are executed whole, whatever becomes of the other (PostgreSQL
/// documentation, 7.8.4), and the count that comes back is the messages'.
enum PutStatements {
    /// Parameters a row has in a batch: all columns but `id`.
    static let columns = 7

    private static let into =
        "INSERT INTO messages (id, messageHash, pubsubTopic, contentTopic, payload, version, timestamp, meta)"
    private static let lookup = "WITH lookup AS (INSERT INTO messages_lookup (messageHash, timestamp)"
    private static let orNothing = "ON CONFLICT DO NOTHING"

    /// The parameters are those of the node's `InsertRow`.
    static let both = """
        \(lookup) VALUES ($2, $7) \(orNothing)) \(into) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, CASE WHEN $8 = '' THEN NULL ELSE $8 END) \(orNothing)
        """

    /// So many rows of seven parameters each: hash, pubsub topic, content topic, payload, version, timestamp, meta.
    static func multiRow(_ rows: Int) -> String {
        func list(_ row: (Int) -> String) -> String { (0..<rows).map { row($0 * columns) }.joined(separator: ", ") }
        let times = list { "($\($0 + 1), $\($0 + 6))" }
        let values = list { first in
            let plain = (1...6).map { "$\(first + $0)" }.joined(separator: ", ")
            return "('0', \(plain), CASE WHEN $\(first + 7) = '' THEN NULL ELSE $\(first + 7) END)"
        }
        return "\(lookup) VALUES \(times) \(orNothing)) \(into) VALUES \(values) \(orNothing)"
    }

    private static let names = "messageHash, pubsubTopic, contentTopic, payload, version, timestamp, meta"

    /// One array a column.
    static func arrays(_ hashes: DriverBehaviour.Hashes) -> String {
        let type = hashes == .bytea ? "bytea" : "varchar"
        return """
            WITH given AS (SELECT * FROM unnest($1::\(type)[], $2::varchar[], $3::varchar[], $4::varchar[], \
            $5::integer[], $6::bigint[], $7::varchar[]) AS g(\(names))), \
            lookup AS (INSERT INTO messages_lookup (messageHash, timestamp) SELECT messageHash, timestamp FROM given \
            \(orNothing)) \
            \(into) \(selection) FROM given \(orNothing)
            """
    }

    private static let selection = """
        SELECT '0', messageHash, pubsubTopic, contentTopic, payload, version, timestamp, \
        CASE WHEN meta = '' THEN NULL ELSE meta END
        """

    private static let table = "archivebench_staging"

    /// Makes the table that COPY writes to; it belongs to its connection, and every COMMIT empties it.
    static func staging(_ hashes: DriverBehaviour.Hashes) -> String {
        let type = hashes == .bytea ? "BYTEA" : "VARCHAR"
        return """
            CREATE TEMPORARY TABLE IF NOT EXISTS \(table) (messageHash \(type) NOT NULL, pubsubTopic VARCHAR NOT NULL, \
            contentTopic VARCHAR NOT NULL, payload VARCHAR, version INTEGER NOT NULL, timestamp BIGINT NOT NULL, \
            meta VARCHAR) ON COMMIT DELETE ROWS
            """
    }

    static let copy: StaticString = """
        COPY archivebench_staging (messageHash, pubsubTopic, contentTopic, payload, version, timestamp, meta) FROM STDIN
        """

    static let staged = """
        \(lookup) SELECT messageHash, timestamp FROM \(table) \(orNothing)) \(into) \(selection) FROM \(table) \(orNothing)
        """
}
