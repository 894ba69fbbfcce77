-- The listed exports, newest first. Follows history_ids.sql. The columns are enum column in history_list.c.
SELECT ids.id,
       CASE WHEN e.id IS NULL OR (e.date_finished IS NULL AND x.state IN ('failed', 'cancelled'))
            THEN CASE x.state WHEN 'failed' THEN 'FAILED' WHEN 'cancelled' THEN 'CANCELLED' ELSE 'GONE' END
            WHEN e.date_finished IS NULL THEN 'EARLY'
            WHEN e.date_expired < now() THEN 'EXPIRED'
            ELSE 'VALID' END,
       x.state, coalesce(e.query_type, x.query_type), o.slug, u.email, coalesce(e.query_info, x.query_info),
       x."limit", x.environment_id,
       (extract(epoch FROM coalesce(e.date_added, x.date_added)) * 1000000)::bigint,
       (extract(epoch FROM coalesce(e.date_finished, x.finished_at)) * 1000000)::bigint,
       (extract(epoch FROM e.date_expired) * 1000000)::bigint,
       x.rows, x.bytes, x.pages, x.attempt, x.failures, x.worker,
       (extract(epoch FROM x.next_try_at) * 1000000)::bigint,
       coalesce(x.message, 'mail: ' || m.message), coalesce(m.state, 'none'), m.message,
       x.source, x.priority, x.big::integer, x.crashes, coalesce(x.rows_expected, -1),
       CASE WHEN x.state = 'running' THEN x.values_read END, x.truncated,
       (extract(epoch FROM x.window_from) * 1000000)::bigint, (extract(epoch FROM x.window_to) * 1000000)::bigint,
       (extract(epoch FROM x.started_at) * 1000000)::bigint, (extract(epoch FROM x.progress_at) * 1000000)::bigint,
       (extract(epoch FROM x.expires_at) * 1000000)::bigint,
       x.cause, x.retry_of, coalesce(f.size, -1), nullif(f.checksum, '')
  FROM ids
  LEFT JOIN sentry_exporteddata e ON e.id = ids.id
  LEFT JOIN exportd.export x ON x.data_export_id = ids.id AND (e.id IS NULL OR e.date_added = x.date_added)
  LEFT JOIN sentry_file f ON f.id = e.file_id
  LEFT JOIN exportd.outbox m ON m.data_export_id = x.data_export_id
  LEFT JOIN sentry_organization o
         ON o.id = CASE WHEN e.id IS NULL THEN x.organization_id ELSE e.organization_id END
  LEFT JOIN auth_user u ON u.id = CASE WHEN e.id IS NULL THEN x.user_id ELSE e.user_id END
 ORDER BY ids.id DESC
