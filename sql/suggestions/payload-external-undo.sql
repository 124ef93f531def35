-- Takes payload-external back.
ALTER TABLE messages ALTER COLUMN payload SET STORAGE EXTENDED;
