-- Objects are no longer made ahead. Rows of those that a worker left (checksum '', export 0, attempt 0) are abandoned
-- objects like any other now: the next cleanup removes them.
ALTER TABLE exportd.object DROP COLUMN spare_until;
