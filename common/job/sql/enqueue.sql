-- Puts jobs into the queue. $1 queue, $2 source; then arrays with an element per job: $3 ids, $4 limits, $5 environments,
-- $6 priorities, $7 etas, $8 expiry times, $9 ids of retried exports. Answers with the result of each job, in their order.
-- A job that is known with the same date_added is not inserted at all: the trigger would find a place for it, in vain.
WITH wanted AS MATERIALIZED (
    SELECT w.*, row_number() OVER (PARTITION BY w.data_export_id ORDER BY w.n) = 1 AS is_first,
           CASE WHEN w.eta > clock_timestamp() THEN w.eta END AS next_try_at
      FROM unnest($3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::timestamptz[], $8::timestamptz[],
                  $9::bigint[])
           WITH ORDINALITY AS w (data_export_id, "limit", environment_id, priority, eta, expires_at, retry_of, n)
), found AS MATERIALIZED (
    SELECT w.*, e.date_added, e.organization_id, e.user_id, e.query_type, e.query_info,
           CASE WHEN e.id IS NULL AND x.data_export_id IS NULL THEN 'no-row'
                WHEN e.id IS NULL OR x.date_added = e.date_added THEN 'known'
                WHEN e.date_finished IS NOT NULL THEN 'finished'
                ELSE 'new' END AS result
      FROM wanted w
      LEFT JOIN sentry_exporteddata e ON e.id = w.data_export_id
      LEFT JOIN exportd.export x ON x.data_export_id = w.data_export_id
), queued AS (
    INSERT INTO exportd.export AS x
           (data_export_id, date_added, organization_id, user_id, query_type, query_info, "limit", environment_id,
            queue, source, priority, state, next_try_at, expires_at, retry_of, attempt, failures, rows, bytes, pages)
    SELECT data_export_id, date_added, organization_id, user_id, query_type, query_info, nullif("limit", 0),
           nullif(environment_id, 0), $1::text, $2::text, priority,
           CASE WHEN next_try_at IS NULL THEN 'waiting' ELSE 'delayed' END, next_try_at, expires_at,
           nullif(retry_of, 0), 0, 0, 0, 0, 0
      FROM found
     WHERE result = 'new' AND is_first
     ORDER BY organization_id, data_export_id -- the order in which all statements lock rows of exportd.flow
    ON CONFLICT (data_export_id) DO UPDATE
       SET date_added = EXCLUDED.date_added, organization_id = EXCLUDED.organization_id, user_id = EXCLUDED.user_id,
           query_type = EXCLUDED.query_type, query_info = EXCLUDED.query_info, "limit" = EXCLUDED."limit",
           environment_id = EXCLUDED.environment_id, queue = EXCLUDED.queue, source = EXCLUDED.source,
           priority = EXCLUDED.priority, big = EXCLUDED.big, turn = EXCLUDED.turn, state = EXCLUDED.state,
           next_try_at = EXCLUDED.next_try_at, expires_at = EXCLUDED.expires_at, run = NULL, worker = NULL,
           failures = 0, crashes = 0, first_claimed_at = NULL, started_at = NULL, progress_at = NULL,
           finished_at = NULL, rows = 0, bytes = 0, pages = 0, rows_expected = NULL, truncated = NULL,
           window_from = NULL, window_to = NULL, message = NULL, cause = NULL, retry_of = EXCLUDED.retry_of
     WHERE x.date_added <> EXCLUDED.date_added
    RETURNING data_export_id
)
SELECT CASE WHEN f.result <> 'new' THEN f.result
            WHEN f.is_first AND q.data_export_id IS NOT NULL THEN 'queued'
            ELSE 'known' END
  FROM found f LEFT JOIN queued q ON q.data_export_id = f.data_export_id
 ORDER BY f.n;
