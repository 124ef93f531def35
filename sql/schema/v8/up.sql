-- Version 8: the look-up table is partitioned like the messages. It starts empty; the partition factory fills it
-- again hour by hour. The two secondary indexes of version 7 are not made again.
DROP TABLE IF EXISTS messages_lookup;
CREATE TABLE messages_lookup (
    timestamp BIGINT NOT NULL,
    messageHash VARCHAR NOT NULL,
    CONSTRAINT messageIndexLookupTable PRIMARY KEY (messageHash, timestamp)
) PARTITION BY RANGE (timestamp);
UPDATE version SET version = 8 WHERE version = 7;
