-- Deletes the first flows of each lane that have nothing waiting. $1 queue.
-- A flow that something is put into at this moment is left: its arrivals have changed once the row is free.
WITH first AS MATERIALIZED (
    SELECT f.* FROM unnest('{f,t}'::boolean[]) AS lane (big) CROSS JOIN LATERAL (
        SELECT f.queue, f.organization_id, f.big, f.arrivals FROM exportd.flow f
         WHERE f.queue = $1::text AND f.big = lane.big ORDER BY f.pass LIMIT 16) AS f
), empty AS (
    DELETE FROM exportd.flow f USING first
     WHERE f.queue = first.queue AND f.organization_id = first.organization_id AND f.big = first.big
       AND f.arrivals = first.arrivals
       AND NOT EXISTS (SELECT FROM exportd.export e WHERE e.state = 'waiting' AND e.queue = f.queue
                          AND e.organization_id = f.organization_id AND e.big = f.big)
    RETURNING f.organization_id
)
SELECT count(*) FROM empty
