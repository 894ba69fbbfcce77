/* SPDX-License-Identifier: Apache-2.0 */
#include "job/purge.h"

#include "model/exported_data.h"

/* The owner's exports with ids above $3: $1 organization, $2 user. The row of sentry_exporteddata
   says whose an export is; where it is gone, or says no user, exportd.export does. What that
   remembers of a row with another date_added is about another job. Each table is read along an
   index of the owner's, and the other one asked by id: in a subquery, because a join would be
   planned for reading it all. */
#define OF_SENTRY                                                                                  \
    "SELECT e.id, e.organization_id, coalesce(e.user_id, (SELECT x.user_id FROM exportd.export x"  \
    " WHERE x.data_export_id = e.id AND x.date_added = e.date_added)) AS user_id, e.file_id,"      \
    " e.date_finished IS NULL AS open FROM sentry_exporteddata e WHERE e.id > $3::bigint"          \
    " AND ($1::bigint = 0 OR e.organization_id = $1::bigint)"                                      \
    " AND ($2::bigint = 0 OR e.user_id = $2::bigint)"
#define OF_EXPORTD                                                                                 \
    "SELECT x.data_export_id, x.organization_id, x.user_id, (SELECT e.file_id"                     \
    " FROM sentry_exporteddata e WHERE e.id = x.data_export_id), coalesce((SELECT"                 \
    " e.date_finished IS NULL FROM sentry_exporteddata e WHERE e.id = x.data_export_id), true)"    \
    " FROM exportd.export x WHERE x.data_export_id > $3::bigint"                                   \
    " AND ($1::bigint = 0 OR x.organization_id = $1::bigint)"                                      \
    " AND ($2::bigint = 0 OR x.user_id = $2::bigint)"                                              \
    " AND coalesce((SELECT $2::bigint <> 0 AND e.user_id IS NULL AND e.date_added = x.date_added"  \
    " FROM sentry_exporteddata e WHERE e.id = x.data_export_id), true)"

bool purge_sum_load(struct pg *pg, const struct purge_owner *owner, struct purge_sum *sum,
                    struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    pg_bind_int(&params, owner->organization_id);
    pg_bind_int(&params, owner->user_id);
    pg_bind_int(&params, 0);
    if (!pg_query(pg,
                  "SELECT count(*), count(*) FILTER (WHERE open AND (x.state IS NULL"
                  " OR x.state IN ('waiting', 'delayed', 'running'))), count(file_id),"
                  " count(*) FILTER (WHERE EXISTS (SELECT FROM exportd.outbox m"
                  " WHERE m.data_export_id = owned.id AND m.state = 'waiting'))"
                  " FROM (" OF_SENTRY " UNION ALL " OF_EXPORTD ") owned"
                  " LEFT JOIN exportd.export x ON x.data_export_id = owned.id",
                  &params, &result, error))
        return false;
    *sum = (struct purge_sum){.exports = pg_int(result, 0, 0),
                              .unfinished = pg_int(result, 0, 1),
                              .files = pg_int(result, 0, 2),
                              .mails = pg_int(result, 0, 3)};
    pg_result_free(result);
    return true;
}

/* Of exportd.export no further than to where a full page of the other table ends: behind that are
   as many rows as are left, and most of them have a row there. */
bool purge_list(struct pg *pg, const struct purge_owner *owner, int64_t after,
                struct purge_page *page, struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    pg_bind_int(&params, owner->organization_id);
    pg_bind_int(&params, owner->user_id);
    pg_bind_int(&params, after);
    pg_bind_int(&params, PURGE_PAGE);
    if (!pg_query(pg,
                  "WITH of_sentry AS (" OF_SENTRY " ORDER BY e.id LIMIT $4::bigint)"
                  " SELECT id, organization_id, user_id FROM (SELECT * FROM of_sentry UNION ALL"
                  " (" OF_EXPORTD " AND x.data_export_id <= coalesce((SELECT max(id) FROM of_sentry"
                  " HAVING count(*) = $4::bigint), 9223372036854775807)"
                  " ORDER BY x.data_export_id LIMIT $4::bigint)) owned"
                  " ORDER BY id LIMIT $4::bigint",
                  &params, &result, error))
        return false;
    page->count = (size_t)pg_rows(result);
    for (int row = 0; row < pg_rows(result); row++)
        page->items[row] = (struct purge_export){.data_export_id = pg_int(result, row, 0),
                                                 .organization_id = pg_int(result, row, 1),
                                                 .user_id = pg_int(result, row, 2)};
    pg_result_free(result);
    return true;
}

bool purge_delete_rows(struct pg *pg, int64_t data_export_id, int64_t *mails, struct error *error)
{
    struct pg_params params = {.count = 0};
    pg_bind_int(&params, data_export_id);
    if (!exported_data_delete(pg, data_export_id, error))
        return error_prefix(error, "export %" PRId64, data_export_id);
    return pg_query_int(
        pg,
        "WITH export AS (DELETE FROM exportd.export WHERE data_export_id = $1::bigint),"
        " attempts AS (DELETE FROM exportd.attempt WHERE data_export_id = $1::bigint),"
        " mail AS (DELETE FROM exportd.outbox WHERE data_export_id = $1::bigint RETURNING state)"
        " SELECT count(*) FROM mail WHERE state = 'waiting'",
        &params, mails, error);
}
