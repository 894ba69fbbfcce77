-- Users, organizations, projects, environments
-- (spec/original.md 3). No column but an id has a default in the database: Django fills them in.

-- Its ids are integers, those of all others bigints.
CREATE TABLE IF NOT EXISTS public.auth_user (
    id                   serial PRIMARY KEY,
    password             varchar(128) NOT NULL,
    last_login           timestamptz,
    username             varchar(128) NOT NULL UNIQUE,
    first_name           varchar(200) NOT NULL,
    email                varchar(75) NOT NULL,
    is_staff             boolean NOT NULL,
    is_active            boolean NOT NULL,
    is_superuser         boolean NOT NULL,
    is_managed           boolean NOT NULL,
    is_sentry_app        boolean,
    is_password_expired  boolean NOT NULL,
    last_password_change timestamptz,
    flags                bigint,
    session_nonce        varchar(12),
    date_joined          timestamptz NOT NULL,
    last_active          timestamptz
);
-- Added: users are asked for by their address.
CREATE INDEX IF NOT EXISTS auth_user_email_lower_idx
    ON public.auth_user (lower(email));

CREATE TABLE IF NOT EXISTS public.sentry_useremail (
    id              bigserial PRIMARY KEY,
    user_id         integer NOT NULL REFERENCES public.auth_user (id) DEFERRABLE INITIALLY DEFERRED,
    email           varchar(75) NOT NULL,
    validation_hash varchar(32) NOT NULL,
    date_hash_added timestamptz NOT NULL,
    is_verified     boolean NOT NULL,
    UNIQUE (user_id, email)
);
CREATE INDEX IF NOT EXISTS sentry_useremail_user_id_4f1e0087
    ON public.sentry_useremail (user_id);

CREATE TABLE IF NOT EXISTS public.sentry_organization (
    id           bigserial PRIMARY KEY,
    name         varchar(64) NOT NULL,
    slug         varchar(50) NOT NULL UNIQUE,
    status       integer NOT NULL CHECK (status >= 0),
    date_added   timestamptz NOT NULL,
    default_role varchar(32) NOT NULL,
    flags        bigint NOT NULL
);

CREATE TABLE IF NOT EXISTS public.sentry_organizationmember (
    id                bigserial PRIMARY KEY,
    organization_id   bigint NOT NULL REFERENCES public.sentry_organization (id) DEFERRABLE INITIALLY DEFERRED,
    user_id           integer REFERENCES public.auth_user (id) DEFERRABLE INITIALLY DEFERRED,
    email             varchar(75),
    role              varchar(32) NOT NULL,
    flags             bigint NOT NULL,
    token             varchar(64) UNIQUE,
    date_added        timestamptz NOT NULL,
    token_expires_at  timestamptz,
    has_global_access boolean NOT NULL,
    inviter_id        integer REFERENCES public.auth_user (id) DEFERRABLE INITIALLY DEFERRED,
    invite_status     smallint,
    type              integer NOT NULL CHECK (type >= 0),
    UNIQUE (organization_id, user_id),
    UNIQUE (organization_id, email)
);
CREATE INDEX IF NOT EXISTS sentry_organizationmember_organization_id_06948bec
    ON public.sentry_organizationmember (organization_id);
CREATE INDEX IF NOT EXISTS sentry_organizationmember_user_id_d514d1bb
    ON public.sentry_organizationmember (user_id);
CREATE INDEX IF NOT EXISTS sentry_organizationmember_inviter_id_564cc148
    ON public.sentry_organizationmember (inviter_id);

CREATE TABLE IF NOT EXISTS public.sentry_project (
    id              bigserial PRIMARY KEY,
    slug            varchar(50),
    name            varchar(200) NOT NULL,
    forced_color    varchar(6),
    organization_id bigint NOT NULL REFERENCES public.sentry_organization (id) DEFERRABLE INITIALLY DEFERRED,
    public          boolean NOT NULL,
    date_added      timestamptz NOT NULL,
    status          integer NOT NULL CHECK (status >= 0),
    first_event     timestamptz,
    flags           bigint,
    platform        varchar(64),
    UNIQUE (organization_id, slug)
);
CREATE INDEX IF NOT EXISTS sentry_project_organization_id_fff96c96
    ON public.sentry_project (organization_id);
CREATE INDEX IF NOT EXISTS sentry_project_slug_b67b0741
    ON public.sentry_project (slug);
CREATE INDEX IF NOT EXISTS sentry_project_status_959d33f3
    ON public.sentry_project (status);

CREATE TABLE IF NOT EXISTS public.sentry_useroption (
    id              bigserial PRIMARY KEY,
    user_id         integer NOT NULL REFERENCES public.auth_user (id) DEFERRABLE INITIALLY DEFERRED,
    project_id      bigint REFERENCES public.sentry_project (id) DEFERRABLE INITIALLY DEFERRED,
    organization_id bigint REFERENCES public.sentry_organization (id) DEFERRABLE INITIALLY DEFERRED,
    key             varchar(64) NOT NULL,
    value           text NOT NULL,
    UNIQUE (user_id, project_id, key),
    UNIQUE (user_id, organization_id, key)
);
CREATE INDEX IF NOT EXISTS sentry_useroption_user_id_28e7c8bb
    ON public.sentry_useroption (user_id);
CREATE INDEX IF NOT EXISTS sentry_useroption_project_id_8ca82e20
    ON public.sentry_useroption (project_id);
CREATE INDEX IF NOT EXISTS sentry_useroption_organization_id_a5906340
    ON public.sentry_useroption (organization_id);

-- organization_id leads to sentry_organization without a foreign key; project_id is a leftover.
CREATE TABLE IF NOT EXISTS public.sentry_environment (
    id              bigserial PRIMARY KEY,
    organization_id integer NOT NULL CHECK (organization_id >= 0),
    project_id      integer CHECK (project_id >= 0),
    name            varchar(64) NOT NULL,
    date_added      timestamptz NOT NULL,
    UNIQUE (organization_id, name)
);

CREATE TABLE IF NOT EXISTS public.sentry_environmentproject (
    id             bigserial PRIMARY KEY,
    project_id     bigint NOT NULL REFERENCES public.sentry_project (id) DEFERRABLE INITIALLY DEFERRED,
    environment_id bigint NOT NULL REFERENCES public.sentry_environment (id) DEFERRABLE INITIALLY DEFERRED,
    is_hidden      boolean,
    UNIQUE (project_id, environment_id)
);
CREATE INDEX IF NOT EXISTS sentry_environmentproject_project_id_f57a07ae
    ON public.sentry_environmentproject (project_id);
CREATE INDEX IF NOT EXISTS sentry_environmentproject_environment_id_f5d02227
    ON public.sentry_environmentproject (environment_id);
