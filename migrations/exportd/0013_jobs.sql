-- How many values of its key a running export has read from the tagstore, where all are read before the first row is
-- written (Snuba). In no index, so that a job's updates stay on their page.
ALTER TABLE exportd.export ADD COLUMN values_read bigint NOT NULL DEFAULT 0;
