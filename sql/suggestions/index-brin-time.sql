-- Puts a BRIN index in the place of the b-tree on the timestamp.
CREATE INDEX idx_messages_timestamp_brin ON messages USING brin (timestamp) WITH (pages_per_range = 16);
DROP INDEX idx_messages_timestamp;
