/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statements on sentry_groupedmessage. Each function that locks several groups locks them in the
 * order of their ids, so that two transactions do not deadlock.
 *
 * Tested by tests/unit/model/group_test.c and tests/system/test_group_merge.py.
 */
#include "model/group.h"

#include "base/embedded.h"
#include "base/text.h"
#include "client/pg_columns.h"

int group_level(const char *name_or_null)
{
    static const char *const names[] = {"debug", "info", "warning", "error", "fatal"};
    for (size_t i = 0; name_or_null != NULL && i < ARRAY_LENGTH(names); i++)
        if (text_equal(names[i], name_or_null))
            return (int)(i + 1) * 10;
    return GROUP_LEVEL_DEFAULT;
}

static void add_group(struct pg_columns *columns, const struct group_row *group)
{
    pg_columns_add_int(columns, group->count.group_id);
    pg_columns_add_int(columns, group->project_id);
    pg_columns_add_text(columns, group->message);
    pg_columns_add_text(columns, group->platform);
    pg_columns_add_text(columns, group->logger);
    pg_columns_add_int(columns, group->level);
    pg_columns_add_id(columns, group->first_release_id);
    pg_columns_add_int(columns, group->count.times_seen);
    pg_columns_add_time(columns, group->count.first_seen);
    pg_columns_add_time(columns, group->count.last_seen);
}

bool group_insert(struct pg *pg, const struct group_row *groups, size_t count, struct error *error)
{
    struct pg_columns columns;
    pg_columns_init(&columns, 10);
    for (size_t i = 0; i < count; i++)
        add_group(&columns, &groups[i]);
    bool done = pg_columns_execute(
        &columns, pg, embedded_text(embedded_model_statements, "group_insert.sql"), NULL, error);
    pg_columns_free(&columns);
    return done;
}

/* Runs a statement that locks `count` groups; frees the columns. */
static bool lock_groups(struct pg *pg, const char *sql, struct pg_columns *columns, size_t count,
                        struct error *error)
{
    int64_t locked = 0;
    bool done = pg_columns_execute(columns, pg, sql, &locked, error) &&
                ((size_t)locked == count ||
                 error_set(error, ERROR_CONFLICT, "the group of a group hash is gone"));
    pg_columns_free(columns);
    return done;
}

bool group_hold(struct pg *pg, const int64_t *group_ids, size_t count, struct error *error)
{
    struct pg_columns columns;
    pg_columns_init(&columns, 1);
    for (size_t i = 0; i < count; i++)
        pg_columns_add_int(&columns, group_ids[i]);
    return lock_groups(pg,
                       "SELECT id FROM sentry_groupedmessage"
                       " WHERE id = ANY ($1::bigint[]) ORDER BY id FOR KEY SHARE",
                       &columns, count, error);
}

bool group_lock_states(struct pg *pg, struct group_state *states, size_t count, struct error *error)
{
    struct pg_columns columns;
    struct pg_result *result = NULL;
    pg_columns_init(&columns, 1);
    for (size_t i = 0; i < count; i++)
        pg_columns_add_int(&columns, states[i].group_id);
    bool done = pg_columns_query(
                    &columns, pg,
                    "SELECT status, times_seen, " PG_USEC(
                        "last_seen") " FROM sentry_groupedmessage"
                                     " WHERE id = ANY ($1::bigint[]) ORDER BY id FOR NO KEY UPDATE",
                    &result, error) &&
                ((size_t)pg_rows(result) == count ||
                 error_set(error, ERROR_CONFLICT, "the group of a group hash is gone"));
    for (size_t i = 0; done && i < count; i++) {
        states[i].status = pg_int(result, (int)i, 0);
        states[i].times_seen = pg_int(result, (int)i, 1);
        states[i].last_seen = pg_time(result, (int)i, 2);
    }
    pg_result_free(result);
    pg_columns_free(&columns);
    return done;
}

