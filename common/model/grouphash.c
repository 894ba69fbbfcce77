/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/system/test_grouphash.py and tests/system/test_group_merge.py. */
#include "model/grouphash.h"

#include "client/pg_columns.h"

#define WANTED " FROM unnest($1::bigint[], $2::text[]) WITH ORDINALITY AS w (project_id, hash, n)"
#define FOUND  WANTED " JOIN sentry_grouphash h ON h.project_id = w.project_id AND h.hash = w.hash"

/* The rows that a statement is about. */
struct selection {
    const struct named_row *rows;
    size_t count;
    bool unknown_only; /* only the rows without an id */
};

/* Runs a statement about projects ($1::bigint[]) and hashes ($2::text[]). */
static bool query_hashes(struct pg *pg, const char *sql, const struct selection *selection,
                         struct pg_result **result, struct error *error)
{
    struct pg_columns columns;
    pg_columns_init(&columns, 2);
    for (size_t i = 0; i < selection->count; i++) {
        const struct named_row *row = &selection->rows[i];
        if (selection->unknown_only && row->id != 0)
            continue;
        pg_columns_add_int(&columns, row->owner_id);
        pg_columns_add_text(&columns, row->name);
    }
    bool done = pg_columns_query(&columns, pg, sql, result, error);
    pg_columns_free(&columns);
    return done;
}

bool grouphash_read(struct pg *pg, struct named_row *rows, int64_t *group_ids, size_t count,
                    struct error *error)
{
    const struct selection all = {.rows = rows, .count = count};
    struct pg_result *result = NULL;
    /* LATERAL with a LIMIT reads the index once per hash. A plain join might read the table. It
       reads the first hash that is not smaller, because only the index of project and hash gives
       that; in a search for the hash itself, a server without statistics might choose the index of
       all the project's hashes. */
    if (!query_hashes(pg,
                      "SELECT w.n, h.id, h.group_id" WANTED
                      " CROSS JOIN LATERAL (SELECT id, group_id, hash FROM sentry_grouphash s"
                      "   WHERE s.project_id = w.project_id AND s.hash >= w.hash"
                      "   ORDER BY s.hash LIMIT 1) h WHERE h.hash = w.hash",
                      &all, &result, error))
        return false;
    for (int i = 0; i < pg_rows(result); i++) {
        int64_t place = pg_int(result, i, 0) - 1;
        rows[place].id = pg_int(result, i, 1);
        group_ids[place] = pg_int(result, i, 2);
    }
    pg_result_free(result);
    return true;
}

bool grouphash_create(struct pg *pg, const struct named_row *rows, size_t count,
                      struct error *error)
{
    const struct selection unknown = {.rows = rows, .count = count, .unknown_only = true};
    struct pg_result *result = NULL;
    bool done = query_hashes(
        pg,
        "INSERT INTO sentry_grouphash (project_id, hash, group_id, group_tombstone_id, state)"
        " SELECT w.project_id, w.hash, NULL, NULL, NULL" WANTED
        " ORDER BY w.n ON CONFLICT (project_id, hash) DO NOTHING",
        &unknown, &result, error);
    pg_result_free(result);
    return done;
}

bool grouphash_lock(struct pg *pg, struct named_row *rows, int64_t *group_ids, size_t count,
                    struct error *error)
{
    const struct selection all = {.rows = rows, .count = count};
    struct pg_result *result = NULL;
    bool done =
        query_hashes(pg,
                     "SELECT h.id" WANTED
                     " JOIN sentry_grouphash h ON h.project_id = w.project_id AND h.hash = w.hash"
                     " WHERE h.group_id IS NULL ORDER BY w.n FOR NO KEY UPDATE OF h",
                     &all, &result, error) &&
        grouphash_read(pg, rows, group_ids, count, error) &&
        (named_rows_are_known(rows, count) ||
         error_set(error, ERROR_CONFLICT, "a new group hash was deleted at once"));
    pg_result_free(result);
    return done;
}

