/* SPDX-License-Identifier: Apache-2.0 */
#include "client/pg_columns.h"

/* Far below what PostgreSQL takes for one value (1 GB). */
enum { COLUMN_BYTES_MAX = 256 * 1024 * 1024 };

/* An array's header: number of dimensions, whether there are NULLs, type of the elements, number of
   elements, first index. */
enum { HEADER_FIELDS = 5 };

void pg_columns_init(struct pg_columns *columns, int count)
{
    *columns = (struct pg_columns){.count = count};
    for (int i = 0; i < count; i++)
        buffer_init(&columns->list[i].bytes, COLUMN_BYTES_MAX);
}

void pg_columns_free(struct pg_columns *columns)
{
    for (int i = 0; i < columns->count; i++)
        buffer_free(&columns->list[i].bytes);
}

static bool put_header(struct buffer *out, const int32_t fields[HEADER_FIELDS], struct error *error)
{
    for (int i = 0; i < HEADER_FIELDS; i++)
        if (!pg_put_int32(out, fields[i], error))
            return false;
    return true;
}

/* The column that the next value goes to. The header is known only at the end; before the first
   element, zeros take its place. */
static struct pg_column *next_column(struct pg_columns *columns, enum pg_type type, bool is_null)
{
    static const int32_t blank[HEADER_FIELDS];
    struct pg_column *column = &columns->list[columns->next];
    column->type = type;
    column->has_null |= is_null;
    columns->next = (columns->next + 1) % columns->count;
    columns->rows += columns->next == 0;
    if (column->bytes.size == 0 && !put_header(&column->bytes, blank, &columns->error))
        columns->failed = true;
    return column;
}

/* Keeps the first failure for pg_columns_bind. */
static void record_failure(struct pg_columns *columns, bool done, const struct error *error)
{
    if (!done && !columns->failed)
        columns->error = *error;
    columns->failed |= !done;
}

void pg_columns_add_int(struct pg_columns *columns, int64_t number)
{
    struct error error;
    struct pg_column *column = next_column(columns, PG_BIGINT, false);
    record_failure(columns, pg_put_bigint(&column->bytes, number, &error), &error);
}

void pg_columns_add_text(struct pg_columns *columns, const char *text_or_null)
{
    struct error error;
    struct pg_column *column = next_column(columns, PG_TEXT, text_or_null == NULL);
    record_failure(columns, pg_put_text(&column->bytes, text_or_null, &error), &error);
}

void pg_columns_add_time(struct pg_columns *columns, int64_t usec)
{
    struct error error;
    struct pg_column *column = next_column(columns, PG_TIMESTAMPTZ, usec == USEC_NONE);
    record_failure(columns, pg_put_time(&column->bytes, usec, &error), &error);
}

void pg_columns_add_id(struct pg_columns *columns, int64_t id_or_0)
{
    struct error error;
    if (id_or_0 != 0) {
        pg_columns_add_int(columns, id_or_0);
        return;
    }
    struct pg_column *column = next_column(columns, PG_BIGINT, true);
    record_failure(columns, pg_put_null(&column->bytes, &error), &error);
}

/* Replaces the zeros by the header. */
static bool write_header(struct pg_column *column, int32_t rows, struct error *error)
{
    const int32_t fields[HEADER_FIELDS] = {1, column->has_null, (int32_t)column->type, rows, 1};
    struct buffer header;
    buffer_init(&header, sizeof(fields));
    bool done = put_header(&header, fields, error);
    if (done)
        memcpy(column->bytes.data, header.data, sizeof(fields));
    buffer_free(&header);
    return done;
}

bool pg_columns_bind(struct pg_columns *columns, struct pg_params *params, struct error *error)
{
    if (columns->failed) {
        *error = columns->error;
        return false;
    }
    if (columns->next != 0)
        return error_set(error, ERROR_INTERNAL, "a row of %d columns is not complete",
                         columns->count);
    for (int i = 0; i < columns->count; i++) {
        if (columns->rows == 0) {
            pg_bind_text(params, "{}"); /* an empty array, whose type is not known here */
            continue;
        }
        if (!write_header(&columns->list[i], columns->rows, error))
            return false;
        pg_bind_binary(params, &columns->list[i].bytes);
    }
    return true;
}

bool pg_columns_query(struct pg_columns *columns, struct pg *pg, const char *sql,
                      struct pg_result **result, struct error *error)
{
    struct pg_params params = {.count = 0};
    *result = NULL;
    return pg_columns_bind(columns, &params, error) && pg_query(pg, sql, &params, result, error);
}

bool pg_columns_execute(struct pg_columns *columns, struct pg *pg, const char *sql,
                        int64_t *affected, struct error *error)
{
    struct pg_params params = {.count = 0};
    return pg_columns_bind(columns, &params, error) &&
           pg_execute(pg, sql, &params, affected, error);
}
