-- The tagstore, version 2. environment_id 0 stands for all environments
-- (spec/original.md 10). No column but an id has a default in the database: Django fills them in.
--
-- Counting is what these tables do all day, so three things are not as a Sentry has them:
--
-- * No indexes for screens of Sentry's own (over first_seen, last_seen and date_added): no question that
--   exportd asks needs them. One over last_seen makes the server write every index of a table anew
--   whenever something is counted; all of them together cost more than the rows.
-- * Room on each page (fillfactor) for the next version of a row that is counted on.
-- * No foreign keys from the values of groups and the tags of events to keys and values: these two tables
--   get a dozen rows for each event, and checking each was a third of the server's work. What refers to a
--   key or value and what deletes one is kept apart by the project's row instead, which writers hold
--   with FOR KEY SHARE and deleting with FOR UPDATE; a value that was looked up in an earlier
--   transaction is found out, because its sum is counted in this one.

CREATE TABLE IF NOT EXISTS public.tagstore_tagkey (
    id             bigserial PRIMARY KEY,
    project_id     bigint NOT NULL,
    environment_id bigint,
    key            varchar(32) NOT NULL,
    values_seen    integer NOT NULL CHECK (values_seen >= 0),
    status         integer NOT NULL CHECK (status >= 0),
    UNIQUE (project_id, environment_id, key)
);

CREATE TABLE IF NOT EXISTS public.tagstore_tagvalue (
    id         bigserial PRIMARY KEY,
    project_id bigint NOT NULL,
    key_id     bigint NOT NULL REFERENCES public.tagstore_tagkey (id) DEFERRABLE INITIALLY DEFERRED,
    value      varchar(200) NOT NULL,
    data       text,
    times_seen integer NOT NULL CHECK (times_seen >= 0),
    last_seen  timestamptz,
    first_seen timestamptz,
    UNIQUE (project_id, key_id, value)
) WITH (fillfactor = 80);
CREATE INDEX IF NOT EXISTS tagstore_tagvalue_key_id_42f9e9ba
    ON public.tagstore_tagvalue (key_id);

CREATE TABLE IF NOT EXISTS public.tagstore_grouptagkey (
    id          bigserial PRIMARY KEY,
    project_id  bigint NOT NULL,
    group_id    bigint NOT NULL,
    key_id      bigint NOT NULL REFERENCES public.tagstore_tagkey (id) DEFERRABLE INITIALLY DEFERRED,
    values_seen integer NOT NULL CHECK (values_seen >= 0),
    UNIQUE (project_id, group_id, key_id)
) WITH (fillfactor = 80);
CREATE INDEX IF NOT EXISTS tagstore_grouptagkey_key_id_170eeccb
    ON public.tagstore_grouptagkey (key_id);

CREATE TABLE IF NOT EXISTS public.tagstore_grouptagvalue (
    id         bigserial PRIMARY KEY,
    project_id bigint NOT NULL,
    group_id   bigint NOT NULL,
    key_id     bigint NOT NULL,
    value_id   bigint NOT NULL,
    times_seen integer NOT NULL CHECK (times_seen >= 0),
    last_seen  timestamptz,
    first_seen timestamptz,
    UNIQUE (project_id, group_id, key_id, value_id)
) WITH (fillfactor = 80);
CREATE INDEX IF NOT EXISTS tagstore_grouptagvalue_key_id_8e7cbf36
    ON public.tagstore_grouptagvalue (key_id);
CREATE INDEX IF NOT EXISTS tagstore_grouptagvalue_value_id_2436e8f2
    ON public.tagstore_grouptagvalue (value_id);

-- event_id is that of sentry_message.id.
CREATE TABLE IF NOT EXISTS public.tagstore_eventtag (
    id         bigserial PRIMARY KEY,
    project_id bigint NOT NULL,
    group_id   bigint NOT NULL,
    event_id   bigint NOT NULL,
    key_id     bigint NOT NULL,
    value_id   bigint NOT NULL,
    date_added timestamptz NOT NULL,
    UNIQUE (project_id, event_id, key_id, value_id)
);
CREATE INDEX IF NOT EXISTS tagstore_eventtag_key_id_edb450ba
    ON public.tagstore_eventtag (key_id);
CREATE INDEX IF NOT EXISTS tagstore_eventtag_group_id_key_id_value_id_02957b8d_idx
    ON public.tagstore_eventtag (group_id, key_id, value_id);