bool grouphash_take(struct pg *pg, const int64_t *ids, const int64_t *group_ids, size_t count,
                    struct error *error)
{
    struct pg_columns columns;
    int64_t affected = 0;
    pg_columns_init(&columns, 2);
    for (size_t i = 0; i < count; i++) {
        pg_columns_add_int(&columns, ids[i]);
        pg_columns_add_int(&columns, group_ids[i]);
    }
    bool done = pg_columns_execute(&columns, pg,
                                   "UPDATE sentry_grouphash h SET group_id = w.group_id"
                                   " FROM unnest($1::bigint[], $2::bigint[]) AS w (id, group_id)"
                                   " WHERE h.id = w.id AND h.group_id IS NULL",
                                   &affected, error) &&
                ((size_t)affected == count ||
                 error_set(error, ERROR_CONFLICT, "a group hash was taken by another group"));
    pg_columns_free(&columns);
    return done;
}

bool grouphash_lock_of_group(struct pg *pg, int64_t group_id, struct error *error)
{
    struct pg_params params = {.count = 0};
    pg_bind_int(&params, group_id);
    return pg_execute(pg,
                      "SELECT FROM sentry_grouphash WHERE group_id = $1::bigint"
                      " ORDER BY project_id, hash COLLATE \"C\" FOR NO KEY UPDATE",
                      &params, NULL, error);
}

bool grouphash_move(struct pg *pg, int64_t group_id, int64_t destination_group_id, int64_t *moved,
                    struct error *error)
{
    struct pg_params params = {.count = 0};
    pg_bind_int(&params, group_id);
    pg_bind_int(&params, destination_group_id);
    return pg_execute(pg,
                      "UPDATE sentry_grouphash SET group_id = $2::bigint"
                      " WHERE group_id = $1::bigint",
                      &params, moved, error);
}

/* ---- reading ---- */

#define SELECT_HASHES                                                                              \
    "SELECT group_id, CASE WHEN hash ~ '^[0-9a-fA-F]{32}$' THEN lower(hash) ELSE md5(hash) END"    \
    " FROM sentry_grouphash WHERE "

static bool read_hashes(const struct pg_result *result, struct arena *arena,
                        struct group_hashes *hashes, struct error *error)
{
    int rows = pg_rows(result);
    hashes->count = (size_t)rows;
    hashes->items = arena_array(arena, (size_t)rows + 1, sizeof(*hashes->items), error);
    for (int i = 0; hashes->items != NULL && i < rows; i++) {
        const char *hash = pg_text(result, i, 1);
        hashes->items[i].group_id = pg_int(result, i, 0);
        hashes->items[i].hash = arena_copy(arena, hash, strlen(hash), error);
        if (hashes->items[i].hash == NULL)
            return false;
    }
    return hashes->items != NULL;
}

bool grouphash_of_groups(struct pg *pg, const struct hashes_of_groups *wanted, struct arena *arena,
                         struct group_hashes *hashes, struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    struct pg_array array;
    const char *ids = NULL;
    bool done = true;
    pg_array_init(&array, (size_t)1 << 26);
    for (size_t i = 0; done && i < wanted->group_count; i++)
        done = pg_array_add_int(&array, wanted->group_ids[i], error);
    done = done && pg_array_text(&array, &ids, error);
    pg_bind_text(&params, ids);
    pg_bind_int(&params, (int64_t)wanted->max);
    done = done &&
           pg_query(pg,
                    SELECT_HASHES "group_id = ANY ($1::bigint[])"
                                  " ORDER BY group_id, hash COLLATE \"C\" LIMIT $2::bigint",
                    &params, &result, error) &&
           read_hashes(result, arena, hashes, error);
    pg_result_free(result);
    pg_array_free(&array);
    return done;
}

bool grouphash_of_project(struct pg *pg, const struct hashes_of_project *wanted,
                          struct arena *arena, struct group_hashes *hashes, struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    pg_bind_int(&params, wanted->project_id);
    pg_bind_int(&params, wanted->after);
    pg_bind_int(&params, (int64_t)wanted->max);
    bool done = pg_query(pg,
                         SELECT_HASHES "project_id = $1::bigint AND group_id > $2::bigint"
                                       " ORDER BY group_id, hash COLLATE \"C\" LIMIT $3::bigint",
                         &params, &result, error) &&
                read_hashes(result, arena, hashes, error);
    pg_result_free(result);
    return done;
}
