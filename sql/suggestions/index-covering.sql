-- Puts an index on content topic, timestamp and hash that carries the shard in the place of that on the content topic.
CREATE INDEX idx_query_covering ON messages (contentTopic, timestamp, messageHash) INCLUDE (pubsubTopic);
DROP INDEX idx_query_contenttopic;
