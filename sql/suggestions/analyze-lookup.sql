-- Gathers statistics of the look-up table. Nothing takes statistics back.
ANALYZE messages_lookup;
