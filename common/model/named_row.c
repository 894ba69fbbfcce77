/* SPDX-License-Identifier: Apache-2.0 */
#include "model/named_row.h"

#include "client/pg_columns.h"

static int compare_rows(const void *left, const void *right)
{
    const struct named_row *a = left;
    const struct named_row *b = right;
    if (a->owner_id != b->owner_id)
        return a->owner_id < b->owner_id ? -1 : 1;
    return strcmp(a->name, b->name);
}

size_t named_rows_sort(struct named_row *rows, size_t count)
{
    size_t kept = 0;
    if (count == 0)
        return 0;
    qsort(rows, count, sizeof(*rows), compare_rows);
    for (size_t i = 1; i < count; i++)
        if (compare_rows(&rows[kept], &rows[i]) != 0)
            rows[++kept] = rows[i];
    return kept + 1;
}

size_t named_rows_find(const struct named_row *rows, size_t count, int64_t owner_id,
                       const char *name)
{
    struct named_row key = {.owner_id = owner_id, .name = name};
    const struct named_row *found = bsearch(&key, rows, count, sizeof(*rows), compare_rows);
    if (found == NULL)
        abort(); /* a bug: the caller made the list from the same events */
    return (size_t)(found - rows);
}

static void bind_rows(struct pg_columns *columns, const struct named_row *rows, size_t count)
{
    pg_columns_init(columns, 2);
    for (size_t i = 0; i < count; i++) {
        pg_columns_add_int(columns, rows[i].owner_id);
        pg_columns_add_text(columns, rows[i].name);
    }
}

bool named_rows_execute(struct pg *pg, const char *sql, const struct named_row *rows, size_t count,
                        struct error *error)
{
    struct pg_columns columns;
    bind_rows(&columns, rows, count);
    bool done = pg_columns_execute(&columns, pg, sql, NULL, error);
    pg_columns_free(&columns);
    return done;
}

bool named_rows_read_ids(struct pg *pg, const char *sql, struct named_row *rows, size_t count,
                         struct error *error)
{
    struct pg_columns columns;
    struct pg_result *result = NULL;
    bind_rows(&columns, rows, count);
    bool done = pg_columns_query(&columns, pg, sql, &result, error);
    for (int i = 0; done && i < pg_rows(result); i++)
        rows[pg_int(result, i, 0) - 1].id = pg_int(result, i, 1);
    pg_result_free(result);
    pg_columns_free(&columns);
    return done;
}

bool named_rows_are_known(const struct named_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (rows[i].id == 0)
            return false;
    return true;
}
