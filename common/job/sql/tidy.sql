-- Deletes the first flows of each lane that have nothing waiting, and says whether delayed jobs are due. $1 queue.
-- Waits for nothing. A flow that something is put into at this moment is left: it is locked, or its arrivals have
-- changed since.
WITH first AS MATERIALIZED (
    SELECT f.* FROM unnest('{f,t}'::boolean[]) AS lane (big) CROSS JOIN LATERAL (
        SELECT f.queue, f.organization_id, f.big, f.arrivals FROM exportd.flow f
         WHERE f.queue = $1::text AND f.big = lane.big ORDER BY f.pass LIMIT 16) AS f
), idle AS MATERIALIZED (
    SELECT f.queue, f.organization_id, f.big, first.arrivals FROM first JOIN exportd.flow f
        ON f.queue = first.queue AND f.organization_id = first.organization_id AND f.big = first.big
     WHERE NOT EXISTS (SELECT FROM exportd.export e WHERE e.state = 'waiting' AND e.queue = f.queue
                          AND e.organization_id = f.organization_id AND e.big = f.big)
       FOR UPDATE OF f SKIP LOCKED
), empty AS (
    DELETE FROM exportd.flow f USING idle
     WHERE f.queue = idle.queue AND f.organization_id = idle.organization_id AND f.big = idle.big
       AND f.arrivals = idle.arrivals
    RETURNING f.organization_id
)
SELECT count(*), EXISTS (SELECT FROM exportd.export e WHERE e.state = 'delayed' AND e.queue = $1::text
                            AND e.next_try_at <= (SELECT clock_timestamp()))
  FROM empty
