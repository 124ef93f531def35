-- Version 4: application data of a message.
ALTER TABLE messages ADD COLUMN meta VARCHAR DEFAULT NULL;
CREATE INDEX IF NOT EXISTS i_query ON messages (contentTopic, pubsubTopic, storedAt, id);
UPDATE version SET version = 4 WHERE version = 3;
