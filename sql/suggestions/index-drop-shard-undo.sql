-- Takes index-drop-shard back.
CREATE INDEX idx_query_pubsubtopic ON messages (pubsubTopic);
