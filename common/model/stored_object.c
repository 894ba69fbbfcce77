#include "model/stored_object.h"

#include "base/text.h"
#include "model/columns.h"

#define INSERT_STATEMENT                                                                           \
    "INSERT INTO exportd.object (path, checksum, data_export_id, attempt, written_at)"             \
    " SELECT path, checksum, data_export_id, attempt, now()"                                       \
    " FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[])"                             \
    " AS named (path, checksum, data_export_id, attempt) ON CONFLICT (path) DO NOTHING"

static void fill(struct columns *columns, const char *const *paths, const char *const *checksums,
                 size_t count, int64_t data_export_id, int64_t attempt)
{
    columns_init(columns, 4);
    for (size_t i = 0; i < count; i++) {
        columns_add_text(columns, paths[i]);
        columns_add_text(columns, checksums[i]);
        columns_add_int(columns, data_export_id);
        columns_add_int(columns, attempt);
    }
}

bool stored_object_insert(struct pg *pg, const char *const *paths, const char *const *checksums,
                          size_t count, int64_t data_export_id, int64_t attempt,
                          struct error *error)
{
    struct columns columns;
    fill(&columns, paths, checksums, count, data_export_id, attempt);
    bool done = columns_execute(&columns, pg, INSERT_STATEMENT, NULL, error);
    columns_free(&columns);
    return done;
}

bool stored_object_insert_later(struct pg *pg, const char *const *paths,
                                const char *const *checksums, size_t count, int64_t data_export_id,
                                int64_t attempt, struct error *error)
{
    struct columns columns;
    struct pg_params params = {.repeated = true};
    fill(&columns, paths, checksums, count, data_export_id, attempt);
    bool done =
        columns_bind(&columns, &params, error) && pg_later(pg, INSERT_STATEMENT, &params, error);
    columns_free(&columns);
    return done;
}

/* Runs a statement on the row of path $1; *changed tells whether there was one for it. */
static bool change_row(struct pg *pg, const char *sql, const char *path, bool *changed,
                       struct error *error)
{
    struct pg_params params = {.count = 0};
    int64_t affected = 0;
    pg_bind_text(&params, path);
    if (!pg_execute(pg, sql, &params, &affected, error))
        return false;
    *changed = affected == 1;
    return true;
}

bool stored_object_mark(struct pg *pg, const char *path, bool *marked, struct error *error)
{
    return change_row(pg,
                      "UPDATE exportd.object SET spare_until = '-infinity'"
                      " WHERE path = $1::text AND coalesce(isfinite(spare_until), true)",
                      path, marked, error);
}

bool stored_object_delete(struct pg *pg, const char *path, bool *deleted, struct error *error)
{
    return change_row(pg, "DELETE FROM exportd.object WHERE path = $1::text", path, deleted, error);
}

static bool query_abandoned(struct pg *pg, const char *after, size_t max, struct pg_result **result,
                            struct error *error)
{
    struct pg_params params = {.count = 0};
    pg_bind_text(&params, after);
    pg_bind_int(&params, (int64_t)max);
    return pg_query(pg,
                    "SELECT path, checksum, data_export_id, attempt FROM exportd.object AS object"
                    " WHERE path > $1::text AND coalesce(spare_until < now(), true) AND NOT EXISTS"
                    " (SELECT FROM exportd.export AS export"
                    " WHERE export.data_export_id = object.data_export_id"
                    " AND export.attempt = object.attempt AND export.state = 'running')"
                    " ORDER BY path LIMIT $2::bigint",
                    &params, result, error);
}

static bool copy_object(const struct pg_result *result, int row, struct arena *arena,
                        struct stored_object *object, struct error *error)
{
    const char *path = pg_text(result, row, 0);
    object->path = arena_copy(arena, path, strlen(path), error);
    object->data_export_id = pg_int(result, row, 2);
    object->attempt = pg_int(result, row, 3);
    if (object->path == NULL)
        return false;
    return text_copy(object->checksum, sizeof(object->checksum), pg_text(result, row, 1)) ||
           error_set(error, ERROR_INVALID, "a checksum of exportd.object is too long");
}

bool stored_object_list_abandoned(struct pg *pg, const char *after, size_t max, struct arena *arena,
                                  struct stored_object **objects, size_t *count,
                                  struct error *error)
{
    struct pg_result *result = NULL;
    if (!query_abandoned(pg, after, max, &result, error))
        return false;
    *count = (size_t)pg_rows(result);
    *objects = arena_array(arena, *count, sizeof(**objects), error);
    bool done = *objects != NULL;
    for (int row = 0; done && row < pg_rows(result); row++)
        done = copy_object(result, row, arena, &(*objects)[row], error);
    pg_result_free(result);
    return done;
}
