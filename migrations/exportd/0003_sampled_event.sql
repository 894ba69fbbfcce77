-- Events that were counted and, because their project is sampled, not stored in sentry_message: so that
-- repeating one does not count it again.
CREATE TABLE exportd.sampled_event (
    project_id bigint NOT NULL,
    message_id varchar(32) NOT NULL,             -- the event's id, as in sentry_message
    PRIMARY KEY (project_id, message_id)
);
