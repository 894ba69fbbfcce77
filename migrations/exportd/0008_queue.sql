-- PostgreSQL is the queue: a row of exportd.export that is waiting, delayed or running is the job itself. Redis only
-- brings in what Celery's producers ask for.

ALTER DOMAIN exportd.export_state DROP CONSTRAINT export_state_check;
ALTER DOMAIN exportd.export_state ADD CONSTRAINT export_state_check
    CHECK (VALUE IN ('waiting', 'running', 'delayed', 'valid', 'failed', 'cancelled', 'gone')) NOT VALID;
ALTER DOMAIN exportd.export_state VALIDATE CONSTRAINT export_state_check;

ALTER TABLE exportd.export
    ADD COLUMN source        text,                        -- celery or cli; NULL: from before this column
    ADD COLUMN priority      integer NOT NULL DEFAULT 0,  -- orders the jobs of one organization; the lowest first
    ADD COLUMN big           boolean NOT NULL DEFAULT false, -- may not take the thread that is kept for small exports
    ADD COLUMN turn          bigint NOT NULL DEFAULT 0,   -- orders the users of one organization: each has one job a turn
    ADD COLUMN run           text,                        -- the fence: made by the worker for each claim, never used twice
    ADD COLUMN crashes       integer NOT NULL DEFAULT 0,  -- workers that died while they ran it; not failures
    ADD COLUMN expires_at    timestamptz,                 -- no attempt begins after this
    ADD COLUMN started_at    timestamptz,                 -- of the last attempt
    ADD COLUMN rows_expected bigint,                      -- an estimate; NULL: none
    ADD COLUMN truncated     text,                        -- 'limit': there were more rows; NULL: these are all
    ADD COLUMN window_from   timestamptz,                 -- of the events that were looked at; NULL: not bounded
    ADD COLUMN window_to     timestamptz,
    ADD COLUMN cause         text,                        -- why it failed or waits, in the words of the servers, for operators
    ADD COLUMN retry_of      bigint;                      -- the failed export that this one asks for again

