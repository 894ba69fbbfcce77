-- Counts what there is of an owner: exports, unfinished ones, files, mails that wait. $1 organization, $2 user (0: any).
-- The row of sentry_exporteddata says whose an export is; if that is gone, or has no user, exportd.export says it. A row of
-- exportd.export with another date_added belongs to another job. Each table is read along an index of the owner's, and the
-- other table by id: in a subquery, because a join would be planned for reading all of it. The same in purge_list.sql.
SELECT count(*),
       count(*) FILTER (WHERE open AND (x.state IS NULL OR x.state IN ('waiting', 'delayed', 'running'))),
       count(file_id),
       count(*) FILTER (WHERE EXISTS (SELECT FROM exportd.outbox m
                                       WHERE m.data_export_id = owned.id AND m.state = 'waiting'))
  FROM (
    SELECT e.id, e.file_id, e.date_finished IS NULL AS open
      FROM sentry_exporteddata e
     WHERE e.id > 0
       AND ($1::bigint = 0 OR e.organization_id = $1::bigint)
       AND ($2::bigint = 0 OR e.user_id = $2::bigint)
    UNION ALL
    SELECT x.data_export_id,
           (SELECT e.file_id FROM sentry_exporteddata e WHERE e.id = x.data_export_id),
           coalesce((SELECT e.date_finished IS NULL FROM sentry_exporteddata e WHERE e.id = x.data_export_id), true)
      FROM exportd.export x
     WHERE x.data_export_id > 0
       AND ($1::bigint = 0 OR x.organization_id = $1::bigint)
       AND ($2::bigint = 0 OR x.user_id = $2::bigint)
       AND coalesce((SELECT $2::bigint <> 0 AND e.user_id IS NULL AND e.date_added = x.date_added
                       FROM sentry_exporteddata e WHERE e.id = x.data_export_id), true)) owned
  LEFT JOIN exportd.export x ON x.data_export_id = owned.id
