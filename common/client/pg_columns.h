/* SPDX-License-Identifier: Apache-2.0 */
/* Collects rows as the parameters of one statement: each column becomes an array, which the
   statement reads by `unnest($1::bigint[], $2::text[], ...)`. */
#ifndef CLIENT_PG_COLUMNS_H
#define CLIENT_PG_COLUMNS_H

#include "client/pg.h"
#include "client/pg_binary.h"

#define PG_COLUMNS_MAX 12

struct pg_column {
    struct buffer bytes; /* the array in PostgreSQL's binary format */
    enum pg_type type;
    bool has_null;
};

/* A failure is kept until the columns are bound, so that adding needs no checks. */
struct pg_columns {
    struct pg_column list[PG_COLUMNS_MAX];
    int count;
    int next; /* the column that the next value goes to */
    int32_t rows;
    bool failed;
    struct error error;
};

void pg_columns_init(struct pg_columns *columns, int count);
void pg_columns_free(struct pg_columns *columns);

/* Add a value to the next column; after the last column the next row begins. NULL and USEC_NONE are
   SQL NULL. In the statement a column of numbers must be bigint[], of texts text[], of times
   timestamptz[]; it may cast the values that unnest returns. */
void pg_columns_add_int(struct pg_columns *columns, int64_t number);
void pg_columns_add_text(struct pg_columns *columns, const char *text_or_null);
void pg_columns_add_time(struct pg_columns *columns, int64_t usec);

/* Like pg_columns_add_int, but 0, which is never an id, is SQL NULL. */
void pg_columns_add_id(struct pg_columns *columns, int64_t id_or_0);

/* Binds the columns, after the parameters that are bound already. They live until pg_columns_free.
   May be called once. ERROR_INTERNAL if the last row is not complete. */
bool pg_columns_bind(struct pg_columns *columns, struct pg_params *params,
                     struct error *error) MUST_CHECK;

/* Bind the columns as $1, $2 ... and run the statement, as pg_query and pg_execute do. May be
   called once. */
bool pg_columns_query(struct pg_columns *columns, struct pg *pg, const char *sql,
                      struct pg_result **result, struct error *error) MUST_CHECK;
bool pg_columns_execute(struct pg_columns *columns, struct pg *pg, const char *sql,
                        int64_t *affected, struct error *error) MUST_CHECK;

#endif
