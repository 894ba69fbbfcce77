/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/system/test_group_merge.py. */
#include "model/group_redirect.h"

bool group_redirect_find(struct pg *pg, int64_t previous_group_id, int64_t *group_id,
                         struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    pg_bind_int(&params, previous_group_id);
    if (!pg_query(pg,
                  "SELECT group_id FROM sentry_groupredirect WHERE previous_group_id = $1::bigint",
                  &params, &result, error))
        return false;
    *group_id = pg_rows(result) > 0 ? pg_int(result, 0, 0) : 0;
    pg_result_free(result);
    return true;
}

bool group_redirect_move(struct pg *pg, int64_t group_id, int64_t destination_group_id,
                         int64_t *moved, struct error *error)
{
    struct pg_params params = {.count = 0};
    pg_bind_int(&params, group_id);
    pg_bind_int(&params, destination_group_id);
    return pg_execute(pg,
                      "UPDATE sentry_groupredirect SET group_id = $2::bigint"
                      " WHERE group_id = $1::bigint",
                      &params, moved, error);
}

bool group_redirect_create(struct pg *pg, int64_t group_id, int64_t destination_group_id,
                           struct error *error)
{
    struct pg_params params = {.count = 0};
    pg_bind_int(&params, group_id);
    pg_bind_int(&params, destination_group_id);
    return pg_execute(
        pg,
        "INSERT INTO sentry_groupredirect (organization_id, group_id, previous_group_id,"
        "  previous_short_id, previous_project_slug)"
        " SELECT p.organization_id, $2::bigint, g.id, g.short_id, p.slug"
        " FROM sentry_groupedmessage g JOIN sentry_project p ON p.id = g.project_id"
        " WHERE g.id = $1::bigint"
        " ON CONFLICT (previous_group_id) DO UPDATE SET group_id = excluded.group_id,"
        "  organization_id = excluded.organization_id,"
        "  previous_short_id = excluded.previous_short_id,"
        "  previous_project_slug = excluded.previous_project_slug",
        &params, NULL, error);
}
