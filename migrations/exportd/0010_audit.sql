-- Who did what with which export. Rows are only added, in the transaction that does it; `exportd cleanup` deletes them
-- after EXPORTD_AUDIT_DAYS. They hold ids and no addresses, so that a purge can keep them.

CREATE DOMAIN exportd.audit_action AS text
    CHECK (VALUE IN ('create', 'download', 'cancel', 'retry', 'delete', 'expiry', 'purge'));

CREATE TABLE exportd.audit (
    id              bigserial PRIMARY KEY,
    at              timestamptz NOT NULL DEFAULT clock_timestamp(),
    action          exportd.audit_action NOT NULL,
    data_export_id  bigint NOT NULL,
    organization_id bigint NOT NULL,
    user_id         bigint,                      -- whose export it is; NULL: not known any more
    actor           text NOT NULL,               -- who did it: cli:root, user:12, cleanup
    detail          text
);
CREATE INDEX audit_export_idx ON exportd.audit (data_export_id);
CREATE INDEX audit_organization_idx ON exportd.audit (organization_id, id);
CREATE INDEX audit_user_idx ON exportd.audit (user_id, id);
-- For cleanup. The rows lie in the order of their time.
CREATE INDEX audit_at_idx ON exportd.audit USING brin (at);
