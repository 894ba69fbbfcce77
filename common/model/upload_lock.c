/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/unit/storage/upload_lock_test.c. */
#include "model/upload_lock.h"

#include "base/text.h"

/* ---- one lock ---- */

/* Unsynced: if the server crashes and forgets the lock, it also forgets everything that was
   committed under the lock, and the holder loses its connection. */
bool upload_lock_row_take(struct pg *pg, const struct upload_lock_row *row, bool *taken,
                          struct error *error)
{
    struct pg_params params = {.repeated = true};
    struct pg_result *result = NULL;
    pg_bind_text(&params, row->checksum);
    pg_bind_text(&params, row->holder);
    pg_bind_int(&params, row->seconds);
    if (!pg_query_alone(pg,
                        "INSERT INTO exportd.upload_lock AS held (checksum, holder, until)"
                        " VALUES ($1::text, $2::text,"
                        " clock_timestamp() + $3::bigint * interval '1 second')"
                        " ON CONFLICT (checksum) DO UPDATE"
                        " SET holder = EXCLUDED.holder, until = EXCLUDED.until"
                        " WHERE held.until < clock_timestamp() RETURNING " PG_UNSYNCED,
                        &params, &result, error))
        return false;
    *taken = pg_rows(result) == 1;
    pg_result_free(result);
    return true;
}

bool upload_lock_row_delete(struct pg *pg, const struct upload_lock_row *row, bool *deleted,
                            struct error *error)
{
    struct pg_params params = {.repeated = true};
    struct pg_result *result = NULL;
    pg_bind_text(&params, row->checksum);
    pg_bind_text(&params, row->holder);
    if (!pg_query(pg,
                  "DELETE FROM exportd.upload_lock WHERE checksum = $1::text AND holder = $2::text"
                  " RETURNING " PG_UNSYNCED,
                  &params, &result, error))
        return false;
    *deleted = pg_rows(result) == 1;
    pg_result_free(result);
    return true;
}

bool upload_lock_rows_delete_ended(struct pg *pg, struct error *error)
{
    return pg_execute(pg, "DELETE FROM exportd.upload_lock WHERE until < clock_timestamp()", NULL,
                      NULL, error);
}

/* ---- the kind ---- */

/* $1: for how many seconds after its last beat a worker counts as live. */
#define KIND_IS_USED                                                                               \
    "(EXISTS (SELECT FROM exportd.worker"                                                          \
    " WHERE beat_at > clock_timestamp() - $1::bigint * interval '1 second')"                       \
    " OR EXISTS (SELECT FROM exportd.upload_lock WHERE until >= clock_timestamp()))"

static bool read_kind(const struct pg_result *result, char kind[UPLOAD_LOCK_KIND_MAX],
                      struct error *error)
{
    return (pg_rows(result) == 1 && text_copy(kind, UPLOAD_LOCK_KIND_MAX, pg_text(result, 0, 0))) ||
           error_set(error, ERROR_QUERY, "exportd.upload_lock_kind has lost its row");
}

bool upload_lock_kind_find(struct pg *pg, int64_t lease_seconds, char kind[UPLOAD_LOCK_KIND_MAX],
                           bool *used, struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    pg_bind_int(&params, lease_seconds);
    if (!pg_query(pg, "SELECT kind, " KIND_IS_USED " FROM exportd.upload_lock_kind", &params,
                  &result, error))
        return false;
    bool done = read_kind(result, kind, error);
    *used = done && text_equal(pg_text(result, 0, 1), "t");
    pg_result_free(result);
    return done;
}

bool upload_lock_kind_lock(struct pg *pg, char kind[UPLOAD_LOCK_KIND_MAX], struct error *error)
{
    struct pg_result *result = NULL;
    if (!pg_query(pg, "SELECT kind FROM exportd.upload_lock_kind FOR UPDATE", NULL, &result, error))
        return false;
    bool done = read_kind(result, kind, error);
    pg_result_free(result);
    return done;
}

bool upload_lock_kind_change(struct pg *pg, const char *kind, int64_t lease_seconds, bool *changed,
                             struct error *error)
{
    struct pg_params params = {.count = 0};
    int64_t affected = 0;
    pg_bind_int(&params, lease_seconds);
    pg_bind_text(&params, kind);
    if (!pg_execute(pg,
                    "UPDATE exportd.upload_lock_kind SET kind = $2::text WHERE NOT " KIND_IS_USED,
                    &params, &affected, error))
        return false;
    *changed = affected == 1;
    return true;
}
