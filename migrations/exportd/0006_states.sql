-- What a state may be is said by domains: the CHECK of a table is parsed anew by each statement that writes a row, which
-- was a fifteenth of all that a small export cost PostgreSQL. In three steps, because a domain that has a constraint from
-- the start would have the tables written anew.
CREATE DOMAIN exportd.export_state AS text;
CREATE DOMAIN exportd.mail_state AS text;

ALTER TABLE exportd.export DROP CONSTRAINT export_state_check, ALTER COLUMN state TYPE exportd.export_state;
ALTER TABLE exportd.outbox DROP CONSTRAINT outbox_state_check, ALTER COLUMN state TYPE exportd.mail_state;

ALTER DOMAIN exportd.export_state ADD CONSTRAINT export_state_check
    CHECK (VALUE IN ('waiting', 'running', 'delayed', 'valid', 'failed', 'gone')) NOT VALID;
ALTER DOMAIN exportd.export_state VALIDATE CONSTRAINT export_state_check;
ALTER DOMAIN exportd.mail_state ADD CONSTRAINT mail_state_check CHECK (VALUE IN ('waiting', 'sent', 'given-up')) NOT VALID;
ALTER DOMAIN exportd.mail_state VALIDATE CONSTRAINT mail_state_check;

-- Few rows are running at a time: export_unfinished_idx finds those of one worker, too.
DROP INDEX exportd.export_worker_idx;
