-- Takes index-time-hash back.
CREATE INDEX idx_messages_timestamp ON messages (timestamp);
DROP INDEX idx_messages_timestamp_hash;
