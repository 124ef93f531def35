-- Takes hash-bytea back.
ALTER TABLE messages ALTER COLUMN messageHash TYPE VARCHAR USING encode(messageHash, 'hex');
ALTER TABLE messages_lookup ALTER COLUMN messageHash TYPE VARCHAR USING encode(messageHash, 'hex');
