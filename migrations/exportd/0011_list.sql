-- Lists of exports, the newest first, of an organization, of a user, in a state: each is read off the end of an index.
-- No index has a column of progress, so that a job's updates stay on their page.
CREATE INDEX export_organization_idx ON exportd.export (organization_id, data_export_id);
CREATE INDEX export_user_idx ON exportd.export (user_id, data_export_id);
CREATE INDEX export_state_idx ON exportd.export (state, data_export_id);
CREATE INDEX export_organization_state_idx ON exportd.export (organization_id, state, data_export_id);
