-- Claims one job for one worker. $1 queue, $2 worker, $3 run, $4 running exports of an organization at most, $5 lanes.
-- Answers with the claimed job, in the order of enum column in claim.c; with no row if there is none.
-- The organizations are tried by their pass; the first one that has a waiting job and may run more gives its next job. `job`
-- has no ORDER BY of its own: it would lock a job of each organization, while without it the scan ends at the first job. A
-- job that another claim has locked is skipped.
WITH running AS MATERIALIZED (
    SELECT e.organization_id, count(*) AS jobs FROM exportd.export e WHERE e.state = 'running' GROUP BY 1
), ranked AS MATERIALIZED (
    SELECT f.queue, f.organization_id, f.big FROM exportd.flow f
      LEFT JOIN exportd.organization o ON o.organization_id = f.organization_id
      LEFT JOIN running r ON r.organization_id = f.organization_id
     WHERE f.queue = $1::text AND f.big = ANY ($5::boolean[])
       AND coalesce(r.jobs, 0) < coalesce(o.max_running, $4::bigint)
       AND NOT EXISTS (SELECT FROM exportd.queue q WHERE q.name = $1::text AND q.paused)
     ORDER BY f.pass
), job AS MATERIALIZED (
    SELECT next.data_export_id FROM ranked CROSS JOIN LATERAL (
        SELECT e.data_export_id FROM exportd.export e
         WHERE e.state = 'waiting' AND e.queue = ranked.queue AND e.organization_id = ranked.organization_id
           AND e.big = ranked.big
         ORDER BY e.priority, e.turn, e.data_export_id LIMIT 1 FOR UPDATE SKIP LOCKED) AS next
     LIMIT 1
), claimed AS (
    UPDATE exportd.export e
       SET state = 'running', attempt = e.attempt + 1, worker = $2::text, run = $3::text,
           started_at = clock_timestamp(), first_claimed_at = coalesce(e.first_claimed_at, clock_timestamp()),
           progress_at = clock_timestamp(), next_try_at = NULL, rows = 0, bytes = 0, pages = 0,
           values_read = 0
      FROM job WHERE e.data_export_id = job.data_export_id
    RETURNING e.*
), served AS (
    UPDATE exportd.flow f
       SET pass = f.pass + 1.0 / coalesce((SELECT o.weight FROM exportd.organization o
                                            WHERE o.organization_id = f.organization_id), 1),
           served = CASE WHEN f.big = c.big THEN f.pass ELSE f.served END,
           served_at = CASE WHEN f.big = c.big THEN clock_timestamp() ELSE f.served_at END,
           turn = CASE WHEN f.big = c.big THEN greatest(f.turn, c.turn) ELSE f.turn END
      FROM claimed c WHERE f.queue = c.queue AND f.organization_id = c.organization_id
), started AS (
    INSERT INTO exportd.attempt (data_export_id, attempt, run, worker, started_at)
    SELECT c.data_export_id, c.attempt, c.run, c.worker, c.started_at FROM claimed c
)
SELECT c.data_export_id, c.attempt, c.big, c.failures, c.crashes,
       extract(epoch FROM c.started_at - c.first_claimed_at)::bigint, c."limit", c.environment_id, c.rows_expected,
       coalesce(c.expires_at < clock_timestamp(), false), (extract(epoch FROM c.date_added) * 1000000)::bigint,
       (SELECT count(*) FROM exportd.attempt a WHERE a.data_export_id = c.data_export_id AND a.outcome = 'delayed'),
       set_config('synchronous_commit', 'off', true)
  FROM claimed c
