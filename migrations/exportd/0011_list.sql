-- Lists of exports, the newest first, of an organization, of a user, in a rare state: each is read off the end of an index.
-- No index has a column of progress, so that a job's updates stay on their page, and what is valid is in none by its state.
CREATE INDEX export_organization_idx ON exportd.export (organization_id, data_export_id);
CREATE INDEX export_user_idx ON exportd.export (user_id, data_export_id);
CREATE INDEX export_unwell_idx ON exportd.export (state, data_export_id) WHERE state IN ('failed', 'cancelled', 'gone');
CREATE INDEX export_organization_unwell_idx ON exportd.export (organization_id, state, data_export_id)
    WHERE state IN ('failed', 'cancelled', 'gone');
