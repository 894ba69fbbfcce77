#include "model/grouphash.h"

#include "model/columns.h"

#define WANTED " FROM unnest($1::bigint[], $2::text[]) WITH ORDINALITY AS w (project_id, hash, n)"
#define FOUND  WANTED " JOIN sentry_grouphash h ON h.project_id = w.project_id AND h.hash = w.hash"

/* Runs a statement over all rows (or only those without an id). */
static bool query(struct pg *pg, const char *sql, const struct named_row *rows, size_t count,
                  bool unknown_only, struct pg_result **result, struct error *error)
{
    struct columns columns;
    columns_init(&columns, 2);
    for (size_t i = 0; i < count; i++) {
        if (unknown_only && rows[i].id != 0)
            continue;
        columns_add_int(&columns, rows[i].owner_id);
        columns_add_text(&columns, rows[i].name);
    }
    bool done = columns_query(&columns, pg, sql, result, error);
    columns_free(&columns);
    return done;
}

bool grouphash_read(struct pg *pg, struct named_row *rows, int64_t *group_ids, size_t count,
                    struct error *error)
{
    struct pg_result *result = NULL;
    /* LATERAL with a LIMIT is a look into the index for each; a plain join may read all the table.
       The least hash that is not smaller comes out of the one right index: without statistics that
       of all the project's hashes looks as good. */
    if (!query(pg,
               "SELECT w.n, h.id, h.group_id" WANTED
               " CROSS JOIN LATERAL (SELECT id, group_id, hash FROM sentry_grouphash s"
               "   WHERE s.project_id = w.project_id AND s.hash >= w.hash"
               "   ORDER BY s.hash LIMIT 1) h WHERE h.hash = w.hash",
               rows, count, false, &result, error))
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
    struct pg_result *result = NULL;
    bool done =
        query(pg,
              "INSERT INTO sentry_grouphash (project_id, hash, group_id, group_tombstone_id, state)"
              " SELECT w.project_id, w.hash, NULL, NULL, NULL" WANTED
              " ORDER BY w.n ON CONFLICT (project_id, hash) DO NOTHING",
              rows, count, true, &result, error);
    pg_result_free(result);
    return done;
}

bool grouphash_lock(struct pg *pg, struct named_row *rows, int64_t *group_ids, size_t count,
                    struct error *error)
{
    struct pg_result *result = NULL;
    bool done = query(pg,
                      "SELECT h.id" WANTED
                      " JOIN sentry_grouphash h ON h.project_id = w.project_id AND h.hash = w.hash"
                      " WHERE h.group_id IS NULL ORDER BY w.n FOR NO KEY UPDATE OF h",
                      rows, count, false, &result, error) &&
                grouphash_read(pg, rows, group_ids, count, error) &&
                (named_rows_are_known(rows, count) ||
                 error_set(error, ERROR_CONFLICT, "a new group hash was deleted at once"));
    pg_result_free(result);
    return done;
}

bool grouphash_take(struct pg *pg, const int64_t *ids, const int64_t *group_ids, size_t count,
                    struct error *error)
{
    struct columns columns;
    int64_t affected = 0;
    columns_init(&columns, 2);
    for (size_t i = 0; i < count; i++) {
        columns_add_int(&columns, ids[i]);
        columns_add_int(&columns, group_ids[i]);
    }
    bool done = columns_execute(&columns, pg,
                                "UPDATE sentry_grouphash h SET group_id = w.group_id"
                                " FROM unnest($1::bigint[], $2::bigint[]) AS w (id, group_id)"
                                " WHERE h.id = w.id AND h.group_id IS NULL",
                                &affected, error) &&
                ((size_t)affected == count ||
                 error_set(error, ERROR_CONFLICT, "a group hash was taken by another group"));
    columns_free(&columns);
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
