-- Paths that a worker has named ahead, with empty objects there: nobody else's business until then.
ALTER TABLE exportd.object ADD COLUMN spare_until timestamptz; -- NULL: named for the export of its row
