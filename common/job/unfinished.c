/* SPDX-License-Identifier: Apache-2.0 */
#include "job/unfinished.h"

static bool read_row(const struct pg_result *result, int row, struct arena *arena,
                     struct unfinished *unfinished, struct error *error)
{
    *unfinished = (struct unfinished){.data_export_id = pg_int(result, row, 0),
                                      .attempt = pg_int(result, row, 1),
                                      .limit = pg_int(result, row, 3),
                                      .environment_id = pg_int(result, row, 4),
                                      .silent_ms = pg_int(result, row, 5)};
    if (pg_is_null(result, row, 2))
        return true;
    unfinished->worker = arena_printf(arena, error, "%s", pg_text(result, row, 2));
    return unfinished->worker != NULL;
}

bool unfinished_list(struct pg *pg, const char *queue, int64_t max, struct arena *arena,
                     struct unfinished **list, size_t *count, struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    *count = 0;
    pg_bind_text(&params, queue);
    pg_bind_int(&params, max);
    if (!pg_query(pg,
                  "SELECT data_export_id, attempt, CASE WHEN state = 'running' THEN worker END,"
                  " \"limit\", environment_id,"
                  " (extract(epoch FROM now() - progress_at) * 1000)::bigint FROM exportd.export"
                  " WHERE (state IN ('waiting', 'running')"
                  " OR (state = 'delayed' AND next_try_at < now()))"
                  " AND (queue = $1::text OR queue IS NULL)"
                  " ORDER BY data_export_id LIMIT $2::bigint",
                  &params, &result, error))
        return false;
    size_t rows = (size_t)pg_rows(result);
    *list = arena_array(arena, rows + 1, sizeof(**list), error);
    bool done = *list != NULL;
    for (size_t i = 0; done && i < rows; i++)
        done = read_row(result, (int)i, arena, &(*list)[i], error);
    *count = done ? rows : 0;
    pg_result_free(result);
    return done;
}

bool unfinished_release(struct pg *pg, const struct unfinished *unfinished, bool *released,
                        struct error *error)
{
    struct pg_params params = {.count = 0};
    int64_t count = 0;
    pg_bind_int(&params, unfinished->data_export_id);
    pg_bind_int(&params, unfinished->attempt);
    bool done = pg_query_int(
        pg,
        "WITH free AS (SELECT data_export_id FROM exportd.export"
        " WHERE data_export_id = $1::bigint AND attempt = $2::bigint AND state = 'running'"
        " FOR UPDATE SKIP LOCKED),"
        " released AS (UPDATE exportd.export x SET state = 'waiting', worker = NULL,"
        " next_try_at = NULL, failures = failures + 1,"
        " message = 'its worker did not run it any more'"
        " FROM free WHERE x.data_export_id = free.data_export_id"
        " RETURNING x.data_export_id, x.attempt),"
        " ended AS (UPDATE exportd.attempt a SET ended_at = now(), outcome = 'lost',"
        " message = 'its worker did not run it any more' FROM released r"
        " WHERE a.data_export_id = r.data_export_id AND a.attempt = r.attempt)"
        " SELECT count(*) FROM released",
        &params, &count, error);
    *released = done && count > 0;
    return done;
}
