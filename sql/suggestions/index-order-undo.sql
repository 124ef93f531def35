-- Takes index-order back.
DROP INDEX i_query_storedAt;
