-- Makes the hashes of both tables 32 bytes instead of 64 digits, in all partitions, those that will be made later too.
-- Both tables and all their indexes are written anew, under an exclusive lock.
ALTER TABLE messages ALTER COLUMN messageHash TYPE BYTEA USING decode(messageHash, 'hex');
ALTER TABLE messages_lookup ALTER COLUMN messageHash TYPE BYTEA USING decode(messageHash, 'hex');
