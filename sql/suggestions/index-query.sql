-- Makes the composite index of schema 3 again, on the column that has been called timestamp since schema 6.
CREATE INDEX i_query ON messages (contentTopic, pubsubTopic, timestamp, id);
