-- The place of a waiting export, and what it waits for. $1 export, $2 running exports of an organization at most, $3 seconds
-- without a beat after which a worker does not count, $4 the highest place to be counted.
-- Answers with its place, the exports of its organization that run and that may run, whether the queue is paused, whether
-- it has a live worker, and whether each free thread is kept for small exports while this one is big.
-- `before` counts in the order of claim.sql, along the same index.
SELECT 1 + (SELECT count(*) FROM (
               SELECT FROM exportd.export a
                WHERE a.state = 'waiting' AND a.queue = x.queue AND a.organization_id = x.organization_id
                  AND a.big = x.big AND (a.priority, a.turn, a.data_export_id) < (x.priority, x.turn, x.data_export_id)
                LIMIT $4::bigint - 1) AS before),
       (SELECT count(*) FROM exportd.export r WHERE r.state = 'running' AND r.organization_id = x.organization_id),
       coalesce(o.max_running, $2::bigint),
       EXISTS (SELECT FROM exportd.queue q WHERE q.name = x.queue AND q.paused),
       workers.kept IS NOT NULL,
       coalesce(x.big AND workers.kept, false)
  FROM exportd.export x
  LEFT JOIN exportd.organization o USING (organization_id)
 CROSS JOIN LATERAL (
    -- NULL without a live worker. Else: some worker has a free thread, but none of them may begin another big export.
    SELECT bool_or(w.threads > busy.jobs)
           AND NOT bool_or(w.threads > busy.jobs AND w.threads - (w.threads > 1)::integer > busy.big)
      FROM exportd.worker w
     CROSS JOIN LATERAL (SELECT count(*) AS jobs, count(*) FILTER (WHERE r.big) AS big FROM exportd.export r
                          WHERE r.state = 'running' AND r.worker = w.instance) busy
     WHERE w.queue = x.queue AND w.beat_at > clock_timestamp() - $3::bigint * interval '1 second') AS workers (kept)
 WHERE x.data_export_id = $1::bigint AND x.state = 'waiting'
