-- Puts an index on timestamp and hash, the order of results, in the place of that on the timestamp.
CREATE INDEX idx_messages_timestamp_hash ON messages (timestamp, messageHash);
DROP INDEX idx_messages_timestamp;
