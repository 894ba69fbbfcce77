/* SPDX-License-Identifier: Apache-2.0 */
/* Rows on their way into one statement: each column is an array, read by
   `unnest($1::bigint[], $2::text[], ...)`. */
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

/* A failure is remembered and told when the statement is to run, so that filling needs no checks.
 */
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

/* Put a value into the next column; after the last one comes the first one of the next row. NULL
   and USEC_NONE are SQL NULL. The statement must take a column of numbers as bigint[], of texts as
   text[], of times as timestamptz[]; it may cast what comes out of unnest. */
void pg_columns_add_int(struct pg_columns *columns, int64_t number);
void pg_columns_add_text(struct pg_columns *columns, const char *text_or_null);
void pg_columns_add_time(struct pg_columns *columns, int64_t usec);

/* Like pg_columns_add_int; 0, which is nobody's id, is SQL NULL. */
void pg_columns_add_id(struct pg_columns *columns, int64_t id_or_0);

/* Adds the columns to the parameters of a statement that has others too, behind those that are
   there. They live until pg_columns_free. Once only. */
bool pg_columns_bind(struct pg_columns *columns, struct pg_params *params,
                     struct error *error) MUST_CHECK;

/* Run the statement with the columns as its parameters $1, $2 ..., as pg_query and pg_execute do.
   Once only. */
bool pg_columns_query(struct pg_columns *columns, struct pg *pg, const char *sql,
                      struct pg_result **result, struct error *error) MUST_CHECK;
bool pg_columns_execute(struct pg_columns *columns, struct pg *pg, const char *sql,
                        int64_t *affected, struct error *error) MUST_CHECK;

#endif
