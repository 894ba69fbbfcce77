/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/unit/model/file_rows_test.c. */
#include "model/stored_object.h"

#include "base/text.h"
#include "client/pg_columns.h"

bool stored_object_insert(struct pg *pg, const struct stored_object *objects, size_t count,
                          struct error *error)
{
    struct pg_params params = {.repeated = true};
    struct pg_columns columns;
    pg_columns_init(&columns, 4);
    for (size_t i = 0; i < count; i++) {
        pg_columns_add_text(&columns, objects[i].path);
        pg_columns_add_text(&columns, objects[i].checksum);
        pg_columns_add_int(&columns, objects[i].data_export_id);
        pg_columns_add_int(&columns, objects[i].attempt);
    }
    bool done = pg_columns_bind(&columns, &params, error) &&
                pg_execute(pg,
                           "INSERT INTO exportd.object"
                           " (path, checksum, data_export_id, attempt, written_at)"
                           " SELECT path, checksum, data_export_id, attempt, now()"
                           " FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[])"
                           " AS named (path, checksum, data_export_id, attempt)"
                           " ON CONFLICT (path) DO NOTHING",
                           &params, NULL, error);
    pg_columns_free(&columns);
    return done;
}

bool stored_object_delete(struct pg *pg, const char *path, bool *deleted, struct error *error)
{
    struct pg_params params = {.repeated = true};
    int64_t affected = 0;
    pg_bind_text(&params, path);
    if (!pg_execute(pg, "DELETE FROM exportd.object WHERE path = $1::text", &params, &affected,
                    error))
        return false;
    *deleted = affected == 1;
    return true;
}

/* The columns of exportd.object that copy_object expects. */
#define OBJECT_COLUMNS "path, checksum, data_export_id, attempt"

static bool query_abandoned(struct pg *pg, const struct stored_object_page *page,
                            struct pg_result **result, struct error *error)
{
    struct pg_params params = {.count = 0};
    pg_bind_text(&params, page->after);
    pg_bind_int(&params, (int64_t)page->max);
    return pg_query(pg,
                    "SELECT " OBJECT_COLUMNS " FROM exportd.object AS object"
                    " WHERE path > $1::text AND NOT EXISTS"
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

/* Frees the result. */
static bool copy_objects(struct pg_result *result, struct arena *arena,
                         struct stored_objects *objects, struct error *error)
{
    objects->count = (size_t)pg_rows(result);
    objects->items = arena_array(arena, objects->count, sizeof(*objects->items), error);
    bool done = objects->items != NULL;
    for (int row = 0; done && row < pg_rows(result); row++)
        done = copy_object(result, row, arena, &objects->items[row], error);
    pg_result_free(result);
    return done;
}

bool stored_object_list_abandoned(struct pg *pg, const struct stored_object_page *page,
                                  struct arena *arena, struct stored_objects *objects,
                                  struct error *error)
{
    struct pg_result *result = NULL;
    return query_abandoned(pg, page, &result, error) && copy_objects(result, arena, objects, error);
}

bool stored_object_list_attempt(struct pg *pg, const struct stored_object_owner *owner,
                                struct arena *arena, struct stored_objects *objects,
                                struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    pg_bind_int(&params, owner->data_export_id);
    pg_bind_int(&params, owner->attempt);
    return pg_query(pg,
                    "SELECT " OBJECT_COLUMNS " FROM exportd.object"
                    " WHERE data_export_id = $1::bigint AND attempt = $2::bigint ORDER BY path",
                    &params, &result, error) &&
           copy_objects(result, arena, objects, error);
}
