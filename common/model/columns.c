#include "model/columns.h"

/* Far below what PostgreSQL takes for one value (1 GB). */
enum { COLUMN_BYTES_MAX = 256 * 1024 * 1024 };

void columns_init(struct columns *columns, int count)
{
    *columns = (struct columns){.count = count};
    for (int i = 0; i < count; i++)
        pg_array_init(&columns->arrays[i], COLUMN_BYTES_MAX);
}

void columns_free(struct columns *columns)
{
    for (int i = 0; i < columns->count; i++)
        pg_array_free(&columns->arrays[i]);
}

static struct pg_array *next_column(struct columns *columns)
{
    struct pg_array *array = &columns->arrays[columns->next];
    columns->next = (columns->next + 1) % columns->count;
    return array;
}

static void note(struct columns *columns, bool done, const struct error *error)
{
    if (!done && !columns->failed)
        columns->error = *error;
    columns->failed |= !done;
}

void columns_add_int(struct columns *columns, int64_t number)
{
    struct error error;
    note(columns, pg_array_add_int(next_column(columns), number, &error), &error);
}

void columns_add_text(struct columns *columns, const char *text_or_null)
{
    struct error error;
    note(columns, pg_array_add_text(next_column(columns), text_or_null, &error), &error);
}

void columns_add_time(struct columns *columns, int64_t usec)
{
    struct error error;
    note(columns, pg_array_add_time(next_column(columns), usec, &error), &error);
}

void columns_add_id(struct columns *columns, int64_t id_or_0)
{
    if (id_or_0 == 0)
        columns_add_text(columns, NULL);
    else
        columns_add_int(columns, id_or_0);
}

static bool bind(struct columns *columns, struct pg_params *params, struct error *error)
{
    if (columns->failed) {
        *error = columns->error;
        return false;
    }
    if (columns->next != 0)
        return error_set(error, ERROR_INTERNAL, "a row of %d columns is not complete",
                         columns->count);
    for (int i = 0; i < columns->count; i++) {
        const char *text = NULL;
        if (!pg_array_text(&columns->arrays[i], &text, error))
            return false;
        pg_bind_text(params, text);
    }
    return true;
}

bool columns_query(struct columns *columns, struct pg *pg, const char *sql,
                   struct pg_result **result, struct error *error)
{
    struct pg_params params = {.count = 0};
    *result = NULL;
    return bind(columns, &params, error) && pg_query(pg, sql, &params, result, error);
}

bool columns_execute(struct columns *columns, struct pg *pg, const char *sql, int64_t *affected,
                     struct error *error)
{
    struct pg_params params = {.count = 0};
    return bind(columns, &params, error) && pg_execute(pg, sql, &params, affected, error);
}
