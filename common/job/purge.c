/* SPDX-License-Identifier: Apache-2.0 */
#include "job/purge.h"

/* What exportd remembers of a row with another date_added is about another job. */
#define OWNED                                                                                      \
    " FROM (SELECT coalesce(e.id, x.data_export_id) AS id, x.state, e.file_id,"                    \
    " e.id IS NULL OR e.date_finished IS NULL AS open,"                                            \
    " coalesce(e.organization_id, x.organization_id) AS organization_id,"                          \
    " CASE WHEN e.id IS NULL OR e.date_added = x.date_added THEN coalesce(e.user_id, x.user_id)"   \
    " ELSE e.user_id END AS user_id"                                                               \
    " FROM exportd.export x FULL JOIN sentry_exporteddata e ON e.id = x.data_export_id) owned"     \
    " WHERE $1::bigint IN (0, organization_id) AND $2::bigint IN (0, user_id)"

bool purge_sum_load(struct pg *pg, const struct purge_owner *owner, struct purge_sum *sum,
                    struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    pg_bind_int(&params, owner->organization_id);
    pg_bind_int(&params, owner->user_id);
    if (!pg_query(pg,
                  "SELECT count(*), count(*) FILTER (WHERE open AND (state IS NULL"
                  " OR state IN ('waiting', 'delayed', 'running'))), count(file_id),"
                  " count(*) FILTER (WHERE EXISTS (SELECT FROM exportd.outbox m"
                  " WHERE m.data_export_id = owned.id AND m.state = 'waiting'))" OWNED,
                  &params, &result, error))
        return false;
    *sum = (struct purge_sum){.exports = pg_int(result, 0, 0),
                              .unfinished = pg_int(result, 0, 1),
                              .files = pg_int(result, 0, 2),
                              .mails = pg_int(result, 0, 3)};
    pg_result_free(result);
    return true;
}

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
                  "SELECT id, organization_id, user_id" OWNED
                  " AND id > $3::bigint ORDER BY id LIMIT $4::bigint",
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
    return pg_query_int(
        pg,
        "WITH export AS (DELETE FROM exportd.export WHERE data_export_id = $1::bigint),"
        " attempts AS (DELETE FROM exportd.attempt WHERE data_export_id = $1::bigint),"
        " row AS (DELETE FROM sentry_exporteddata WHERE id = $1::bigint),"
        " mail AS (DELETE FROM exportd.outbox WHERE data_export_id = $1::bigint RETURNING state)"
        " SELECT count(*) FROM mail WHERE state = 'waiting'",
        &params, mails, error);
}
