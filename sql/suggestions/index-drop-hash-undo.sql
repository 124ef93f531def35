-- Takes index-drop-hash back.
CREATE INDEX idx_messages_messagehash ON messages (messageHash);
DO $$
BEGIN
    IF (SELECT version FROM version) < 8 THEN
        CREATE INDEX idx_messages_lookup_messagehash ON messages_lookup (messageHash);
    END IF;
END $$;
