-- Version 6: the sender's timestamp takes the place of the arrival time, as column and as partition key.
-- The dropped column leaves a hole (attribute 5) in the parent that partitions made later do not have.
ALTER TABLE messages DROP COLUMN timestamp;
ALTER TABLE messages RENAME COLUMN storedAt TO timestamp;
UPDATE version SET version = 6 WHERE version = 5;
