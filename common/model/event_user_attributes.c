/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/unit/tagstore/postgres/write_groups_test.c and tests/system/test_group_merge.py.
 */
#include "model/event_user_attributes.h"

#include "client/pg_columns.h"

static const char *null_if_empty(const char *text)
{
    return text == NULL || text[0] == '\0' ? NULL : text;
}

static void add_row(struct pg_columns *columns, const struct event_user_attributes *row)
{
    pg_columns_add_int(columns, row->event_id);
    pg_columns_add_int(columns, row->project_id);
    pg_columns_add_int(columns, row->group_id);
    pg_columns_add_int(columns, row->environment_id);
    pg_columns_add_time(columns, row->seen);
    pg_columns_add_text(columns, null_if_empty(row->user.ident));
    pg_columns_add_text(columns, null_if_empty(row->user.email));
    pg_columns_add_text(columns, null_if_empty(row->user.username));
    pg_columns_add_text(columns, event_user_address(row->user.ip_address));
}

bool event_user_attributes_insert(struct pg *pg, const struct event_user_attributes *rows,
                                  size_t count, struct error *error)
{
    struct pg_columns columns;
    pg_columns_init(&columns, 9);
    for (size_t i = 0; i < count; i++)
        add_row(&columns, &rows[i]);
    bool done = pg_columns_execute(
        &columns, pg,
        "INSERT INTO exportd.event_user_attributes (event_id, project_id, group_id,"
        "  environment_id, seen, ident, email, username, ip_address)"
        " SELECT event_id, project_id, group_id, environment_id, seen, ident,"
        "  email, username, ip_address::inet"
        " FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[],"
        "  $5::timestamptz[], $6::text[], $7::text[], $8::text[], $9::text[])"
        "  AS w (event_id, project_id, group_id, environment_id, seen, ident,"
        "   email, username, ip_address)",
        NULL, error);
    pg_columns_free(&columns);
    return done;
}

bool event_user_attributes_move_events(struct pg *pg, const struct project_events *events,
                                       int64_t destination_group_id, struct error *error)
{
    struct pg_columns columns;
    pg_columns_init(&columns, 3);
    for (size_t i = 0; i < events->count; i++) {
        pg_columns_add_int(&columns, events->event_ids[i]);
        pg_columns_add_int(&columns, events->project_id);
        pg_columns_add_int(&columns, destination_group_id);
    }
    bool done =
        pg_columns_execute(&columns, pg,
                           "UPDATE exportd.event_user_attributes a SET group_id = w.group_id"
                           " FROM unnest($1::bigint[], $2::bigint[], $3::bigint[])"
                           "  AS w (event_id, project_id, group_id)"
                           " WHERE a.event_id = w.event_id AND a.project_id = w.project_id"
                           "  AND a.group_id <> w.group_id",
                           NULL, error);
    pg_columns_free(&columns);
    return done;
}

bool event_user_attributes_move_group(struct pg *pg, int64_t project_id, int64_t group_id,
                                      int64_t destination_group_id, struct error *error)
{
    struct pg_params params = {.count = 0};
    pg_bind_int(&params, project_id);
    pg_bind_int(&params, group_id);
    pg_bind_int(&params, destination_group_id);
    return pg_execute(pg,
                      "UPDATE exportd.event_user_attributes SET group_id = $3::bigint"
                      " WHERE project_id = $1::bigint AND group_id = $2::bigint",
                      &params, NULL, error);
}
