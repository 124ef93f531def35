-- Version 2: partitions by arrival time. What was stored so far moves into one partition that spans it all.
ALTER TABLE messages RENAME TO messages_backup;
ALTER TABLE messages_backup DROP CONSTRAINT messageIndex;
CREATE TABLE messages (
    pubsubTopic VARCHAR NOT NULL,
    contentTopic VARCHAR NOT NULL,
    payload VARCHAR,
    version INTEGER NOT NULL,
    timestamp BIGINT NOT NULL,
    id VARCHAR NOT NULL,
    messageHash VARCHAR NOT NULL,
    storedAt BIGINT NOT NULL,
    CONSTRAINT messageIndex PRIMARY KEY (messageHash, storedAt)
) PARTITION BY RANGE (storedAt);
DO $$
DECLARE
    first_second BIGINT;
    end_second BIGINT;
BEGIN
    SELECT MIN(storedAt) / 1000000000, MAX(storedAt) / 1000000000 + 1
      INTO first_second, end_second
      FROM messages_backup;
    IF first_second IS NOT NULL THEN
        EXECUTE format(
            'CREATE TABLE messages_%s_%s PARTITION OF messages FOR VALUES FROM (%s) TO (%s)',
            first_second, end_second, first_second * 1000000000, end_second * 1000000000);
    END IF;
END $$;
INSERT INTO messages (pubsubTopic, contentTopic, payload, version, timestamp, id, messageHash, storedAt)
    SELECT pubsubTopic, contentTopic, payload, version, timestamp, id, messageHash, storedAt FROM messages_backup;
DROP TABLE messages_backup;
UPDATE version SET version = 2 WHERE version = 1;
