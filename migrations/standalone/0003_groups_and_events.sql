-- Releases, groups, their hashes and redirects, events and the users they happened to
-- (spec/original.md 3, 10). No column but an id has a default in the database: Django fills them in.
--
-- Sentry's indexes for its lists of issues and events (over times, counters, level, status ...) are left
-- out: no question that exportd asks needs them, and counting an event would write each of them anew.

CREATE TABLE IF NOT EXISTS public.sentry_release (
    id              bigserial PRIMARY KEY,
    organization_id bigint NOT NULL REFERENCES public.sentry_organization (id) DEFERRABLE INITIALLY DEFERRED,
    version         varchar(250) NOT NULL,
    date_added      timestamptz NOT NULL,
    new_groups      integer NOT NULL CHECK (new_groups >= 0),
    UNIQUE (organization_id, version)
);
CREATE INDEX IF NOT EXISTS sentry_release_organization_id_45a8c0c8
    ON public.sentry_release (organization_id);

CREATE TABLE IF NOT EXISTS public.sentry_release_project (
    id         bigserial PRIMARY KEY,
    project_id bigint NOT NULL REFERENCES public.sentry_project (id) DEFERRABLE INITIALLY DEFERRED,
    release_id bigint NOT NULL REFERENCES public.sentry_release (id) DEFERRABLE INITIALLY DEFERRED,
    new_groups integer CHECK (new_groups >= 0),
    UNIQUE (project_id, release_id)
);
CREATE INDEX IF NOT EXISTS sentry_release_project_project_id_71393fd3
    ON public.sentry_release_project (project_id);
CREATE INDEX IF NOT EXISTS sentry_release_project_release_id_babf7578
    ON public.sentry_release_project (release_id);

CREATE TABLE IF NOT EXISTS public.sentry_groupedmessage (
    id               bigserial PRIMARY KEY,
    project_id       bigint NOT NULL REFERENCES public.sentry_project (id) DEFERRABLE INITIALLY DEFERRED,
    logger           varchar(64) NOT NULL,
    level            integer NOT NULL CHECK (level >= 0),
    message          text NOT NULL,
    view             varchar(200),
    num_comments     integer CHECK (num_comments >= 0),
    platform         varchar(64),
    status           integer NOT NULL CHECK (status >= 0),
    times_seen       integer NOT NULL CHECK (times_seen >= 0),
    last_seen        timestamptz NOT NULL,
    first_seen       timestamptz NOT NULL,
    first_release_id bigint REFERENCES public.sentry_release (id) DEFERRABLE INITIALLY DEFERRED,
    resolved_at      timestamptz,
    active_at        timestamptz,
    time_spent_total integer NOT NULL,
    time_spent_count integer NOT NULL,
    score            integer NOT NULL,
    is_public        boolean,
    data             text,
    short_id         bigint,
    UNIQUE (project_id, short_id)
) WITH (fillfactor = 80); -- room for the next version of a row that is counted on
CREATE INDEX IF NOT EXISTS sentry_groupedmessage_project_id_9a5ae474
    ON public.sentry_groupedmessage (project_id);
CREATE INDEX IF NOT EXISTS sentry_groupedmessage_first_release_id_c8ed807e
    ON public.sentry_groupedmessage (first_release_id);
CREATE INDEX IF NOT EXISTS sentry_groupedmessage_project_id_first_release_id_7f8c0ae5_idx
    ON public.sentry_groupedmessage (project_id, first_release_id);
CREATE INDEX IF NOT EXISTS sentry_groupedmessage_project_id_id_515aaa7e_idx
    ON public.sentry_groupedmessage (project_id, id);

-- No foreign keys: the group that was merged away is gone.
CREATE TABLE IF NOT EXISTS public.sentry_groupredirect (
    id                    bigserial PRIMARY KEY,
    organization_id       bigint,
    group_id              bigint NOT NULL,
    previous_group_id     bigint NOT NULL UNIQUE,
    previous_short_id     bigint,
    previous_project_slug varchar(50),
    UNIQUE (organization_id, previous_short_id, previous_project_slug)
);
CREATE INDEX IF NOT EXISTS sentry_groupredirect_group_id_69e44f15
    ON public.sentry_groupredirect (group_id);
CREATE INDEX IF NOT EXISTS sentry_groupredirect_previous_project_slug_4a377fab
    ON public.sentry_groupredirect (previous_project_slug);

CREATE TABLE IF NOT EXISTS public.sentry_grouphash (
    id                 bigserial PRIMARY KEY,
    project_id         bigint REFERENCES public.sentry_project (id) DEFERRABLE INITIALLY DEFERRED,
    hash               varchar(32) NOT NULL,
    group_id           bigint REFERENCES public.sentry_groupedmessage (id) DEFERRABLE INITIALLY DEFERRED,
    group_tombstone_id integer CHECK (group_tombstone_id >= 0),
    state              integer CHECK (state >= 0),
    UNIQUE (project_id, hash)
);
CREATE INDEX IF NOT EXISTS sentry_grouphash_project_id_4af8fad7
    ON public.sentry_grouphash (project_id);
CREATE INDEX IF NOT EXISTS sentry_grouphash_group_id_bcfd3201
    ON public.sentry_grouphash (group_id);
CREATE INDEX IF NOT EXISTS sentry_grouphash_group_tombstone_id_79b33d78
    ON public.sentry_grouphash (group_tombstone_id);

-- project_id leads to sentry_project without a foreign key.
CREATE TABLE IF NOT EXISTS public.sentry_eventuser (
    id         bigserial PRIMARY KEY,
    project_id integer NOT NULL CHECK (project_id >= 0),
    hash       varchar(32) NOT NULL,
    ident      varchar(128),
    email      varchar(75),
    username   varchar(128),
    name       varchar(128),
    ip_address inet,
    date_added timestamptz NOT NULL,
    UNIQUE (project_id, ident),
    UNIQUE (project_id, hash)
);
CREATE INDEX IF NOT EXISTS sentry_eventuser_project_id_516eae8d
    ON public.sentry_eventuser (project_id);
CREATE INDEX IF NOT EXISTS sentry_eventuser_date_added_b59b5f0b
    ON public.sentry_eventuser (date_added);
CREATE INDEX IF NOT EXISTS sentry_eventuser_project_id_email_f15b5727_idx
    ON public.sentry_eventuser (project_id, email);
CREATE INDEX IF NOT EXISTS sentry_eventuser_project_id_username_6fa261d9_idx
    ON public.sentry_eventuser (project_id, username);
CREATE INDEX IF NOT EXISTS sentry_eventuser_project_id_ip_address_2c689238_idx
    ON public.sentry_eventuser (project_id, ip_address);

-- Events, by their 32-digit id (message_id).
CREATE TABLE IF NOT EXISTS public.sentry_message (
    id         bigserial PRIMARY KEY,
    group_id   bigint,
    message_id varchar(32),
    project_id bigint,
    message    text NOT NULL,
    platform   varchar(64),
    datetime   timestamptz NOT NULL,
    time_spent integer,
    data       text,
    UNIQUE (project_id, message_id)
);
CREATE INDEX IF NOT EXISTS sentry_message_group_id_datetime_292244ea_idx
    ON public.sentry_message (group_id, datetime);
