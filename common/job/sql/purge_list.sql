-- A page of an owner's exports, by id. $1 organization, $2 user (0: any), $3 ids above this, $4 how many.
-- Answers with export, organization and user. Which exports are the owner's, and why subqueries: see purge_sum.sql.
-- exportd.export is read no further than to the last row of a full page of sentry_exporteddata. Beyond that are all the
-- rows that are left, and most of them have a row in sentry_exporteddata, too.
WITH of_sentry AS (
    SELECT e.id, e.organization_id,
           coalesce(e.user_id, (SELECT x.user_id FROM exportd.export x
                                 WHERE x.data_export_id = e.id AND x.date_added = e.date_added)) AS user_id
      FROM sentry_exporteddata e
     WHERE e.id > $3::bigint
       AND ($1::bigint = 0 OR e.organization_id = $1::bigint)
       AND ($2::bigint = 0 OR e.user_id = $2::bigint)
     ORDER BY e.id LIMIT $4::bigint
)
SELECT id, organization_id, user_id FROM (
    SELECT * FROM of_sentry
    UNION ALL
    (SELECT x.data_export_id, x.organization_id, x.user_id
       FROM exportd.export x
      WHERE x.data_export_id > $3::bigint
        AND ($1::bigint = 0 OR x.organization_id = $1::bigint)
        AND ($2::bigint = 0 OR x.user_id = $2::bigint)
        AND coalesce((SELECT $2::bigint <> 0 AND e.user_id IS NULL AND e.date_added = x.date_added
                        FROM sentry_exporteddata e WHERE e.id = x.data_export_id), true)
        AND x.data_export_id <= coalesce((SELECT max(id) FROM of_sentry HAVING count(*) = $4::bigint),
                                         9223372036854775807)
      ORDER BY x.data_export_id LIMIT $4::bigint)) owned
 ORDER BY id LIMIT $4::bigint
