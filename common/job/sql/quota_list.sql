-- The quota of one organization, or ($1 = 0) of all that have parts of their own, by slug. $1 organization, then the
-- settings: $2 weight, $3 max_running, $4 max_queued, $5 expiration_days.
-- Answers with id, slug, the four parts that count, and the four own parts.
SELECT ids.id, o.slug, coalesce(q.weight, $2::float8), coalesce(q.max_running, $3::float8),
       coalesce(q.max_queued, $4::float8), coalesce(q.expiration_days, $5::float8),
       q.weight, q.max_running, q.max_queued, q.expiration_days
  FROM (SELECT $1::bigint AS id WHERE $1::bigint <> 0
        UNION
        SELECT organization_id FROM exportd.organization
         WHERE $1::bigint = 0 AND coalesce(weight, max_running, max_queued, expiration_days) IS NOT NULL) ids
  LEFT JOIN exportd.organization q ON q.organization_id = ids.id
  LEFT JOIN sentry_organization o ON o.id = ids.id
 ORDER BY o.slug, ids.id
