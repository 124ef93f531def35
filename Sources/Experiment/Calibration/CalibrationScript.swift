/// One transaction that every load generator in a calibration sends alike, as pgbench's text and as its parts.
package struct CalibrationScript: Sendable, Equatable {
    /// One statement of the transaction.
    package struct Statement: Sendable, Equatable {
        /// SQL with `$1`, `$2`, …
        package let text: String
        /// For `$1`, `$2`, …: the place of its value in ``CalibrationScript/draws``. All are integers.
        package let parameters: [Int]
    }

    /// Such as `select-1`.
    package let name: String
    /// Makes the tables, in a database that has none of them. Autocommit, one after the other.
    package let setUp: [String]
    /// Brings the tables back to where they were, between blocks.
    package let reset: [String]
    /// Integers drawn anew for each transaction, each uniform over its range.
    package let draws: [ClosedRange<Int64>]
    /// Sent in this order, each in a transaction of its own (autocommit), the next one after the reply to the last.
    package let statements: [Statement]
    /// Rows that one transaction brings to the client.
    package let rowsPerTransaction: Int
    /// Table and rows that one transaction adds to it, for counting from the server's side; `nil` when it only reads.
    package let growing: String?

    /// The script for `pgbench -f`, sent a statement at a time.
    package var pgbenchText: String { (settings + statements.map { pgbenchLine($0) }).joined(separator: "\n") + "\n" }

    /// The script for `pgbench -f` that sends `depth` transactions, waits for all replies, and begins again. There is one
    /// Sync, at the end: all statements share one implicit transaction.
    ///
    /// - Parameter depth: transactions in one go; pgbench counts them as one.
    /// - Returns: the text of a script file.
    package func pipelinedPgbenchText(depth: Int) -> String {
        let one = settings + statements.map { pgbenchLine($0) }
        let lines = ["\\startpipeline"] + (0..<depth).flatMap { _ in one } + ["\\endpipeline"]
        return lines.joined(separator: "\n") + "\n"
    }

    /// Name of a drawn integer in pgbench's script.
    private static func variable(_ place: Int) -> String { "draw\(place)" }

    private var settings: [String] {
        draws.enumerated().map { place, range in
            "\\set \(Self.variable(place)) random(\(range.lowerBound), \(range.upperBound))"
        }
    }

    private func pgbenchLine(_ statement: Statement) -> String {
        var text = statement.text
        for (index, place) in statement.parameters.enumerated().reversed() {
            text.replace("$\(index + 1)", with: ":\(Self.variable(place))")
        }
        return text + ";"
    }
}

/// The four scripts, from the smallest to the heaviest. All tables are in one schema of a database that is thrown away.
extension CalibrationScript {
    /// Nothing but the round trip.
    package static let selectOne = CalibrationScript(
        name: "select-1", setUp: [], reset: [], draws: [],
        statements: [Statement(text: "SELECT 1", parameters: [])], rowsPerTransaction: 1, growing: nil)

    /// One row by its primary key.
    package static let point = CalibrationScript(
        name: "point",
        setUp: [
            "CREATE SCHEMA IF NOT EXISTS calibration",
            "CREATE TABLE calibration.points (id BIGINT PRIMARY KEY, value VARCHAR NOT NULL)",
            "INSERT INTO calibration.points SELECT n, md5(n::text) FROM generate_series(1, 100000) AS n",
            "VACUUM ANALYZE calibration.points",
        ],
        reset: [], draws: [1...100_000],
        statements: [Statement(text: "SELECT value FROM calibration.points WHERE id = $1", parameters: [0])],
        rowsPerTransaction: 1, growing: nil)

