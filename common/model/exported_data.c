/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statements on sentry_exporteddata. Those of each attempt are prepared, and come in two parts for
 * a batch: *_add adds the statement, *_read reads its reply.
 *
 * Tested by tests/unit/model/rows_test.c.
 */
#include "model/exported_data.h"

#include "base/text.h"
#include "client/pg_columns.h"

/* ---- reading ---- */

bool exported_data_copy(const struct pg_result *result, int first, struct arena *arena,
                        struct exported_data *row, struct error *error)
{
    const char *query_info = pg_text(result, 0, first + 5);
    *row = (struct exported_data){
        .id = pg_int(result, 0, first),
        .date_added = pg_time(result, 0, first + 1),
        .date_finished = pg_time(result, 0, first + 2),
        .date_expired = pg_time(result, 0, first + 3),
        .query_type = pg_int(result, 0, first + 4),
        .query_info = arena_copy(arena, query_info, strlen(query_info), error),
        .organization_id = pg_int(result, 0, first + 6),
        .user_id = pg_int(result, 0, first + 7),
        .file_id = pg_int(result, 0, first + 8),
    };
    return row->query_info != NULL;
}

/* Always false. */
static bool error_no_export(struct error *error)
{
    return error_set(error, ERROR_NOT_FOUND, "there is no such export");
}

bool exported_data_load_add(struct pg_batch *batch, int64_t id, struct error *error)
{
    struct pg_params params = {.repeated = true};
    pg_bind_int(&params, id);
    return pg_batch_add(batch,
                        "SELECT " EXPORTED_DATA_COLUMNS " FROM sentry_exporteddata AS row"
                        " WHERE row.id = $1::bigint",
                        &params, error);
}

bool exported_data_load_read(const struct pg_result *reply, struct arena *arena,
                             struct exported_data *row, struct error *error)
{
    return pg_rows(reply) == 0 ? error_no_export(error)
                               : exported_data_copy(reply, 0, arena, row, error);
}

bool exported_data_load(struct pg *pg, int64_t id, struct arena *arena, struct exported_data *row,
                        struct error *error)
{
    struct pg_batch batch;
    pg_batch_init(&batch, pg);
    bool done = exported_data_load_add(&batch, id, error) && pg_batch_run(&batch, error) &&
                exported_data_load_read(batch.results[0], arena, row, error);
    pg_batch_free(&batch);
    return done;
}

/* Copies a text of row 0; NULL stays NULL. */
static bool copy_text(const struct pg_result *result, int column, struct arena *arena,
                      const char **copy, struct error *error)
{
    const char *text = pg_text(result, 0, column);
    *copy = text == NULL ? NULL : arena_copy(arena, text, strlen(text), error);
    return text == NULL || *copy != NULL;
}

bool exported_data_lock_add(struct pg_batch *batch, int64_t id, struct error *error)
{
    struct pg_params params = {.repeated = true};
    pg_bind_int(&params, id);
    return pg_batch_add(
        batch,
        "SELECT " PG_USEC("now()") ", person.email, organization.slug, quota.expiration_days,"
                                   " " EXPORTED_DATA_COLUMNS " FROM sentry_exporteddata AS row"
                                   " LEFT JOIN auth_user AS person ON person.id = row.user_id"
                                   " LEFT JOIN sentry_organization AS organization"
                                   " ON organization.id = row.organization_id"
                                   " LEFT JOIN exportd.organization AS quota"
                                   " ON quota.organization_id = row.organization_id"
                                   " WHERE row.id = $1::bigint FOR UPDATE OF row",
        &params, error);
}

bool exported_data_lock_read(const struct pg_result *reply, struct arena *arena,
                             struct exported_data_locked *locked, struct error *error)
{
    if (pg_rows(reply) == 0)
        return error_no_export(error);
    locked->now = pg_time(reply, 0, 0);
    locked->expiration_days = pg_int(reply, 0, 3);
    return copy_text(reply, 1, arena, &locked->email, error) &&
           copy_text(reply, 2, arena, &locked->organization_slug, error) &&
           exported_data_copy(reply, 4, arena, &locked->row, error);
}

bool exported_data_lock(struct pg *pg, int64_t id, struct arena *arena,
                        struct exported_data_locked *locked, struct error *error)
{
    struct pg_batch batch;
    pg_batch_init(&batch, pg);
    bool done = exported_data_lock_add(&batch, id, error) && pg_batch_run(&batch, error) &&
                exported_data_lock_read(batch.results[0], arena, locked, error);
    pg_batch_free(&batch);
    return done;
}

bool exported_data_list_expired(struct pg *pg, int64_t after, struct exported_data_ids *ids,
                                struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    ids->count = 0;
    pg_bind_int(&params, after);
    pg_bind_int(&params, (int64_t)ids->max);
    if (!pg_query(pg,
                  "SELECT id FROM sentry_exporteddata"
                  " WHERE id > $1::bigint AND date_expired < now() AND file_id IS NOT NULL"
                  " ORDER BY id LIMIT $2::bigint",
                  &params, &result, error))
        return false;
    for (int row = 0; row < pg_rows(result); row++)
        ids->items[ids->count++] = pg_int(result, row, 0);
    pg_result_free(result);
    return true;
}

/* ---- the key of a request ---- */

/* $1 to $4 of the statements below. */
static void bind_key(struct pg_params *params, const struct exported_data_key *key)
{
    pg_bind_int(params, key->organization_id);
    pg_bind_int(params, key->user_id);
    pg_bind_int(params, key->query_type);
    pg_bind_text(params, key->query_info);
}

