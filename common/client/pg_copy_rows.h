/* SPDX-License-Identifier: Apache-2.0 */
/* Collects rows and inserts them by `COPY ... FROM STDIN (FORMAT binary)`, the fastest way. COPY
   fails if a row exists already. */
#ifndef CLIENT_PG_COPY_ROWS_H
#define CLIENT_PG_COPY_ROWS_H

#include "client/pg.h"

/* A failure is kept and returned by pg_copy_rows_execute, so that adding needs no checks. */
struct pg_copy_rows {
    struct buffer bytes;
    int16_t count; /* of fields in a row */
    int16_t next;  /* the field that the next value goes to */
    bool failed;
    struct error error;
};

void pg_copy_rows_init(struct pg_copy_rows *rows, int16_t count);
void pg_copy_rows_free(struct pg_copy_rows *rows);

/* Add the next field, for a column of type bigint or timestamptz. */
void pg_copy_rows_add_int(struct pg_copy_rows *rows, int64_t number);
void pg_copy_rows_add_time(struct pg_copy_rows *rows, int64_t usec);

/* Runs the COPY; does nothing without rows. May be called once. */
bool pg_copy_rows_execute(struct pg_copy_rows *rows, struct pg *pg, const char *sql,
                          struct error *error) MUST_CHECK;

#endif
