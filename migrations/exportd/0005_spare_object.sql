-- Empty objects that a worker has made ahead: of checksum '', export 0, attempt 0. Until then a cleanup leaves them
-- alone; one that does not marks them with -infinity first.
ALTER TABLE exportd.object ADD COLUMN spare_until timestamptz; -- NULL: an object of the export in its row
