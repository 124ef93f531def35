-- Makes the index of schema 5 again, on the column that has been called timestamp since schema 6.
CREATE INDEX i_query_storedAt ON messages (timestamp, id);
