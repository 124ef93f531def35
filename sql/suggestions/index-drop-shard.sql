-- Drops the index on the shard alone.
DROP INDEX idx_query_pubsubtopic;