/* Fixes the order of the locks: an UPDATE alone locks rows in the order of its plan. */
static bool lock_for_update(struct pg *pg, const struct group_count *counts, size_t count,
                            struct error *error)
{
    struct pg_columns columns;
    pg_columns_init(&columns, 1);
    for (size_t i = 0; i < count; i++)
        pg_columns_add_int(&columns, counts[i].group_id);
    return lock_groups(pg,
                       "SELECT id FROM sentry_groupedmessage"
                       " WHERE id = ANY ($1::bigint[]) ORDER BY id FOR NO KEY UPDATE",
                       &columns, count, error);
}

static bool update_counts(struct pg *pg, const struct group_count *counts, size_t count,
                          struct error *error)
{
    struct pg_columns columns;
    pg_columns_init(&columns, 4);
    for (size_t i = 0; i < count; i++) {
        pg_columns_add_int(&columns, counts[i].group_id);
        pg_columns_add_int(&columns, counts[i].times_seen);
        pg_columns_add_time(&columns, counts[i].first_seen);
        pg_columns_add_time(&columns, counts[i].last_seen);
    }
    bool done = pg_columns_execute(
        &columns, pg, embedded_text(embedded_model_statements, "group_count.sql"), NULL, error);
    pg_columns_free(&columns);
    return done;
}

bool group_count_events(struct pg *pg, const struct group_count *counts, size_t count,
                        struct error *error)
{
    return lock_for_update(pg, counts, count, error) && update_counts(pg, counts, count, error);
}

/* ---- merging ---- */

bool group_find(struct pg *pg, int64_t id, struct group_identity *group, struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    pg_bind_int(&params, id);
    if (!pg_query(pg, "SELECT project_id FROM sentry_groupedmessage WHERE id = $1::bigint", &params,
                  &result, error))
        return false;
    *group = (struct group_identity){0};
    if (pg_rows(result) > 0)
        *group = (struct group_identity){.id = id, .project_id = pg_int(result, 0, 0)};
    pg_result_free(result);
    return true;
}

#define SEEN_COLUMNS PG_USEC_KNOWN("first_seen") ", " PG_USEC_KNOWN("last_seen")

bool group_read_seen(struct pg *pg, int64_t id, int64_t *first_seen, int64_t *last_seen,
                     struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    pg_bind_int(&params, id);
    if (!pg_query(pg, "SELECT " SEEN_COLUMNS " FROM sentry_groupedmessage WHERE id = $1::bigint",
                  &params, &result, error))
        return false;
    *first_seen = pg_rows(result) > 0 ? pg_time(result, 0, 0) : USEC_NONE;
    *last_seen = pg_rows(result) > 0 ? pg_time(result, 0, 1) : USEC_NONE;
    pg_result_free(result);
    return true;
}

bool group_lock_both(struct pg *pg, const int64_t ids[2], bool exist[2], struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    pg_bind_int(&params, ids[0]);
    pg_bind_int(&params, ids[1]);
    if (!pg_query(pg,
                  "SELECT id FROM sentry_groupedmessage"
                  " WHERE id IN ($1::bigint, $2::bigint) ORDER BY id FOR UPDATE",
                  &params, &result, error))
        return false;
    exist[0] = exist[1] = false;
    for (int i = 0; i < pg_rows(result); i++) {
        exist[0] |= pg_int(result, i, 0) == ids[0];
        exist[1] |= pg_int(result, i, 0) == ids[1];
    }
    pg_result_free(result);
    return true;
}

bool group_absorb(struct pg *pg, int64_t id, int64_t destination_id, struct error *error)
{
    struct pg_params params = {.count = 0};
    int64_t affected = 0;
    pg_bind_int(&params, id);
    pg_bind_int(&params, destination_id);
    return pg_execute(pg, embedded_text(embedded_model_statements, "group_absorb.sql"), &params,
                      &affected, error) &&
           (affected == 1 || error_set(error, ERROR_INTERNAL, "one of two groups is gone"));
}
