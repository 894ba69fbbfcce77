/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of file.h about blobs.
 *
 * Tested by tests/unit/model/file_rows_test.c.
 */
#include "base/text.h"
#include "client/pg_columns.h"
#include "model/file.h"

/* The columns of sentry_fileblob AS blob that read_blob expects. */
#define BLOB_COLUMNS                                                                               \
    "blob.id, coalesce(blob.path, ''), coalesce(blob.size, -1), blob.checksum,"                    \
    " floor(extract(epoch FROM now() - blob.timestamp))::bigint,"                                  \
    " EXISTS (SELECT FROM sentry_fileblobindex WHERE blob_id = blob.id)"                           \
    " OR EXISTS (SELECT FROM sentry_file WHERE blob_id = blob.id)"

static bool read_blob(const struct pg_result *result, int row, struct arena *arena,
                      struct file_blob *blob, struct error *error)
{
    const char *path = pg_text(result, row, 1);
    *blob = (struct file_blob){
        .id = pg_int(result, row, 0),
        .path = arena_copy(arena, path, strlen(path), error),
        .size = pg_int(result, row, 2),
        .age_seconds = pg_int(result, row, 4),
        .referenced = text_equal(pg_text(result, row, 5), "t"),
    };
    if (blob->path == NULL)
        return false;
    return text_copy(blob->checksum, sizeof(blob->checksum), pg_text(result, row, 3)) ||
           error_set(error, ERROR_INVALID, "blob %" PRId64 " has no SHA-1 checksum", blob->id);
}

bool file_blob_find(struct pg *pg, const char *checksum, struct arena *arena,
                    struct file_blob *blob, struct error *error)
{
    struct pg_params params = {.repeated = true};
    struct pg_result *result = NULL;
    pg_bind_text(&params, checksum);
    if (!pg_query(pg,
                  "SELECT " BLOB_COLUMNS " FROM sentry_fileblob AS blob"
                  " WHERE blob.checksum = $1::text",
                  &params, &result, error))
        return false;
    *blob = (struct file_blob){.id = 0};
    bool done = pg_rows(result) == 0 || read_blob(result, 0, arena, blob, error);
    pg_result_free(result);
    return done;
}

/* Frees the result. */
static bool read_blobs(struct pg_result *result, struct arena *arena, struct file_blobs *blobs,
                       struct error *error)
{
    blobs->count = (size_t)pg_rows(result);
    blobs->items = arena_array(arena, blobs->count, sizeof(*blobs->items), error);
    bool done = blobs->items != NULL;
    for (int row = 0; done && row < pg_rows(result); row++)
        done = read_blob(result, row, arena, &blobs->items[row], error);
    pg_result_free(result);
    return done;
}

bool file_blobs_load(struct pg *pg, int64_t file_id, struct arena *arena, struct file_blobs *blobs,
                     struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    pg_bind_int(&params, file_id);
    return pg_query(pg,
                    "SELECT " BLOB_COLUMNS " FROM sentry_fileblobindex AS part"
                    " JOIN sentry_fileblob AS blob ON blob.id = part.blob_id"
                    " WHERE part.file_id = $1::bigint ORDER BY part.\"offset\"",
                    &params, &result, error) &&
           read_blobs(result, arena, blobs, error);
}

bool file_blobs_newest(struct pg *pg, int64_t max, struct arena *arena, struct file_blobs *blobs,
                       struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    pg_bind_int(&params, max);
    return pg_query(pg,
                    "SELECT " BLOB_COLUMNS " FROM sentry_fileblob AS blob"
                    " WHERE blob.path <> '' ORDER BY blob.id DESC LIMIT $1::bigint",
                    &params, &result, error) &&
           read_blobs(result, arena, blobs, error);
}

/* The subquery for each id finds the blob along its primary key, even if the plan was made when the
   table was nearly empty. The blobs are locked in the order of their ids, so that two transactions
   that lock the same blobs do not deadlock. The inner SELECT hides the number of ids from the
   planner. Otherwise a plan for one id would seem cheaper than the generic plan, which assumes ten,
   and the server would plan the statement again each time. */
