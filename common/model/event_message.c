/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/system/test_ingest.py and tests/system/test_grouphash.py. */
#include "model/event_message.h"

#include "client/pg_columns.h"

bool event_message_find(struct pg *pg, struct event_message *messages, size_t count,
                        struct error *error)
{
    struct pg_columns columns;
    struct pg_result *result = NULL;
    pg_columns_init(&columns, 2);
    for (size_t i = 0; i < count; i++) {
        pg_columns_add_int(&columns, messages[i].project_id);
        pg_columns_add_text(&columns, messages[i].event_id);
    }
    /* LATERAL with a LIMIT reads the index once per message. A plain join might read the table. */
    bool done = pg_columns_query(
        &columns, pg,
        "SELECT w.n, m.id"
        " FROM unnest($1::bigint[], $2::text[]) WITH ORDINALITY AS w (project_id, message_id, n)"
        " CROSS JOIN LATERAL (SELECT s.id FROM sentry_message s"
        "   WHERE s.project_id = w.project_id AND s.message_id = w.message_id"
        "   UNION ALL SELECT -1 FROM exportd.sampled_event s"
        "   WHERE s.project_id = w.project_id AND s.message_id = w.message_id LIMIT 1) m",
        &result, error);
    for (int i = 0; done && i < pg_rows(result); i++)
        messages[pg_int(result, i, 0) - 1].id = pg_int(result, i, 1);
    pg_result_free(result);
    pg_columns_free(&columns);
    return done;
}

static bool check_all_inserted(int64_t inserted, size_t count, struct error *error)
{
    return (size_t)inserted == count ||
           error_set(error, ERROR_CONFLICT, "an event was stored by somebody else meanwhile");
}

bool event_message_insert_sampled(struct pg *pg, const struct event_message *messages, size_t count,
                                  struct error *error)
{
    struct pg_columns columns;
    int64_t inserted = 0;
    pg_columns_init(&columns, 2);
    for (size_t i = 0; i < count; i++) {
        pg_columns_add_int(&columns, messages[i].project_id);
        pg_columns_add_text(&columns, messages[i].event_id);
    }
    bool done = pg_columns_execute(&columns, pg,
                                   "INSERT INTO exportd.sampled_event (project_id, message_id)"
                                   " SELECT w.project_id, w.message_id"
                                   " FROM unnest($1::bigint[], $2::text[]) WITH ORDINALITY"
                                   "  AS w (project_id, message_id, n)"
                                   " ORDER BY w.n ON CONFLICT (project_id, message_id) DO NOTHING",
                                   &inserted, error) &&
                check_all_inserted(inserted, count, error);
    pg_columns_free(&columns);
    return done;
}

static void add_message(struct pg_columns *columns, const struct event_message *message)
{
    pg_columns_add_int(columns, message->id);
    pg_columns_add_int(columns, message->project_id);
    pg_columns_add_text(columns, message->event_id);
    pg_columns_add_int(columns, message->group_id);
    pg_columns_add_text(columns, message->message);
    pg_columns_add_text(columns, message->platform);
    pg_columns_add_time(columns, message->datetime);
}

bool event_message_insert(struct pg *pg, const struct event_message *messages, size_t count,
                          struct error *error)
{
    struct pg_columns columns;
    int64_t inserted = 0;
    pg_columns_init(&columns, 7);
    for (size_t i = 0; i < count; i++)
        add_message(&columns, &messages[i]);
    bool done =
        pg_columns_execute(
            &columns, pg,
            "INSERT INTO sentry_message (id, project_id, message_id, group_id, message, platform,"
            "  datetime, time_spent, data)"
            " SELECT w.id, w.project_id, w.message_id, w.group_id, w.message, w.platform,"
            "  w.datetime, NULL, NULL"
            " FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::text[],"
            "  $6::text[], $7::timestamptz[]) WITH ORDINALITY"
            "  AS w (id, project_id, message_id, group_id, message, platform, datetime, n)"
            " ORDER BY w.n ON CONFLICT (project_id, message_id) DO NOTHING",
            &inserted, error) &&
        check_all_inserted(inserted, count, error);
    pg_columns_free(&columns);
    return done;
}

bool event_message_move(struct pg *pg, int64_t group_id, int64_t destination_group_id,
                        int64_t *moved, struct error *error)
{
    struct pg_params params = {.count = 0};
    pg_bind_int(&params, group_id);
    pg_bind_int(&params, destination_group_id);
    return pg_execute(pg,
                      "UPDATE sentry_message SET group_id = $2::bigint WHERE group_id = $1::bigint",
                      &params, moved, error);
}
