-- Moves the hours of each day but the newest into one partition, for messages and, where it is partitioned, the look-up
-- table. The hours of the newest day stay, and the node goes on making hours: it is what a job would do once a day. One
-- transaction for each day.
DO $$
DECLARE
    span RECORD;
    part RECORD;
    tables TEXT[] := ARRAY['messages'];
    parent TEXT;
    prefix TEXT;
    columns TEXT;
    whole TEXT;
BEGIN
    IF EXISTS (SELECT FROM pg_class WHERE oid = 'messages_lookup'::regclass AND relkind = 'p') THEN
        tables := tables || 'messages_lookup'::TEXT;
    END IF;
    FOREACH parent IN ARRAY tables LOOP
        prefix := CASE parent WHEN 'messages' THEN 'messages' ELSE 'lookup' END;
        columns := CASE parent
            WHEN 'messages' THEN 'id, messageHash, pubsubTopic, contentTopic, payload, version, timestamp, meta'
            ELSE 'messageHash, timestamp' END;
        CREATE TEMPORARY TABLE IF NOT EXISTS archive_parts (name TEXT, first BIGINT, last BIGINT);
        TRUNCATE archive_parts;
        INSERT INTO archive_parts
            SELECT relname, split_part(relname, '_', 2)::BIGINT, split_part(relname, '_', 3)::BIGINT
            FROM pg_inherits JOIN pg_class ON oid = inhrelid WHERE inhparent = parent::regclass;
        COMMIT;
        FOR span IN
            SELECT first / 86400 AS number, min(first) AS first, max(last) AS last FROM archive_parts
            WHERE first / 86400 < (SELECT max(first) / 86400 FROM archive_parts)
            GROUP BY 1 HAVING count(*) > 1 AND sum(last - first) = max(last) - min(first) ORDER BY 1
        LOOP
            whole := format('%s_%s_%s', prefix, span.first, span.last);
            FOR part IN SELECT name FROM archive_parts WHERE first / 86400 = span.number ORDER BY first LOOP
                EXECUTE format('ALTER TABLE %s DETACH PARTITION %s', parent, part.name);
            END LOOP;
            EXECUTE format('CREATE TABLE %s (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', whole, parent);
            FOR part IN SELECT name FROM archive_parts WHERE first / 86400 = span.number ORDER BY first LOOP
                EXECUTE format('INSERT INTO %1$s (%2$s) SELECT %2$s FROM %3$s', whole, columns, part.name);
                EXECUTE format('DROP TABLE %s', part.name);
            END LOOP;
            EXECUTE format(
                'ALTER TABLE %1$s ADD CONSTRAINT %1$s_by_range_check CHECK (timestamp >= %2$s000000000 '
                'AND timestamp < %3$s000000000)', whole, span.first, span.last);
            EXECUTE format(
                'ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%s000000000) TO (%s000000000)',
                parent, whole, span.first, span.last);
            EXECUTE format('ALTER TABLE %1$s DROP CONSTRAINT %1$s_by_range_check', whole);
            COMMIT;
        END LOOP;
    END LOOP;
    DROP TABLE archive_parts;
END $$;
ANALYZE messages;
