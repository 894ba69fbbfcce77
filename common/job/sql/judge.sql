-- Releases the jobs of workers that are silent for their own lease, or are not registered. No parameters. Answers with a row
-- per worker: its instance, and how many jobs.
-- A job whose row is locked is left to a later judgement: a transaction of its worker has it, which may be committing at
-- this moment, or be stopped. A beat in the future was written before the clock was set back, and counts as silence, too.
WITH silent AS MATERIALIZED (
    SELECT w.instance FROM exportd.worker w
     WHERE abs(extract(epoch FROM clock_timestamp() - w.beat_at)) * 1000 > w.lease_ms
), lost AS MATERIALIZED (
    SELECT e.data_export_id, e.attempt, e.worker, e.organization_id, e.big FROM exportd.export e
     WHERE e.state = 'running' AND (e.worker IN (SELECT s.instance FROM silent s)
        OR NOT EXISTS (SELECT FROM exportd.worker w WHERE w.instance = e.worker))
       FOR UPDATE OF e SKIP LOCKED
), returned AS (
    UPDATE exportd.export e
       SET state = 'waiting', worker = NULL, crashes = e.crashes + 1, message = 'the worker that ran it died',
           cause = NULL
      FROM (SELECT * FROM lost ORDER BY organization_id, big) AS lost -- the order of all that lock rows of exportd.flow
     WHERE e.data_export_id = lost.data_export_id
), ended AS (
    UPDATE exportd.attempt a SET ended_at = clock_timestamp(), outcome = 'crashed', message = 'the worker died'
      FROM lost WHERE a.data_export_id = lost.data_export_id AND a.attempt = lost.attempt
)
SELECT lost.worker, count(*) FROM lost GROUP BY lost.worker ORDER BY lost.worker