bool exported_data_find_unfinished(struct pg *pg, const struct exported_data_key *key, int64_t *id,
                                   struct error *error)
{
    struct pg_params params = {.count = 0};
    bind_key(&params, key);
    return pg_query_int(pg,
                        "SELECT min(e.id) FROM sentry_exporteddata e"
                        " WHERE e.organization_id = $1::bigint AND e.user_id = $2::bigint"
                        " AND e.query_type = $3::bigint AND e.query_info = $4::text"
                        " AND e.date_finished IS NULL AND NOT EXISTS ("
                        "SELECT FROM exportd.export x WHERE x.data_export_id = e.id"
                        " AND x.date_added = e.date_added"
                        " AND x.state NOT IN ('waiting', 'running', 'delayed'))",
                        &params, id, error);
}

/* The lock is 64 bits of a hash of the key. If two keys share them, one only waits for the other.
 */
bool exported_data_lock_key(struct pg *pg, const struct exported_data_key *key, struct error *error)
{
    struct pg_params params = {.count = 0};
    bind_key(&params, key);
    return pg_execute(pg,
                      "SELECT pg_advisory_xact_lock(('x' || left(md5(concat_ws(' ',"
                      " 'exportd export', $1::bigint, $2::bigint, $3::bigint, $4::text)), 16))"
                      "::bit(64)::bigint)",
                      &params, NULL, error);
}

/* ---- writing ---- */

bool exported_data_insert(struct pg *pg, const struct exported_data_key *key, int64_t *id,
                          struct error *error)
{
    struct pg_params params = {.count = 0};
    bind_key(&params, key);
    return pg_query_int(
        pg,
        "INSERT INTO sentry_exporteddata"
        " (date_added, organization_id, user_id, query_type, query_info)"
        " VALUES (now(), $1::bigint, $2::bigint, $3::bigint, $4::text) RETURNING id",
        &params, id, error);
}

int64_t exported_data_expiry(const struct exported_data_locked *locked, int64_t days)
{
    if (locked->expiration_days != 0)
        days = locked->expiration_days;
    return locked->now + days * 24 * 60 * 60 * USEC_PER_SECOND;
}

/* The inner SELECT hides the number of blobs from the planner: see file_blobs_hold_add. */
static const char finish_statement[] =
    "WITH file AS (INSERT INTO sentry_file (name, type, timestamp, headers, size, checksum)"
    " VALUES ($3::text, $8::text, now(), '{\"Content-Type\": \"' || $9::text || '\"}',"
    " $4::bigint, $5::text) RETURNING id),"
    " indexed AS (INSERT INTO sentry_fileblobindex (file_id, blob_id, \"offset\")"
    " SELECT file.id, part.blob_id, part.position FROM file CROSS JOIN"
    " unnest((SELECT $1::bigint[]), $2::bigint[]) AS part (blob_id, position))"
    " UPDATE sentry_exporteddata SET file_id = (SELECT id FROM file), date_finished = now(),"
    " date_expired = $6::timestamptz WHERE id = $7::bigint";

/* The offset of each blob in the file is the sum of the sizes before it. */
bool exported_data_finish_add(struct pg_batch *batch, int64_t id, const struct export_file *file,
                              struct error *error)
{
    struct pg_params params = {.repeated = true};
    struct pg_columns columns;
    int64_t offset = 0;
    pg_columns_init(&columns, 2);
    for (size_t i = 0; i < file->blob_count; i++) {
        pg_columns_add_int(&columns, file->blob_ids[i]);
        pg_columns_add_int(&columns, offset);
        offset += file->blob_sizes[i];
    }
    bool done = pg_columns_bind(&columns, &params, error);
    pg_bind_text(&params, file->name);
    pg_bind_int(&params, file->size);
    pg_bind_text(&params, file->checksum);
    pg_bind_time(&params, file->date_expired);
    pg_bind_int(&params, id);
    pg_bind_text(&params, file->type);
    pg_bind_text(&params, file->content_type);
    done = done && pg_batch_add(batch, finish_statement, &params, error);
    pg_columns_free(&columns);
    return done;
}

/* ---- deleting ---- */

/* Only a Sentry since June 2020 has the table. */
static bool delete_parts(struct pg *pg, const struct pg_params *id, struct error *error)
{
    int64_t there = 0;
    return pg_query_int(pg, "SELECT (to_regclass('sentry_exporteddatablob') IS NOT NULL)::integer",
                        NULL, &there, error) &&
           (there == 0 ||
            pg_execute(pg, "DELETE FROM sentry_exporteddatablob WHERE data_export_id = $1::bigint",
                       id, NULL, error));
}

/* Sentry's foreign keys are deferred. They are checked here, because a failed COMMIT would undo the
   whole transaction. */
bool exported_data_delete(struct pg *pg, int64_t id, struct error *error)
{
    struct pg_params params = {.count = 0};
    pg_bind_int(&params, id);
    return delete_parts(pg, &params, error) &&
           pg_execute(pg, "DELETE FROM sentry_exporteddata WHERE id = $1::bigint", &params, NULL,
                      error) &&
           pg_execute(pg, "SET CONSTRAINTS ALL IMMEDIATE", NULL, NULL, error);
}

/* Class 23 is a violated foreign key, 42501 a missing right. */
bool exported_data_try_delete(struct pg *pg, int64_t id, struct error *refusal, struct error *error)
{
    refusal->code = ERROR_NONE;
    if (!pg_execute(pg, "SAVEPOINT deletion", NULL, NULL, error))
        return false;
    if (exported_data_delete(pg, id, error))
        return true;
    if (!text_starts_with(pg_sqlstate(pg), "23") && !text_equal(pg_sqlstate(pg), "42501"))
        return false;
    *refusal = *error;
    return pg_execute(pg, "ROLLBACK TO SAVEPOINT deletion", NULL, NULL, error);
}