    /// What a store node sends for one message: a row, then its entry in the look-up table. The tables have the columns,
    /// keys and indexes of schema 8. All values come, on the server, from the one integer: every generator sends the
    /// same bytes and none spends time on making messages.
    package static let put = CalibrationScript(
        name: "put",
        setUp: [
            "CREATE SCHEMA IF NOT EXISTS calibration",
            """
            CREATE TABLE calibration.messages (pubsubTopic VARCHAR NOT NULL, contentTopic VARCHAR NOT NULL, \
            payload VARCHAR, version INTEGER NOT NULL, timestamp BIGINT NOT NULL, id VARCHAR NOT NULL, \
            messageHash VARCHAR NOT NULL, meta VARCHAR DEFAULT NULL, \
            CONSTRAINT messageIndex PRIMARY KEY (messageHash, timestamp)) PARTITION BY RANGE (timestamp)
            """,
            "CREATE INDEX ON calibration.messages (messageHash)",
            "CREATE INDEX ON calibration.messages (timestamp)",
            "CREATE INDEX ON calibration.messages (pubsubTopic)",
            "CREATE INDEX ON calibration.messages (contentTopic)",
            """
            CREATE TABLE calibration.messages_lookup (timestamp BIGINT NOT NULL, messageHash VARCHAR NOT NULL, \
            CONSTRAINT messageIndexLookupTable PRIMARY KEY (messageHash, timestamp)) PARTITION BY RANGE (timestamp)
            """,
            hour("messages"), hour("messages_lookup"),
        ],
        reset: ["TRUNCATE calibration.messages, calibration.messages_lookup", "CHECKPOINT"],
        draws: [1...1_000_000_000_000_000_000],
        statements: [
            Statement(
                text: """
                    INSERT INTO calibration.messages \
                    (id, messageHash, pubsubTopic, contentTopic, payload, version, timestamp, meta) \
                    SELECT '', \(hash), '/waku/2/rs/16/32', '/calibration/1/chat/proto', repeat(md5(r::text), 32), 0, \
                    \(time), NULL FROM (SELECT $1::bigint AS r) AS drawn ON CONFLICT DO NOTHING
                    """,
                parameters: [0]),
            Statement(
                text: """
                    INSERT INTO calibration.messages_lookup (messageHash, timestamp) \
                    SELECT \(hash), \(time) FROM (SELECT $1::bigint AS r) AS drawn ON CONFLICT DO NOTHING
                    """,
                parameters: [0]),
        ],
        rowsPerTransaction: 0, growing: "calibration.messages")

    /// A page of a store query: 20 whole messages of about a kilobyte, in order, from a random start.
    package static let page = CalibrationScript(
        name: "page",
        setUp: [
            "CREATE SCHEMA IF NOT EXISTS calibration",
            """
            CREATE TABLE calibration.pages (pubsubTopic VARCHAR NOT NULL, contentTopic VARCHAR NOT NULL, \
            payload VARCHAR, version INTEGER NOT NULL, timestamp BIGINT NOT NULL, id VARCHAR NOT NULL, \
            messageHash VARCHAR NOT NULL, meta VARCHAR DEFAULT NULL, PRIMARY KEY (timestamp, messageHash))
            """,
            """
            INSERT INTO calibration.pages SELECT '/waku/2/rs/16/32', '/calibration/1/chat/proto', \
            repeat(md5(n::text), 32), 0, n, '', md5(n::text) || md5((-n)::text), NULL \
            FROM generate_series(1, 20000) AS n
            """,
            "VACUUM ANALYZE calibration.pages",
        ],
        reset: [], draws: [1...19_900],
        statements: [
            Statement(
                text: """
                    SELECT pubsubTopic, contentTopic, payload, version, timestamp, id, messageHash, meta \
                    FROM calibration.pages WHERE timestamp >= $1 ORDER BY timestamp ASC, messageHash ASC LIMIT 20
                    """,
                parameters: [0])
        ],
        rowsPerTransaction: 20, growing: nil)

    /// All four.
    package static let all = [selectOne, point, put, page]

    private static let start: Int64 = 1_767_225_600
    private static let hash = "md5(r::text) || md5((-r)::text)"
    private static let time = "\(start)000000000 + r % 3600000000000"

    /// The one partition that all of ``put``'s timestamps fall into, named as a node names it.
    private static func hour(_ table: String) -> String {
        """
        CREATE TABLE calibration.\(table)_\(start)_\(start + 3_600) PARTITION OF calibration.\(table) \
        FOR VALUES FROM (\(start)000000000) TO (\(start + 3_600)000000000)
        """
    }
}
