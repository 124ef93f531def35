-- Takes partitions-daily and partitions-weekly back: every partition longer than an hour becomes hours again, made as
-- the node makes them. One transaction for each.
DO $$
DECLARE
    part RECORD;
    lower BIGINT;
    upper BIGINT;
    hour TEXT;
    bounds TEXT;
BEGIN
    FOR part IN
        SELECT relname::TEXT AS name, split_part(relname, '_', 2)::BIGINT AS first,
               split_part(relname, '_', 3)::BIGINT AS last
        FROM pg_inherits JOIN pg_class ON oid = inhrelid WHERE inhparent = 'messages'::regclass ORDER BY 2
    LOOP
        CONTINUE WHEN part.last - part.first <= 3600;
        EXECUTE format('ALTER TABLE messages DETACH PARTITION %s', part.name);
        lower := part.first;
        WHILE lower < part.last LOOP
            upper := least((lower / 3600 + 1) * 3600, part.last);
            hour := format('messages_%s_%s', lower, upper);
            bounds := format('timestamp >= %s000000000 AND timestamp < %s000000000', lower, upper);
            EXECUTE format('CREATE TABLE %s (LIKE messages INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', hour);
            EXECUTE format(
                'INSERT INTO %s (id, messageHash, pubsubTopic, contentTopic, payload, version, timestamp, meta) '
                'SELECT id, messageHash, pubsubTopic, contentTopic, payload, version, timestamp, meta FROM %s WHERE %s',
                hour, part.name, bounds);
            EXECUTE format('ALTER TABLE %1$s ADD CONSTRAINT %1$s_by_range_check CHECK (%2$s)', hour, bounds);
            EXECUTE format(
                'ALTER TABLE messages ATTACH PARTITION %s FOR VALUES FROM (%s000000000) TO (%s000000000)',
                hour, lower, upper);
            EXECUTE format('ALTER TABLE %1$s DROP CONSTRAINT %1$s_by_range_check', hour);
            lower := upper;
        END LOOP;
        EXECUTE format('DROP TABLE %s', part.name);
        COMMIT;
    END LOOP;
END $$;
DO $$
DECLARE
    part RECORD;
    lower BIGINT;
    upper BIGINT;
    hour TEXT;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_class WHERE oid = 'messages_lookup'::regclass AND relkind = 'p') THEN
        RETURN;
    END IF;
    FOR part IN
        SELECT relname::TEXT AS name, split_part(relname, '_', 2)::BIGINT AS first,
               split_part(relname, '_', 3)::BIGINT AS last
        FROM pg_inherits JOIN pg_class ON oid = inhrelid WHERE inhparent = 'messages_lookup'::regclass ORDER BY 2
    LOOP
        CONTINUE WHEN part.last - part.first <= 3600;
        EXECUTE format('ALTER TABLE messages_lookup DETACH PARTITION %s', part.name);
        lower := part.first;
        WHILE lower < part.last LOOP
            upper := least((lower / 3600 + 1) * 3600, part.last);
            hour := format('lookup_%s_%s', lower, upper);
            EXECUTE format(
                'CREATE TABLE %s PARTITION OF messages_lookup FOR VALUES FROM (%s000000000) TO (%s000000000)',
                hour, lower, upper);
            EXECUTE format(
                'INSERT INTO %s (messageHash, timestamp) SELECT messageHash, timestamp FROM %s '
                'WHERE timestamp >= %s000000000 AND timestamp < %s000000000', hour, part.name, lower, upper);
            lower := upper;
        END LOOP;
        EXECUTE format('DROP TABLE %s', part.name);
        COMMIT;
    END LOOP;
END $$;
