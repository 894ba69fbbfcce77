/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/system/test_purge.py. */
#include "job/purge.h"

#include "base/embedded.h"
#include "model/exported_data.h"

bool purge_sum_load(struct pg *pg, const struct purge_owner *owner, struct purge_sum *sum,
                    struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    pg_bind_int(&params, owner->organization_id);
    pg_bind_int(&params, owner->user_id);
    if (!pg_query(pg, embedded_text(embedded_job_statements, "purge_sum.sql"), &params, &result,
                  error))
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
    if (!pg_query(pg, embedded_text(embedded_job_statements, "purge_list.sql"), &params, &result,
                  error))
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
