import PostgresClient

/// An archive that this tool did not fill: plain SQL in the manner of schema 7, with skews, sizes and hours of its own.
public enum ForeignArchive {
    /// 2026-01-01T00:00:00Z, seconds since 1970.
    public static let start = 1_767_225_600
    public static let hours = 30
    /// Messages of even and of odd hours.
    public static let (inEvenHours, inOddHours) = (400, 200)
    public static let rows = hours / 2 * (inEvenHours + inOddHours)
    /// Every fifth message is of the second shard.
    public static let shards = ["/waku/2/rs/16/32", "/waku/2/rs/2/5"]
    /// Content topics of the first shard, and the exponent of their popularity.
    public static let (topics, zipf) = (60, 1.5)
    /// Content topics of the second shard, all as popular.
    public static let otherTopics = 12
    /// What stands in every content topic and payload.
    public static let (topicWord, payloadWord) = ("lighthouse", "c0ffee")

    /// Payloads of the first shard: seven in ten of 150 bytes, the rest evenly from 3000 to 8999; of the second: 64 bytes
    /// and a signature.
    public static let script = """
        CREATE TABLE messages (
            pubsubTopic VARCHAR NOT NULL, contentTopic VARCHAR NOT NULL, payload VARCHAR, version INTEGER NOT NULL,
            timestamp BIGINT NOT NULL, id VARCHAR NOT NULL, messageHash VARCHAR NOT NULL, meta VARCHAR,
            CONSTRAINT messageIndex PRIMARY KEY (messageHash, timestamp)) PARTITION BY RANGE (timestamp);
        CREATE INDEX idx_messages_messagehash ON messages (messageHash);
        CREATE INDEX idx_messages_timestamp ON messages (timestamp);
        CREATE INDEX idx_query_pubsubtopic ON messages (pubsubTopic);
        CREATE INDEX by_topic_and_time ON messages (contentTopic, timestamp);
        CREATE TABLE messages_lookup (
            timestamp BIGINT NOT NULL, messageHash VARCHAR NOT NULL,
            CONSTRAINT messageIndexLookupTable PRIMARY KEY (messageHash, timestamp));
        CREATE INDEX idx_messages_lookup_messagehash ON messages_lookup (messageHash);
        CREATE INDEX idx_messages_lookup_timestamp ON messages_lookup (timestamp);
        DO $$
        DECLARE first BIGINT;
        BEGIN
            FOR hour IN 0..\(hours - 1) LOOP
                first := \(start) + hour * 3600;
                EXECUTE format('CREATE TABLE messages_%s_%s PARTITION OF messages FOR VALUES FROM (%s000000000) TO (%s000000000)',
                    first, first + 3600, first, first + 3600);
            END LOOP;
        END $$;
        SELECT setseed(0.25);
        WITH ranks AS MATERIALIZED (
            SELECT r, sum(power(r, -\(zipf))) OVER (ORDER BY r) / sum(power(r, -\(zipf))) OVER () AS upto
            FROM generate_series(1, \(topics)) AS r
        ), dice AS MATERIALIZED (
            SELECT hour, n, per_hour, random() AS topic, random() AS kind, random() AS size
            FROM generate_series(0, \(hours - 1)) AS hour,
                 LATERAL (SELECT CASE WHEN hour % 2 = 0 THEN \(inEvenHours) ELSE \(inOddHours) END AS per_hour) AS p,
                 LATERAL generate_series(0, per_hour - 1) AS n
        )
        INSERT INTO messages (pubsubTopic, contentTopic, payload, version, timestamp, id, messageHash, meta)
        SELECT CASE WHEN n % 5 = 0 THEN '\(shards[1])' ELSE '\(shards[0])' END,
               CASE WHEN n % 5 = 0 THEN '/\(topicWord)/1/other-' || floor(topic * \(otherTopics)) || '/proto'
                    ELSE '/\(topicWord)/1/topic-' || (SELECT min(r) FROM ranks WHERE upto >= topic) || '/proto' END,
               CASE WHEN n % 5 = 0 THEN left(repeat('\(payloadWord)', 30), 128)
                    WHEN kind < 0.7 THEN left(repeat('\(payloadWord)', 60), 300)
                    ELSE left(repeat('\(payloadWord)', 3100), 2 * (3000 + floor(size * 6000)::int)) END,
               0, (\(start) + hour * 3600)::bigint * 1000000000 + n::bigint * 3600000000000 / per_hour, '0',
               encode(sha256(int8send(hour * 100000 + n)), 'hex'),
               CASE WHEN n % 5 = 0 THEN repeat('ab', 64) END
        FROM dice;
        INSERT INTO messages_lookup (timestamp, messageHash) SELECT timestamp, messageHash FROM messages;
        ANALYZE messages;
        """

    /// Fills a new database on the shared test server.
    public static func make() async throws -> ConnectionParameters {
        let parameters = try await TestServers.database()
        try Connection.open(parameters).run(script)
        return parameters
    }
}