bool file_blobs_hold_add(struct pg_batch *batch, const int64_t *ids, size_t count,
                         struct error *error)
{
    struct pg_params params = {.repeated = true};
    struct pg_columns columns;
    pg_columns_init(&columns, 1);
    for (size_t i = 0; i < count; i++)
        pg_columns_add_int(&columns, ids[i]);
    bool done = pg_columns_bind(&columns, &params, error) &&
                pg_batch_add(batch,
                             "SELECT count(*) FROM (SELECT (SELECT id FROM sentry_fileblob"
                             " WHERE id = wanted.id FOR KEY SHARE) AS id FROM (SELECT id"
                             " FROM unnest((SELECT $1::bigint[])) AS blob (id) ORDER BY id)"
                             " AS wanted) AS held WHERE id IS NULL",
                             &params, error);
    pg_columns_free(&columns);
    return done;
}

bool file_blob_touch(struct pg *pg, const struct file_blob *blob, int64_t old_seconds, bool *alive,
                     struct error *error)
{
    struct pg_params params = {.repeated = true};
    int64_t affected = 0;
    pg_bind_int(&params, blob->id);
    pg_bind_int(&params, blob->size);
    pg_bind_int(&params, old_seconds);
    bool done = pg_execute(
        pg,
        "UPDATE sentry_fileblob AS blob SET timestamp = now(), size = $2::bigint"
        " WHERE id = $1::bigint AND (timestamp > now() - $3::bigint * interval '1 second'"
        " OR EXISTS (SELECT FROM sentry_fileblobindex WHERE blob_id = blob.id)"
        " OR EXISTS (SELECT FROM sentry_file WHERE blob_id = blob.id)"
        " OR EXISTS (SELECT FROM sentry_fileblobowner WHERE blob_id = blob.id))",
        &params, &affected, error);
    *alive = affected == 1;
    return done;
}

bool file_blob_change_path(struct pg *pg, const struct file_blob *blob,
                           const struct written_blob *written, bool *changed, struct error *error)
{
    struct pg_params params = {.count = 0};
    int64_t affected = 0;
    pg_bind_int(&params, blob->id);
    pg_bind_text(&params, blob->path);
    pg_bind_text(&params, written->path);
    pg_bind_int(&params, written->size);
    bool done = pg_execute(
        pg,
        "UPDATE sentry_fileblob SET path = $3::text, size = $4::bigint, timestamp = now()"
        " WHERE id = $1::bigint AND coalesce(path, '') = $2::text",
        &params, &affected, error);
    *changed = affected == 1;
    return done;
}

bool file_blob_insert(struct pg *pg, const struct written_blob *written,
                      struct inserted_blob *inserted, struct error *error)
{
    struct pg_params params = {.repeated = true};
    struct pg_result *result = NULL;
    pg_bind_text(&params, written->path);
    pg_bind_int(&params, written->size);
    pg_bind_text(&params, written->checksum);
    if (!pg_query_alone(
            pg,
            "WITH journalled AS (SELECT path FROM exportd.object WHERE path = $1::text"
            " FOR UPDATE),"
            " made AS (INSERT INTO sentry_fileblob (path, size, checksum, timestamp)"
            " SELECT path, $2::bigint, $3::text, now() FROM journalled"
            " ON CONFLICT (checksum) DO NOTHING RETURNING id, path),"
            " forgotten AS (DELETE FROM exportd.object AS object USING made"
            " WHERE object.path = made.path)"
            " SELECT (SELECT id FROM made), (SELECT count(*) FROM journalled), " PG_UNSYNCED,
            &params, &result, error))
        return false;
    inserted->id = pg_int(result, 0, 0);
    inserted->journalled = pg_int(result, 0, 1) == 1;
    pg_result_free(result);
    return true;
}

/* The second statement takes its snapshot once the lock is held. So it sees a reference that was
   made while the first statement waited for the lock. */
bool file_blob_delete_unused(struct pg *pg, int64_t id, bool *deleted, struct error *error)
{
    struct pg_params params = {.count = 0};
    int64_t affected = 0;
    pg_bind_int(&params, id);
    if (!pg_execute(pg, "SELECT FROM sentry_fileblob WHERE id = $1::bigint FOR UPDATE", &params,
                    NULL, error) ||
        !pg_execute(pg,
                    "DELETE FROM sentry_fileblob AS blob WHERE id = $1::bigint"
                    " AND NOT EXISTS (SELECT FROM sentry_fileblobindex WHERE blob_id = blob.id)"
                    " AND NOT EXISTS (SELECT FROM sentry_file WHERE blob_id = blob.id)"
                    " AND NOT EXISTS (SELECT FROM sentry_fileblobowner WHERE blob_id = blob.id)",
                    &params, &affected, error))
        return false;
    *deleted = affected == 1;
    return true;
}
