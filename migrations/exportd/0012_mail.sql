-- A mail is tried for a day in all, and at most three times when the server was given it whole and did not answer.
ALTER TABLE exportd.outbox
    ADD COLUMN first_try_at timestamptz,             -- NULL: not tried yet, or not since `exportd mail resend`
    ADD COLUMN perhaps_sent integer NOT NULL DEFAULT 0;

ALTER DOMAIN exportd.audit_action DROP CONSTRAINT audit_action_check;
ALTER DOMAIN exportd.audit_action ADD CONSTRAINT audit_action_check
    CHECK (VALUE IN ('create', 'download', 'cancel', 'retry', 'delete', 'expiry', 'purge', 'resend'));
