/* SPDX-License-Identifier: Apache-2.0 */
#include "client/pg_copy_rows.h"

#include "client/pg_binary.h"

enum { COPY_BYTES_MAX = 1024 * 1024 * 1024 };

/* The signature of 11 bytes, which ends with a NUL; flags and size of the extension, both 0. */
static const char header[11 + 4 + 4] = "PGCOPY\n\377\r\n";

void pg_copy_rows_init(struct pg_copy_rows *rows, int16_t count)
{
    *rows = (struct pg_copy_rows){.count = count};
    buffer_init(&rows->bytes, COPY_BYTES_MAX);
}

void pg_copy_rows_free(struct pg_copy_rows *rows)
{
    buffer_free(&rows->bytes);
}

/* Keeps the first failure for pg_copy_rows_execute. */
static void record_failure(struct pg_copy_rows *rows, bool done, const struct error *error)
{
    if (!done && !rows->failed)
        rows->error = *error;
    rows->failed |= !done;
}

/* Writes the header before the first row, and the number of fields before each row. */
static void start_field(struct pg_copy_rows *rows)
{
    struct error error;
    if (rows->bytes.size == 0)
        record_failure(rows, buffer_append(&rows->bytes, header, sizeof(header), &error), &error);
    if (rows->next == 0)
        record_failure(rows, pg_put_int16(&rows->bytes, rows->count, &error), &error);
    rows->next = (int16_t)((rows->next + 1) % rows->count);
}

void pg_copy_rows_add_int(struct pg_copy_rows *rows, int64_t number)
{
    struct error error;
    start_field(rows);
    record_failure(rows, pg_put_bigint(&rows->bytes, number, &error), &error);
}

void pg_copy_rows_add_time(struct pg_copy_rows *rows, int64_t usec)
{
    struct error error;
    start_field(rows);
    record_failure(rows, pg_put_time(&rows->bytes, usec, &error), &error);
}

bool pg_copy_rows_execute(struct pg_copy_rows *rows, struct pg *pg, const char *sql,
                          struct error *error)
{
    if (rows->failed) {
        *error = rows->error;
        return false;
    }
    if (rows->next != 0)
        return error_set(error, ERROR_INTERNAL, "a row of %d fields is not complete", rows->count);
    return rows->bytes.size == 0 ||
           (pg_put_int16(&rows->bytes, -1, error) && pg_copy_in(pg, sql, &rows->bytes, error));
}
