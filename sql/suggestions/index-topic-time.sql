-- Puts an index on content topic, timestamp and hash in the place of that on the content topic.
CREATE INDEX idx_query_topic_time ON messages (contentTopic, timestamp, messageHash);
DROP INDEX idx_query_contenttopic;
