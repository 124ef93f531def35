-- Takes index-query back.
DROP INDEX i_query;
