-- Stores payloads outside the row without trying to compress them, in all partitions that are there.
ALTER TABLE messages ALTER COLUMN payload SET STORAGE EXTERNAL;
