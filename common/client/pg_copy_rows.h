/* SPDX-License-Identifier: Apache-2.0 */
/* Rows on their way into a table by `COPY ... FROM STDIN (FORMAT binary)`: the quickest way in, for
   rows that cannot be there yet. */
#ifndef CLIENT_PG_COPY_ROWS_H
#define CLIENT_PG_COPY_ROWS_H

#include "client/pg.h"

/* A failure is remembered and told at the end, as in columns.h. */
struct pg_copy_rows {
    struct buffer bytes;
    int16_t count; /* fields a row */
    int16_t next;
    bool failed;
    struct error error;
};

void pg_copy_rows_init(struct pg_copy_rows *rows, int16_t count);
void pg_copy_rows_free(struct pg_copy_rows *rows);

/* Put a value into the next field; its column must be a bigint or a timestamptz. */
void pg_copy_rows_add_int(struct pg_copy_rows *rows, int64_t number);
void pg_copy_rows_add_time(struct pg_copy_rows *rows, int64_t usec);

/* Runs the COPY; nothing to do without rows. Once only. */
bool pg_copy_rows_execute(struct pg_copy_rows *rows, struct pg *pg, const char *sql,
                          struct error *error) MUST_CHECK;

#endif
