-- Cancels an export that is not finished. $1 export, $2 message.
-- Answers with the id of the file that its row has (mostly NULL), whether it was cancelled, and whether it exists.
-- `job` is the unfinished row of sentry_exporteddata, or exportd's own row if that one is gone. The upsert locks the row of
-- exportd.export and reads its latest state. A row with another date_added belongs to another job: only its attempt number
-- is kept.
WITH job AS (
    SELECT id, date_added, organization_id, user_id, query_type, query_info
      FROM sentry_exporteddata WHERE id = $1::bigint AND date_finished IS NULL
    UNION ALL
    SELECT data_export_id, date_added, organization_id, user_id, query_type, query_info
      FROM exportd.export WHERE data_export_id = $1::bigint
       AND NOT EXISTS (SELECT FROM sentry_exporteddata WHERE id = $1::bigint)
), cancelled AS (
    INSERT INTO exportd.export AS x
           (data_export_id, date_added, organization_id, user_id, query_type, query_info, state, attempt, failures, rows,
            bytes, pages, finished_at, message)
    SELECT id, date_added, organization_id, user_id, query_type, query_info, 'cancelled', 0, 0, 0, 0, 0,
           clock_timestamp(), $2::text
      FROM job
    ON CONFLICT (data_export_id) DO UPDATE
       SET date_added = EXCLUDED.date_added, organization_id = EXCLUDED.organization_id, user_id = EXCLUDED.user_id,
           query_type = EXCLUDED.query_type, query_info = EXCLUDED.query_info,
           "limit" = CASE WHEN x.date_added = EXCLUDED.date_added THEN x."limit" END,
           environment_id = CASE WHEN x.date_added = EXCLUDED.date_added THEN x.environment_id END,
           state = 'cancelled', worker = NULL, next_try_at = NULL, rows = 0, bytes = 0, pages = 0,
           finished_at = EXCLUDED.finished_at, message = EXCLUDED.message, cause = NULL
     WHERE x.state IN ('waiting', 'delayed', 'running') OR x.date_added <> EXCLUDED.date_added
    RETURNING data_export_id
), row AS (
    SELECT e.file_id FROM sentry_exporteddata e JOIN cancelled c ON c.data_export_id = e.id FOR UPDATE OF e
)
SELECT (SELECT file_id FROM row), EXISTS (SELECT FROM cancelled),
       EXISTS (SELECT FROM exportd.export WHERE data_export_id = $1::bigint)
       OR EXISTS (SELECT FROM sentry_exporteddata WHERE id = $1::bigint)
