/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/system/test_cleanup.py. */
#include "model/unused_blob.h"

#include "base/embedded.h"
#include "base/text.h"
#include "client/pg_columns.h"

bool expired_sum_load(struct pg *pg, struct expired_sum *sum, struct error *error)
{
    struct pg_result *result = NULL;
    if (!pg_query(pg, embedded_text(embedded_model_statements, "expired_sum.sql"), NULL, &result,
                  error))
        return false;
    sum->files = pg_int(result, 0, 0);
    sum->blobs = pg_int(result, 0, 1);
    sum->bytes = pg_int(result, 0, 2);
    pg_result_free(result);
    return true;
}

static bool copy_blob(const struct pg_result *result, int row, struct arena *arena,
                      struct unused_blob *blob, struct error *error)
{
    const char *path = pg_text(result, row, 1);
    blob->id = pg_int(result, row, 0);
    blob->size = pg_int(result, row, 2);
    blob->path = arena_copy(arena, path, strlen(path), error);
    if (blob->path == NULL)
        return false;
    return text_copy(blob->checksum, sizeof(blob->checksum), pg_text(result, row, 3)) ||
           error_set(error, ERROR_INVALID, "blob %" PRId64 " has an overlong checksum", blob->id);
}

bool unused_blob_list(struct pg *pg, const struct unused_blob_page *page, struct arena *arena,
                      struct unused_blobs *blobs, struct error *error)
{
    static const char sql[] =
        "SELECT b.id, coalesce(b.path, ''), coalesce(b.size, 0), b.checksum"
        " FROM sentry_fileblob b"
        " WHERE b.id > $1::bigint AND b.timestamp <= now() - interval '1 day'"
        " AND NOT EXISTS (SELECT 1 FROM sentry_fileblobindex i WHERE i.blob_id = b.id)"
        " AND NOT EXISTS (SELECT 1 FROM sentry_file f WHERE f.blob_id = b.id)"
        " AND NOT EXISTS (SELECT 1 FROM sentry_fileblobowner o WHERE o.blob_id = b.id)"
        " ORDER BY b.id LIMIT $2::bigint";
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    pg_bind_int(&params, page->after);
    pg_bind_int(&params, (int64_t)page->max);
    if (!pg_query(pg, sql, &params, &result, error))
        return false;
    blobs->count = (size_t)pg_rows(result);
    blobs->items = arena_array(arena, blobs->count + 1, sizeof(*blobs->items), error);
    bool good = blobs->items != NULL;
    for (size_t i = 0; good && i < blobs->count; i++)
        good = copy_blob(result, (int)i, arena, &blobs->items[i], error);
    pg_result_free(result);
    return good;
}

bool blob_paths_held(struct pg *pg, const char *const *paths, size_t count, bool *held,
                     struct error *error)
{
    struct pg_columns columns;
    struct pg_result *result = NULL;
    pg_columns_init(&columns, 1);
    for (size_t i = 0; i < count; i++) {
        held[i] = false;
        pg_columns_add_text(&columns, paths[i]);
    }
    bool good = pg_columns_query(&columns, pg,
                                 "SELECT path FROM sentry_fileblob WHERE path = ANY ($1::text[])",
                                 &result, error);
    for (int row = 0; good && row < pg_rows(result); row++)
        for (size_t i = 0; i < count; i++)
            held[i] = held[i] || text_equal(paths[i], pg_text(result, row, 0));
    pg_result_free(result);
    pg_columns_free(&columns);
    return good;
}
