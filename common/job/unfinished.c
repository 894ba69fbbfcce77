#include "job/unfinished.h"

static bool read_row(const struct pg_result *result, int row, struct arena *arena,
                     struct unfinished *unfinished, struct error *error)
{
    *unfinished = (struct unfinished){.data_export_id = pg_int(result, row, 0),
                                      .attempt = pg_int(result, row, 1),
                                      .limit = pg_int(result, row, 3),
                                      .environment_id = pg_int(result, row, 4)};
    if (pg_is_null(result, row, 2))
        return true;
    unfinished->worker = arena_printf(arena, error, "%s", pg_text(result, row, 2));
    return unfinished->worker != NULL;
}

bool unfinished_list(struct pg *pg, int64_t after, int64_t max, struct arena *arena,
                     struct unfinished **list, size_t *count, struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    *count = 0;
    pg_bind_int(&params, after);
    pg_bind_int(&params, max);
    if (!pg_query(pg,
                  "SELECT data_export_id, attempt, CASE WHEN state = 'running' THEN worker END,"
                  " \"limit\", environment_id FROM exportd.export"
                  " WHERE (state IN ('waiting', 'running')"
                  " OR (state = 'delayed' AND next_try_at < now()))"
                  " AND data_export_id > $1::bigint ORDER BY data_export_id LIMIT $2::bigint",
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
