CREATE SCHEMA exportd;
CREATE DOMAIN exportd.export_state AS text
	CONSTRAINT export_state_check CHECK ((VALUE = ANY (ARRAY['waiting'::text, 'running'::text, 'delayed'::text, 'valid'::text, 'failed'::text, 'gone'::text])));
CREATE DOMAIN exportd.mail_state AS text
	CONSTRAINT mail_state_check CHECK ((VALUE = ANY (ARRAY['waiting'::text, 'sent'::text, 'given-up'::text])));
CREATE TABLE exportd.attempt (
    data_export_id bigint NOT NULL,
    attempt integer NOT NULL,
    worker text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    outcome text,
    message text
);
CREATE TABLE exportd.event_user_attributes (
    event_id bigint NOT NULL,
    project_id bigint NOT NULL,
    group_id bigint NOT NULL,
    environment_id bigint NOT NULL,
    seen timestamp with time zone NOT NULL,
    ident text COLLATE pg_catalog."C",
    email text COLLATE pg_catalog."C",
    username text COLLATE pg_catalog."C",
    ip_address inet
);
CREATE TABLE exportd.export (
    data_export_id bigint NOT NULL,
    date_added timestamp with time zone NOT NULL,
    organization_id bigint NOT NULL,
    user_id integer,
    query_type integer NOT NULL,
    query_info text NOT NULL,
    "limit" bigint,
    environment_id bigint,
    state exportd.export_state NOT NULL,
    attempt integer NOT NULL,
    failures integer NOT NULL,
    worker text,
    next_try_at timestamp with time zone,
    rows bigint NOT NULL,
    bytes bigint NOT NULL,
    pages bigint NOT NULL,
    progress_at timestamp with time zone,
    first_claimed_at timestamp with time zone,
    finished_at timestamp with time zone,
    message text,
    queue text
);
CREATE TABLE exportd.migration (
    name text NOT NULL,
    checksum character varying(40) NOT NULL,
    applied_at timestamp with time zone NOT NULL
);
CREATE TABLE exportd.object (
    path text NOT NULL,
    checksum character varying(40) NOT NULL,
    data_export_id bigint NOT NULL,
    attempt integer NOT NULL,
    written_at timestamp with time zone NOT NULL,
    spare_until timestamp with time zone
);
CREATE TABLE exportd.outbox (
    id bigint NOT NULL,
    data_export_id bigint NOT NULL,
    message_id text NOT NULL,
    recipient text NOT NULL,
    mime text NOT NULL,
    tries integer NOT NULL,
    next_try_at timestamp with time zone NOT NULL,
    state exportd.mail_state NOT NULL,
    message text
);
CREATE SEQUENCE exportd.outbox_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE exportd.outbox_id_seq OWNED BY exportd.outbox.id;
CREATE TABLE exportd.sampled_event (
    project_id bigint NOT NULL,
    message_id character varying(32) NOT NULL
);
CREATE TABLE public.auth_user (
    id integer NOT NULL,
    password character varying(128) NOT NULL,
    last_login timestamp with time zone,
    username character varying(128) NOT NULL,
    first_name character varying(200) NOT NULL,
    email character varying(75) NOT NULL,
    is_staff boolean NOT NULL,
    is_active boolean NOT NULL,
    is_superuser boolean NOT NULL,
    is_managed boolean NOT NULL,
    is_sentry_app boolean,
    is_password_expired boolean NOT NULL,
    last_password_change timestamp with time zone,
    flags bigint,
    session_nonce character varying(12),
    date_joined timestamp with time zone NOT NULL,
    last_active timestamp with time zone
);
CREATE SEQUENCE public.auth_user_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.auth_user_id_seq OWNED BY public.auth_user.id;
CREATE TABLE public.sentry_environment (
    id bigint NOT NULL,
    organization_id integer NOT NULL,
    project_id integer,
    name character varying(64) NOT NULL,
    date_added timestamp with time zone NOT NULL,
    CONSTRAINT sentry_environment_organization_id_check CHECK ((organization_id >= 0)),
    CONSTRAINT sentry_environment_project_id_check CHECK ((project_id >= 0))
);
CREATE SEQUENCE public.sentry_environment_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.sentry_environment_id_seq OWNED BY public.sentry_environment.id;
CREATE TABLE public.sentry_environmentproject (
    id bigint NOT NULL,
    project_id bigint NOT NULL,
    environment_id bigint NOT NULL,
    is_hidden boolean
);
CREATE SEQUENCE public.sentry_environmentproject_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.sentry_environmentproject_id_seq OWNED BY public.sentry_environmentproject.id;
CREATE TABLE public.sentry_eventuser (
    id bigint NOT NULL,
    project_id integer NOT NULL,
    hash character varying(32) NOT NULL,
    ident character varying(128),
    email character varying(75),
    username character varying(128),
    name character varying(128),
    ip_address inet,
    date_added timestamp with time zone NOT NULL,
    CONSTRAINT sentry_eventuser_project_id_check CHECK ((project_id >= 0))
);
CREATE SEQUENCE public.sentry_eventuser_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.sentry_eventuser_id_seq OWNED BY public.sentry_eventuser.id;
CREATE TABLE public.sentry_exporteddata (
    id bigint NOT NULL,
    date_added timestamp with time zone NOT NULL,
    date_finished timestamp with time zone,
    date_expired timestamp with time zone,
    query_type integer NOT NULL,
    query_info text NOT NULL,
    organization_id bigint NOT NULL,
    user_id integer,
    file_id bigint,
    CONSTRAINT sentry_exporteddata_query_type_check CHECK ((query_type >= 0))
);
CREATE SEQUENCE public.sentry_exporteddata_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.sentry_exporteddata_id_seq OWNED BY public.sentry_exporteddata.id;
CREATE TABLE public.sentry_file (
    id bigint NOT NULL,
    name text NOT NULL,
    type character varying(64) NOT NULL,
    "timestamp" timestamp with time zone NOT NULL,
    headers text NOT NULL,
    size integer,
    checksum character varying(40),
    blob_id bigint,
    path text,
    CONSTRAINT sentry_file_size_check CHECK ((size >= 0))
);
CREATE SEQUENCE public.sentry_file_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.sentry_file_id_seq OWNED BY public.sentry_file.id;
CREATE TABLE public.sentry_fileblob (
    id bigint NOT NULL,
    path text,
    size integer,
    checksum character varying(40) NOT NULL,
    "timestamp" timestamp with time zone NOT NULL,
    CONSTRAINT sentry_fileblob_size_check CHECK ((size >= 0))
);
CREATE SEQUENCE public.sentry_fileblob_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.sentry_fileblob_id_seq OWNED BY public.sentry_fileblob.id;
CREATE TABLE public.sentry_fileblobindex (
    id bigint NOT NULL,
    file_id bigint NOT NULL,
    blob_id bigint NOT NULL,
    "offset" integer NOT NULL,
    CONSTRAINT sentry_fileblobindex_offset_check CHECK (("offset" >= 0))
);
CREATE SEQUENCE public.sentry_fileblobindex_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.sentry_fileblobindex_id_seq OWNED BY public.sentry_fileblobindex.id;
CREATE TABLE public.sentry_fileblobowner (
    id bigint NOT NULL,
    blob_id bigint NOT NULL,
    organization_id bigint NOT NULL
);
CREATE SEQUENCE public.sentry_fileblobowner_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.sentry_fileblobowner_id_seq OWNED BY public.sentry_fileblobowner.id;
CREATE TABLE public.sentry_groupedmessage (
    id bigint NOT NULL,
    project_id bigint NOT NULL,
    logger character varying(64) NOT NULL,
    level integer NOT NULL,
    message text NOT NULL,
    view character varying(200),
    num_comments integer,
    platform character varying(64),
    status integer NOT NULL,
    times_seen integer NOT NULL,
    last_seen timestamp with time zone NOT NULL,
    first_seen timestamp with time zone NOT NULL,
    first_release_id bigint,
    resolved_at timestamp with time zone,
    active_at timestamp with time zone,
    time_spent_total integer NOT NULL,
    time_spent_count integer NOT NULL,
    score integer NOT NULL,
    is_public boolean,
    data text,
    short_id bigint,
    CONSTRAINT sentry_groupedmessage_level_check CHECK ((level >= 0)),
    CONSTRAINT sentry_groupedmessage_num_comments_check CHECK ((num_comments >= 0)),
    CONSTRAINT sentry_groupedmessage_status_check CHECK ((status >= 0)),
    CONSTRAINT sentry_groupedmessage_times_seen_check CHECK ((times_seen >= 0))
)
WITH (fillfactor='80');
CREATE SEQUENCE public.sentry_groupedmessage_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.sentry_groupedmessage_id_seq OWNED BY public.sentry_groupedmessage.id;
CREATE TABLE public.sentry_grouphash (
    id bigint NOT NULL,
    project_id bigint,
    hash character varying(32) NOT NULL,
    group_id bigint,
    group_tombstone_id integer,
    state integer,
    CONSTRAINT sentry_grouphash_group_tombstone_id_check CHECK ((group_tombstone_id >= 0)),
    CONSTRAINT sentry_grouphash_state_check CHECK ((state >= 0))
);
CREATE SEQUENCE public.sentry_grouphash_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.sentry_grouphash_id_seq OWNED BY public.sentry_grouphash.id;
CREATE TABLE public.sentry_groupredirect (
    id bigint NOT NULL,
    organization_id bigint,
    group_id bigint NOT NULL,
    previous_group_id bigint NOT NULL,
    previous_short_id bigint,
    previous_project_slug character varying(50)
);
CREATE SEQUENCE public.sentry_groupredirect_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.sentry_groupredirect_id_seq OWNED BY public.sentry_groupredirect.id;
CREATE TABLE public.sentry_message (
    id bigint NOT NULL,
    group_id bigint,
    message_id character varying(32),
    project_id bigint,
    message text NOT NULL,
    platform character varying(64),
    datetime timestamp with time zone NOT NULL,
    time_spent integer,
    data text
);
CREATE SEQUENCE public.sentry_message_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.sentry_message_id_seq OWNED BY public.sentry_message.id;
CREATE TABLE public.sentry_organization (
    id bigint NOT NULL,
    name character varying(64) NOT NULL,
    slug character varying(50) NOT NULL,
    status integer NOT NULL,
    date_added timestamp with time zone NOT NULL,
    default_role character varying(32) NOT NULL,
    flags bigint NOT NULL,
    CONSTRAINT sentry_organization_status_check CHECK ((status >= 0))
);
CREATE SEQUENCE public.sentry_organization_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.sentry_organization_id_seq OWNED BY public.sentry_organization.id;
CREATE TABLE public.sentry_organizationmember (
    id bigint NOT NULL,
    organization_id bigint NOT NULL,
    user_id integer,
    email character varying(75),
    role character varying(32) NOT NULL,
    flags bigint NOT NULL,
    token character varying(64),
    date_added timestamp with time zone NOT NULL,
    token_expires_at timestamp with time zone,
    has_global_access boolean NOT NULL,
    inviter_id integer,
    invite_status smallint,
    type integer NOT NULL,
    CONSTRAINT sentry_organizationmember_type_check CHECK ((type >= 0))
);
CREATE SEQUENCE public.sentry_organizationmember_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.sentry_organizationmember_id_seq OWNED BY public.sentry_organizationmember.id;
CREATE TABLE public.sentry_project (
    id bigint NOT NULL,
    slug character varying(50),
    name character varying(200) NOT NULL,
    forced_color character varying(6),
    organization_id bigint NOT NULL,
    public boolean NOT NULL,
    date_added timestamp with time zone NOT NULL,
    status integer NOT NULL,
    first_event timestamp with time zone,
    flags bigint,
    platform character varying(64),
    CONSTRAINT sentry_project_status_check CHECK ((status >= 0))
);
CREATE SEQUENCE public.sentry_project_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.sentry_project_id_seq OWNED BY public.sentry_project.id;
CREATE TABLE public.sentry_release (
    id bigint NOT NULL,
    organization_id bigint NOT NULL,
    version character varying(250) NOT NULL,
    date_added timestamp with time zone NOT NULL,
    new_groups integer NOT NULL,
    CONSTRAINT sentry_release_new_groups_check CHECK ((new_groups >= 0))
);
CREATE SEQUENCE public.sentry_release_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.sentry_release_id_seq OWNED BY public.sentry_release.id;
CREATE TABLE public.sentry_release_project (
    id bigint NOT NULL,
    project_id bigint NOT NULL,
    release_id bigint NOT NULL,
    new_groups integer,
    CONSTRAINT sentry_release_project_new_groups_check CHECK ((new_groups >= 0))
);
CREATE SEQUENCE public.sentry_release_project_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.sentry_release_project_id_seq OWNED BY public.sentry_release_project.id;
CREATE TABLE public.sentry_useremail (
    id bigint NOT NULL,
    user_id integer NOT NULL,
    email character varying(75) NOT NULL,
    validation_hash character varying(32) NOT NULL,
    date_hash_added timestamp with time zone NOT NULL,
    is_verified boolean NOT NULL
);
CREATE SEQUENCE public.sentry_useremail_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.sentry_useremail_id_seq OWNED BY public.sentry_useremail.id;
CREATE TABLE public.sentry_useroption (
    id bigint NOT NULL,
    user_id integer NOT NULL,
    project_id bigint,
    organization_id bigint,
    key character varying(64) NOT NULL,
    value text NOT NULL
);
CREATE SEQUENCE public.sentry_useroption_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.sentry_useroption_id_seq OWNED BY public.sentry_useroption.id;
CREATE TABLE public.tagstore_eventtag (
    id bigint NOT NULL,
    project_id bigint NOT NULL,
    group_id bigint NOT NULL,
    event_id bigint NOT NULL,
    key_id bigint NOT NULL,
    value_id bigint NOT NULL,
    date_added timestamp with time zone NOT NULL
);
CREATE SEQUENCE public.tagstore_eventtag_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.tagstore_eventtag_id_seq OWNED BY public.tagstore_eventtag.id;
CREATE TABLE public.tagstore_grouptagkey (
    id bigint NOT NULL,
    project_id bigint NOT NULL,
    group_id bigint NOT NULL,
    key_id bigint NOT NULL,
    values_seen integer NOT NULL,
    CONSTRAINT tagstore_grouptagkey_values_seen_check CHECK ((values_seen >= 0))
)
WITH (fillfactor='80');
CREATE SEQUENCE public.tagstore_grouptagkey_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.tagstore_grouptagkey_id_seq OWNED BY public.tagstore_grouptagkey.id;
CREATE TABLE public.tagstore_grouptagvalue (
    id bigint NOT NULL,
    project_id bigint NOT NULL,
    group_id bigint NOT NULL,
    key_id bigint NOT NULL,
    value_id bigint NOT NULL,
    times_seen integer NOT NULL,
    last_seen timestamp with time zone,
    first_seen timestamp with time zone,
    CONSTRAINT tagstore_grouptagvalue_times_seen_check CHECK ((times_seen >= 0))
)
WITH (fillfactor='80');
CREATE SEQUENCE public.tagstore_grouptagvalue_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.tagstore_grouptagvalue_id_seq OWNED BY public.tagstore_grouptagvalue.id;
CREATE TABLE public.tagstore_tagkey (
    id bigint NOT NULL,
    project_id bigint NOT NULL,
    environment_id bigint,
    key character varying(32) NOT NULL,
    values_seen integer NOT NULL,
    status integer NOT NULL,
    CONSTRAINT tagstore_tagkey_status_check CHECK ((status >= 0)),
    CONSTRAINT tagstore_tagkey_values_seen_check CHECK ((values_seen >= 0))
);
CREATE SEQUENCE public.tagstore_tagkey_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.tagstore_tagkey_id_seq OWNED BY public.tagstore_tagkey.id;
CREATE TABLE public.tagstore_tagvalue (
    id bigint NOT NULL,
    project_id bigint NOT NULL,
    key_id bigint NOT NULL,
    value character varying(200) NOT NULL,
    data text,
    times_seen integer NOT NULL,
    last_seen timestamp with time zone,
    first_seen timestamp with time zone,
    CONSTRAINT tagstore_tagvalue_times_seen_check CHECK ((times_seen >= 0))
)
WITH (fillfactor='80');
CREATE SEQUENCE public.tagstore_tagvalue_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.tagstore_tagvalue_id_seq OWNED BY public.tagstore_tagvalue.id;
ALTER TABLE ONLY exportd.outbox ALTER COLUMN id SET DEFAULT nextval('exportd.outbox_id_seq'::regclass);
ALTER TABLE ONLY public.auth_user ALTER COLUMN id SET DEFAULT nextval('public.auth_user_id_seq'::regclass);
ALTER TABLE ONLY public.sentry_environment ALTER COLUMN id SET DEFAULT nextval('public.sentry_environment_id_seq'::regclass);
ALTER TABLE ONLY public.sentry_environmentproject ALTER COLUMN id SET DEFAULT nextval('public.sentry_environmentproject_id_seq'::regclass);
ALTER TABLE ONLY public.sentry_eventuser ALTER COLUMN id SET DEFAULT nextval('public.sentry_eventuser_id_seq'::regclass);
ALTER TABLE ONLY public.sentry_exporteddata ALTER COLUMN id SET DEFAULT nextval('public.sentry_exporteddata_id_seq'::regclass);
ALTER TABLE ONLY public.sentry_file ALTER COLUMN id SET DEFAULT nextval('public.sentry_file_id_seq'::regclass);
ALTER TABLE ONLY public.sentry_fileblob ALTER COLUMN id SET DEFAULT nextval('public.sentry_fileblob_id_seq'::regclass);
ALTER TABLE ONLY public.sentry_fileblobindex ALTER COLUMN id SET DEFAULT nextval('public.sentry_fileblobindex_id_seq'::regclass);
ALTER TABLE ONLY public.sentry_fileblobowner ALTER COLUMN id SET DEFAULT nextval('public.sentry_fileblobowner_id_seq'::regclass);
ALTER TABLE ONLY public.sentry_groupedmessage ALTER COLUMN id SET DEFAULT nextval('public.sentry_groupedmessage_id_seq'::regclass);
ALTER TABLE ONLY public.sentry_grouphash ALTER COLUMN id SET DEFAULT nextval('public.sentry_grouphash_id_seq'::regclass);
ALTER TABLE ONLY public.sentry_groupredirect ALTER COLUMN id SET DEFAULT nextval('public.sentry_groupredirect_id_seq'::regclass);
ALTER TABLE ONLY public.sentry_message ALTER COLUMN id SET DEFAULT nextval('public.sentry_message_id_seq'::regclass);
ALTER TABLE ONLY public.sentry_organization ALTER COLUMN id SET DEFAULT nextval('public.sentry_organization_id_seq'::regclass);
ALTER TABLE ONLY public.sentry_organizationmember ALTER COLUMN id SET DEFAULT nextval('public.sentry_organizationmember_id_seq'::regclass);
ALTER TABLE ONLY public.sentry_project ALTER COLUMN id SET DEFAULT nextval('public.sentry_project_id_seq'::regclass);
ALTER TABLE ONLY public.sentry_release ALTER COLUMN id SET DEFAULT nextval('public.sentry_release_id_seq'::regclass);
ALTER TABLE ONLY public.sentry_release_project ALTER COLUMN id SET DEFAULT nextval('public.sentry_release_project_id_seq'::regclass);
ALTER TABLE ONLY public.sentry_useremail ALTER COLUMN id SET DEFAULT nextval('public.sentry_useremail_id_seq'::regclass);
ALTER TABLE ONLY public.sentry_useroption ALTER COLUMN id SET DEFAULT nextval('public.sentry_useroption_id_seq'::regclass);
ALTER TABLE ONLY public.tagstore_eventtag ALTER COLUMN id SET DEFAULT nextval('public.tagstore_eventtag_id_seq'::regclass);
ALTER TABLE ONLY public.tagstore_grouptagkey ALTER COLUMN id SET DEFAULT nextval('public.tagstore_grouptagkey_id_seq'::regclass);
ALTER TABLE ONLY public.tagstore_grouptagvalue ALTER COLUMN id SET DEFAULT nextval('public.tagstore_grouptagvalue_id_seq'::regclass);
ALTER TABLE ONLY public.tagstore_tagkey ALTER COLUMN id SET DEFAULT nextval('public.tagstore_tagkey_id_seq'::regclass);
ALTER TABLE ONLY public.tagstore_tagvalue ALTER COLUMN id SET DEFAULT nextval('public.tagstore_tagvalue_id_seq'::regclass);
INSERT INTO exportd.attempt VALUES (1, 1, 'old-host:6578:48ab45f1', '2025-05-02 11:59:54.819265+00', '2025-05-02 11:59:54.829188+00', 'valid', NULL);
INSERT INTO exportd.attempt VALUES (2, 1, 'old-host:6590:1f61a0f1', '2025-06-01 11:59:55.255408+00', '2025-06-01 11:59:55.264123+00', 'valid', NULL);
INSERT INTO exportd.attempt VALUES (3, 1, 'old-host:6602:b9fee6ee', '2025-06-01 11:59:56.545052+00', '2025-06-01 11:59:56.549996+00', 'delayed', 'fault point page');
INSERT INTO exportd.attempt VALUES (4, 1, 'old-host:6622:e786c050', '2025-06-01 11:59:57.802572+00', '2025-06-01 11:59:57.812040+00', 'valid', NULL);
INSERT INTO exportd.attempt VALUES (5, 1, 'old-host:6622:e786c050', '2025-06-01 11:59:57.814383+00', '2025-06-01 11:59:57.817496+00', 'valid', NULL);
INSERT INTO exportd.attempt VALUES (6, 1, 'old-host:6622:e786c050', '2025-06-01 11:59:57.818742+00', '2025-06-01 11:59:57.822068+00', 'valid', NULL);
INSERT INTO exportd.attempt VALUES (7, 1, 'old-host:6622:e786c050', '2025-06-01 11:59:57.824701+00', '2025-06-01 11:59:57.828896+00', 'valid', NULL);
INSERT INTO exportd.attempt VALUES (8, 1, 'old-host:6622:e786c050', '2025-06-01 11:59:57.829958+00', NULL, NULL, NULL);
INSERT INTO exportd.attempt VALUES (9, 1, 'old-host:6721:9a7ef866', '2025-06-01 11:59:59.876051+00', NULL, NULL, NULL);
INSERT INTO exportd.export VALUES (1, '2025-05-02 11:59:54.789448+00', 1, 1, 0, '{"project_id": "1", "group_id": "1", "key": "expired"}', NULL, NULL, 'valid', 1, 0, NULL, NULL, 3, 246, 1, '2025-05-02 11:59:54.829188+00', '2025-05-02 11:59:54.819265+00', '2025-05-02 11:59:54.829188+00', NULL, 'data_export');
INSERT INTO exportd.export VALUES (2, '2025-06-01 11:59:55.229298+00', 1, 1, 0, '{"project_id": "1", "group_id": "1", "key": "unmailed"}', NULL, NULL, 'valid', 1, 0, NULL, NULL, 3, 249, 1, '2025-06-01 11:59:55.264123+00', '2025-06-01 11:59:55.255408+00', '2025-06-01 11:59:55.264123+00', NULL, 'data_export');
INSERT INTO exportd.export VALUES (3, '2025-06-01 11:59:56.518391+00', 1, 2, 0, '{"project_id": "1", "group_id": "1", "key": "delayed"}', NULL, NULL, 'delayed', 1, 1, NULL, '2025-06-01 12:10:36.429996+00', 0, 0, 0, '2025-06-01 11:59:56.549996+00', '2025-06-01 11:59:56.545052+00', NULL, 'fault point page', 'data_export');
INSERT INTO exportd.export VALUES (4, '2025-06-01 11:59:57.706899+00', 1, 1, 0, '{"project_id": "1", "group_id": "1", "key": "busy-1"}', NULL, NULL, 'valid', 1, 0, NULL, NULL, 3, 243, 1, '2025-06-01 11:59:57.812040+00', '2025-06-01 11:59:57.802572+00', '2025-06-01 11:59:57.812040+00', NULL, 'data_export');
INSERT INTO exportd.export VALUES (5, '2025-06-01 11:59:57.719881+00', 1, 1, 0, '{"project_id": "1", "group_id": "1", "key": "busy-2"}', NULL, NULL, 'valid', 1, 0, NULL, NULL, 3, 243, 1, '2025-06-01 11:59:57.817496+00', '2025-06-01 11:59:57.814383+00', '2025-06-01 11:59:57.817496+00', NULL, 'data_export');
INSERT INTO exportd.export VALUES (6, '2025-06-01 11:59:57.731738+00', 1, 1, 0, '{"project_id": "1", "group_id": "1", "key": "busy-3"}', NULL, NULL, 'valid', 1, 0, NULL, NULL, 3, 243, 1, '2025-06-01 11:59:57.822068+00', '2025-06-01 11:59:57.818742+00', '2025-06-01 11:59:57.822068+00', NULL, 'data_export');
INSERT INTO exportd.export VALUES (7, '2025-06-01 11:59:57.746206+00', 1, 1, 0, '{"project_id": "1", "group_id": "1", "key": "busy-4"}', NULL, NULL, 'valid', 1, 0, NULL, NULL, 3, 243, 1, '2025-06-01 11:59:57.828896+00', '2025-06-01 11:59:57.824701+00', '2025-06-01 11:59:57.828896+00', NULL, 'data_export');
INSERT INTO exportd.export VALUES (8, '2025-06-01 11:59:57.761467+00', 1, 1, 0, '{"project_id": "1", "group_id": "1", "key": "busy-5"}', NULL, NULL, 'running', 1, 0, 'old-host:6622:e786c050', NULL, 3, 243, 1, '2025-06-01 11:59:59.830996+00', '2025-06-01 11:59:57.829958+00', NULL, NULL, 'data_export');
INSERT INTO exportd.export VALUES (9, '2025-06-01 11:59:59.848837+00', 1, 2, 0, '{"project_id": "1", "group_id": "1", "key": "named"}', NULL, NULL, 'running', 1, 0, 'old-host:6721:9a7ef866', NULL, 0, 0, 0, '2025-06-01 11:59:59.876051+00', '2025-06-01 11:59:59.876051+00', NULL, NULL, 'data_export');
INSERT INTO exportd.export VALUES (10, '2025-06-01 11:59:59.929021+00', 1, 1, 0, '{"project_id": "1", "group_id": "1", "key": "waiting"}', 2, NULL, 'waiting', 0, 0, NULL, NULL, 0, 0, 0, NULL, NULL, NULL, NULL, 'data_export');
INSERT INTO exportd.migration VALUES ('exportd/0001_jobs.sql', '190e90d52e478be54eb3150e72b10359e0cc6d64', '2025-06-01 11:59:54.458616+00');
INSERT INTO exportd.migration VALUES ('exportd/0002_event_user_attributes.sql', '5a07e6124c8b0131525601c0bfbfca8394a34f67', '2025-06-01 11:59:54.485782+00');
INSERT INTO exportd.migration VALUES ('exportd/0003_sampled_event.sql', '36191b19176ed7884acc6b9defaa53b63c7bba52', '2025-06-01 11:59:54.496532+00');
INSERT INTO exportd.migration VALUES ('exportd/0004_queue.sql', '581f9d42abab391ce9b5bacc89f6705832d73314', '2025-06-01 11:59:54.499574+00');
INSERT INTO exportd.migration VALUES ('exportd/0005_spare_object.sql', '4a9e96f910116212a22f484683a4399371137a1f', '2025-06-01 11:59:54.500263+00');
INSERT INTO exportd.migration VALUES ('exportd/0006_states.sql', 'b36260f90e142859185c6fa17131bb93b0bf1119', '2025-06-01 11:59:54.500899+00');
INSERT INTO exportd.migration VALUES ('standalone/0001_organizations.sql', 'def7665473150c8870c4067d7238834ae1ed4443', '2025-06-01 11:59:54.506389+00');
INSERT INTO exportd.migration VALUES ('standalone/0002_files_and_exports.sql', '3ddf4d9b56017e4d93bb34004c653ad1fbe33f5a', '2025-06-01 11:59:54.563111+00');
INSERT INTO exportd.migration VALUES ('standalone/0003_groups_and_events.sql', 'fbb210c9bb68b9899cf0739dfaea7a6e3031e024', '2025-06-01 11:59:54.604496+00');
INSERT INTO exportd.migration VALUES ('standalone/0004_tagstore.sql', '307bd9b9d524e07d6dad1b9211bc4bc0540b1572', '2025-06-01 11:59:54.663725+00');
INSERT INTO exportd.object VALUES ('dc/1fea/4522be2cf3f89b15a911849bb8', '', 0, 0, '2025-06-01 11:59:57.825730+00', '2025-06-01 12:09:57.825730+00');
INSERT INTO exportd.object VALUES ('dc/1fea/d751bd58c9cdd6a1a3552fb419', '', 0, 0, '2025-06-01 11:59:57.825730+00', '2025-06-01 12:09:57.825730+00');
INSERT INTO exportd.object VALUES ('dc/1fea/a99f186837a41a576b15afd949', '', 0, 0, '2025-06-01 11:59:57.825730+00', '2025-06-01 12:09:57.825730+00');
INSERT INTO exportd.object VALUES ('82/2844/a6add45b357df7f4e097979c6c', 'd3edfd8943ea591eea22eb6997ec9c3b38347ef4', 9, 1, '2025-06-01 11:59:59.881619+00', NULL);
INSERT INTO exportd.outbox VALUES (1, 1, '<1.1.d2101e6805c643440ede6ebb1fc9762e@example.com>', 'ann@example.com', E'From: exports@example.com\r\nTo: ann@example.com\r\nSubject: Your Download is Ready!\r\nDate: Mon, 30 Nov 2026 19:51:00 +0000\r\nMessage-ID: <1.1.d2101e6805c643440ede6ebb1fc9762e@example.com>\r\nMIME-Version: 1.0\r\nAuto-Submitted: auto-generated\r\nContent-Type: multipart/alternative; boundary="=_exportd_alternative"\r\n\r\n--=_exportd_alternative\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nYour Download is Ready!\r\n-----------------------\r\n\r\nThe data that you asked for has been put together. It has 3 rows (246 bytes=\r\n). Use the link below to download it.\r\n\r\nhttps://sentry.example.com/organizations/acme/data-export/1/\r\n\r\nThe download will expire at 7:51 PM on December 28, 2026 (UTC)\r\n\r\n--=_exportd_alternative\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<!doctype html>\r\n<html lang=3D"en">\r\n<head>\r\n<meta charset=3D"utf-8">\r\n<meta name=3D"viewport" content=3D"width=3Ddevice-width, initial-scale=3D1"=\r\n>\r\n<meta name=3D"color-scheme" content=3D"light dark">\r\n<title>Your Data is Ready!</title>\r\n</head>\r\n<body style=3D"margin:0;padding:0;font-family:-apple-system,''Segoe UI'',Robo=\r\nto,Helvetica,Arial,sans-serif;font-size:16px;line-height:1.5">\r\n<div style=3D"max-width:600px;margin:0 auto;padding:16px 20px">\r\n<div style=3D"margin:0 0 24px;padding:0 0 12px;border-bottom:2px solid #766=\r\n8dd"><a href=3D"https://sentry.example.com/" style=3D"color:#7668dd;font-si=\r\nze:20px;font-weight:bold;text-decoration:none">Sentry</a></div>\r\n<h3 style=3D"margin:0 0 16px;font-size:22px;line-height:1.3">Your Data is R=\r\neady!</h3>\r\n<p>The data that you asked for has been put together. It has 3 rows (246 by=\r\ntes).</p>\r\n<p>The download will expire at <strong>7:51 PM on December 28, 2026 (UTC)</=\r\nstrong>.</p>\r\n<p><a href=3D"https://sentry.example.com/organizations/acme/data-export/1/"=\r\n class=3D"btn" style=3D"display:inline-block;padding:12px 24px;border-radiu=\r\ns:4px;background-color:#6c5fc7;color:#ffffff;font-weight:bold;text-decorati=\r\non:none">Go to Download</a></p>\r\n<div style=3D"margin:32px 0 0;padding:12px 0 0;border-top:1px solid #8f8f9f=\r\n;font-size:14px"><a href=3D"https://sentry.example.com/" style=3D"color:inh=\r\nerit;margin-right:16px">Home</a> <a href=3D"https://sentry.example.com/sett=\r\nings/account/notifications/" style=3D"color:inherit;margin-right:16px">Noti=\r\nfication Settings</a></div>\r\n</div>\r\n</body>\r\n</html>\r\n\r\n--=_exportd_alternative--\r\n', 1, '2025-05-02 12:01:54.832271+00', 'sent', NULL);
INSERT INTO exportd.outbox VALUES (2, 2, '<2.1.64b93ce649e7aa57c979102ce7390a8b@example.com>', 'ann@example.com', E'From: exports@example.com\r\nTo: ann@example.com\r\nSubject: Your Download is Ready!\r\nDate: Mon, 30 Nov 2026 19:51:01 +0000\r\nMessage-ID: <2.1.64b93ce649e7aa57c979102ce7390a8b@example.com>\r\nMIME-Version: 1.0\r\nAuto-Submitted: auto-generated\r\nContent-Type: multipart/alternative; boundary="=_exportd_alternative"\r\n\r\n--=_exportd_alternative\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nYour Download is Ready!\r\n-----------------------\r\n\r\nThe data that you asked for has been put together. It has 3 rows (249 bytes=\r\n). Use the link below to download it.\r\n\r\nhttps://sentry.example.com/organizations/acme/data-export/2/\r\n\r\nThe download will expire at 7:51 PM on December 28, 2026 (UTC)\r\n\r\n--=_exportd_alternative\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<!doctype html>\r\n<html lang=3D"en">\r\n<head>\r\n<meta charset=3D"utf-8">\r\n<meta name=3D"viewport" content=3D"width=3Ddevice-width, initial-scale=3D1"=\r\n>\r\n<meta name=3D"color-scheme" content=3D"light dark">\r\n<title>Your Data is Ready!</title>\r\n</head>\r\n<body style=3D"margin:0;padding:0;font-family:-apple-system,''Segoe UI'',Robo=\r\nto,Helvetica,Arial,sans-serif;font-size:16px;line-height:1.5">\r\n<div style=3D"max-width:600px;margin:0 auto;padding:16px 20px">\r\n<div style=3D"margin:0 0 24px;padding:0 0 12px;border-bottom:2px solid #766=\r\n8dd"><a href=3D"https://sentry.example.com/" style=3D"color:#7668dd;font-si=\r\nze:20px;font-weight:bold;text-decoration:none">Sentry</a></div>\r\n<h3 style=3D"margin:0 0 16px;font-size:22px;line-height:1.3">Your Data is R=\r\neady!</h3>\r\n<p>The data that you asked for has been put together. It has 3 rows (249 by=\r\ntes).</p>\r\n<p>The download will expire at <strong>7:51 PM on December 28, 2026 (UTC)</=\r\nstrong>.</p>\r\n<p><a href=3D"https://sentry.example.com/organizations/acme/data-export/2/"=\r\n class=3D"btn" style=3D"display:inline-block;padding:12px 24px;border-radiu=\r\ns:4px;background-color:#6c5fc7;color:#ffffff;font-weight:bold;text-decorati=\r\non:none">Go to Download</a></p>\r\n<div style=3D"margin:32px 0 0;padding:12px 0 0;border-top:1px solid #8f8f9f=\r\n;font-size:14px"><a href=3D"https://sentry.example.com/" style=3D"color:inh=\r\nerit;margin-right:16px">Home</a> <a href=3D"https://sentry.example.com/sett=\r\nings/account/notifications/" style=3D"color:inherit;margin-right:16px">Noti=\r\nfication Settings</a></div>\r\n</div>\r\n</body>\r\n</html>\r\n\r\n--=_exportd_alternative--\r\n', 1, '2025-06-01 12:04:57.696925+00', 'waiting', 'the mail server: Failed to connect to 127.0.0.1 port 9 after 0 ms: Couldn''t connect to server');
INSERT INTO exportd.outbox VALUES (3, 4, '<4.1.f52cdf3ea7d0582481bf0aef21799123@example.com>', 'ann@example.com', E'From: exports@example.com\r\nTo: ann@example.com\r\nSubject: Your Download is Ready!\r\nDate: Mon, 30 Nov 2026 19:51:03 +0000\r\nMessage-ID: <4.1.f52cdf3ea7d0582481bf0aef21799123@example.com>\r\nMIME-Version: 1.0\r\nAuto-Submitted: auto-generated\r\nContent-Type: multipart/alternative; boundary="=_exportd_alternative"\r\n\r\n--=_exportd_alternative\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nYour Download is Ready!\r\n-----------------------\r\n\r\nThe data that you asked for has been put together. It has 3 rows (243 bytes=\r\n). Use the link below to download it.\r\n\r\nhttps://sentry.example.com/organizations/acme/data-export/4/\r\n\r\nThe download will expire at 7:51 PM on December 28, 2026 (UTC)\r\n\r\n--=_exportd_alternative\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<!doctype html>\r\n<html lang=3D"en">\r\n<head>\r\n<meta charset=3D"utf-8">\r\n<meta name=3D"viewport" content=3D"width=3Ddevice-width, initial-scale=3D1"=\r\n>\r\n<meta name=3D"color-scheme" content=3D"light dark">\r\n<title>Your Data is Ready!</title>\r\n</head>\r\n<body style=3D"margin:0;padding:0;font-family:-apple-system,''Segoe UI'',Robo=\r\nto,Helvetica,Arial,sans-serif;font-size:16px;line-height:1.5">\r\n<div style=3D"max-width:600px;margin:0 auto;padding:16px 20px">\r\n<div style=3D"margin:0 0 24px;padding:0 0 12px;border-bottom:2px solid #766=\r\n8dd"><a href=3D"https://sentry.example.com/" style=3D"color:#7668dd;font-si=\r\nze:20px;font-weight:bold;text-decoration:none">Sentry</a></div>\r\n<h3 style=3D"margin:0 0 16px;font-size:22px;line-height:1.3">Your Data is R=\r\neady!</h3>\r\n<p>The data that you asked for has been put together. It has 3 rows (243 by=\r\ntes).</p>\r\n<p>The download will expire at <strong>7:51 PM on December 28, 2026 (UTC)</=\r\nstrong>.</p>\r\n<p><a href=3D"https://sentry.example.com/organizations/acme/data-export/4/"=\r\n class=3D"btn" style=3D"display:inline-block;padding:12px 24px;border-radiu=\r\ns:4px;background-color:#6c5fc7;color:#ffffff;font-weight:bold;text-decorati=\r\non:none">Go to Download</a></p>\r\n<div style=3D"margin:32px 0 0;padding:12px 0 0;border-top:1px solid #8f8f9f=\r\n;font-size:14px"><a href=3D"https://sentry.example.com/" style=3D"color:inh=\r\nerit;margin-right:16px">Home</a> <a href=3D"https://sentry.example.com/sett=\r\nings/account/notifications/" style=3D"color:inherit;margin-right:16px">Noti=\r\nfication Settings</a></div>\r\n</div>\r\n</body>\r\n</html>\r\n\r\n--=_exportd_alternative--\r\n', 1, '2025-06-01 12:01:57.814357+00', 'sent', NULL);
INSERT INTO exportd.outbox VALUES (4, 5, '<5.1.443fd5b7af0d07740cff0c2a8784422e@example.com>', 'ann@example.com', E'From: exports@example.com\r\nTo: ann@example.com\r\nSubject: Your Download is Ready!\r\nDate: Mon, 30 Nov 2026 19:51:03 +0000\r\nMessage-ID: <5.1.443fd5b7af0d07740cff0c2a8784422e@example.com>\r\nMIME-Version: 1.0\r\nAuto-Submitted: auto-generated\r\nContent-Type: multipart/alternative; boundary="=_exportd_alternative"\r\n\r\n--=_exportd_alternative\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nYour Download is Ready!\r\n-----------------------\r\n\r\nThe data that you asked for has been put together. It has 3 rows (243 bytes=\r\n). Use the link below to download it.\r\n\r\nhttps://sentry.example.com/organizations/acme/data-export/5/\r\n\r\nThe download will expire at 7:51 PM on December 28, 2026 (UTC)\r\n\r\n--=_exportd_alternative\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<!doctype html>\r\n<html lang=3D"en">\r\n<head>\r\n<meta charset=3D"utf-8">\r\n<meta name=3D"viewport" content=3D"width=3Ddevice-width, initial-scale=3D1"=\r\n>\r\n<meta name=3D"color-scheme" content=3D"light dark">\r\n<title>Your Data is Ready!</title>\r\n</head>\r\n<body style=3D"margin:0;padding:0;font-family:-apple-system,''Segoe UI'',Robo=\r\nto,Helvetica,Arial,sans-serif;font-size:16px;line-height:1.5">\r\n<div style=3D"max-width:600px;margin:0 auto;padding:16px 20px">\r\n<div style=3D"margin:0 0 24px;padding:0 0 12px;border-bottom:2px solid #766=\r\n8dd"><a href=3D"https://sentry.example.com/" style=3D"color:#7668dd;font-si=\r\nze:20px;font-weight:bold;text-decoration:none">Sentry</a></div>\r\n<h3 style=3D"margin:0 0 16px;font-size:22px;line-height:1.3">Your Data is R=\r\neady!</h3>\r\n<p>The data that you asked for has been put together. It has 3 rows (243 by=\r\ntes).</p>\r\n<p>The download will expire at <strong>7:51 PM on December 28, 2026 (UTC)</=\r\nstrong>.</p>\r\n<p><a href=3D"https://sentry.example.com/organizations/acme/data-export/5/"=\r\n class=3D"btn" style=3D"display:inline-block;padding:12px 24px;border-radiu=\r\ns:4px;background-color:#6c5fc7;color:#ffffff;font-weight:bold;text-decorati=\r\non:none">Go to Download</a></p>\r\n<div style=3D"margin:32px 0 0;padding:12px 0 0;border-top:1px solid #8f8f9f=\r\n;font-size:14px"><a href=3D"https://sentry.example.com/" style=3D"color:inh=\r\nerit;margin-right:16px">Home</a> <a href=3D"https://sentry.example.com/sett=\r\nings/account/notifications/" style=3D"color:inherit;margin-right:16px">Noti=\r\nfication Settings</a></div>\r\n</div>\r\n</body>\r\n</html>\r\n\r\n--=_exportd_alternative--\r\n', 1, '2025-06-01 12:01:57.818610+00', 'sent', NULL);
INSERT INTO exportd.outbox VALUES (5, 6, '<6.1.0b3e0de7602744950270bce8d24fb34e@example.com>', 'ann@example.com', E'From: exports@example.com\r\nTo: ann@example.com\r\nSubject: Your Download is Ready!\r\nDate: Mon, 30 Nov 2026 19:51:03 +0000\r\nMessage-ID: <6.1.0b3e0de7602744950270bce8d24fb34e@example.com>\r\nMIME-Version: 1.0\r\nAuto-Submitted: auto-generated\r\nContent-Type: multipart/alternative; boundary="=_exportd_alternative"\r\n\r\n--=_exportd_alternative\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nYour Download is Ready!\r\n-----------------------\r\n\r\nThe data that you asked for has been put together. It has 3 rows (243 bytes=\r\n). Use the link below to download it.\r\n\r\nhttps://sentry.example.com/organizations/acme/data-export/6/\r\n\r\nThe download will expire at 7:51 PM on December 28, 2026 (UTC)\r\n\r\n--=_exportd_alternative\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<!doctype html>\r\n<html lang=3D"en">\r\n<head>\r\n<meta charset=3D"utf-8">\r\n<meta name=3D"viewport" content=3D"width=3Ddevice-width, initial-scale=3D1"=\r\n>\r\n<meta name=3D"color-scheme" content=3D"light dark">\r\n<title>Your Data is Ready!</title>\r\n</head>\r\n<body style=3D"margin:0;padding:0;font-family:-apple-system,''Segoe UI'',Robo=\r\nto,Helvetica,Arial,sans-serif;font-size:16px;line-height:1.5">\r\n<div style=3D"max-width:600px;margin:0 auto;padding:16px 20px">\r\n<div style=3D"margin:0 0 24px;padding:0 0 12px;border-bottom:2px solid #766=\r\n8dd"><a href=3D"https://sentry.example.com/" style=3D"color:#7668dd;font-si=\r\nze:20px;font-weight:bold;text-decoration:none">Sentry</a></div>\r\n<h3 style=3D"margin:0 0 16px;font-size:22px;line-height:1.3">Your Data is R=\r\neady!</h3>\r\n<p>The data that you asked for has been put together. It has 3 rows (243 by=\r\ntes).</p>\r\n<p>The download will expire at <strong>7:51 PM on December 28, 2026 (UTC)</=\r\nstrong>.</p>\r\n<p><a href=3D"https://sentry.example.com/organizations/acme/data-export/6/"=\r\n class=3D"btn" style=3D"display:inline-block;padding:12px 24px;border-radiu=\r\ns:4px;background-color:#6c5fc7;color:#ffffff;font-weight:bold;text-decorati=\r\non:none">Go to Download</a></p>\r\n<div style=3D"margin:32px 0 0;padding:12px 0 0;border-top:1px solid #8f8f9f=\r\n;font-size:14px"><a href=3D"https://sentry.example.com/" style=3D"color:inh=\r\nerit;margin-right:16px">Home</a> <a href=3D"https://sentry.example.com/sett=\r\nings/account/notifications/" style=3D"color:inherit;margin-right:16px">Noti=\r\nfication Settings</a></div>\r\n</div>\r\n</body>\r\n</html>\r\n\r\n--=_exportd_alternative--\r\n', 1, '2025-06-01 12:01:57.823525+00', 'sent', NULL);
INSERT INTO exportd.outbox VALUES (6, 7, '<7.1.333c8018916a6d1c5b05540e7c76e610@example.com>', 'ann@example.com', E'From: exports@example.com\r\nTo: ann@example.com\r\nSubject: Your Download is Ready!\r\nDate: Mon, 30 Nov 2026 19:51:03 +0000\r\nMessage-ID: <7.1.333c8018916a6d1c5b05540e7c76e610@example.com>\r\nMIME-Version: 1.0\r\nAuto-Submitted: auto-generated\r\nContent-Type: multipart/alternative; boundary="=_exportd_alternative"\r\n\r\n--=_exportd_alternative\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nYour Download is Ready!\r\n-----------------------\r\n\r\nThe data that you asked for has been put together. It has 3 rows (243 bytes=\r\n). Use the link below to download it.\r\n\r\nhttps://sentry.example.com/organizations/acme/data-export/7/\r\n\r\nThe download will expire at 7:51 PM on December 28, 2026 (UTC)\r\n\r\n--=_exportd_alternative\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<!doctype html>\r\n<html lang=3D"en">\r\n<head>\r\n<meta charset=3D"utf-8">\r\n<meta name=3D"viewport" content=3D"width=3Ddevice-width, initial-scale=3D1"=\r\n>\r\n<meta name=3D"color-scheme" content=3D"light dark">\r\n<title>Your Data is Ready!</title>\r\n</head>\r\n<body style=3D"margin:0;padding:0;font-family:-apple-system,''Segoe UI'',Robo=\r\nto,Helvetica,Arial,sans-serif;font-size:16px;line-height:1.5">\r\n<div style=3D"max-width:600px;margin:0 auto;padding:16px 20px">\r\n<div style=3D"margin:0 0 24px;padding:0 0 12px;border-bottom:2px solid #766=\r\n8dd"><a href=3D"https://sentry.example.com/" style=3D"color:#7668dd;font-si=\r\nze:20px;font-weight:bold;text-decoration:none">Sentry</a></div>\r\n<h3 style=3D"margin:0 0 16px;font-size:22px;line-height:1.3">Your Data is R=\r\neady!</h3>\r\n<p>The data that you asked for has been put together. It has 3 rows (243 by=\r\ntes).</p>\r\n<p>The download will expire at <strong>7:51 PM on December 28, 2026 (UTC)</=\r\nstrong>.</p>\r\n<p><a href=3D"https://sentry.example.com/organizations/acme/data-export/7/"=\r\n class=3D"btn" style=3D"display:inline-block;padding:12px 24px;border-radiu=\r\ns:4px;background-color:#6c5fc7;color:#ffffff;font-weight:bold;text-decorati=\r\non:none">Go to Download</a></p>\r\n<div style=3D"margin:32px 0 0;padding:12px 0 0;border-top:1px solid #8f8f9f=\r\n;font-size:14px"><a href=3D"https://sentry.example.com/" style=3D"color:inh=\r\nerit;margin-right:16px">Home</a> <a href=3D"https://sentry.example.com/sett=\r\nings/account/notifications/" style=3D"color:inherit;margin-right:16px">Noti=\r\nfication Settings</a></div>\r\n</div>\r\n</body>\r\n</html>\r\n\r\n--=_exportd_alternative--\r\n', 1, '2025-06-01 12:01:57.829904+00', 'sent', NULL);
INSERT INTO public.auth_user VALUES (1, '!', NULL, 'ann@example.com', '', 'ann@example.com', false, true, false, false, false, false, NULL, 0, NULL, '2025-06-01 11:59:54.717196+00', NULL);
INSERT INTO public.auth_user VALUES (2, '!', NULL, 'bob@example.com', '', 'bob@example.com', false, true, false, false, false, false, NULL, 0, NULL, '2025-06-01 11:59:54.730188+00', NULL);
INSERT INTO public.sentry_environment VALUES (1, 1, NULL, '', '2025-06-01 11:59:54.759100+00');
INSERT INTO public.sentry_environmentproject VALUES (1, 1, 1, NULL);
INSERT INTO public.sentry_exporteddata VALUES (1, '2025-05-02 11:59:54.789448+00', '2025-05-02 11:59:54.829188+00', '2025-05-30 11:59:54.829188+00', 0, '{"project_id": "1", "group_id": "1", "key": "expired"}', 1, 1, 1);
INSERT INTO public.sentry_exporteddata VALUES (2, '2025-06-01 11:59:55.229298+00', '2025-06-01 11:59:55.264123+00', '2025-06-29 11:59:55.264123+00', 0, '{"project_id": "1", "group_id": "1", "key": "unmailed"}', 1, 1, 2);
INSERT INTO public.sentry_exporteddata VALUES (3, '2025-06-01 11:59:56.518391+00', NULL, NULL, 0, '{"project_id": "1", "group_id": "1", "key": "delayed"}', 1, 2, NULL);
INSERT INTO public.sentry_exporteddata VALUES (8, '2025-06-01 11:59:57.761467+00', NULL, NULL, 0, '{"project_id": "1", "group_id": "1", "key": "busy-5"}', 1, 1, NULL);
INSERT INTO public.sentry_exporteddata VALUES (4, '2025-06-01 11:59:57.706899+00', '2025-06-01 11:59:57.812040+00', '2025-06-29 11:59:57.812040+00', 0, '{"project_id": "1", "group_id": "1", "key": "busy-1"}', 1, 1, 3);
INSERT INTO public.sentry_exporteddata VALUES (5, '2025-06-01 11:59:57.719881+00', '2025-06-01 11:59:57.817496+00', '2025-06-29 11:59:57.817496+00', 0, '{"project_id": "1", "group_id": "1", "key": "busy-2"}', 1, 1, 4);
INSERT INTO public.sentry_exporteddata VALUES (6, '2025-06-01 11:59:57.731738+00', '2025-06-01 11:59:57.822068+00', '2025-06-29 11:59:57.822068+00', 0, '{"project_id": "1", "group_id": "1", "key": "busy-3"}', 1, 1, 5);
INSERT INTO public.sentry_exporteddata VALUES (7, '2025-06-01 11:59:57.746206+00', '2025-06-01 11:59:57.828896+00', '2025-06-29 11:59:57.828896+00', 0, '{"project_id": "1", "group_id": "1", "key": "busy-4"}', 1, 1, 6);
INSERT INTO public.sentry_exporteddata VALUES (9, '2025-06-01 11:59:59.848837+00', NULL, NULL, 0, '{"project_id": "1", "group_id": "1", "key": "named"}', 1, 2, NULL);
INSERT INTO public.sentry_exporteddata VALUES (10, '2025-06-01 11:59:59.929021+00', NULL, NULL, 0, '{"project_id": "1", "group_id": "1", "key": "waiting"}', 1, 1, NULL);
INSERT INTO public.sentry_file VALUES (1, 'Issues-by-Tag_2026-November-30_1.csv', 'export.csv', '2025-05-02 11:59:54.829188+00', '{"Content-Type": "text/csv"}', 246, '62cb1eec342b0c223561e49bb9b3cafc3f5f9f7d', NULL, NULL);
INSERT INTO public.sentry_file VALUES (2, 'Issues-by-Tag_2026-November-30_2.csv', 'export.csv', '2025-06-01 11:59:55.264123+00', '{"Content-Type": "text/csv"}', 249, '66f3c00f03d46fa4795fb2cc5cd4dfc6b22dcf0f', NULL, NULL);
INSERT INTO public.sentry_file VALUES (3, 'Issues-by-Tag_2026-November-30_4.csv', 'export.csv', '2025-06-01 11:59:57.812040+00', '{"Content-Type": "text/csv"}', 243, 'f630cb8139753f57f19c0e9f6131582b09f5463d', NULL, NULL);
INSERT INTO public.sentry_file VALUES (4, 'Issues-by-Tag_2026-November-30_5.csv', 'export.csv', '2025-06-01 11:59:57.817496+00', '{"Content-Type": "text/csv"}', 243, '75fe1f7fc0f2153327b69367a372c1e4911da9bc', NULL, NULL);
INSERT INTO public.sentry_file VALUES (5, 'Issues-by-Tag_2026-November-30_6.csv', 'export.csv', '2025-06-01 11:59:57.822068+00', '{"Content-Type": "text/csv"}', 243, '42f6d13b5d0d54f66a71ba3d2b87adf82ed51d45', NULL, NULL);
INSERT INTO public.sentry_file VALUES (6, 'Issues-by-Tag_2026-November-30_7.csv', 'export.csv', '2025-06-01 11:59:57.828896+00', '{"Content-Type": "text/csv"}', 243, 'c211c61db845ff0040a51ff6c2e5be2fa7248a03', NULL, NULL);
INSERT INTO public.sentry_fileblob VALUES (1, '50/9a3c/e0a0e930d877e2bfd792bcdae1', 246, '62cb1eec342b0c223561e49bb9b3cafc3f5f9f7d', '2025-05-02 11:59:54.829188+00');
INSERT INTO public.sentry_fileblob VALUES (2, '98/72f3/7892bb91ee9c7c3d47e0c2f2f3', 249, '66f3c00f03d46fa4795fb2cc5cd4dfc6b22dcf0f', '2025-06-01 11:59:55.264123+00');
INSERT INTO public.sentry_fileblob VALUES (3, 'dc/1fea/69997441dce734a6c3c54f13f2', 243, 'f630cb8139753f57f19c0e9f6131582b09f5463d', '2025-06-01 11:59:57.812040+00');
INSERT INTO public.sentry_fileblob VALUES (4, 'dc/1fea/4de16a2321006c3b89a73e8563', 243, '75fe1f7fc0f2153327b69367a372c1e4911da9bc', '2025-06-01 11:59:57.817496+00');
INSERT INTO public.sentry_fileblob VALUES (5, 'dc/1fea/0f0c6e1507160265793df7530b', 243, '42f6d13b5d0d54f66a71ba3d2b87adf82ed51d45', '2025-06-01 11:59:57.822068+00');
INSERT INTO public.sentry_fileblob VALUES (6, 'dc/1fea/1975d2009a937c57fa3293f62d', 243, 'c211c61db845ff0040a51ff6c2e5be2fa7248a03', '2025-06-01 11:59:57.828896+00');
INSERT INTO public.sentry_fileblobindex VALUES (1, 1, 1, 0);
INSERT INTO public.sentry_fileblobindex VALUES (2, 2, 2, 0);
INSERT INTO public.sentry_fileblobindex VALUES (3, 3, 3, 0);
INSERT INTO public.sentry_fileblobindex VALUES (4, 4, 4, 0);
INSERT INTO public.sentry_fileblobindex VALUES (5, 5, 5, 0);
INSERT INTO public.sentry_fileblobindex VALUES (6, 6, 6, 0);
INSERT INTO public.sentry_groupedmessage VALUES (1, 1, '', 40, 'issue happened', NULL, 0, 'python', 0, 3, '2025-03-01 12:00:02+00', '2025-03-01 12:00:00+00', NULL, NULL, '2025-03-01 12:00:00+00', 0, 0, 1740830688, false, NULL, NULL);
INSERT INTO public.sentry_grouphash VALUES (1, 1, '0aae4c8f3cc35693d0cbbe631f2e8b52', 1, NULL, NULL);
INSERT INTO public.sentry_message VALUES (3, 1, '1c099ab64f6dbfe0e7c3cef7e1f933e3', 1, 'issue happened', 'python', '2025-03-01 12:00:02+00', NULL, NULL);
INSERT INTO public.sentry_message VALUES (1, 1, '4f6efe508a2e3670967ddf638961d374', 1, 'issue happened', 'python', '2025-03-01 12:00:00+00', NULL, NULL);
INSERT INTO public.sentry_message VALUES (2, 1, '510c77201f4db123c66b237a6e6429d1', 1, 'issue happened', 'python', '2025-03-01 12:00:01+00', NULL, NULL);
INSERT INTO public.sentry_organization VALUES (1, 'acme', 'acme', 0, '2025-06-01 11:59:54.706529+00', 'member', 1);
INSERT INTO public.sentry_organizationmember VALUES (1, 1, 1, NULL, 'member', 0, NULL, '2025-06-01 11:59:54.717196+00', NULL, true, NULL, 0, 50);
INSERT INTO public.sentry_organizationmember VALUES (2, 1, 2, NULL, 'member', 0, NULL, '2025-06-01 11:59:54.730188+00', NULL, true, NULL, 0, 50);
INSERT INTO public.sentry_project VALUES (1, 'project-1', 'project-1', NULL, 1, false, '2025-06-01 11:59:54.743478+00', 0, NULL, 0, NULL);
INSERT INTO public.tagstore_eventtag VALUES (1, 1, 1, 1, 17, 49, '2025-03-01 12:00:00+00');
INSERT INTO public.tagstore_eventtag VALUES (2, 1, 1, 1, 19, 55, '2025-03-01 12:00:00+00');
INSERT INTO public.tagstore_eventtag VALUES (3, 1, 1, 1, 16, 46, '2025-03-01 12:00:00+00');
INSERT INTO public.tagstore_eventtag VALUES (4, 1, 1, 1, 18, 52, '2025-03-01 12:00:00+00');
INSERT INTO public.tagstore_eventtag VALUES (5, 1, 1, 1, 20, 58, '2025-03-01 12:00:00+00');
INSERT INTO public.tagstore_eventtag VALUES (6, 1, 1, 1, 11, 31, '2025-03-01 12:00:00+00');
INSERT INTO public.tagstore_eventtag VALUES (7, 1, 1, 1, 12, 34, '2025-03-01 12:00:00+00');
INSERT INTO public.tagstore_eventtag VALUES (8, 1, 1, 1, 13, 37, '2025-03-01 12:00:00+00');
INSERT INTO public.tagstore_eventtag VALUES (9, 1, 1, 1, 14, 40, '2025-03-01 12:00:00+00');
INSERT INTO public.tagstore_eventtag VALUES (10, 1, 1, 1, 15, 43, '2025-03-01 12:00:00+00');
INSERT INTO public.tagstore_eventtag VALUES (11, 1, 1, 2, 17, 50, '2025-03-01 12:00:01+00');
INSERT INTO public.tagstore_eventtag VALUES (12, 1, 1, 2, 19, 56, '2025-03-01 12:00:01+00');
INSERT INTO public.tagstore_eventtag VALUES (13, 1, 1, 2, 16, 47, '2025-03-01 12:00:01+00');
INSERT INTO public.tagstore_eventtag VALUES (14, 1, 1, 2, 18, 53, '2025-03-01 12:00:01+00');
INSERT INTO public.tagstore_eventtag VALUES (15, 1, 1, 2, 20, 59, '2025-03-01 12:00:01+00');
INSERT INTO public.tagstore_eventtag VALUES (16, 1, 1, 2, 11, 32, '2025-03-01 12:00:01+00');
INSERT INTO public.tagstore_eventtag VALUES (17, 1, 1, 2, 12, 35, '2025-03-01 12:00:01+00');
INSERT INTO public.tagstore_eventtag VALUES (18, 1, 1, 2, 13, 38, '2025-03-01 12:00:01+00');
INSERT INTO public.tagstore_eventtag VALUES (19, 1, 1, 2, 14, 41, '2025-03-01 12:00:01+00');
INSERT INTO public.tagstore_eventtag VALUES (20, 1, 1, 2, 15, 44, '2025-03-01 12:00:01+00');
INSERT INTO public.tagstore_eventtag VALUES (21, 1, 1, 3, 17, 51, '2025-03-01 12:00:02+00');
INSERT INTO public.tagstore_eventtag VALUES (22, 1, 1, 3, 19, 57, '2025-03-01 12:00:02+00');
INSERT INTO public.tagstore_eventtag VALUES (23, 1, 1, 3, 16, 48, '2025-03-01 12:00:02+00');
INSERT INTO public.tagstore_eventtag VALUES (24, 1, 1, 3, 18, 54, '2025-03-01 12:00:02+00');
INSERT INTO public.tagstore_eventtag VALUES (25, 1, 1, 3, 20, 60, '2025-03-01 12:00:02+00');
INSERT INTO public.tagstore_eventtag VALUES (26, 1, 1, 3, 11, 33, '2025-03-01 12:00:02+00');
INSERT INTO public.tagstore_eventtag VALUES (27, 1, 1, 3, 12, 36, '2025-03-01 12:00:02+00');
INSERT INTO public.tagstore_eventtag VALUES (28, 1, 1, 3, 13, 39, '2025-03-01 12:00:02+00');
INSERT INTO public.tagstore_eventtag VALUES (29, 1, 1, 3, 14, 42, '2025-03-01 12:00:02+00');
INSERT INTO public.tagstore_eventtag VALUES (30, 1, 1, 3, 15, 45, '2025-03-01 12:00:02+00');
INSERT INTO public.tagstore_grouptagkey VALUES (1, 1, 1, 1, 3);
INSERT INTO public.tagstore_grouptagkey VALUES (2, 1, 1, 2, 3);
INSERT INTO public.tagstore_grouptagkey VALUES (3, 1, 1, 3, 3);
INSERT INTO public.tagstore_grouptagkey VALUES (4, 1, 1, 4, 3);
INSERT INTO public.tagstore_grouptagkey VALUES (5, 1, 1, 5, 3);
INSERT INTO public.tagstore_grouptagkey VALUES (6, 1, 1, 6, 3);
INSERT INTO public.tagstore_grouptagkey VALUES (7, 1, 1, 7, 3);
INSERT INTO public.tagstore_grouptagkey VALUES (8, 1, 1, 8, 3);
INSERT INTO public.tagstore_grouptagkey VALUES (9, 1, 1, 9, 3);
INSERT INTO public.tagstore_grouptagkey VALUES (10, 1, 1, 10, 3);
INSERT INTO public.tagstore_grouptagkey VALUES (11, 1, 1, 11, 3);
INSERT INTO public.tagstore_grouptagkey VALUES (12, 1, 1, 12, 3);
INSERT INTO public.tagstore_grouptagkey VALUES (13, 1, 1, 13, 3);
INSERT INTO public.tagstore_grouptagkey VALUES (14, 1, 1, 14, 3);
INSERT INTO public.tagstore_grouptagkey VALUES (15, 1, 1, 15, 3);
INSERT INTO public.tagstore_grouptagkey VALUES (16, 1, 1, 16, 3);
INSERT INTO public.tagstore_grouptagkey VALUES (17, 1, 1, 17, 3);
INSERT INTO public.tagstore_grouptagkey VALUES (18, 1, 1, 18, 3);
INSERT INTO public.tagstore_grouptagkey VALUES (19, 1, 1, 19, 3);
INSERT INTO public.tagstore_grouptagkey VALUES (20, 1, 1, 20, 3);
INSERT INTO public.tagstore_grouptagvalue VALUES (1, 1, 1, 1, 1, 1, '2025-03-01 12:00:00+00', '2025-03-01 12:00:00+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (2, 1, 1, 1, 2, 1, '2025-03-01 12:00:01+00', '2025-03-01 12:00:01+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (3, 1, 1, 1, 3, 1, '2025-03-01 12:00:02+00', '2025-03-01 12:00:02+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (4, 1, 1, 2, 4, 1, '2025-03-01 12:00:00+00', '2025-03-01 12:00:00+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (5, 1, 1, 2, 5, 1, '2025-03-01 12:00:01+00', '2025-03-01 12:00:01+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (6, 1, 1, 2, 6, 1, '2025-03-01 12:00:02+00', '2025-03-01 12:00:02+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (7, 1, 1, 3, 7, 1, '2025-03-01 12:00:00+00', '2025-03-01 12:00:00+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (8, 1, 1, 3, 8, 1, '2025-03-01 12:00:01+00', '2025-03-01 12:00:01+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (9, 1, 1, 3, 9, 1, '2025-03-01 12:00:02+00', '2025-03-01 12:00:02+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (10, 1, 1, 4, 10, 1, '2025-03-01 12:00:00+00', '2025-03-01 12:00:00+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (11, 1, 1, 4, 11, 1, '2025-03-01 12:00:01+00', '2025-03-01 12:00:01+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (12, 1, 1, 4, 12, 1, '2025-03-01 12:00:02+00', '2025-03-01 12:00:02+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (13, 1, 1, 5, 13, 1, '2025-03-01 12:00:00+00', '2025-03-01 12:00:00+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (14, 1, 1, 5, 14, 1, '2025-03-01 12:00:01+00', '2025-03-01 12:00:01+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (15, 1, 1, 5, 15, 1, '2025-03-01 12:00:02+00', '2025-03-01 12:00:02+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (16, 1, 1, 6, 16, 1, '2025-03-01 12:00:00+00', '2025-03-01 12:00:00+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (17, 1, 1, 6, 17, 1, '2025-03-01 12:00:01+00', '2025-03-01 12:00:01+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (18, 1, 1, 6, 18, 1, '2025-03-01 12:00:02+00', '2025-03-01 12:00:02+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (19, 1, 1, 7, 19, 1, '2025-03-01 12:00:00+00', '2025-03-01 12:00:00+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (20, 1, 1, 7, 20, 1, '2025-03-01 12:00:01+00', '2025-03-01 12:00:01+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (21, 1, 1, 7, 21, 1, '2025-03-01 12:00:02+00', '2025-03-01 12:00:02+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (22, 1, 1, 8, 22, 1, '2025-03-01 12:00:00+00', '2025-03-01 12:00:00+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (23, 1, 1, 8, 23, 1, '2025-03-01 12:00:01+00', '2025-03-01 12:00:01+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (24, 1, 1, 8, 24, 1, '2025-03-01 12:00:02+00', '2025-03-01 12:00:02+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (25, 1, 1, 9, 25, 1, '2025-03-01 12:00:00+00', '2025-03-01 12:00:00+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (26, 1, 1, 9, 26, 1, '2025-03-01 12:00:01+00', '2025-03-01 12:00:01+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (27, 1, 1, 9, 27, 1, '2025-03-01 12:00:02+00', '2025-03-01 12:00:02+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (28, 1, 1, 10, 28, 1, '2025-03-01 12:00:00+00', '2025-03-01 12:00:00+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (29, 1, 1, 10, 29, 1, '2025-03-01 12:00:01+00', '2025-03-01 12:00:01+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (30, 1, 1, 10, 30, 1, '2025-03-01 12:00:02+00', '2025-03-01 12:00:02+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (31, 1, 1, 11, 31, 1, '2025-03-01 12:00:00+00', '2025-03-01 12:00:00+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (32, 1, 1, 11, 32, 1, '2025-03-01 12:00:01+00', '2025-03-01 12:00:01+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (33, 1, 1, 11, 33, 1, '2025-03-01 12:00:02+00', '2025-03-01 12:00:02+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (34, 1, 1, 12, 34, 1, '2025-03-01 12:00:00+00', '2025-03-01 12:00:00+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (35, 1, 1, 12, 35, 1, '2025-03-01 12:00:01+00', '2025-03-01 12:00:01+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (36, 1, 1, 12, 36, 1, '2025-03-01 12:00:02+00', '2025-03-01 12:00:02+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (37, 1, 1, 13, 37, 1, '2025-03-01 12:00:00+00', '2025-03-01 12:00:00+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (38, 1, 1, 13, 38, 1, '2025-03-01 12:00:01+00', '2025-03-01 12:00:01+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (39, 1, 1, 13, 39, 1, '2025-03-01 12:00:02+00', '2025-03-01 12:00:02+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (40, 1, 1, 14, 40, 1, '2025-03-01 12:00:00+00', '2025-03-01 12:00:00+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (41, 1, 1, 14, 41, 1, '2025-03-01 12:00:01+00', '2025-03-01 12:00:01+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (42, 1, 1, 14, 42, 1, '2025-03-01 12:00:02+00', '2025-03-01 12:00:02+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (43, 1, 1, 15, 43, 1, '2025-03-01 12:00:00+00', '2025-03-01 12:00:00+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (44, 1, 1, 15, 44, 1, '2025-03-01 12:00:01+00', '2025-03-01 12:00:01+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (45, 1, 1, 15, 45, 1, '2025-03-01 12:00:02+00', '2025-03-01 12:00:02+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (46, 1, 1, 16, 46, 1, '2025-03-01 12:00:00+00', '2025-03-01 12:00:00+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (47, 1, 1, 16, 47, 1, '2025-03-01 12:00:01+00', '2025-03-01 12:00:01+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (48, 1, 1, 16, 48, 1, '2025-03-01 12:00:02+00', '2025-03-01 12:00:02+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (49, 1, 1, 17, 49, 1, '2025-03-01 12:00:00+00', '2025-03-01 12:00:00+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (50, 1, 1, 17, 50, 1, '2025-03-01 12:00:01+00', '2025-03-01 12:00:01+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (51, 1, 1, 17, 51, 1, '2025-03-01 12:00:02+00', '2025-03-01 12:00:02+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (52, 1, 1, 18, 52, 1, '2025-03-01 12:00:00+00', '2025-03-01 12:00:00+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (53, 1, 1, 18, 53, 1, '2025-03-01 12:00:01+00', '2025-03-01 12:00:01+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (54, 1, 1, 18, 54, 1, '2025-03-01 12:00:02+00', '2025-03-01 12:00:02+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (55, 1, 1, 19, 55, 1, '2025-03-01 12:00:00+00', '2025-03-01 12:00:00+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (56, 1, 1, 19, 56, 1, '2025-03-01 12:00:01+00', '2025-03-01 12:00:01+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (57, 1, 1, 19, 57, 1, '2025-03-01 12:00:02+00', '2025-03-01 12:00:02+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (58, 1, 1, 20, 58, 1, '2025-03-01 12:00:00+00', '2025-03-01 12:00:00+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (59, 1, 1, 20, 59, 1, '2025-03-01 12:00:01+00', '2025-03-01 12:00:01+00');
INSERT INTO public.tagstore_grouptagvalue VALUES (60, 1, 1, 20, 60, 1, '2025-03-01 12:00:02+00', '2025-03-01 12:00:02+00');
INSERT INTO public.tagstore_tagkey VALUES (1, 1, 0, 'busy-1', 3, 0);
INSERT INTO public.tagstore_tagkey VALUES (2, 1, 0, 'busy-2', 3, 0);
INSERT INTO public.tagstore_tagkey VALUES (3, 1, 0, 'busy-3', 3, 0);
INSERT INTO public.tagstore_tagkey VALUES (4, 1, 0, 'busy-4', 3, 0);
INSERT INTO public.tagstore_tagkey VALUES (5, 1, 0, 'busy-5', 3, 0);
INSERT INTO public.tagstore_tagkey VALUES (6, 1, 0, 'delayed', 3, 0);
INSERT INTO public.tagstore_tagkey VALUES (7, 1, 0, 'expired', 3, 0);
INSERT INTO public.tagstore_tagkey VALUES (8, 1, 0, 'named', 3, 0);
INSERT INTO public.tagstore_tagkey VALUES (9, 1, 0, 'unmailed', 3, 0);
INSERT INTO public.tagstore_tagkey VALUES (10, 1, 0, 'waiting', 3, 0);
INSERT INTO public.tagstore_tagkey VALUES (11, 1, 1, 'busy-1', 3, 0);
INSERT INTO public.tagstore_tagkey VALUES (12, 1, 1, 'busy-2', 3, 0);
INSERT INTO public.tagstore_tagkey VALUES (13, 1, 1, 'busy-3', 3, 0);
INSERT INTO public.tagstore_tagkey VALUES (14, 1, 1, 'busy-4', 3, 0);
INSERT INTO public.tagstore_tagkey VALUES (15, 1, 1, 'busy-5', 3, 0);
INSERT INTO public.tagstore_tagkey VALUES (16, 1, 1, 'delayed', 3, 0);
INSERT INTO public.tagstore_tagkey VALUES (17, 1, 1, 'expired', 3, 0);
INSERT INTO public.tagstore_tagkey VALUES (18, 1, 1, 'named', 3, 0);
INSERT INTO public.tagstore_tagkey VALUES (19, 1, 1, 'unmailed', 3, 0);
INSERT INTO public.tagstore_tagkey VALUES (20, 1, 1, 'waiting', 3, 0);
INSERT INTO public.tagstore_tagvalue VALUES (1, 1, 1, 'busy-1 0', NULL, 1, '2025-03-01 12:00:00+00', '2025-03-01 12:00:00+00');
INSERT INTO public.tagstore_tagvalue VALUES (2, 1, 1, 'busy-1 1', NULL, 1, '2025-03-01 12:00:01+00', '2025-03-01 12:00:01+00');
INSERT INTO public.tagstore_tagvalue VALUES (3, 1, 1, 'busy-1 2', NULL, 1, '2025-03-01 12:00:02+00', '2025-03-01 12:00:02+00');
INSERT INTO public.tagstore_tagvalue VALUES (4, 1, 2, 'busy-2 0', NULL, 1, '2025-03-01 12:00:00+00', '2025-03-01 12:00:00+00');
INSERT INTO public.tagstore_tagvalue VALUES (5, 1, 2, 'busy-2 1', NULL, 1, '2025-03-01 12:00:01+00', '2025-03-01 12:00:01+00');
INSERT INTO public.tagstore_tagvalue VALUES (6, 1, 2, 'busy-2 2', NULL, 1, '2025-03-01 12:00:02+00', '2025-03-01 12:00:02+00');
INSERT INTO public.tagstore_tagvalue VALUES (7, 1, 3, 'busy-3 0', NULL, 1, '2025-03-01 12:00:00+00', '2025-03-01 12:00:00+00');
INSERT INTO public.tagstore_tagvalue VALUES (8, 1, 3, 'busy-3 1', NULL, 1, '2025-03-01 12:00:01+00', '2025-03-01 12:00:01+00');
INSERT INTO public.tagstore_tagvalue VALUES (9, 1, 3, 'busy-3 2', NULL, 1, '2025-03-01 12:00:02+00', '2025-03-01 12:00:02+00');
INSERT INTO public.tagstore_tagvalue VALUES (10, 1, 4, 'busy-4 0', NULL, 1, '2025-03-01 12:00:00+00', '2025-03-01 12:00:00+00');
INSERT INTO public.tagstore_tagvalue VALUES (11, 1, 4, 'busy-4 1', NULL, 1, '2025-03-01 12:00:01+00', '2025-03-01 12:00:01+00');
INSERT INTO public.tagstore_tagvalue VALUES (12, 1, 4, 'busy-4 2', NULL, 1, '2025-03-01 12:00:02+00', '2025-03-01 12:00:02+00');
INSERT INTO public.tagstore_tagvalue VALUES (13, 1, 5, 'busy-5 0', NULL, 1, '2025-03-01 12:00:00+00', '2025-03-01 12:00:00+00');
INSERT INTO public.tagstore_tagvalue VALUES (14, 1, 5, 'busy-5 1', NULL, 1, '2025-03-01 12:00:01+00', '2025-03-01 12:00:01+00');
INSERT INTO public.tagstore_tagvalue VALUES (15, 1, 5, 'busy-5 2', NULL, 1, '2025-03-01 12:00:02+00', '2025-03-01 12:00:02+00');
INSERT INTO public.tagstore_tagvalue VALUES (16, 1, 6, 'delayed 0', NULL, 1, '2025-03-01 12:00:00+00', '2025-03-01 12:00:00+00');
INSERT INTO public.tagstore_tagvalue VALUES (17, 1, 6, 'delayed 1', NULL, 1, '2025-03-01 12:00:01+00', '2025-03-01 12:00:01+00');
INSERT INTO public.tagstore_tagvalue VALUES (18, 1, 6, 'delayed 2', NULL, 1, '2025-03-01 12:00:02+00', '2025-03-01 12:00:02+00');
INSERT INTO public.tagstore_tagvalue VALUES (19, 1, 7, 'expired 0', NULL, 1, '2025-03-01 12:00:00+00', '2025-03-01 12:00:00+00');
INSERT INTO public.tagstore_tagvalue VALUES (20, 1, 7, 'expired 1', NULL, 1, '2025-03-01 12:00:01+00', '2025-03-01 12:00:01+00');
INSERT INTO public.tagstore_tagvalue VALUES (21, 1, 7, 'expired 2', NULL, 1, '2025-03-01 12:00:02+00', '2025-03-01 12:00:02+00');
INSERT INTO public.tagstore_tagvalue VALUES (22, 1, 8, 'named 0', NULL, 1, '2025-03-01 12:00:00+00', '2025-03-01 12:00:00+00');
INSERT INTO public.tagstore_tagvalue VALUES (23, 1, 8, 'named 1', NULL, 1, '2025-03-01 12:00:01+00', '2025-03-01 12:00:01+00');
INSERT INTO public.tagstore_tagvalue VALUES (24, 1, 8, 'named 2', NULL, 1, '2025-03-01 12:00:02+00', '2025-03-01 12:00:02+00');
INSERT INTO public.tagstore_tagvalue VALUES (25, 1, 9, 'unmailed 0', NULL, 1, '2025-03-01 12:00:00+00', '2025-03-01 12:00:00+00');
INSERT INTO public.tagstore_tagvalue VALUES (26, 1, 9, 'unmailed 1', NULL, 1, '2025-03-01 12:00:01+00', '2025-03-01 12:00:01+00');
INSERT INTO public.tagstore_tagvalue VALUES (27, 1, 9, 'unmailed 2', NULL, 1, '2025-03-01 12:00:02+00', '2025-03-01 12:00:02+00');
INSERT INTO public.tagstore_tagvalue VALUES (28, 1, 10, 'waiting 0', NULL, 1, '2025-03-01 12:00:00+00', '2025-03-01 12:00:00+00');
INSERT INTO public.tagstore_tagvalue VALUES (29, 1, 10, 'waiting 1', NULL, 1, '2025-03-01 12:00:01+00', '2025-03-01 12:00:01+00');
INSERT INTO public.tagstore_tagvalue VALUES (30, 1, 10, 'waiting 2', NULL, 1, '2025-03-01 12:00:02+00', '2025-03-01 12:00:02+00');
INSERT INTO public.tagstore_tagvalue VALUES (31, 1, 11, 'busy-1 0', NULL, 1, '2025-03-01 12:00:00+00', '2025-03-01 12:00:00+00');
INSERT INTO public.tagstore_tagvalue VALUES (32, 1, 11, 'busy-1 1', NULL, 1, '2025-03-01 12:00:01+00', '2025-03-01 12:00:01+00');
INSERT INTO public.tagstore_tagvalue VALUES (33, 1, 11, 'busy-1 2', NULL, 1, '2025-03-01 12:00:02+00', '2025-03-01 12:00:02+00');
INSERT INTO public.tagstore_tagvalue VALUES (34, 1, 12, 'busy-2 0', NULL, 1, '2025-03-01 12:00:00+00', '2025-03-01 12:00:00+00');
INSERT INTO public.tagstore_tagvalue VALUES (35, 1, 12, 'busy-2 1', NULL, 1, '2025-03-01 12:00:01+00', '2025-03-01 12:00:01+00');
INSERT INTO public.tagstore_tagvalue VALUES (36, 1, 12, 'busy-2 2', NULL, 1, '2025-03-01 12:00:02+00', '2025-03-01 12:00:02+00');
INSERT INTO public.tagstore_tagvalue VALUES (37, 1, 13, 'busy-3 0', NULL, 1, '2025-03-01 12:00:00+00', '2025-03-01 12:00:00+00');
INSERT INTO public.tagstore_tagvalue VALUES (38, 1, 13, 'busy-3 1', NULL, 1, '2025-03-01 12:00:01+00', '2025-03-01 12:00:01+00');
INSERT INTO public.tagstore_tagvalue VALUES (39, 1, 13, 'busy-3 2', NULL, 1, '2025-03-01 12:00:02+00', '2025-03-01 12:00:02+00');
INSERT INTO public.tagstore_tagvalue VALUES (40, 1, 14, 'busy-4 0', NULL, 1, '2025-03-01 12:00:00+00', '2025-03-01 12:00:00+00');
INSERT INTO public.tagstore_tagvalue VALUES (41, 1, 14, 'busy-4 1', NULL, 1, '2025-03-01 12:00:01+00', '2025-03-01 12:00:01+00');
INSERT INTO public.tagstore_tagvalue VALUES (42, 1, 14, 'busy-4 2', NULL, 1, '2025-03-01 12:00:02+00', '2025-03-01 12:00:02+00');
INSERT INTO public.tagstore_tagvalue VALUES (43, 1, 15, 'busy-5 0', NULL, 1, '2025-03-01 12:00:00+00', '2025-03-01 12:00:00+00');
INSERT INTO public.tagstore_tagvalue VALUES (44, 1, 15, 'busy-5 1', NULL, 1, '2025-03-01 12:00:01+00', '2025-03-01 12:00:01+00');
INSERT INTO public.tagstore_tagvalue VALUES (45, 1, 15, 'busy-5 2', NULL, 1, '2025-03-01 12:00:02+00', '2025-03-01 12:00:02+00');
INSERT INTO public.tagstore_tagvalue VALUES (46, 1, 16, 'delayed 0', NULL, 1, '2025-03-01 12:00:00+00', '2025-03-01 12:00:00+00');
INSERT INTO public.tagstore_tagvalue VALUES (47, 1, 16, 'delayed 1', NULL, 1, '2025-03-01 12:00:01+00', '2025-03-01 12:00:01+00');
INSERT INTO public.tagstore_tagvalue VALUES (48, 1, 16, 'delayed 2', NULL, 1, '2025-03-01 12:00:02+00', '2025-03-01 12:00:02+00');
INSERT INTO public.tagstore_tagvalue VALUES (49, 1, 17, 'expired 0', NULL, 1, '2025-03-01 12:00:00+00', '2025-03-01 12:00:00+00');
INSERT INTO public.tagstore_tagvalue VALUES (50, 1, 17, 'expired 1', NULL, 1, '2025-03-01 12:00:01+00', '2025-03-01 12:00:01+00');
INSERT INTO public.tagstore_tagvalue VALUES (51, 1, 17, 'expired 2', NULL, 1, '2025-03-01 12:00:02+00', '2025-03-01 12:00:02+00');
INSERT INTO public.tagstore_tagvalue VALUES (52, 1, 18, 'named 0', NULL, 1, '2025-03-01 12:00:00+00', '2025-03-01 12:00:00+00');
INSERT INTO public.tagstore_tagvalue VALUES (53, 1, 18, 'named 1', NULL, 1, '2025-03-01 12:00:01+00', '2025-03-01 12:00:01+00');
INSERT INTO public.tagstore_tagvalue VALUES (54, 1, 18, 'named 2', NULL, 1, '2025-03-01 12:00:02+00', '2025-03-01 12:00:02+00');
INSERT INTO public.tagstore_tagvalue VALUES (55, 1, 19, 'unmailed 0', NULL, 1, '2025-03-01 12:00:00+00', '2025-03-01 12:00:00+00');
INSERT INTO public.tagstore_tagvalue VALUES (56, 1, 19, 'unmailed 1', NULL, 1, '2025-03-01 12:00:01+00', '2025-03-01 12:00:01+00');
INSERT INTO public.tagstore_tagvalue VALUES (57, 1, 19, 'unmailed 2', NULL, 1, '2025-03-01 12:00:02+00', '2025-03-01 12:00:02+00');
INSERT INTO public.tagstore_tagvalue VALUES (58, 1, 20, 'waiting 0', NULL, 1, '2025-03-01 12:00:00+00', '2025-03-01 12:00:00+00');
INSERT INTO public.tagstore_tagvalue VALUES (59, 1, 20, 'waiting 1', NULL, 1, '2025-03-01 12:00:01+00', '2025-03-01 12:00:01+00');
INSERT INTO public.tagstore_tagvalue VALUES (60, 1, 20, 'waiting 2', NULL, 1, '2025-03-01 12:00:02+00', '2025-03-01 12:00:02+00');
SELECT pg_catalog.setval('exportd.outbox_id_seq', 6, true);
SELECT pg_catalog.setval('public.auth_user_id_seq', 2, true);
SELECT pg_catalog.setval('public.sentry_environment_id_seq', 1, true);
SELECT pg_catalog.setval('public.sentry_environmentproject_id_seq', 1, true);
SELECT pg_catalog.setval('public.sentry_eventuser_id_seq', 1, false);
SELECT pg_catalog.setval('public.sentry_exporteddata_id_seq', 10, true);
SELECT pg_catalog.setval('public.sentry_file_id_seq', 6, true);
SELECT pg_catalog.setval('public.sentry_fileblob_id_seq', 6, true);
SELECT pg_catalog.setval('public.sentry_fileblobindex_id_seq', 6, true);
SELECT pg_catalog.setval('public.sentry_fileblobowner_id_seq', 1, false);
SELECT pg_catalog.setval('public.sentry_groupedmessage_id_seq', 1, true);
SELECT pg_catalog.setval('public.sentry_grouphash_id_seq', 1, true);
SELECT pg_catalog.setval('public.sentry_groupredirect_id_seq', 1, false);
SELECT pg_catalog.setval('public.sentry_message_id_seq', 3, true);
SELECT pg_catalog.setval('public.sentry_organization_id_seq', 1, true);
SELECT pg_catalog.setval('public.sentry_organizationmember_id_seq', 2, true);
SELECT pg_catalog.setval('public.sentry_project_id_seq', 1, true);
SELECT pg_catalog.setval('public.sentry_release_id_seq', 1, false);
SELECT pg_catalog.setval('public.sentry_release_project_id_seq', 1, false);
SELECT pg_catalog.setval('public.sentry_useremail_id_seq', 1, false);
SELECT pg_catalog.setval('public.sentry_useroption_id_seq', 1, false);
SELECT pg_catalog.setval('public.tagstore_eventtag_id_seq', 30, true);
SELECT pg_catalog.setval('public.tagstore_grouptagkey_id_seq', 20, true);
SELECT pg_catalog.setval('public.tagstore_grouptagvalue_id_seq', 60, true);
SELECT pg_catalog.setval('public.tagstore_tagkey_id_seq', 20, true);
SELECT pg_catalog.setval('public.tagstore_tagvalue_id_seq', 60, true);
ALTER TABLE ONLY exportd.attempt
    ADD CONSTRAINT attempt_pkey PRIMARY KEY (data_export_id, attempt);
ALTER TABLE ONLY exportd.event_user_attributes
    ADD CONSTRAINT event_user_attributes_pkey PRIMARY KEY (event_id);
ALTER TABLE ONLY exportd.export
    ADD CONSTRAINT export_pkey PRIMARY KEY (data_export_id);
ALTER TABLE ONLY exportd.migration
    ADD CONSTRAINT migration_pkey PRIMARY KEY (name);
ALTER TABLE ONLY exportd.object
    ADD CONSTRAINT object_pkey PRIMARY KEY (path);
ALTER TABLE ONLY exportd.outbox
    ADD CONSTRAINT outbox_data_export_id_key UNIQUE (data_export_id);
ALTER TABLE ONLY exportd.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (id);
ALTER TABLE ONLY exportd.sampled_event
    ADD CONSTRAINT sampled_event_pkey PRIMARY KEY (project_id, message_id);
ALTER TABLE ONLY public.auth_user
    ADD CONSTRAINT auth_user_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.auth_user
    ADD CONSTRAINT auth_user_username_key UNIQUE (username);
ALTER TABLE ONLY public.sentry_environment
    ADD CONSTRAINT sentry_environment_organization_id_name_key UNIQUE (organization_id, name);
ALTER TABLE ONLY public.sentry_environment
    ADD CONSTRAINT sentry_environment_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.sentry_environmentproject
    ADD CONSTRAINT sentry_environmentproject_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.sentry_environmentproject
    ADD CONSTRAINT sentry_environmentproject_project_id_environment_id_key UNIQUE (project_id, environment_id);
ALTER TABLE ONLY public.sentry_eventuser
    ADD CONSTRAINT sentry_eventuser_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.sentry_eventuser
    ADD CONSTRAINT sentry_eventuser_project_id_hash_key UNIQUE (project_id, hash);
ALTER TABLE ONLY public.sentry_eventuser
    ADD CONSTRAINT sentry_eventuser_project_id_ident_key UNIQUE (project_id, ident);
ALTER TABLE ONLY public.sentry_exporteddata
    ADD CONSTRAINT sentry_exporteddata_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.sentry_file
    ADD CONSTRAINT sentry_file_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.sentry_fileblob
    ADD CONSTRAINT sentry_fileblob_checksum_key UNIQUE (checksum);
ALTER TABLE ONLY public.sentry_fileblob
    ADD CONSTRAINT sentry_fileblob_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.sentry_fileblobindex
    ADD CONSTRAINT sentry_fileblobindex_file_id_blob_id_offset_key UNIQUE (file_id, blob_id, "offset");
ALTER TABLE ONLY public.sentry_fileblobindex
    ADD CONSTRAINT sentry_fileblobindex_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.sentry_fileblobowner
    ADD CONSTRAINT sentry_fileblobowner_blob_id_organization_id_key UNIQUE (blob_id, organization_id);
ALTER TABLE ONLY public.sentry_fileblobowner
    ADD CONSTRAINT sentry_fileblobowner_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.sentry_groupedmessage
    ADD CONSTRAINT sentry_groupedmessage_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.sentry_groupedmessage
    ADD CONSTRAINT sentry_groupedmessage_project_id_short_id_key UNIQUE (project_id, short_id);
ALTER TABLE ONLY public.sentry_grouphash
    ADD CONSTRAINT sentry_grouphash_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.sentry_grouphash
    ADD CONSTRAINT sentry_grouphash_project_id_hash_key UNIQUE (project_id, hash);
ALTER TABLE ONLY public.sentry_groupredirect
    ADD CONSTRAINT sentry_groupredirect_organization_id_previous_short_id_prev_key UNIQUE (organization_id, previous_short_id, previous_project_slug);
ALTER TABLE ONLY public.sentry_groupredirect
    ADD CONSTRAINT sentry_groupredirect_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.sentry_groupredirect
    ADD CONSTRAINT sentry_groupredirect_previous_group_id_key UNIQUE (previous_group_id);
ALTER TABLE ONLY public.sentry_message
    ADD CONSTRAINT sentry_message_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.sentry_message
    ADD CONSTRAINT sentry_message_project_id_message_id_key UNIQUE (project_id, message_id);
ALTER TABLE ONLY public.sentry_organization
    ADD CONSTRAINT sentry_organization_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.sentry_organization
    ADD CONSTRAINT sentry_organization_slug_key UNIQUE (slug);
ALTER TABLE ONLY public.sentry_organizationmember
    ADD CONSTRAINT sentry_organizationmember_organization_id_email_key UNIQUE (organization_id, email);
ALTER TABLE ONLY public.sentry_organizationmember
    ADD CONSTRAINT sentry_organizationmember_organization_id_user_id_key UNIQUE (organization_id, user_id);
ALTER TABLE ONLY public.sentry_organizationmember
    ADD CONSTRAINT sentry_organizationmember_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.sentry_organizationmember
    ADD CONSTRAINT sentry_organizationmember_token_key UNIQUE (token);
ALTER TABLE ONLY public.sentry_project
    ADD CONSTRAINT sentry_project_organization_id_slug_key UNIQUE (organization_id, slug);
ALTER TABLE ONLY public.sentry_project
    ADD CONSTRAINT sentry_project_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.sentry_release
    ADD CONSTRAINT sentry_release_organization_id_version_key UNIQUE (organization_id, version);
ALTER TABLE ONLY public.sentry_release
    ADD CONSTRAINT sentry_release_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.sentry_release_project
    ADD CONSTRAINT sentry_release_project_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.sentry_release_project
    ADD CONSTRAINT sentry_release_project_project_id_release_id_key UNIQUE (project_id, release_id);
ALTER TABLE ONLY public.sentry_useremail
    ADD CONSTRAINT sentry_useremail_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.sentry_useremail
    ADD CONSTRAINT sentry_useremail_user_id_email_key UNIQUE (user_id, email);
ALTER TABLE ONLY public.sentry_useroption
    ADD CONSTRAINT sentry_useroption_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.sentry_useroption
    ADD CONSTRAINT sentry_useroption_user_id_organization_id_key_key UNIQUE (user_id, organization_id, key);
ALTER TABLE ONLY public.sentry_useroption
    ADD CONSTRAINT sentry_useroption_user_id_project_id_key_key UNIQUE (user_id, project_id, key);
ALTER TABLE ONLY public.tagstore_eventtag
    ADD CONSTRAINT tagstore_eventtag_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.tagstore_eventtag
    ADD CONSTRAINT tagstore_eventtag_project_id_event_id_key_id_value_id_key UNIQUE (project_id, event_id, key_id, value_id);
ALTER TABLE ONLY public.tagstore_grouptagkey
    ADD CONSTRAINT tagstore_grouptagkey_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.tagstore_grouptagkey
    ADD CONSTRAINT tagstore_grouptagkey_project_id_group_id_key_id_key UNIQUE (project_id, group_id, key_id);
ALTER TABLE ONLY public.tagstore_grouptagvalue
    ADD CONSTRAINT tagstore_grouptagvalue_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.tagstore_grouptagvalue
    ADD CONSTRAINT tagstore_grouptagvalue_project_id_group_id_key_id_value_id_key UNIQUE (project_id, group_id, key_id, value_id);
ALTER TABLE ONLY public.tagstore_tagkey
    ADD CONSTRAINT tagstore_tagkey_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.tagstore_tagkey
    ADD CONSTRAINT tagstore_tagkey_project_id_environment_id_key_key UNIQUE (project_id, environment_id, key);
ALTER TABLE ONLY public.tagstore_tagvalue
    ADD CONSTRAINT tagstore_tagvalue_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.tagstore_tagvalue
    ADD CONSTRAINT tagstore_tagvalue_project_id_key_id_value_key UNIQUE (project_id, key_id, value);
CREATE INDEX event_user_attributes_email_idx ON exportd.event_user_attributes USING btree (project_id, email) WHERE (email IS NOT NULL);
CREATE INDEX event_user_attributes_group_idx ON exportd.event_user_attributes USING btree (project_id, group_id, environment_id, ident);
CREATE INDEX event_user_attributes_ident_idx ON exportd.event_user_attributes USING btree (project_id, ident) WHERE (ident IS NOT NULL);
CREATE INDEX event_user_attributes_ip_address_idx ON exportd.event_user_attributes USING btree (project_id, ip_address) WHERE (ip_address IS NOT NULL);
CREATE INDEX event_user_attributes_username_idx ON exportd.event_user_attributes USING btree (project_id, username) WHERE (username IS NOT NULL);
CREATE INDEX export_finished_at_idx ON exportd.export USING btree (finished_at);
CREATE INDEX export_unfinished_idx ON exportd.export USING btree (state) WHERE ((state)::text = ANY (ARRAY['waiting'::text, 'running'::text, 'delayed'::text]));
CREATE INDEX object_export_idx ON exportd.object USING btree (data_export_id, attempt);
CREATE INDEX outbox_due_idx ON exportd.outbox USING btree (next_try_at) WHERE ((state)::text = 'waiting'::text);
CREATE INDEX auth_user_email_lower_idx ON public.auth_user USING btree (lower((email)::text));
CREATE INDEX sentry_environmentproject_environment_id_f5d02227 ON public.sentry_environmentproject USING btree (environment_id);
CREATE INDEX sentry_environmentproject_project_id_f57a07ae ON public.sentry_environmentproject USING btree (project_id);
CREATE INDEX sentry_eventuser_date_added_b59b5f0b ON public.sentry_eventuser USING btree (date_added);
CREATE INDEX sentry_eventuser_project_id_516eae8d ON public.sentry_eventuser USING btree (project_id);
CREATE INDEX sentry_eventuser_project_id_email_f15b5727_idx ON public.sentry_eventuser USING btree (project_id, email);
CREATE INDEX sentry_eventuser_project_id_ip_address_2c689238_idx ON public.sentry_eventuser USING btree (project_id, ip_address);
CREATE INDEX sentry_eventuser_project_id_username_6fa261d9_idx ON public.sentry_eventuser USING btree (project_id, username);
CREATE INDEX sentry_exporteddata_date_expired_cfab38e7 ON public.sentry_exporteddata USING btree (date_expired);
CREATE INDEX sentry_exporteddata_file_id_a9a0b802 ON public.sentry_exporteddata USING btree (file_id);
CREATE INDEX sentry_exporteddata_organization_id_0be1ce88 ON public.sentry_exporteddata USING btree (organization_id);
CREATE INDEX sentry_exporteddata_unfinished_idx ON public.sentry_exporteddata USING btree (organization_id, user_id) WHERE (date_finished IS NULL);
CREATE INDEX sentry_exporteddata_user_id_948c0003 ON public.sentry_exporteddata USING btree (user_id);
CREATE INDEX sentry_exporteddata_with_file_idx ON public.sentry_exporteddata USING btree (id) WHERE (file_id IS NOT NULL);
CREATE INDEX sentry_file_blob_id_d03bd8be ON public.sentry_file USING btree (blob_id);
CREATE INDEX sentry_file_checksum_3f6bd19f ON public.sentry_file USING btree (checksum);
CREATE INDEX sentry_file_timestamp_7799ca44 ON public.sentry_file USING btree ("timestamp");
CREATE INDEX sentry_fileblob_timestamp_e5639b77 ON public.sentry_fileblob USING btree ("timestamp");
CREATE INDEX sentry_fileblobindex_blob_id_2fa69ea4 ON public.sentry_fileblobindex USING btree (blob_id);
CREATE INDEX sentry_fileblobindex_file_id_bc9e6ed7 ON public.sentry_fileblobindex USING btree (file_id);
CREATE INDEX sentry_fileblobowner_blob_id_dc4d53c1 ON public.sentry_fileblobowner USING btree (blob_id);
CREATE INDEX sentry_fileblobowner_organization_id_b1098230 ON public.sentry_fileblobowner USING btree (organization_id);
CREATE INDEX sentry_groupedmessage_first_release_id_c8ed807e ON public.sentry_groupedmessage USING btree (first_release_id);
CREATE INDEX sentry_groupedmessage_project_id_9a5ae474 ON public.sentry_groupedmessage USING btree (project_id);
CREATE INDEX sentry_groupedmessage_project_id_first_release_id_7f8c0ae5_idx ON public.sentry_groupedmessage USING btree (project_id, first_release_id);
CREATE INDEX sentry_groupedmessage_project_id_id_515aaa7e_idx ON public.sentry_groupedmessage USING btree (project_id, id);
CREATE INDEX sentry_grouphash_group_id_bcfd3201 ON public.sentry_grouphash USING btree (group_id);
CREATE INDEX sentry_grouphash_group_tombstone_id_79b33d78 ON public.sentry_grouphash USING btree (group_tombstone_id);
CREATE INDEX sentry_grouphash_project_id_4af8fad7 ON public.sentry_grouphash USING btree (project_id);
CREATE INDEX sentry_groupredirect_group_id_69e44f15 ON public.sentry_groupredirect USING btree (group_id);
CREATE INDEX sentry_groupredirect_previous_project_slug_4a377fab ON public.sentry_groupredirect USING btree (previous_project_slug);
CREATE INDEX sentry_message_group_id_datetime_292244ea_idx ON public.sentry_message USING btree (group_id, datetime);
CREATE INDEX sentry_organizationmember_inviter_id_564cc148 ON public.sentry_organizationmember USING btree (inviter_id);
CREATE INDEX sentry_organizationmember_organization_id_06948bec ON public.sentry_organizationmember USING btree (organization_id);
CREATE INDEX sentry_organizationmember_user_id_d514d1bb ON public.sentry_organizationmember USING btree (user_id);
CREATE INDEX sentry_project_organization_id_fff96c96 ON public.sentry_project USING btree (organization_id);
CREATE INDEX sentry_project_slug_b67b0741 ON public.sentry_project USING btree (slug);
CREATE INDEX sentry_project_status_959d33f3 ON public.sentry_project USING btree (status);
CREATE INDEX sentry_release_organization_id_45a8c0c8 ON public.sentry_release USING btree (organization_id);
CREATE INDEX sentry_release_project_project_id_71393fd3 ON public.sentry_release_project USING btree (project_id);
CREATE INDEX sentry_release_project_release_id_babf7578 ON public.sentry_release_project USING btree (release_id);
CREATE INDEX sentry_useremail_user_id_4f1e0087 ON public.sentry_useremail USING btree (user_id);
CREATE INDEX sentry_useroption_organization_id_a5906340 ON public.sentry_useroption USING btree (organization_id);
CREATE INDEX sentry_useroption_project_id_8ca82e20 ON public.sentry_useroption USING btree (project_id);
CREATE INDEX sentry_useroption_user_id_28e7c8bb ON public.sentry_useroption USING btree (user_id);
CREATE INDEX tagstore_eventtag_group_id_key_id_value_id_02957b8d_idx ON public.tagstore_eventtag USING btree (group_id, key_id, value_id);
CREATE INDEX tagstore_eventtag_key_id_edb450ba ON public.tagstore_eventtag USING btree (key_id);
CREATE INDEX tagstore_grouptagkey_key_id_170eeccb ON public.tagstore_grouptagkey USING btree (key_id);
CREATE INDEX tagstore_grouptagvalue_key_id_8e7cbf36 ON public.tagstore_grouptagvalue USING btree (key_id);
CREATE INDEX tagstore_grouptagvalue_value_id_2436e8f2 ON public.tagstore_grouptagvalue USING btree (value_id);
CREATE INDEX tagstore_tagvalue_key_id_42f9e9ba ON public.tagstore_tagvalue USING btree (key_id);
ALTER TABLE ONLY public.sentry_environmentproject
    ADD CONSTRAINT sentry_environmentproject_environment_id_fkey FOREIGN KEY (environment_id) REFERENCES public.sentry_environment(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.sentry_environmentproject
    ADD CONSTRAINT sentry_environmentproject_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.sentry_project(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.sentry_exporteddata
    ADD CONSTRAINT sentry_exporteddata_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES public.sentry_organization(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.sentry_exporteddata
    ADD CONSTRAINT sentry_exporteddata_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.sentry_file
    ADD CONSTRAINT sentry_file_blob_id_fkey FOREIGN KEY (blob_id) REFERENCES public.sentry_fileblob(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.sentry_fileblobindex
    ADD CONSTRAINT sentry_fileblobindex_blob_id_fkey FOREIGN KEY (blob_id) REFERENCES public.sentry_fileblob(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.sentry_fileblobindex
    ADD CONSTRAINT sentry_fileblobindex_file_id_fkey FOREIGN KEY (file_id) REFERENCES public.sentry_file(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.sentry_fileblobowner
    ADD CONSTRAINT sentry_fileblobowner_blob_id_fkey FOREIGN KEY (blob_id) REFERENCES public.sentry_fileblob(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.sentry_fileblobowner
    ADD CONSTRAINT sentry_fileblobowner_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES public.sentry_organization(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.sentry_groupedmessage
    ADD CONSTRAINT sentry_groupedmessage_first_release_id_fkey FOREIGN KEY (first_release_id) REFERENCES public.sentry_release(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.sentry_groupedmessage
    ADD CONSTRAINT sentry_groupedmessage_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.sentry_project(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.sentry_grouphash
    ADD CONSTRAINT sentry_grouphash_group_id_fkey FOREIGN KEY (group_id) REFERENCES public.sentry_groupedmessage(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.sentry_grouphash
    ADD CONSTRAINT sentry_grouphash_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.sentry_project(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.sentry_organizationmember
    ADD CONSTRAINT sentry_organizationmember_inviter_id_fkey FOREIGN KEY (inviter_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.sentry_organizationmember
    ADD CONSTRAINT sentry_organizationmember_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES public.sentry_organization(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.sentry_organizationmember
    ADD CONSTRAINT sentry_organizationmember_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.sentry_project
    ADD CONSTRAINT sentry_project_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES public.sentry_organization(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.sentry_release
    ADD CONSTRAINT sentry_release_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES public.sentry_organization(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.sentry_release_project
    ADD CONSTRAINT sentry_release_project_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.sentry_project(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.sentry_release_project
    ADD CONSTRAINT sentry_release_project_release_id_fkey FOREIGN KEY (release_id) REFERENCES public.sentry_release(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.sentry_useremail
    ADD CONSTRAINT sentry_useremail_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.sentry_useroption
    ADD CONSTRAINT sentry_useroption_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES public.sentry_organization(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.sentry_useroption
    ADD CONSTRAINT sentry_useroption_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.sentry_project(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.sentry_useroption
    ADD CONSTRAINT sentry_useroption_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.tagstore_grouptagkey
    ADD CONSTRAINT tagstore_grouptagkey_key_id_fkey FOREIGN KEY (key_id) REFERENCES public.tagstore_tagkey(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.tagstore_tagvalue
    ADD CONSTRAINT tagstore_tagvalue_key_id_fkey FOREIGN KEY (key_id) REFERENCES public.tagstore_tagkey(id) DEFERRABLE INITIALLY DEFERRED;