-- Updates of progress stay on their page, and dead rows are removed soon, so that a claim stays cheap.
ALTER TABLE exportd.export SET (fillfactor = 85, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

-- A job moves through few indexes: each of its states writes a row anew.
DROP INDEX exportd.export_unfinished_idx, exportd.export_finished_at_idx;
CREATE INDEX export_finished_at_idx ON exportd.export (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX export_wait_idx ON exportd.export (queue, organization_id, big, priority, turn, data_export_id)
    WHERE state = 'waiting';
CREATE INDEX export_turn_idx ON exportd.export (queue, organization_id, big, coalesce(user_id, 0), turn)
    WHERE state = 'waiting';
CREATE INDEX export_run_idx ON exportd.export (organization_id) WHERE state = 'running';
CREATE INDEX export_due_idx ON exportd.export (next_try_at) WHERE state = 'delayed';

ALTER TABLE exportd.attempt
    ADD COLUMN run   text,
    ADD COLUMN cause text;
-- For a worker that was taken for dead and comes back.
CREATE INDEX attempt_crashed_idx ON exportd.attempt (worker) WHERE outcome = 'crashed';

-- Whose turn it is. An organization that waits has a row here for its small exports and one for its big ones; the
-- lowest pass is served, and each claim adds 1 / weight to it. Pass is in no index: there are few rows, and an index would
-- have a dead entry for each claim, where an update without one leaves nothing behind.
CREATE TABLE exportd.flow (
    queue           text NOT NULL,
    organization_id bigint NOT NULL,
    big             boolean NOT NULL,
    pass            double precision NOT NULL,
    turn            bigint NOT NULL DEFAULT 0,   -- of its users: the highest that was served
    served          double precision,            -- the pass at which the last claim found it
    served_at       timestamptz,                 -- when that was
    PRIMARY KEY (queue, organization_id, big)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
INSERT INTO exportd.flow (queue, organization_id, big, pass)
SELECT DISTINCT queue, organization_id, big, 0 FROM exportd.export WHERE state = 'waiting' AND queue IS NOT NULL;

-- What differs from the settings for an organization; NULL: nothing.
CREATE TABLE exportd.organization (
    organization_id bigint PRIMARY KEY,
    weight          double precision CHECK (weight > 0),
    max_running     integer CHECK (max_running >= 0),
    max_queued      integer CHECK (max_queued >= 0),
    expiration_days integer CHECK (expiration_days > 0)
);

-- The workers that live, or have died and still have jobs.
CREATE TABLE exportd.worker (
    instance   text PRIMARY KEY,                 -- host:pid:random: another one at each start
    name       text NOT NULL,                    -- only shown
    queue      text NOT NULL,
    version    text NOT NULL,
    threads    integer NOT NULL,
    started_at timestamptz NOT NULL,
    beat_at    timestamptz NOT NULL,             -- its last sign of life
    lease_ms   bigint NOT NULL DEFAULT 30000     -- silent for longer than this, it has died
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

CREATE TABLE exportd.queue (
    name         text PRIMARY KEY,               -- EXPORTD_QUEUE
    paused       boolean NOT NULL DEFAULT false, -- nothing is claimed
    intake       text,                           -- the worker that takes messages out of Redis
    intake_until timestamptz,                    -- for so long, unless it says so again
    taken_over   boolean NOT NULL DEFAULT false  -- nothing of the queue of 0.1.0 is left in Redis
);

-- Messages that lead to no export.
CREATE TABLE exportd.dead (
    id             bigserial PRIMARY KEY,
    queue          text NOT NULL,
    date_added     timestamptz NOT NULL,
    message        bytea NOT NULL,
    priority       integer NOT NULL,
    reason         text NOT NULL,
    worker         text NOT NULL,                -- whose intake found it
    data_export_id bigint,                       -- that it names; NULL: none
    retry_until    timestamptz                   -- until then its row may still be committed; NULL: dead
);
CREATE INDEX dead_retry_idx ON exportd.dead (queue, retry_until) WHERE retry_until IS NOT NULL;

-- Messages that were in the hands of an intake when it died, by their SHA-1: one that kills an intake is buried.
CREATE TABLE exportd.intake_try (
    sha1  text PRIMARY KEY,
    tries integer NOT NULL
);

-- How far a queue is: the pass at which the last job was claimed.
CREATE FUNCTION exportd.pass_of_queue(of_queue text) RETURNS double precision LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT f.served FROM exportd.flow f WHERE f.queue = of_queue AND f.served_at IS NOT NULL
                      ORDER BY f.served_at DESC LIMIT 1), 0)
$$;

-- Whatever makes an export wait gives it its place: a turn among those of its organization's users, and a row in flow.
-- The key lock on that row keeps it from being deleted before the export is committed, and lets claims go on.
-- Its statements are planned without sequential scans: a plan that was made while the table was small is kept for long.
-- An organization that comes back after a pause begins where the queue is, and so does not make up for the pause; what it
-- has had beyond its share in the other lane counts. An export that was claimed already keeps its turn.
CREATE FUNCTION exportd.find_place() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    next_turn bigint;
    reached bigint;
    start double precision;
BEGIN
    SELECT e.turn + 1 INTO next_turn FROM exportd.export e
     WHERE e.state = 'waiting' AND e.queue = NEW.queue AND e.organization_id = NEW.organization_id AND e.big = NEW.big
       AND coalesce(e.user_id, 0) = coalesce(NEW.user_id, 0) ORDER BY e.turn DESC LIMIT 1;
    IF NOT FOUND AND NOT EXISTS (SELECT FROM exportd.export e WHERE e.state = 'waiting' AND e.queue = NEW.queue
                                    AND e.organization_id = NEW.organization_id AND e.big = NEW.big) THEN
        SELECT greatest(exportd.pass_of_queue(NEW.queue), max(f.pass)) INTO start FROM exportd.flow f
         WHERE f.queue = NEW.queue AND f.organization_id = NEW.organization_id;
        UPDATE exportd.flow f SET pass = start
         WHERE f.queue = NEW.queue AND f.organization_id = NEW.organization_id AND f.big = NEW.big AND f.pass < start;
    END IF;
    LOOP
        SELECT f.turn INTO reached FROM exportd.flow f
         WHERE f.queue = NEW.queue AND f.organization_id = NEW.organization_id AND f.big = NEW.big FOR KEY SHARE;
        EXIT WHEN FOUND;
        INSERT INTO exportd.flow (queue, organization_id, big, pass)
        VALUES (NEW.queue, NEW.organization_id, NEW.big, coalesce(start, exportd.pass_of_queue(NEW.queue)))
        ON CONFLICT DO NOTHING;
    END LOOP;
    IF TG_OP = 'INSERT' THEN
        NEW.turn := greatest(reached, next_turn);
    ELSIF OLD.state NOT IN ('running', 'delayed') OR OLD.date_added <> NEW.date_added THEN
        NEW.turn := greatest(reached, next_turn);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER export_arrives BEFORE INSERT ON exportd.export
    FOR EACH ROW WHEN (NEW.state = 'waiting' AND NEW.queue IS NOT NULL) EXECUTE FUNCTION exportd.find_place();
CREATE TRIGGER export_returns BEFORE UPDATE OF state, big, queue ON exportd.export
    FOR EACH ROW WHEN (NEW.state = 'waiting' AND NEW.queue IS NOT NULL AND
        (OLD.state <> 'waiting' OR OLD.big <> NEW.big OR OLD.queue IS DISTINCT FROM NEW.queue))
    EXECUTE FUNCTION exportd.find_place();

-- Deletes the first flows that have nothing waiting: how many. One that has had more than its share is kept until the
-- queue has come so far, or nothing waits at all. Waits for nothing: a flow that something is put into at this moment is
-- locked. Each statement sees what was committed before it, so the last one sees what was put in before the lock.
CREATE FUNCTION exportd.tidy_flows(of_queue text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    first record;
    deleted bigint := 0;
    reached double precision := CASE
        WHEN EXISTS (SELECT FROM exportd.export e WHERE e.state = 'waiting' AND e.queue = of_queue)
        THEN exportd.pass_of_queue(of_queue) ELSE 'infinity' END;
BEGIN
    FOR first IN
        SELECT f.organization_id, f.big FROM exportd.flow f
         WHERE f.queue = of_queue AND f.pass <= reached ORDER BY f.pass LIMIT 16
    LOOP
        CONTINUE WHEN EXISTS (SELECT FROM exportd.export e WHERE e.state = 'waiting' AND e.queue = of_queue
                                 AND e.organization_id = first.organization_id AND e.big = first.big);
        PERFORM FROM exportd.flow f WHERE f.queue = of_queue AND f.organization_id = first.organization_id
            AND f.big = first.big FOR UPDATE SKIP LOCKED;
        CONTINUE WHEN NOT FOUND;
        DELETE FROM exportd.flow f
         WHERE f.queue = of_queue AND f.organization_id = first.organization_id AND f.big = first.big
           AND NOT EXISTS (SELECT FROM exportd.export e WHERE e.state = 'waiting' AND e.queue = of_queue
                              AND e.organization_id = first.organization_id AND e.big = first.big);
        deleted := deleted + CASE WHEN FOUND THEN 1 ELSE 0 END;
    END LOOP;
    RETURN deleted;
END $$;
