-- Version 7: single-column indexes, and a table that finds a message's timestamp by its hash.
DROP INDEX IF EXISTS i_query;
DROP INDEX IF EXISTS i_query_storedAt;
CREATE INDEX IF NOT EXISTS idx_messages_messagehash ON messages (messageHash);
CREATE INDEX IF NOT EXISTS idx_messages_timestamp ON messages (timestamp);
CREATE INDEX IF NOT EXISTS idx_query_pubsubtopic ON messages (pubsubTopic);
CREATE INDEX IF NOT EXISTS idx_query_contenttopic ON messages (contentTopic);
CREATE TABLE IF NOT EXISTS messages_lookup (
    timestamp BIGINT NOT NULL,
    messageHash VARCHAR NOT NULL
);
INSERT INTO messages_lookup (messageHash, timestamp) SELECT messageHash, timestamp FROM messages;
ALTER TABLE messages_lookup ADD CONSTRAINT messageIndexLookupTable PRIMARY KEY (messageHash, timestamp);
CREATE INDEX IF NOT EXISTS idx_messages_lookup_messagehash ON messages_lookup (messageHash);
CREATE INDEX IF NOT EXISTS idx_messages_lookup_timestamp ON messages_lookup (timestamp);
UPDATE version SET version = 7 WHERE version = 6;
