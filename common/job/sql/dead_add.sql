-- Puts a message into the dead list. $1 queue, $2 message, $3 worker, $4 priority, $5 export that it names (0: none),
-- $6 reason, $7 whether it is pending, $8 when it was buried (NULL: now), $9 seconds that a pending one waits for its row.
-- A message that is among the last thousand already only gets the new reason and time.
WITH known AS (
    UPDATE exportd.dead
       SET reason = $6::text,
           retry_until = CASE WHEN $7::boolean THEN clock_timestamp() + $9::bigint * interval '1 second' END
     WHERE id > (SELECT coalesce(max(id), 0) - 1000 FROM exportd.dead)
       AND queue = $1::text AND message = $2::bytea
    RETURNING id
)
INSERT INTO exportd.dead (queue, date_added, message, priority, reason, worker, data_export_id, retry_until)
SELECT $1::text, coalesce($8::timestamptz, clock_timestamp()), $2::bytea, $4::integer, $6::text, $3::text,
       nullif($5::bigint, 0), CASE WHEN $7::boolean THEN clock_timestamp() + $9::bigint * interval '1 second' END
 WHERE NOT EXISTS (SELECT FROM known)
