-- Takes index-topic-time back.
CREATE INDEX idx_query_contenttopic ON messages (contentTopic);
DROP INDEX idx_query_topic_time;
