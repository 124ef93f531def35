-- Version 1: one plain table, told apart by the message hash alone, and a table that knows the version.
-- The order of columns matters: later versions drop and rename some, and the gaps stay in the catalogue.
CREATE TABLE IF NOT EXISTS messages (
    pubsubTopic VARCHAR NOT NULL,
    contentTopic VARCHAR NOT NULL,
    payload VARCHAR,
    version INTEGER NOT NULL,
    timestamp BIGINT NOT NULL,
    id VARCHAR NOT NULL,
    messageHash VARCHAR NOT NULL,
    storedAt BIGINT NOT NULL,
    CONSTRAINT messageIndex PRIMARY KEY (messageHash)
);
CREATE TABLE IF NOT EXISTS version (version INTEGER NOT NULL);
INSERT INTO version (version) VALUES (1);
