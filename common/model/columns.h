/* Rows on their way into one statement: each column is an array, read by
   `unnest($1::bigint[], $2::text[], ...)`. */
#ifndef MODEL_COLUMNS_H
#define MODEL_COLUMNS_H

#include "client/pg.h"
#include "client/pg_binary.h"

#define COLUMNS_MAX 12

struct column {
    struct buffer bytes; /* the array in PostgreSQL's binary format */
    enum pg_type type;
    bool has_null;
};

/* A failure is remembered and told when the statement is to run, so that filling needs no checks.
 */
struct columns {
    struct column list[COLUMNS_MAX];
    int count;
    int next; /* the column that the next value goes to */
    int32_t rows;
    bool failed;
    struct error error;
};

void columns_init(struct columns *columns, int count);
void columns_free(struct columns *columns);

/* Put a value into the next column; after the last one comes the first one of the next row. NULL
   and USEC_NONE are SQL NULL. The statement must take a column of numbers as bigint[], of texts as
   text[], of times as timestamptz[]; it may cast what comes out of unnest. */
void columns_add_int(struct columns *columns, int64_t number);
void columns_add_text(struct columns *columns, const char *text_or_null);
void columns_add_time(struct columns *columns, int64_t usec);

/* Like columns_add_int; 0, which is nobody's id, is SQL NULL. */
void columns_add_id(struct columns *columns, int64_t id_or_0);

/* Adds the columns to the parameters of a statement that has others too, behind those that are
   there. They live until columns_free. Once only. */
bool columns_bind(struct columns *columns, struct pg_params *params,
                  struct error *error) MUST_CHECK;

/* Run the statement with the columns as its parameters $1, $2 ..., as pg_query and pg_execute do.
   Once only. */
bool columns_query(struct columns *columns, struct pg *pg, const char *sql,
                   struct pg_result **result, struct error *error) MUST_CHECK;
bool columns_execute(struct columns *columns, struct pg *pg, const char *sql, int64_t *affected,
                     struct error *error) MUST_CHECK;

#endif
