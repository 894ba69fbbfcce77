-- Delayed jobs that are due wait again, at most 100. $1 queue.
-- SELECT makes the clock a constant: without it the index would not end at it, and all delayed jobs be read.
WITH due AS MATERIALIZED (
    SELECT e.data_export_id, e.organization_id, e.big FROM exportd.export e
     WHERE e.state = 'delayed' AND e.next_try_at <= (SELECT clock_timestamp()) AND e.queue = $1::text
     ORDER BY e.next_try_at LIMIT 100 FOR UPDATE SKIP LOCKED
), promoted AS (
    UPDATE exportd.export e SET state = 'waiting', next_try_at = NULL
      FROM (SELECT * FROM due ORDER BY organization_id, big) AS due -- the order of all who lock rows of exportd.flow
     WHERE e.data_export_id = due.data_export_id
    RETURNING e.data_export_id
)
SELECT count(*) FROM promoted
