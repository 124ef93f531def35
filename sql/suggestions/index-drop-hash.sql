-- Drops the index on the hash alone, beside the primary key that begins with it; on schema 7 also that of the look-up
-- table.
DROP INDEX idx_messages_messagehash;
DROP INDEX IF EXISTS idx_messages_lookup_messagehash;
