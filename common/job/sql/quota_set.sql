-- Changes an organization's own quota. $1 organization, then the new parts: $2 weight, $3 max_running, $4 max_queued,
-- $5 expiration_days. A part of -2 stays as it is; of -1 it becomes NULL, so that the settings count.
INSERT INTO exportd.organization AS o (organization_id, weight, max_running, max_queued, expiration_days)
SELECT $1::bigint,
       CASE WHEN $2::float8 >= 0 THEN $2::float8 END,
       CASE WHEN $3::float8 >= 0 THEN $3::float8 END,
       CASE WHEN $4::float8 >= 0 THEN $4::float8 END,
       CASE WHEN $5::float8 >= 0 THEN $5::float8 END
ON CONFLICT (organization_id) DO UPDATE
   SET weight = CASE WHEN $2::float8 = -2 THEN o.weight ELSE EXCLUDED.weight END,
       max_running = CASE WHEN $3::float8 = -2 THEN o.max_running ELSE EXCLUDED.max_running END,
       max_queued = CASE WHEN $4::float8 = -2 THEN o.max_queued ELSE EXCLUDED.max_queued END,
       expiration_days = CASE WHEN $5::float8 = -2 THEN o.expiration_days ELSE EXCLUDED.expiration_days END
