-- A worker that counted as dead has beaten again: its attempts were not crashed but silent, and do not count as crashes.
-- $1 worker. No answer.
WITH silent AS (
    UPDATE exportd.attempt a SET outcome = 'silent', message = 'the worker was silent for a lease'
     WHERE a.worker = $1::text AND a.outcome = 'crashed'
    RETURNING a.data_export_id
), counted AS (
    SELECT s.data_export_id, count(*)::integer AS ends FROM silent s GROUP BY 1
)
UPDATE exportd.export e SET crashes = greatest(e.crashes - counted.ends, 0)
  FROM counted WHERE e.data_export_id = counted.data_export_id
