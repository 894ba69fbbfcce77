/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/system/test_rescue.py. */
#include "job/forgotten.h"

#include "base/embedded.h"

/* Copies the text into the arena; NULL stays NULL. */
static bool copy_text(const char *text, struct arena *arena, const char **copy, struct error *error)
{
    *copy = text == NULL ? NULL : arena_copy(arena, text, strlen(text), error);
    return text == NULL || *copy != NULL;
}

static bool read_row(const struct pg_result *result, int row, struct arena *arena,
                     struct forgotten_row *forgotten, struct error *error)
{
    *forgotten = (struct forgotten_row){.id = pg_int(result, row, 0),
                                        .date_added = pg_time(result, row, 1),
                                        .query_type = pg_int(result, row, 4)};
    return copy_text(pg_text(result, row, 2), arena, &forgotten->organization, error) &&
           copy_text(pg_text(result, row, 3), arena, &forgotten->user, error);
}

bool forgotten_list(struct pg *pg, struct arena *arena, struct forgotten_rows *rows,
                    struct error *error)
{
    struct pg_result *result = NULL;
    if (!pg_query(pg, embedded_text(embedded_job_statements, "forgotten.sql"), NULL, &result,
                  error))
        return false;
    rows->count = (size_t)pg_rows(result);
    rows->items = arena_array(arena, rows->count, sizeof(*rows->items), error);
    bool done = rows->items != NULL;
    for (int row = 0; done && row < pg_rows(result); row++)
        done = read_row(result, row, arena, &rows->items[row], error);
    pg_result_free(result);
    return done;
}
