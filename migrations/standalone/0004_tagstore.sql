-- The tagstore, version 2. environment_id 0 stands for all environments
-- (spec/original.md 10). No column but an id has a default in the database: Django fills them in.

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
);
CREATE INDEX IF NOT EXISTS tagstore_tagvalue_key_id_42f9e9ba
    ON public.tagstore_tagvalue (key_id);
CREATE INDEX IF NOT EXISTS tagstore_tagvalue_last_seen_4f6b2a34
    ON public.tagstore_tagvalue (last_seen);
CREATE INDEX IF NOT EXISTS tagstore_tagvalue_first_seen_85aa28bf
    ON public.tagstore_tagvalue (first_seen);
CREATE INDEX IF NOT EXISTS tagstore_tagvalue_project_id_key_id_last_seen_34f42c2a_idx
    ON public.tagstore_tagvalue (project_id, key_id, last_seen);

CREATE TABLE IF NOT EXISTS public.tagstore_grouptagkey (
    id          bigserial PRIMARY KEY,
    project_id  bigint NOT NULL,
    group_id    bigint NOT NULL,
    key_id      bigint NOT NULL REFERENCES public.tagstore_tagkey (id) DEFERRABLE INITIALLY DEFERRED,
    values_seen integer NOT NULL CHECK (values_seen >= 0),
    UNIQUE (project_id, group_id, key_id)
);
CREATE INDEX IF NOT EXISTS tagstore_grouptagkey_key_id_170eeccb
    ON public.tagstore_grouptagkey (key_id);

CREATE TABLE IF NOT EXISTS public.tagstore_grouptagvalue (
    id         bigserial PRIMARY KEY,
    project_id bigint NOT NULL,
    group_id   bigint NOT NULL,
    key_id     bigint NOT NULL REFERENCES public.tagstore_tagkey (id) DEFERRABLE INITIALLY DEFERRED,
    value_id   bigint NOT NULL REFERENCES public.tagstore_tagvalue (id) DEFERRABLE INITIALLY DEFERRED,
    times_seen integer NOT NULL CHECK (times_seen >= 0),
    last_seen  timestamptz,
    first_seen timestamptz,
    UNIQUE (project_id, group_id, key_id, value_id)
);
CREATE INDEX IF NOT EXISTS tagstore_grouptagvalue_key_id_8e7cbf36
    ON public.tagstore_grouptagvalue (key_id);
CREATE INDEX IF NOT EXISTS tagstore_grouptagvalue_value_id_2436e8f2
    ON public.tagstore_grouptagvalue (value_id);
CREATE INDEX IF NOT EXISTS tagstore_grouptagvalue_last_seen_20d3e526
    ON public.tagstore_grouptagvalue (last_seen);
CREATE INDEX IF NOT EXISTS tagstore_grouptagvalue_first_seen_a646094c
    ON public.tagstore_grouptagvalue (first_seen);
CREATE INDEX IF NOT EXISTS tagstore_grouptagvalue_project_id_key_id_value__4bc57b64_idx
    ON public.tagstore_grouptagvalue (project_id, key_id, value_id, last_seen);

-- event_id is that of sentry_message.id.
CREATE TABLE IF NOT EXISTS public.tagstore_eventtag (
    id         bigserial PRIMARY KEY,
    project_id bigint NOT NULL,
    group_id   bigint NOT NULL,
    event_id   bigint NOT NULL,
    key_id     bigint NOT NULL REFERENCES public.tagstore_tagkey (id) DEFERRABLE INITIALLY DEFERRED,
    value_id   bigint NOT NULL REFERENCES public.tagstore_tagvalue (id) DEFERRABLE INITIALLY DEFERRED,
    date_added timestamptz NOT NULL,
    UNIQUE (project_id, event_id, key_id, value_id)
);
CREATE INDEX IF NOT EXISTS tagstore_eventtag_key_id_edb450ba
    ON public.tagstore_eventtag (key_id);
CREATE INDEX IF NOT EXISTS tagstore_eventtag_value_id_8e7decea
    ON public.tagstore_eventtag (value_id);
CREATE INDEX IF NOT EXISTS tagstore_eventtag_date_added_c549fcac
    ON public.tagstore_eventtag (date_added);
CREATE INDEX IF NOT EXISTS tagstore_eventtag_project_id_key_id_value_id_fcf156f8_idx
    ON public.tagstore_eventtag (project_id, key_id, value_id);
CREATE INDEX IF NOT EXISTS tagstore_eventtag_group_id_key_id_value_id_02957b8d_idx
    ON public.tagstore_eventtag (group_id, key_id, value_id);
