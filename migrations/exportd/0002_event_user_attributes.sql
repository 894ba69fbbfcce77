-- Who each event happened to, as the event itself says it: sentry_eventuser keeps one row a user, made by
-- the first event that names it. Events without a user have no row.
CREATE TABLE exportd.event_user_attributes (
    event_id       bigint PRIMARY KEY,           -- sentry_message.id
    project_id     bigint NOT NULL,
    group_id       bigint NOT NULL,              -- moves with the event
    environment_id bigint NOT NULL,              -- the event's own
    seen           timestamptz NOT NULL,         -- the event's time
    ident          text COLLATE "C",             -- NULL, never empty; so are the others
    email          text COLLATE "C",
    username       text COLLATE "C",
    ip_address     inet                          -- NULL also for what is no address
);
CREATE INDEX event_user_attributes_group_idx
    ON exportd.event_user_attributes (project_id, group_id, environment_id, ident);
CREATE INDEX event_user_attributes_ident_idx
    ON exportd.event_user_attributes (project_id, ident) WHERE ident IS NOT NULL;
CREATE INDEX event_user_attributes_email_idx
    ON exportd.event_user_attributes (project_id, email) WHERE email IS NOT NULL;
CREATE INDEX event_user_attributes_username_idx
    ON exportd.event_user_attributes (project_id, username) WHERE username IS NOT NULL;
CREATE INDEX event_user_attributes_ip_address_idx
    ON exportd.event_user_attributes (project_id, ip_address) WHERE ip_address IS NOT NULL;
