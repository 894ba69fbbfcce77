-- exportd's own tables. No foreign key leads to a table of Sentry: its rows may go at any time.

CREATE TABLE exportd.export (
    data_export_id  bigint PRIMARY KEY,          -- sentry_exporteddata.id
    date_added      timestamptz NOT NULL,        -- of that row: another date is another job
    organization_id bigint NOT NULL,
    user_id         integer,
    query_type      integer NOT NULL,
    query_info      text NOT NULL,
    "limit"         bigint,                      -- NULL: all rows
    environment_id  bigint,                      -- NULL: all environments
    state           text NOT NULL CHECK (state IN ('waiting', 'running', 'delayed', 'valid', 'failed', 'gone')),
    attempt         integer NOT NULL,            -- the fence: one more at each claim, never reset
    failures        integer NOT NULL,            -- the budget: attempts that failed by the job's own doing
    worker          text,                        -- who runs it
    next_try_at     timestamptz,
    rows            bigint NOT NULL,
    bytes           bigint NOT NULL,
    pages           bigint NOT NULL,
    progress_at     timestamptz,
    first_claimed_at timestamptz,                -- when the first attempt at this job (this date_added) began
    finished_at     timestamptz,
    message         text                         -- the last word: why it failed, waits, or was not mailed
);
CREATE INDEX export_worker_idx ON exportd.export (worker) WHERE state = 'running';
CREATE INDEX export_unfinished_idx ON exportd.export (state) WHERE state IN ('waiting', 'running', 'delayed');
CREATE INDEX export_finished_at_idx ON exportd.export (finished_at);

CREATE TABLE exportd.attempt (
    data_export_id bigint NOT NULL,
    attempt        integer NOT NULL,
    worker         text NOT NULL,
    started_at     timestamptz NOT NULL,
    ended_at       timestamptz,
    outcome        text,                         -- valid failed gone given-back delayed crashed lost
    message        text,
    PRIMARY KEY (data_export_id, attempt)
);

CREATE TABLE exportd.outbox (
    id             bigserial PRIMARY KEY,
    data_export_id bigint NOT NULL UNIQUE,       -- one mail an export
    message_id     text NOT NULL,                -- the same in every try
    recipient      text NOT NULL,
    mime           text NOT NULL,
    tries          integer NOT NULL,
    next_try_at    timestamptz NOT NULL,         -- also the hold of the mailer that sends it just now
    state          text NOT NULL CHECK (state IN ('waiting', 'sent', 'given-up')),
    message        text                          -- the last failure
);
CREATE INDEX outbox_due_idx ON exportd.outbox (next_try_at) WHERE state = 'waiting';

-- Objects of the file store that no committed sentry_fileblob row owns: not yet, or not any more.
CREATE TABLE exportd.object (
    path           text PRIMARY KEY,
    checksum       varchar(40) NOT NULL,
    data_export_id bigint NOT NULL,
    attempt        integer NOT NULL,
    written_at     timestamptz NOT NULL
);
CREATE INDEX object_export_idx ON exportd.object (data_export_id, attempt);
