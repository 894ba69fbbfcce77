-- Makes delayed jobs that are due wait again, 100 at most. $1 queue. Answers with how many.
-- (SELECT clock_timestamp()) is evaluated once. Without SELECT it could not bound the index scan, and all delayed jobs would
-- be read.
WITH due AS MATERIALIZED (
    SELECT e.data_export_id, e.organization_id, e.big FROM exportd.export e
     WHERE e.state = 'delayed' AND e.next_try_at <= (SELECT clock_timestamp()) AND e.queue = $1::text
     ORDER BY e.next_try_at LIMIT 100 FOR UPDATE SKIP LOCKED
), promoted AS (
    UPDATE exportd.export e SET state = 'waiting', next_try_at = NULL
      FROM (SELECT * FROM due ORDER BY organization_id, big) AS due -- the order of all that lock rows of exportd.flow
     WHERE e.data_export_id = due.data_export_id
    RETURNING e.data_export_id
)
SELECT count(*) FROM promoted
