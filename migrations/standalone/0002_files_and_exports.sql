-- Files, their blobs, and exports
-- (spec/original.md 1, 2). No column but an id has a default in the database: Django fills them in.

CREATE TABLE IF NOT EXISTS public.sentry_fileblob (
    id        bigserial PRIMARY KEY,
    path      text,
    size      integer CHECK (size >= 0),
    checksum  varchar(40) NOT NULL UNIQUE,
    timestamp timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS sentry_fileblob_timestamp_e5639b77
    ON public.sentry_fileblob (timestamp);

CREATE TABLE IF NOT EXISTS public.sentry_file (
    id        bigserial PRIMARY KEY,
    name      text NOT NULL,
    type      varchar(64) NOT NULL,
    timestamp timestamptz NOT NULL,
    headers   text NOT NULL,
    size      integer CHECK (size >= 0),
    checksum  varchar(40),
    blob_id   bigint REFERENCES public.sentry_fileblob (id) DEFERRABLE INITIALLY DEFERRED,
    path      text
);
CREATE INDEX IF NOT EXISTS sentry_file_blob_id_d03bd8be
    ON public.sentry_file (blob_id);
CREATE INDEX IF NOT EXISTS sentry_file_timestamp_7799ca44
    ON public.sentry_file (timestamp);
CREATE INDEX IF NOT EXISTS sentry_file_checksum_3f6bd19f
    ON public.sentry_file (checksum);

CREATE TABLE IF NOT EXISTS public.sentry_fileblobindex (
    id       bigserial PRIMARY KEY,
    file_id  bigint NOT NULL REFERENCES public.sentry_file (id) DEFERRABLE INITIALLY DEFERRED,
    blob_id  bigint NOT NULL REFERENCES public.sentry_fileblob (id) DEFERRABLE INITIALLY DEFERRED,
    "offset" integer NOT NULL CHECK ("offset" >= 0),
    UNIQUE (file_id, blob_id, "offset")
);
CREATE INDEX IF NOT EXISTS sentry_fileblobindex_file_id_bc9e6ed7
    ON public.sentry_fileblobindex (file_id);
CREATE INDEX IF NOT EXISTS sentry_fileblobindex_blob_id_2fa69ea4
    ON public.sentry_fileblobindex (blob_id);

CREATE TABLE IF NOT EXISTS public.sentry_fileblobowner (
    id              bigserial PRIMARY KEY,
    blob_id         bigint NOT NULL REFERENCES public.sentry_fileblob (id) DEFERRABLE INITIALLY DEFERRED,
    organization_id bigint NOT NULL REFERENCES public.sentry_organization (id) DEFERRABLE INITIALLY DEFERRED,
    UNIQUE (blob_id, organization_id)
);
CREATE INDEX IF NOT EXISTS sentry_fileblobowner_blob_id_dc4d53c1
    ON public.sentry_fileblobowner (blob_id);
CREATE INDEX IF NOT EXISTS sentry_fileblobowner_organization_id_b1098230
    ON public.sentry_fileblobowner (organization_id);

-- file_id leads to sentry_file without a foreign key.
CREATE TABLE IF NOT EXISTS public.sentry_exporteddata (
    id              bigserial PRIMARY KEY,
    date_added      timestamptz NOT NULL,
    date_finished   timestamptz,
    date_expired    timestamptz,
    query_type      integer NOT NULL CHECK (query_type >= 0),
    query_info      text NOT NULL,
    organization_id bigint NOT NULL REFERENCES public.sentry_organization (id) DEFERRABLE INITIALLY DEFERRED,
    user_id         integer REFERENCES public.auth_user (id) DEFERRABLE INITIALLY DEFERRED,
    file_id         bigint
);
CREATE INDEX IF NOT EXISTS sentry_exporteddata_organization_id_0be1ce88
    ON public.sentry_exporteddata (organization_id);
CREATE INDEX IF NOT EXISTS sentry_exporteddata_user_id_948c0003
    ON public.sentry_exporteddata (user_id);
CREATE INDEX IF NOT EXISTS sentry_exporteddata_file_id_a9a0b802
    ON public.sentry_exporteddata (file_id);
CREATE INDEX IF NOT EXISTS sentry_exporteddata_date_expired_cfab38e7
    ON public.sentry_exporteddata (date_expired);
-- Added: the search for an unfinished twin, and the list of expired exports that still have a file.
CREATE INDEX IF NOT EXISTS sentry_exporteddata_unfinished_idx
    ON public.sentry_exporteddata (organization_id, user_id) WHERE date_finished IS NULL;
CREATE INDEX IF NOT EXISTS sentry_exporteddata_with_file_idx
    ON public.sentry_exporteddata (id) WHERE file_id IS NOT NULL;
