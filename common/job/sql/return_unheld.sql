-- Releases running jobs that bear a worker's name although none of its threads holds them. $1 worker, $2 the runs that its
-- threads hold, $3 how many milliseconds a claim may be on its way to a thread. Answers with how many.
WITH lost AS MATERIALIZED (
    SELECT e.data_export_id, e.attempt, e.organization_id, e.big FROM exportd.export e
     WHERE e.worker = $1::text AND e.state = 'running' AND e.run <> ALL ($2::text[])
       AND e.started_at < clock_timestamp() - $3::bigint * interval '1 millisecond'
       FOR UPDATE SKIP LOCKED
), returned AS (
    UPDATE exportd.export e SET state = 'waiting', worker = NULL, message = 'its worker did not run it', cause = NULL
      FROM (SELECT * FROM lost ORDER BY organization_id, big) AS lost -- the order of all that lock rows of exportd.flow
     WHERE e.data_export_id = lost.data_export_id
), ended AS (
    UPDATE exportd.attempt a SET ended_at = clock_timestamp(), outcome = 'lost', message = 'its worker did not run it'
      FROM lost WHERE a.data_export_id = lost.data_export_id AND a.attempt = lost.attempt
)
SELECT count(*) FROM lost
