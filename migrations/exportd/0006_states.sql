-- What a state may be is said by domains: the CHECK of a table is parsed anew by each statement that writes a row, which
-- was a fifteenth of all that a small export cost PostgreSQL.
CREATE DOMAIN exportd.export_state AS text
    CHECK (VALUE IN ('waiting', 'running', 'delayed', 'valid', 'failed', 'gone'));
CREATE DOMAIN exportd.mail_state AS text CHECK (VALUE IN ('waiting', 'sent', 'given-up'));

ALTER TABLE exportd.export DROP CONSTRAINT export_state_check, ALTER COLUMN state TYPE exportd.export_state;
ALTER TABLE exportd.outbox DROP CONSTRAINT outbox_state_check, ALTER COLUMN state TYPE exportd.mail_state;

-- Few rows are running at a time: export_unfinished_idx finds those of one worker, too.
DROP INDEX exportd.export_worker_idx;
