/* Rows on their way into a table by `COPY ... FROM STDIN (FORMAT binary)`: the quickest way in, for
   rows that cannot be there yet. */
#ifndef MODEL_COPY_ROWS_H
#define MODEL_COPY_ROWS_H

#include "client/pg.h"

/* A failure is remembered and told at the end, as in columns.h. */
struct copy_rows {
    struct buffer bytes;
    int16_t count; /* fields a row */
    int16_t next;
    bool failed;
    struct error error;
};

void copy_rows_init(struct copy_rows *rows, int16_t count);
void copy_rows_free(struct copy_rows *rows);

/* Put a value into the next field; its column must be a bigint or a timestamptz. */
void copy_rows_add_int(struct copy_rows *rows, int64_t number);
void copy_rows_add_time(struct copy_rows *rows, int64_t usec);

/* Runs the COPY; nothing to do without rows. Once only. */
bool copy_rows_execute(struct copy_rows *rows, struct pg *pg, const char *sql,
                       struct error *error) MUST_CHECK;

#endif
