/* SPDX-License-Identifier: Apache-2.0 */
/* The estimate of an export: how many rows it will have. */
#include "tagstore/postgres/operations.h"

/* Less than the caller waits: when this patience ends, the connection is dropped, and finding out
   whether the server is there takes PG_PING_SECONDS more. The cursor of an export connects
   again. */
enum { PATIENCE_MS = TAGSTORE_ESTIMATE_MS - 1000 * PG_PING_SECONDS };

/* The counter counts the rows that the cursor reads, including empty and unseen values. If the
   counter was lost or never kept, the rows are counted in their index. */
static const char values_statement[] =
    "SELECT CASE WHEN n.values_seen > 0 THEN n.values_seen ELSE"
    " (SELECT count(*) FROM tagstore_grouptagvalue g WHERE g.project_id = $1::bigint"
    "   AND g.group_id = $2::bigint AND g.key_id = k.id) END"
    " FROM tagstore_tagkey k"
    " LEFT JOIN tagstore_grouptagkey n ON n.project_id = $1::bigint AND n.group_id = $2::bigint"
    "  AND n.key_id = k.id"
    " WHERE k.project_id = $1::bigint AND k.environment_id = $3::bigint"
    " AND k.key = $4::text AND k.status = 0";

static bool take_count(const struct pg_result *result, int64_t *count, struct error *error)
{
    if (pg_rows(result) == 0)
        return error_set(error, ERROR_NOT_FOUND, "the project has no such tag key");
    *count = pg_int(result, 0, 0);
    return true;
}

bool postgres_estimate_values(struct tagstore *store, const struct tag_place *place, int64_t *count,
                              struct error *error)
{
    struct pg *pg = ((struct postgres_tagstore *)store)->pg;
    struct pg_params params = {.repeated = true};
    struct pg_result *result = NULL;
    pg_bind_int(&params, place->project_id);
    pg_bind_int(&params, place->group_id);
    pg_bind_int(&params, place->environment_id);
    pg_bind_text(&params, place->key);
    int64_t usual = pg_set_patience(pg, PATIENCE_MS);
    bool done = pg_connect(pg, error) && pg_query(pg, values_statement, &params, &result, error) &&
                take_count(result, count, error);
    pg_result_free(result);
    (void)pg_set_patience(pg, usual);
    return done;
}
