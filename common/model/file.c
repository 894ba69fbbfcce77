#include "model/file.h"

#include "base/text.h"
#include "model/columns.h"

/* Blobs are locked in the order of their ids, so that two uploads that share some cannot wait for
   each other. */
static const char insert_statement[] =
    "WITH locked AS (SELECT id FROM sentry_fileblob WHERE id = ANY ($1::bigint[])"
    " ORDER BY id FOR KEY SHARE),"
    " file AS (INSERT INTO sentry_file (name, type, timestamp, headers, size, checksum)"
    " SELECT $3::text, 'export.csv', now(), '{\"Content-Type\": \"text/csv\"}', $4::bigint, "
    "$5::text"
    " WHERE (SELECT count(*) FROM locked)"
    " = (SELECT count(DISTINCT id) FROM unnest($1::bigint[]) AS id) RETURNING id),"
    " parts AS (INSERT INTO sentry_fileblobindex (file_id, blob_id, \"offset\")"
    " SELECT file.id, part.blob_id, part.position"
    " FROM file, unnest($1::bigint[], $2::bigint[]) AS part (blob_id, position))"
    " SELECT id FROM file";

bool file_insert(struct pg *pg, const char *name, int64_t size, const char *checksum,
                 const int64_t *blob_ids, const int64_t *sizes, size_t blob_count, int64_t *id,
                 struct error *error)
{
    struct pg_params params = {.repeated = true};
    struct columns columns;
    int64_t offset = 0;
    columns_init(&columns, 2);
    for (size_t i = 0; i < blob_count; i++) {
        columns_add_int(&columns, blob_ids[i]);
        columns_add_int(&columns, offset);
        offset += sizes[i];
    }
    bool done = columns_bind(&columns, &params, error);
    pg_bind_text(&params, name);
    pg_bind_int(&params, size);
    pg_bind_text(&params, checksum);
    done = done && pg_query_int(pg, insert_statement, &params, id, error);
    columns_free(&columns);
    return done;
}

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

/* Export rows first: whoever finishes an export takes its row before those of files too. */
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
