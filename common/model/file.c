/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/unit/model/file_rows_test.c. */
#include "model/file.h"

#include "base/text.h"

static bool copy_file(const struct pg_result *result, struct arena *arena, struct stored_file *file,
                      struct error *error)
{
    const char *name = pg_text(result, 0, 1);
    *file = (struct stored_file){
        .id = pg_int(result, 0, 0),
        .name = arena_copy(arena, name, strlen(name), error),
        .size = pg_int(result, 0, 2),
    };
    if (file->name == NULL)
        return false;
    return text_copy(file->checksum, sizeof(file->checksum), pg_text(result, 0, 3)) ||
           error_set(error, ERROR_INVALID, "file %" PRId64 " has no SHA-1 checksum", file->id);
}

bool file_load(struct pg *pg, int64_t id, struct arena *arena, struct stored_file *file,
               struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    pg_bind_int(&params, id);
    if (!pg_query(pg,
                  "SELECT id, name, coalesce(size, -1), coalesce(checksum, '') FROM sentry_file"
                  " WHERE id = $1::bigint",
                  &params, &result, error))
        return false;
    bool done = pg_rows(result) == 0
                    ? error_set(error, ERROR_NOT_FOUND, "there is no file %" PRId64, id)
                    : copy_file(result, arena, file, error);
    pg_result_free(result);
    return done;
}

/* Export rows first: an outcome also locks the row of its export before those of files. */
bool file_delete(struct pg *pg, int64_t id, struct error *error)
{
    struct pg_params params = {.count = 0};
    pg_bind_int(&params, id);
    return pg_execute(pg,
                      "UPDATE sentry_exporteddata SET file_id = NULL WHERE file_id = $1::bigint",
                      &params, NULL, error) &&
           pg_execute(pg, "DELETE FROM sentry_fileblobindex WHERE file_id = $1::bigint", &params,
                      NULL, error) &&
           pg_execute(pg, "DELETE FROM sentry_file WHERE id = $1::bigint", &params, NULL, error);
}
