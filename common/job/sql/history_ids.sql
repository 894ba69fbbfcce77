-- `ids`: the newest exports that pass a filter. Not a whole statement: history_list.sql or a count follows.
-- $1 how many, $2 export, $3 organization, $4 user (0: any), $5 query type, $6 state (NULL: any), $7 ids below this.
-- PostgreSQL plans with the values of the parameters: a condition for `any` costs nothing. The row of
-- sentry_exporteddata is read by a subquery, so that it is found by its id for each candidate. A join would be planned for
-- the case that nearly all candidates fail.
WITH ids AS (
    SELECT id FROM (
        (SELECT e.id FROM sentry_exporteddata e
          WHERE $6::text IS NULL AND e.id < $7::bigint
            AND ($2::bigint = 0 OR e.id = $2::bigint)
            AND ($3::bigint = 0 OR e.organization_id = $3::bigint)
            AND ($4::bigint = 0 OR e.user_id = $4::bigint)
            AND ($5::bigint IS NULL OR e.query_type = $5::bigint)
          ORDER BY e.id DESC LIMIT $1::bigint)
        UNION
        (SELECT x.data_export_id FROM exportd.export x
          WHERE x.data_export_id < $7::bigint
            AND ($2::bigint = 0 OR x.data_export_id = $2::bigint)
            AND ($3::bigint = 0 OR x.organization_id = $3::bigint)
            AND ($4::bigint = 0 OR x.user_id = $4::bigint)
            AND ($5::bigint IS NULL OR x.query_type = $5::bigint)
            AND ($6::text IS NULL OR x.state = $6::text)
            AND coalesce((SELECT (e.date_added = x.date_added
                                  AND ($2::bigint = 0 OR e.id = $2::bigint)
                                  AND ($3::bigint = 0 OR e.organization_id = $3::bigint)
                                  AND ($4::bigint = 0 OR e.user_id = $4::bigint)
                                  AND ($5::bigint IS NULL OR e.query_type = $5::bigint)) IS TRUE
                            FROM sentry_exporteddata e WHERE e.id = x.data_export_id), true)
          ORDER BY x.data_export_id DESC LIMIT $1::bigint)) newest
     ORDER BY id DESC LIMIT $1::bigint
)
