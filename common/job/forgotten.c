/* SPDX-License-Identifier: Apache-2.0 */
#include "job/forgotten.h"

static bool put_row(json_t *object, const struct pg_result *result, int row, struct error *error)
{
    return json_put_int(object, "id", pg_int(result, row, 0), error) &&
           json_put_time(object, "date_added", pg_time(result, row, 1), error) &&
           json_put_text(object, "organization", pg_text(result, row, 2), error) &&
           json_put_text(object, "user", pg_text(result, row, 3), error) &&
           json_put_int(object, "type", pg_int(result, row, 4), error);
}

static bool add_row(json_t *list, const struct pg_result *result, int row, struct error *error)
{
    json_t *object = json_object();
    bool done = object != NULL && json_array_append(list, object) == 0;
    if (!done)
        (void)error_no_memory(error);
    done = done && put_row(object, result, row, error);
    json_decref(object);
    return done;
}

bool forgotten_list(struct pg *pg, int64_t after, int64_t max, json_t **list, struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    pg_bind_int(&params, after);
    pg_bind_int(&params, max);
    if (!pg_query(pg,
                  "SELECT e.id, " PG_USEC(
                      "e.date_added") ", o.slug, u.email, e.query_type"
                                      " FROM sentry_exporteddata e"
                                      " LEFT JOIN sentry_organization o ON o.id = e.organization_id"
                                      " LEFT JOIN auth_user u ON u.id = e.user_id"
                                      " WHERE e.date_finished IS NULL AND e.id > $1::bigint"
                                      " AND e.date_added < now() - interval '10 minutes'"
                                      " AND NOT EXISTS (SELECT 1 FROM exportd.export x"
                                      " WHERE x.data_export_id = e.id"
                                      " AND x.date_added = e.date_added)"
                                      " ORDER BY e.id LIMIT $2::bigint",
                  &params, &result, error))
        return false;
    json_t *rows = json_array();
    bool done = rows != NULL || error_no_memory(error);
    for (int row = 0; done && row < pg_rows(result); row++)
        done = add_row(rows, result, row, error);
    pg_result_free(result);
    if (done)
        *list = rows;
    else
        json_decref(rows);
    return done;
}
